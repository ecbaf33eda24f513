//! The header of the PROXY protocol, versions 1 and 2, with which a load balancer names its client.
//!
//! It comes before everything else of a connection, TLS included. No I/O. What is not exactly a header is
//! refused at its first wrong byte: a guess would let a client name its own address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The longest header of version 1, with its line end.
const LINE_BYTES_MAX: usize = 107;

/// The largest header of version 2 that is read. Its extensions (TLVs) are skipped; load balancers send
/// some hundred bytes of them.
pub(crate) const PROXY_HEADER_BYTES_MAX: usize = 4096;

/// What version 1 begins with.
const LINE_START: &[u8] = b"PROXY ";

/// What version 2 begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The signature, the command, the family and the length.
const FIXED_BYTES: usize = 16;

/// The command of a connection that the load balancer has not received from a client.
const LOCAL: u8 = 0x20;

/// The families of version 2 that are read.
const UNSPECIFIED: u8 = 0x00;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

/// Whom a header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxiedClient {
    /// The load balancer itself, for example a health check; or it does not know its client.
    Unnamed,
    /// A client at this address.
    At(SocketAddr),
}

/// A header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyHeader {
    /// How many bytes it has.
    pub length: usize,
    /// Whom it names.
    pub client: ProxiedClient,
}

/// Why bytes are not a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyHeaderFault {
    /// They do not begin like one.
    #[error("it does not begin with a header of the PROXY protocol")]
    Missing,
    /// They begin like one.
    #[error("its header of the PROXY protocol is malformed: {0}")]
    Malformed(&'static str),
}

/// Reads a header from the beginning of a connection. `None` if it is not complete.
///
/// # Errors
/// Why the bytes are not a header, whatever follows them.
pub fn read_proxy_header(bytes: &[u8]) -> Result<Option<ProxyHeader>, ProxyHeaderFault> {
    let begins = |start: &[u8]| {
        let length = start.len().min(bytes.len());
        bytes[..length] == start[..length]
    };
    if begins(LINE_START) {
        return read_line(bytes);
    }
    if begins(SIGNATURE) {
        return read_binary(bytes);
    }
    Err(ProxyHeaderFault::Missing)
}

fn read_line(bytes: &[u8]) -> Result<Option<ProxyHeader>, ProxyHeaderFault> {
    let malformed = |reason| Err(ProxyHeaderFault::Malformed(reason));
    let within = &bytes[..bytes.len().min(LINE_BYTES_MAX)];
    let Some(end) = memchr::memchr(b'\n', within) else {
        if bytes.len() >= LINE_BYTES_MAX {
            return malformed("the line is longer than 107 bytes");
        }
        return Ok(None);
    };
    let line = bytes[..end].strip_suffix(b"\r");
    let Some(line) = line.and_then(|line| std::str::from_utf8(line).ok()) else {
        return malformed("the line does not end in CRLF, or is not text");
    };
    let length = end + 1;
    let parts: Vec<&str> = line.split(' ').collect();
    let client = match parts.as_slice() {
        ["PROXY", "UNKNOWN", ..] => Some(ProxiedClient::Unnamed),
        ["PROXY", family, source, target, source_port, target_port] => {
            let addresses = (address(family, source), address(family, target));
            let ports = (port(source_port), port(target_port));
            match (addresses, ports) {
                ((Some(source), Some(_)), (Some(port), Some(_))) => {
                    Some(ProxiedClient::At(SocketAddr::new(source, port)))
                }
                _ => None,
            }
        }
        _ => None,
    };
    match client {
        Some(client) => Ok(Some(ProxyHeader { length, client })),
        None => malformed("the line is not `PROXY TCP4|TCP6 source target port port`"),
    }
}

fn address(family: &str, text: &str) -> Option<IpAddr> {
    match family {
        "TCP4" => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        "TCP6" => text.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        _ => None,
    }
}

fn port(text: &str) -> Option<u16> {
    let is_canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| is_canonical)
}

