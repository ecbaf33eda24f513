//! Fields with which a gateway describes the client: forwarding fields and the request id.

use std::cell::{Ref, RefCell};
use std::net::IpAddr;

use http::header::{Entry, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue, VIA};
use portcullis_tls::TlsSession;

use super::added_fields::AddedFields;
use super::field_lookup::field_value;
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
    /// What was added to the last request.
    last: RefCell<Option<KnownForwarding>>,
}

/// What is added to the requests of a peer to one host of one service.
#[derive(Debug)]
struct KnownForwarding {
    host: Option<HeaderValue>,
    /// The element of the service in `Via`.
    via: Option<HeaderValue>,
    /// The element in `Forwarded`.
    element: HeaderValue,
    added: AddedFields,
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
            last: RefCell::new(None),
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

    /// The fields for a request with this `Host` to the service with this element in `Via`. Most
    /// connections use one of each, so the last ones are kept.
    fn forwarding(
        &self,
        host: Option<&HeaderValue>,
        via: Option<&HeaderValue>,
    ) -> Ref<'_, KnownForwarding> {
        let is_known =
            |known: &KnownForwarding| known.host.as_ref() == host && known.via.as_ref() == via;
        if !self.last.borrow().as_ref().is_some_and(is_known) {
            let known = KnownForwarding::new(self, host, via);
            *self.last.borrow_mut() = Some(known);
        }
        Ref::map(self.last.borrow(), |last| {
            last.as_ref().expect("it was set above if it was not there")
        })
    }

    /// The `Forwarded` element for this peer and a `Host` (RFC 7239 section 4).
    fn forwarded_element(&self, host: Option<&HeaderValue>) -> HeaderValue {
        let node = match self.address.ip() {
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => format!("\"[{ip}]\""),
            None => UNKNOWN_NODE.to_owned(),
        };
        let scheme = self.scheme();
        match host.and_then(|host| host.to_str().ok()) {
            Some(host) => header_value(format!("for={node};host=\"{host}\";proto={scheme}")),
            None => header_value(format!("for={node};proto={scheme}")),
        }
    }
}

impl KnownForwarding {
    fn new(peer: &Peer, host: Option<&HeaderValue>, via: Option<&HeaderValue>) -> Self {
        let element = peer.forwarded_element(host);
        let fields = [
            via.map(|via| (VIA, via.clone())),
            Some((X_FORWARDED_FOR, peer.for_value.clone())),
            Some((FORWARDED, element.clone())),
            Some((X_FORWARDED_PROTO, HeaderValue::from_static(peer.scheme()))),
            host.map(|host| (X_FORWARDED_HOST, host.clone())),
        ];
        Self {
            host: host.cloned(),
            via: via.cloned(),
            element,
            added: AddedFields::new(fields.into_iter().flatten().collect()),
        }
    }
}

/// Prepares the fields that describe the client, and `Via` with this element: appends to those of a
/// trusted peer, replaces those of any other. Other fields that describe the client are kept only from
/// a trusted peer. Returns what is added when the request is sent.
pub fn add_forwarding(
    headers: &mut HeaderMap,
    peer: &Peer,
    via: Option<&HeaderValue>,
) -> AddedFields {
    // Most trusted peers send none of these fields.
    if peer.trusted && headers.keys().any(is_forwarding) {
        append_forwarding(headers, peer);
        if let Some(via) = via {
            headers.append(VIA, via.clone());
        }
        return AddedFields::default();
    }
    if !peer.trusted {
        remove_client_descriptions(headers);
    }
    peer.forwarding(field_value(headers, &HOST), via)
        .added
        .clone()
}

/// Appends to the fields of a trusted peer.
fn append_forwarding(headers: &mut HeaderMap, peer: &Peer) {
    let host = headers.get(HOST).cloned();
    let element = peer.forwarding(host.as_ref(), None).element.clone();
    add_element(headers, X_FORWARDED_FOR, &peer.for_value, true);
    // An element that is appended to an open quotation would be a part of it.
    let is_readable = !headers.get_all(FORWARDED).iter().any(has_open_quotation);
    add_element(headers, FORWARDED, &element, is_readable);
    if !headers.contains_key(X_FORWARDED_PROTO) {
        headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(peer.scheme()));
    }
    if let Some(host) = host
        && !headers.contains_key(X_FORWARDED_HOST)
    {
        headers.insert(X_FORWARDED_HOST, host);
    }
}

/// Removes the fields in which gateways describe the client, such as `Forwarded`, `x-forwarded-port` and
/// `x-real-ip`.
fn remove_client_descriptions(headers: &mut HeaderMap) {
    let describes = |name: &&HeaderName| is_forwarding(name) || **name == X_REAL_IP;
    let descriptions: Vec<HeaderName> = headers.keys().filter(describes).cloned().collect();
    for name in descriptions {
        headers.remove(name);
    }
}

/// Sets `x-request-id` and returns it. A trusted peer's id is kept if it is one printable word;
/// otherwise the id is a random UUID (RFC 9562 section 5.4).
pub fn add_request_id(headers: &mut HeaderMap, peer: &Peer) -> HeaderValue {
    match headers.entry(X_REQUEST_ID) {
        Entry::Vacant(place) => place.insert(random_request_id()).clone(),
        Entry::Occupied(mut ids) => {
            let only = ids.get();
            let is_kept = peer.trusted && ids.iter().nth(1).is_none() && is_request_id(only);
            if !is_kept {
                ids.insert(random_request_id());
            }
            ids.get().clone()
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
    let bits = random & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let mut digits = [0; 32];
    for (part, word) in digits
        .chunks_exact_mut(8)
        .zip(bits.to_be_bytes().chunks_exact(4))
    {
        let word = word
            .iter()
            .fold(0, |word, byte| (word << 8) | u32::from(*byte));
        part.copy_from_slice(&hexadecimal(word));
    }
    let mut text = [b'-'; 36];
    text[..8].copy_from_slice(&digits[..8]);
    text[9..13].copy_from_slice(&digits[8..12]);
    text[14..18].copy_from_slice(&digits[12..16]);
    text[19..23].copy_from_slice(&digits[16..20]);
    text[24..].copy_from_slice(&digits[20..]);
    HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// The eight digits of a number, all at once: each becomes a byte of one word.
fn hexadecimal(number: u32) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut digits = u64::from(number);
    digits = (digits | (digits << 16)) & 0x0000_ffff_0000_ffff;
    digits = (digits | (digits << 8)) & 0x00ff_00ff_00ff_00ff;
    digits = (digits | (digits << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    // 1 in each byte whose digit is a letter.
    let letters = ((digits + 6 * ONES) >> 4) & ONES;
    let to_letter = u64::from(b'a' - b'0' - 10);
    (digits + u64::from(b'0') * ONES + to_letter * letters).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_hexadecimal() {
        for number in [0, 1, 0x9abc_def0, 0x0f1e_2d3c, u32::MAX, 0x1020_3040] {
            assert_eq!(hexadecimal(number), *format!("{number:08x}").as_bytes());
        }
        let text = uuid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(text, "01234567-89ab-4def-8123-456789abcdef");
    }
}
