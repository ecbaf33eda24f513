//! Request targets and Host values.
//!
//! The target is checked, never rewritten. In addition to RFC 3986, the characters that browsers
//! leave unencoded pass (`[ ] { } | ^`, and a backquote in queries), because all parsers agree on
//! them. `\`, `#`, quotes, angle brackets and non-ASCII bytes are refused.

use memchr::{memchr, memchr_iter};

use super::http_refusal::HttpRefusal;

/// Checks the target of a request line (RFC 9112 section 3.2).
pub(super) fn check(method: &[u8], target: &[u8]) -> Result<(), HttpRefusal> {
    if method == b"CONNECT" {
        return Err(match check_host(target) {
            Ok(()) => HttpRefusal::TunnelNotSupported,
            Err(_) => HttpRefusal::MalformedTarget,
        });
    }
    match target {
        [b'/', ..] if is_path_and_query(target) => Ok(()),
        b"*" if method == b"OPTIONS" => Ok(()),
        _ => check_absolute(target),
    }
}

/// Checks the target of a request to a forward proxy: that of a tunnel is a host and a port, and other
/// targets do not ask for TLS, which would be the client's.
pub(super) fn check_for_proxy(method: &[u8], target: &[u8]) -> Result<(), HttpRefusal> {
    if method == b"CONNECT" {
        let port = target.rsplit(|b| *b == b':').next().unwrap_or_default();
        let has_port = port.len() < target.len() && !port.is_empty() && !port.ends_with(b"]");
        return match check_host(target) {
            Ok(()) if has_port => Ok(()),
            _ => Err(HttpRefusal::TunnelTarget),
        };
    }
    let is_https = target
        .get(..6)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https:"));
    if is_https {
        return Err(HttpRefusal::HttpsTarget);
    }
    check(method, target)
}

/// Checks the path and query of an HTTP/2 request (RFC 9113 section 8.3.1).
pub(crate) fn check_origin(method: &[u8], target: &[u8]) -> Result<(), HttpRefusal> {
    match target {
        [b'/', ..] if is_path_and_query(target) => Ok(()),
        b"*" if method == b"OPTIONS" => Ok(()),
        _ => Err(HttpRefusal::MalformedTarget),
    }
}

/// Checks a Host value: `uri-host [ ":" port ]`, not empty (RFC 9110 section 7.2; section 4.2.1
/// requires a host in an http URI).
pub(crate) fn check_host(value: &[u8]) -> Result<(), HttpRefusal> {
    let (host, port) = match value {
        [b'[', ..] => {
            let end = value
                .iter()
                .position(|b| *b == b']')
                .ok_or(HttpRefusal::InvalidHost)?;
            value.split_at(end + 1)
        }
        _ => value.split_at(value.iter().position(|b| *b == b':').unwrap_or(value.len())),
    };
    let is_host = match host {
        [b'[', literal @ .., b']'] => is_ip_literal(literal),
        _ => is_registered_name(host),
    };
    let is_port = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if is_host && is_port {
        Ok(())
    } else {
        Err(HttpRefusal::InvalidHost)
    }
}

/// Checks an absolute-form target (RFC 9112 section 3.2.2). User information is accepted here and
/// not forwarded.
fn check_absolute(target: &[u8]) -> Result<(), HttpRefusal> {
    let rest = after_scheme(target).ok_or(HttpRefusal::MalformedTarget)?;
    let end = rest
        .iter()
        .position(|b| matches!(b, b'/' | b'?'))
        .unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.iter().rposition(|b| *b == b'@') {
        Some(at) if is_user_information(&authority[..at]) => &authority[at + 1..],
        Some(_) => return Err(HttpRefusal::MalformedTarget),
        None => authority,
    };
    match check_host(host) {
        Ok(()) if is_path_and_query(path) => Ok(()),
        _ => Err(HttpRefusal::MalformedTarget),
    }
}

fn after_scheme(target: &[u8]) -> Option<&[u8]> {
    let colon = target.iter().position(|b| *b == b':')?;
    let scheme = &target[..colon];
    let is_http = scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https");
    target[colon..].strip_prefix(b"://").filter(|_| is_http)
}

fn is_path_and_query(bytes: &[u8]) -> bool {
    let path_end = memchr(b'?', bytes).unwrap_or(bytes.len());
    let (path, query) = bytes.split_at(path_end);
    has_only(path, PATH) && query.iter().all(|b| CLASSES[usize::from(*b)] & QUERY != 0)
}

fn is_registered_name(host: &[u8]) -> bool {
    !host.is_empty() && has_only(host, NAME)
}

fn is_user_information(bytes: &[u8]) -> bool {
    has_only(bytes, NAME | COLON)
}

fn is_ip_literal(literal: &[u8]) -> bool {
    let text = std::str::from_utf8(literal).unwrap_or_default();
    match literal {
        [b'v' | b'V', ..] => is_future_literal(literal),
        _ => text.parse::<std::net::Ipv6Addr>().is_ok(),
    }
}

/// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )` (RFC 3986 section 3.2.2).
fn is_future_literal(literal: &[u8]) -> bool {
    let Some(dot) = literal.iter().position(|b| *b == b'.') else {
        return false;
    };
    let (version, address) = (&literal[1..dot], &literal[dot + 1..]);
    !version.is_empty()
        && version.iter().all(u8::is_ascii_hexdigit)
        && !address.is_empty()
        && !address.contains(&b'%')
        && has_only(address, NAME | COLON)
}

/// Whether every byte belongs to one of the classes, and every `%` begins an encoded octet.
fn has_only(bytes: &[u8], classes: u8) -> bool {
    let is_encoded = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    bytes
        .iter()
        .all(|b| CLASSES[usize::from(*b)] & classes != 0)
        && memchr_iter(b'%', bytes).all(is_encoded)
}

/// unreserved, sub-delims and `%`.
const NAME: u8 = 1;
const COLON: u8 = 2;
const PATH: u8 = 4;
const QUERY: u8 = 8;

const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'%' => {
                NAME | PATH | QUERY
            }
            b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => {
                NAME | PATH | QUERY
            }
            b':' => COLON | PATH | QUERY,
            b'/' | b'@' | b'[' | b']' | b'{' | b'}' | b'|' | b'^' => PATH | QUERY,
            b'?' | b'`' => QUERY,
            _ => 0,
        };
        byte += 1;
    }
    table
};
