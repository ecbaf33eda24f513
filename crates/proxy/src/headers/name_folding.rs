//! Header names that some servers read as protected names.
//!
//! `X_Squad_Owner` is `x-squad-owner` for CGI, WSGI, Rack and PHP. A name that folds to a protected
//! name is removed, even if a trusted peer sent it: it neither identifies the sender nor reaches the upstream.

use http::header::{HeaderMap, HeaderName};

use portcullis_vocabulary::{folds_to_header, folds_to_header_prefix, is_irregular_header};

/// Beginnings of fields in which a peer in front of the proxy identifies the client.
const SENDER_PREFIXES: [&str; 6] = [
    "x-forwarded-",
    "x-real-ip",
    "x-request-id",
    "x-squad-",
    "x-sla-",
    "x-service-version",
];

/// Fields that frame, route or authenticate a message and whose names have a hyphen, so that they
/// can be written differently.
const MESSAGE_FIELDS: [&str; 13] = [
    "cache-control",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "keep-alive",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "transfer-encoding",
    "www-authenticate",
];

/// Whether a field identifies the sender, in any spelling.
pub(super) fn identifies_sender(name: &HeaderName) -> bool {
    let mut prefixes = SENDER_PREFIXES.iter();
    prefixes.any(|prefix| folds_to_header_prefix(name.as_str(), prefix))
}

/// Removes fields whose names fold to protected ones, and returns how many names they have.
pub(super) fn remove_disguised(headers: &mut HeaderMap) -> u32 {
    let is_irregular = |name: &HeaderName| is_irregular_header(name.as_str());
    // Nearly every message has regular names only.
    if !headers.keys().any(is_irregular) {
        return 0;
    }
    let is_disguised = |name: &&HeaderName| is_irregular(name) && folds_to_protected(name);
    let disguised: Vec<HeaderName> = headers.keys().filter(is_disguised).cloned().collect();
    for name in &disguised {
        headers.remove(name);
    }
    u32::try_from(disguised.len()).unwrap_or(u32::MAX)
}

fn folds_to_protected(name: &HeaderName) -> bool {
    let mut fields = MESSAGE_FIELDS.iter();
    identifies_sender(name) || fields.any(|field| folds_to_header(name.as_str(), field))
}
