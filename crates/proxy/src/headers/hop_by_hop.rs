//! Header fields for one hop, and request targets for a proxy.
//!
//! A client may list any field in `Connection` (RFC 9110 section 7.6.1), and the proxy then removes
//! it. Fields that frame the message or identify its sender are never removed: otherwise a client
//! could strip fields that a trusted peer in front of the proxy has set.

use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, COOKIE, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    MAX_FORWARDS, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RANGE, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};

use super::header_screen::is_override;
use super::header_value;
use super::name_folding::{identifies_sender, remove_disguised};
use super::name_traits::{NameTraits, is_hop_by_hop};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// Prepares a head for validation: origin-form target, one `Host`, no hop-by-hop fields and none
/// whose names fold to protected ones. Returns how many of the latter were removed.
pub(crate) fn normalize_request_head<B>(request: &mut Request<B>, traits: NameTraits) -> u32 {
    to_origin_form(request);
    let headers = request.headers_mut();
    let disguised = if traits.has(NameTraits::IRREGULAR) {
        remove_disguised(headers)
    } else {
        0
    };
    if traits.has(NameTraits::HOP) {
        remove_hop_by_hop(headers);
        // The connection has handled the expectation.
        headers.remove(EXPECT);
    }
    disguised
}

/// Removes hop-by-hop fields (RFC 9110 section 7.6.1). `TE: trailers` is kept, because it is true
/// of the proxy too.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    // Most messages have at most `Connection`, and one pass over the names is cheaper than looking up
    // each.
    let (mut has_connection, mut has_te, mut has_other) = (false, false, false);
    for name in headers.keys() {
        match *name {
            CONNECTION => has_connection = true,
            TE => has_te = true,
            _ => has_other |= is_hop_by_hop(name),
        }
    }
    if has_connection {
        for name in listed_in_connection(headers) {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    if has_te {
        let takes_trailers =
            list(headers, &TE).any(|coding| coding.eq_ignore_ascii_case("trailers"));
        headers.remove(TE);
        if takes_trailers {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
    }
    if has_other {
        for name in [KEEP_ALIVE, PROXY_CONNECTION, TRANSFER_ENCODING, UPGRADE] {
            headers.remove(name);
        }
    }
}

/// Removes the fields in which only Portcullis speaks (`x-portcullis` and those that begin with it)
/// from the response of an upstream.
pub(crate) fn remove_own_fields(headers: &mut HeaderMap) {
    let is_own = |name: &&HeaderName| name.as_str().starts_with("x-portcullis");
    // Most responses have none.
    while let Some(name) = headers.keys().find(is_own).cloned() {
        headers.remove(name);
    }
}

/// Removes fields that must not be trailers, because they were not judged and recipients do not
/// expect them (RFC 9110 section 6.5.1).
pub(crate) fn remove_forbidden_trailers(trailers: &mut HeaderMap) {
    const FORBIDDEN: [HeaderName; 20] = [
        AUTHORIZATION,
        CACHE_CONTROL,
        CONNECTION,
        CONTENT_ENCODING,
        CONTENT_LENGTH,
        CONTENT_RANGE,
        CONTENT_TYPE,
        COOKIE,
        EXPECT,
        FORWARDED,
        HOST,
        MAX_FORWARDS,
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        RANGE,
        SET_COOKIE,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        WWW_AUTHENTICATE,
    ];
    for name in FORBIDDEN {
        trailers.remove(name);
    }
    for name in [KEEP_ALIVE, PROXY_CONNECTION, UPGRADE] {
        trailers.remove(name);
    }
    remove_disguised(trailers);
    // The caller is identified in the head, where it is checked. So are method and URL.
    let is_protected = |name: &&HeaderName| identifies_sender(name) || is_override(name.as_str());
    let protected: Vec<HeaderName> = trailers.keys().filter(is_protected).cloned().collect();
    for name in protected {
        trailers.remove(name);
    }
}

/// What a gateway must do according to `Max-Forwards` (RFC 9110 section 7.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxForwards {
    /// Forward the request. `Max-Forwards` was decremented if present.
    Forward,
    /// Answer the request as the final recipient.
    AnswerHere,
}

/// Counts one hop of an OPTIONS or TRACE request; other methods ignore the field.
pub fn count_hop(method: &Method, headers: &mut HeaderMap) -> MaxForwards {
    if !matches!(*method, Method::OPTIONS | Method::TRACE) {
        return MaxForwards::Forward;
    }
    let Some(left) = headers
        .get(MAX_FORWARDS)
        .and_then(|value| value.to_str().ok())
    else {
        return MaxForwards::Forward;
    };
    if left.is_empty() || !left.bytes().all(|byte| byte.is_ascii_digit()) {
        return MaxForwards::Forward;
    }
    // A number of any length is valid; this many hops are enough.
    match left.parse().unwrap_or(u32::MAX) {
        0 => MaxForwards::AnswerHere,
        left => {
            headers.insert(MAX_FORWARDS, HeaderValue::from(left - 1));
            MaxForwards::Forward
        }
    }
}

/// Rewrites an absolute-form target to origin-form. Its authority becomes the only `Host`.
fn to_origin_form<B>(request: &mut Request<B>) {
    let Some(authority) = request.uri().authority() else {
        return;
    };
    // User information is not forwarded (RFC 9110 section 4.2.4).
    let text = authority.as_str();
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let host = header_value(host.to_owned());
    let target = request.uri().path_and_query().cloned();
    request.headers_mut().insert(HOST, host);
    *request.uri_mut() = Uri::from(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
}

/// The fields that `Connection` lists for removal.
fn listed_in_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    // Most messages list none.
    let mut values = headers.get_all(CONNECTION).iter();
    if values.all(|value| is_connection_option(value.as_bytes())) {
        return Vec::new();
    }
    list(headers, &CONNECTION)
        .filter(|option| !is_connection_option(option.as_bytes()))
        .filter_map(|option| HeaderName::from_bytes(option.as_bytes()).ok())
        .filter(|name| !is_protected(name))
        .collect()
}

/// Whether an element of `Connection` need not be removed as a field: `close` does not name one, and
/// `Keep-Alive` is removed in any case.
fn is_connection_option(element: &[u8]) -> bool {
    element.eq_ignore_ascii_case(b"close") || element.eq_ignore_ascii_case(b"keep-alive")
}

/// Whether a field frames, routes or authenticates a message, or identifies its sender.
fn is_protected(name: &HeaderName) -> bool {
    matches!(
        *name,
        HOST | CONTENT_LENGTH
            | CONTENT_TYPE
            | CONTENT_ENCODING
            | CONTENT_RANGE
            | AUTHORIZATION
            | COOKIE
            | SET_COOKIE
            | CACHE_CONTROL
            | FORWARDED
            | TRAILER
            | TE
    ) || identifies_sender(name)
}

/// The elements of a list field that are valid text.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
}
