//! Fields with which a gateway describes the client: forwarding fields and the request id.

use std::cell::RefCell;
use std::net::IpAddr;

use http::header::{FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue};
use portcullis_tls::TlsSession;

use super::header_value;
use super::peer_address::PeerAddress;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
/// The beginning of the fields that gateways use in addition to `Forwarded`.
const X_FORWARDED_PREFIX: &str = "x-forwarded-";
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A client without an address (RFC 7239 section 6).
const UNKNOWN_NODE: &str = "unknown";

/// Longest request id that is accepted from a trusted peer, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The other end of a client connection.
#[derive(Debug)]
pub struct Peer {
    /// The address the connection comes from.
    pub address: PeerAddress,
    /// Whether its information about the original client is believed.
    pub trusted: bool,
    /// What the TLS handshake has shown, on a port with TLS.
    pub tls: Option<TlsSession>,
    /// The peer's address, as a value of `x-forwarded-for`.
    for_value: HeaderValue,
    /// The last `Host`, and the `Forwarded` element for it.
    forwarded: RefCell<Option<(Option<HeaderValue>, HeaderValue)>>,
}

impl Peer {
    /// A peer at an address, without TLS.
    pub fn new(address: PeerAddress, trusted: bool) -> Self {
        let for_value = match address.ip() {
            Some(ip) => header_value(ip.to_string()),
            None => HeaderValue::from_static(UNKNOWN_NODE),
        };
        Self {
            address,
            trusted,
            tls: None,
            for_value,
            forwarded: RefCell::new(None),
        }
    }

    /// The peer after a TLS handshake.
    #[must_use]
    pub fn with_tls(mut self, session: TlsSession) -> Self {
        self.tls = Some(session);
        self
    }

    /// The URI names of the client's certificate, if it has one.
    pub fn certificate_uris(&self) -> Option<&[String]> {
        self.tls.as_ref()?.client_uris.as_deref()
    }

    /// Whether a request for this host (without a port) belongs on the connection.
    pub(crate) fn serves_host(&self, host: &str) -> bool {
        self.tls.as_ref().is_none_or(|tls| tls.is_for_host(host))
    }

    /// The scheme of its requests.
    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// The `Forwarded` element for this peer and a `Host` (RFC 7239 section 4). Most connections use
    /// one host, so the last element is cached.
    fn forwarded_element(&self, host: Option<&HeaderValue>) -> HeaderValue {
        let mut last = self.forwarded.borrow_mut();
        if let Some((of, element)) = &*last
            && of.as_ref() == host
        {
            return element.clone();
        }
        let node = match self.address.ip() {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => format!("\"[{ip}]\""),
            None => UNKNOWN_NODE.to_owned(),
        };
        let scheme = self.scheme();
        let element = match host.and_then(|host| host.to_str().ok()) {
            Some(host) => header_value(format!("for={node};host=\"{host}\";proto={scheme}")),
            None => header_value(format!("for={node};proto={scheme}")),
        };
        *last = Some((host.cloned(), element.clone()));
        element
    }
}

/// Sets the forwarding fields: appends to those of a trusted peer, replaces those of any other.
/// Other fields that describe the client are kept only from a trusted peer.
pub fn add_forwarding(headers: &mut HeaderMap, peer: &Peer) {
    if !peer.trusted {
        remove_client_descriptions(headers);
    }
    let host = headers.get(HOST).cloned();
    let element = peer.forwarded_element(host.as_ref());
    // Most trusted peers send none of these fields.
    let is_appended = peer.trusted && headers.keys().any(is_forwarding);
    add_element(headers, X_FORWARDED_FOR, &peer.for_value, is_appended);
    // An element that is appended to an open quotation would be a part of it.
    let is_readable = is_appended && !headers.get_all(FORWARDED).iter().any(has_open_quotation);
    add_element(headers, FORWARDED, &element, is_readable);
    if !(is_appended && headers.contains_key(X_FORWARDED_PROTO)) {
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(peer.scheme()));
    }
    if !(is_appended && headers.contains_key(X_FORWARDED_HOST)) {
        match host {
            Some(host) => headers.insert(X_FORWARDED_HOST, host),
            None => headers.remove(X_FORWARDED_HOST),
        };
    }
}

/// Removes the fields in which gateways describe the client, such as `x-forwarded-port` and
/// `x-real-ip`.
fn remove_client_descriptions(headers: &mut HeaderMap) {
    let describes =
        |name: &&HeaderName| name.as_str().starts_with(X_FORWARDED_PREFIX) || **name == X_REAL_IP;
    let descriptions: Vec<HeaderName> = headers.keys().filter(describes).cloned().collect();
    for name in descriptions {
        headers.remove(name);
    }
}

/// Sets `x-request-id` and returns it. A trusted peer's id is kept if it is one printable word;
/// otherwise the id is a random UUID (RFC 9562 section 5.4).
pub fn add_request_id(headers: &mut HeaderMap, peer: &Peer) -> HeaderValue {
    let mut ids = headers.get_all(X_REQUEST_ID).iter();
    match (ids.next(), ids.next()) {
        (Some(id), None) if peer.trusted && is_request_id(id) => id.clone(),
        _ => {
            let id = random_request_id();
            headers.insert(X_REQUEST_ID, id.clone());
            id
        }
    }
}

/// A random UUID, as a request id.
pub(crate) fn random_request_id() -> HeaderValue {
    uuid(fastrand::u128(..))
}

/// Whether a field is one of those that [`add_forwarding`] adds.
fn is_forwarding(name: &HeaderName) -> bool {
    *name == FORWARDED || name.as_str().starts_with(X_FORWARDED_PREFIX)
}

/// Appends an element to a list field, or replaces the field.
fn add_element(headers: &mut HeaderMap, name: HeaderName, element: &HeaderValue, append: bool) {
    if !append {
        headers.insert(name, element.clone());
        return;
    }
    let mut earlier = headers.get_all(&name).iter().peekable();
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

/// Whether a quoted string of a field value does not end (RFC 9110 section 5.6.4).
fn has_open_quotation(value: &HeaderValue) -> bool {
    let mut is_open = false;
    let mut bytes = value.as_bytes().iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => is_open = !is_open,
            b'\\' if is_open => {
                bytes.next();
            }
            _ => {}
        }
    }
    is_open
}

fn is_request_id(id: &HeaderValue) -> bool {
    let bytes = id.as_bytes();
    (1..=REQUEST_ID_BYTES_MAX).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// A UUID of version 4, variant 1. It is formatted by hand, because `format!` for a number of this
/// size takes as long as parsing a whole head.
fn uuid(random: u128) -> HeaderValue {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bits = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let mut text = [b'-'; 36];
    let mut at = 0;
    for byte in bits.to_be_bytes() {
        // A hyphen is here already.
        if matches!(at, 8 | 13 | 18 | 23) {
            at += 1;
        }
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 0xf)];
        at += 2;
    }
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}
