//! The framing of a request for the upstream, in place of the one that it arrived with.

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderValue, TE, TRAILER, TRANSFER_ENCODING};
use http::{HeaderMap, Request, Version};
use http_body::Body;

use super::http2::needs_length;
use crate::body::ForwardBody;

/// Sets the HTTP version and the framing of a request, and `Host` if it has none.
pub(super) fn frame_request(request: &mut Request<ForwardBody>, host: &HeaderValue) {
    *request.version_mut() = Version::HTTP_11;
    let length = request.body().size_hint().exact();
    let trailer_names = request.body().trailers().and_then(trailer_field);
    let needs_length = needs_length(request.method());
    let headers = request.headers_mut();
    if !headers.contains_key(HOST) {
        headers.insert(HOST, host.clone());
    }
    if headers.contains_key(TE) {
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    headers.remove(CONTENT_LENGTH);
    match length {
        Some(0) if !needs_length => {}
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        None => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            if let Some(names) = trailer_names {
                headers.insert(TRAILER, names);
            }
        }
    }
}

/// The `Trailer` field for trailers that are known before the body is sent.
fn trailer_field(trailers: &HeaderMap) -> Option<HeaderValue> {
    let names: Vec<&str> = trailers.keys().map(http::HeaderName::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}