fn read_binary(bytes: &[u8]) -> Result<Option<ProxyHeader>, ProxyHeaderFault> {
    let malformed = |reason| Err(ProxyHeaderFault::Malformed(reason));
    let command = bytes.get(SIGNATURE.len()).copied();
    if command.is_some_and(|command| !matches!(command, 0x20 | 0x21)) {
        return malformed("its version or command is unknown");
    }
    let Some(fixed) = bytes.get(..FIXED_BYTES) else {
        return Ok(None);
    };
    let rest = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    let length = FIXED_BYTES + rest;
    if length > PROXY_HEADER_BYTES_MAX {
        return malformed("it is larger than 4096 bytes");
    }
    let is_unnamed = fixed[12] == LOCAL || fixed[13] == UNSPECIFIED;
    let addresses_bytes = match fixed[13] {
        _ if is_unnamed => 0,
        TCP_OVER_IPV4 => 12,
        TCP_OVER_IPV6 => 36,
        _ => return malformed("it is not about a TCP connection"),
    };
    if rest < addresses_bytes {
        return malformed("it has no room for its addresses");
    }
    let Some(rest) = bytes.get(FIXED_BYTES..length) else {
        return Ok(None);
    };
    let client = match *rest {
        _ if is_unnamed => ProxiedClient::Unnamed,
        [a, b, c, d, _, _, _, _, high, low, ..] if addresses_bytes == 12 => {
            let port = u16::from_be_bytes([high, low]);
            ProxiedClient::At((Ipv4Addr::new(a, b, c, d), port).into())
        }
        _ => {
            let (source, _) = rest.split_first_chunk::<16>().unwrap_or((&[0; 16], rest));
            let port = u16::from_be_bytes([rest[32], rest[33]]);
            ProxiedClient::At((Ipv6Addr::from(*source), port).into())
        }
    };
    Ok(Some(ProxyHeader { length, client }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a header that arrives in two pieces, at every byte.
    #[track_caller]
    fn check(header: &[u8], client: ProxiedClient) {
        let expected = ProxyHeader {
            length: header.len(),
            client,
        };
        for at in 0..header.len() {
            assert_eq!(read_proxy_header(&header[..at]), Ok(None), "{at}");
        }
        for rest in [&b""[..], b"GET / HTTP/1.1\r\n", b"\x16\x03\x01"] {
            let bytes = [header, rest].concat();
            assert_eq!(read_proxy_header(&bytes), Ok(Some(expected)));
        }
    }

    fn at(address: &str) -> ProxiedClient {
        ProxiedClient::At(address.parse().unwrap())
    }

    fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family], &length, rest].concat()
    }

    #[test]
    fn lines_name_the_client() {
        check(
            b"PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n",
            at("192.0.2.1:56324"),
        );
        check(
            b"PROXY TCP6 2001:db8::1 ::1 0 65535\r\n",
            at("[2001:db8::1]:0"),
        );
        let longest = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
                       ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
        check(
            longest.as_bytes(),
            at("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
        );
        check(b"PROXY UNKNOWN\r\n", ProxiedClient::Unnamed);
        check(b"PROXY UNKNOWN ffff::1 ::1 1 2\r\n", ProxiedClient::Unnamed);
    }

    #[test]
    fn binary_headers_name_the_client_and_extensions_are_skipped() {
        let v4 = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 4, 1, 187];
        check(&binary(0x21, 0x11, &v4), at("192.0.2.1:56324"));
        let extended = [&v4[..], &[0x03, 0, 4, 1, 2, 3, 4, 0x04, 0, 1, 0]].concat();
        check(&binary(0x21, 0x11, &extended), at("192.0.2.1:56324"));
        let mut v6 = [0; 36];
        (v6[0], v6[15], v6[31], v6[33]) = (0x20, 1, 1, 80);
        check(&binary(0x21, 0x21, &v6), at("[2000::1]:80"));
        check(&binary(0x20, 0x11, &v4), ProxiedClient::Unnamed);
        check(&binary(0x20, 0x00, b""), ProxiedClient::Unnamed);
        check(&binary(0x21, 0x00, &[7; 300]), ProxiedClient::Unnamed);
    }

    #[test]
    fn anything_else_is_refused() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"\x16\x03\x01",
            b"PROXy ",
            b"proxy ",
            b" PROXY ",
            b"\r\n\r\n\0\r\nQUIT\r",
            b"\0",
        ] {
            let found = read_proxy_header(bytes);
            assert_eq!(found, Err(ProxyHeaderFault::Missing), "{bytes:?}");
        }
        let long = format!("PROXY UNKNOWN {}", "x".repeat(100));
        let v4 = [0; 12];
        let malformed: [&[u8]; 21] = [
            b"PROXY \r\n",
            b"PROXY TCP4\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
            b"PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
            b"PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
            b"PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n",
            b"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
            b"PROXY TCP4 1.2.3.4\t5.6.7.8 1 2\r\n",
            long.as_bytes(),
            &binary(0x11, 0x11, &v4),
            &binary(0x22, 0x11, &v4),
            &binary(0x21, 0x12, &v4),
            &binary(0x21, 0x11, &v4[1..]),
            &binary(0x21, 0x21, &[0; 35]),
        ];
        for bytes in malformed {
            let found = read_proxy_header(bytes);
            let is_malformed = matches!(found, Err(ProxyHeaderFault::Malformed(_)));
            assert!(is_malformed, "{bytes:?}: {found:?}");
        }
        let large = binary(0x21, 0x11, &[0; PROXY_HEADER_BYTES_MAX]);
        let found = read_proxy_header(&large[..FIXED_BYTES]);
        assert!(
            matches!(found, Err(ProxyHeaderFault::Malformed(_))),
            "{found:?}"
        );
        let unix = read_proxy_header(&binary(0x21, 0x31, &[0; 216]));
        assert!(
            matches!(unix, Err(ProxyHeaderFault::Malformed(_))),
            "{unix:?}"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_more_bytes_change_no_verdict(
            start in prop_oneof![Just(LINE_START), Just(SIGNATURE), Just(&b""[..])],
            rest in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [start, &rest].concat();
            let whole = read_proxy_header(&bytes);
            for at in 0..bytes.len() {
                match read_proxy_header(&bytes[..at]) {
                    Ok(None) => {}
                    decided => prop_assert_eq!(decided, whole),
                }
            }
        }
    }
}
