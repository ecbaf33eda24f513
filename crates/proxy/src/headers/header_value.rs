//! Field values that the proxy writes.

use bytes::Bytes;
use http::HeaderValue;

/// A field value of visible characters.
pub(super) fn header_value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(Bytes::from(text))
        .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}
