//! Header fields that belong to one hop, and those a gateway adds.
//!
//! Fields of the hop are removed on arrival, before anything is judged, so that what is
//! judged is what is forwarded. A client may name any field in `Connection` (RFC 9110
//! section 7.6.1), and it is removed then, except for fields on which the reading of the
//! message or the identity of its sender rests: removing those would let a client change,
//! through us, what a peer in front of us vouched for.
//!
//! `Host` is forwarded as the client sent it. An absolute-form target is rewritten to
//! origin-form and its authority becomes `Host` (RFC 9112 section 3.2.2).

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};

use http::Method;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, COOKIE, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    MAX_FORWARDS, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, RANGE, SET_COOKIE, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};
use ipnet::IpNet;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Fields by which a peer in front of us says who the client is.
const PROTECTED_PREFIXES: [&str; 5] = [
    "x-forwarded-",
    "x-real-ip",
    "x-request-id",
    "x-squad-",
    "x-sla-",
];

/// Longest request id taken over from a trusted peer, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// Who is at the other end of a connection.
#[derive(Debug)]
pub struct Peer {
    /// The address the connection comes from.
    pub address: SocketAddr,
    /// Whether that address is in a trusted network, so that what it says about the
    /// original client is believed.
    pub trusted: bool,
    /// The peer's address as `x-forwarded-for` writes it.
    for_value: HeaderValue,
    /// The last `Host` seen, and the `Forwarded` element made for it.
    forwarded: RefCell<Option<(Option<HeaderValue>, HeaderValue)>>,
}

impl Peer {
    /// A peer at an address, trusted when one of the networks contains it.
    pub fn new(address: SocketAddr, trusted_networks: &[IpNet]) -> Self {
        let ip = address.ip().to_canonical();
        Self {
            address,
            trusted: trusted_networks.iter().any(|network| network.contains(&ip)),
            for_value: header_value(ip.to_string()),
            forwarded: RefCell::new(None),
        }
    }

    /// The `Forwarded` element for this peer and a `Host` (RFC 7239 section 4). Connections
    /// mostly ask for one host, so the last element is kept.
    fn forwarded_element(&self, host: Option<&HeaderValue>) -> HeaderValue {
        let mut last = self.forwarded.borrow_mut();
        if let Some((of, element)) = &*last
            && of.as_ref() == host
        {
            return element.clone();
        }
        let node = match self.address.ip().to_canonical() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("\"[{ip}]\""),
        };
        let element = match host.and_then(|host| host.to_str().ok()) {
            Some(host) => header_value(format!("for={node};host=\"{host}\";proto=http")),
            None => header_value(format!("for={node};proto=http")),
        };
        *last = Some((host.cloned(), element.clone()));
        element
    }
}

/// Prepares a head for judgement: origin-form target, one `Host`, no fields of the hop.
pub(super) fn arrive(head: &mut Parts) {
    to_origin_form(head);
    remove_hop_by_hop(&mut head.headers);
    // The listener has answered or refused the expectation.
    head.headers.remove(EXPECT);
}

/// Removes the fields that are meant for the next hop only (RFC 9110 section 7.6.1).
/// `TE: trailers` survives as the one thing that may be said for ourselves.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        for name in nominated(headers) {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    if headers.contains_key(TE) {
        let takes_trailers =
            list(headers, &TE).any(|coding| coding.eq_ignore_ascii_case("trailers"));
        headers.remove(TE);
        if takes_trailers {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
    }
    for name in [KEEP_ALIVE, PROXY_CONNECTION, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
}

/// Removes fields that must not come after a body, where nobody judged or expects them
/// (RFC 9110 section 6.5.1).
pub(super) fn remove_forbidden_trailers(trailers: &mut HeaderMap) {
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
}

/// Sets the forwarding fields. A trusted peer's are appended to; anybody else's replaced.
pub fn add_forwarding(headers: &mut HeaderMap, peer: &Peer) {
    let host = headers.get(HOST).cloned();
    let element = peer.forwarded_element(host.as_ref());
    add_element(headers, X_FORWARDED_FOR, &peer.for_value, peer.trusted);
    add_element(headers, FORWARDED, &element, peer.trusted);
    if !(peer.trusted && headers.contains_key(X_FORWARDED_PROTO)) {
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static("http"));
    }
    if !(peer.trusted && headers.contains_key(X_FORWARDED_HOST)) {
        match host {
            Some(host) => headers.insert(X_FORWARDED_HOST, host),
            None => headers.remove(X_FORWARDED_HOST),
        };
    }
}

/// Sets `x-request-id` and returns it: a trusted peer's own when it is one printable word,
/// otherwise a random UUID (RFC 9562 section 5.4).
pub fn add_request_id(headers: &mut HeaderMap, peer: &Peer) -> HeaderValue {
    let kept = headers
        .get(X_REQUEST_ID)
        .filter(|id| peer.trusted && is_request_id(id));
    let single = headers.get_all(X_REQUEST_ID).iter().nth(1).is_none();
    match kept {
        Some(id) if single => id.clone(),
        _ => {
            let id = header_value(uuid_text(fastrand::u128(..)));
            headers.insert(X_REQUEST_ID, id.clone());
            id
        }
    }
}

/// What `Max-Forwards` asks of a gateway (RFC 9110 section 7.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxForwards {
    /// Forward the request; the number was decremented where there was one.
    Forward,
    /// The request ends here: answer it as the final recipient.
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
    match left.parse::<u32>() {
        Ok(0) => MaxForwards::AnswerHere,
        Ok(left) => {
            headers.insert(MAX_FORWARDS, HeaderValue::from(left - 1));
            MaxForwards::Forward
        }
        Err(_) => MaxForwards::Forward,
    }
}

/// Rewrites an absolute-form target, whose authority then is the only `Host`.
fn to_origin_form(head: &mut Parts) {
    let Some(authority) = head.uri.authority() else {
        return;
    };
    // User information is for the client's own use (RFC 9110 section 4.2.4).
    let text = authority.as_str();
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    head.headers.insert(HOST, header_value(host.to_owned()));
    let target = head.uri.path_and_query().cloned();
    head.uri = Uri::from(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
}

/// Field names that `Connection` removes.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    list(headers, &CONNECTION)
        .filter(|option| !option.eq_ignore_ascii_case("close"))
        .filter_map(|option| HeaderName::from_bytes(option.as_bytes()).ok())
        .filter(|name| !is_protected(name))
        .collect()
}

/// Fields that frame, route or authenticate a message, or say whom it comes from.
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
    ) || PROTECTED_PREFIXES
        .iter()
        .any(|prefix| name.as_str().starts_with(prefix))
}

/// The elements of a list field that are text.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

/// Appends an element to a list field, or replaces the field by it.
fn add_element(headers: &mut HeaderMap, name: HeaderName, element: &HeaderValue, append: bool) {
    let mut earlier = headers.get_all(&name).iter().filter(|_| append).peekable();
    if earlier.peek().is_none() {
        headers.insert(name, element.clone());
        return;
    }
    let mut joined = Vec::new();
    for value in earlier {
        joined.extend_from_slice(value.as_bytes());
        joined.extend_from_slice(b", ");
    }
    joined.extend_from_slice(element.as_bytes());
    let joined = HeaderValue::from_maybe_shared(bytes::Bytes::from(joined));
    headers.insert(name, joined.unwrap_or_else(|_| element.clone()));
}

fn is_request_id(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=REQUEST_ID_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// Version 4, variant 1.
fn uuid_text(random: u128) -> String {
    let bits = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        bits >> 96,
        (bits >> 80) & 0xffff,
        (bits >> 64) & 0xffff,
        (bits >> 48) & 0xffff,
        bits & 0xffff_ffff_ffff
    )
}

/// A value made here of visible characters.
fn header_value(text: String) -> HeaderValue {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text))
        .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}
