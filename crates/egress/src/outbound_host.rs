//! Hosts as requests name them, in one spelling.
//!
//! A host is a name or an IP address. Names are compared in lower case, without the dot of the root, and
//! in ASCII (IDNA). What resolvers read as an address although it is not written as one is refused:
//! `127.1`, `0x7f000001`, `017700000001` and `2130706433` are all 127.0.0.1 for some of them, and a
//! name for others.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Longest name, without the dot of the root (RFC 1035 section 2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// Longest label of a name.
const LABEL_BYTES_MAX: usize = 63;

/// A host in one spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutboundHost {
    /// A name in lower case and ASCII, without the dot of the root.
    Name(Box<str>),
    /// An address.
    Address(IpAddr),
}

/// Why a text is not a host that calls may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostFault {
    /// It is empty.
    #[error("the host is empty")]
    Empty,
    /// It is not a name.
    #[error("the host is not a name of letters, digits, '-' and '_' between dots")]
    NotName,
    /// It is too long.
    #[error(
        "the host is longer than {NAME_BYTES_MAX} bytes, or a part of it than {LABEL_BYTES_MAX}"
    )]
    TooLong,
    /// It is a number, which resolvers read as an address.
    #[error(
        "the host is an address in a spelling that programs read differently; write four decimal \
         numbers without leading zeros, such as 192.0.2.1"
    )]
    NumberSpelling,
    /// It is percent-encoded.
    #[error("the host is percent-encoded; write its characters")]
    PercentEncoded,
    /// It is an address with a zone, or not an address.
    #[error("the text between the brackets is not an IPv6 address, or it names a zone")]
    NotAddress,
    /// It is an internationalised name that IDNA does not allow.
    #[error("the host is not a valid internationalised name (IDNA)")]
    NotIdna,
}

impl OutboundHost {
    /// Reads a host without a port. An IPv6 address has brackets.
    ///
    /// # Errors
    /// [`HostFault`] says why a text is not a host.
    pub fn parse(text: &str) -> Result<Self, HostFault> {
        if text.is_empty() {
            return Err(HostFault::Empty);
        }
        if let Some(literal) = text.strip_prefix('[') {
            let literal = literal.strip_suffix(']').ok_or(HostFault::NotAddress)?;
            let address: Ipv6Addr = literal.parse().map_err(|_| HostFault::NotAddress)?;
            return Ok(Self::Address(address.into()));
        }
        if text.contains('%') {
            return Err(HostFault::PercentEncoded);
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        let name = ascii_name(text)?;
        let name = name.strip_suffix('.').unwrap_or(&name);
        if name.is_empty() {
            return Err(HostFault::Empty);
        }
        if is_number(name.rsplit('.').next().unwrap_or_default()) {
            return Err(HostFault::NumberSpelling);
        }
        if name.len() > NAME_BYTES_MAX || name.split('.').any(|label| label.len() > LABEL_BYTES_MAX)
        {
            return Err(HostFault::TooLong);
        }
        if !name.split('.').all(is_label) {
            return Err(HostFault::NotName);
        }
        Ok(Self::Name(name.into()))
    }

    /// The name; `None` for an address.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(_) => None,
        }
    }
}

impl From<IpAddr> for OutboundHost {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl fmt::Display for OutboundHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// A name in lower case and ASCII (UTS 46, as clients of the web read it).
fn ascii_name(text: &str) -> Result<Cow<'_, str>, HostFault> {
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    // Nearly all names are plain. `xn--` begins an encoded label, which may be invalid.
    if text.bytes().all(is_plain) && !text.contains("xn--") {
        return Ok(Cow::Borrowed(text));
    }
    Uts46::new()
        .to_ascii(
            text.as_bytes(),
            AsciiDenyList::EMPTY,
            Hyphens::Allow,
            DnsLength::Ignore,
        )
        .map_err(|_| HostFault::NotIdna)
}

/// Whether resolvers may read a name that ends in this label as an address: its last label is a decimal,
/// octal or hexadecimal number.
fn is_number(label: &str) -> bool {
    let is_decimal = !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit());
    let hexadecimal = label.strip_prefix("0x");
    is_decimal || hexadecimal.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a text is a label of a name. Underscores are common inside of clusters.
fn is_label(label: &str) -> bool {
    let is_char = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(is_char)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Result<String, HostFault> {
        OutboundHost::parse(text).map(|host| host.to_string())
    }

    #[test]
    fn a_host_has_one_spelling() {
        let check = |text: &str, expected: &str| {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        };
        check("api.example.com", "api.example.com");
        check("API.Example.COM", "api.example.com");
        check("api.example.com.", "api.example.com");
        check("localhost", "localhost");
        check("my_service", "my_service");
        check("1password.com", "1password.com");
        check("0x7f.example", "0x7f.example");
        check("bücher.example", "xn--bcher-kva.example");
        check("BÜCHER.example", "xn--bcher-kva.example");
        check("xn--bcher-kva.example", "xn--bcher-kva.example");
        check("XN--BCHER-KVA.example", "xn--bcher-kva.example");
        check("192.0.2.1", "192.0.2.1");
        check("[2001:DB8::1]", "[2001:db8::1]");
        check("[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]");
    }

    #[test]
    fn ambiguous_and_malformed_hosts_are_refused() {
        let check = |text: &str, fault| assert_eq!(shown(text), Err(fault), "{text}");
        for text in [
            "127.1",
            "127.0.1",
            "2130706433",
            "017700000001",
            "0177.0.0.1",
            "0x7f000001",
            "0X7F.1",
            "0x7f.0.0.0x1",
            "0x",
            "127.0.0.1.",
            "127.000.000.001",
            "1.2.3.4.5",
            "256.256.256.256",
            "\u{ff11}27.0.0.1",
            "api.example.1",
        ] {
            check(text, HostFault::NumberSpelling);
        }
        check("", HostFault::Empty);
        check(".", HostFault::Empty);
        check("a..b", HostFault::NotName);
        check("api.example..", HostFault::NotName);
        check(".api", HostFault::NotName);
        check("a b", HostFault::NotName);
        check("a:80", HostFault::NotName);
        check("a/b", HostFault::NotName);
        check("-a.example", HostFault::NotName);
        check("*.example", HostFault::NotName);
        check("api%2eexample", HostFault::PercentEncoded);
        check("%31%32%37.0.0.1", HostFault::PercentEncoded);
        check("[::1", HostFault::NotAddress);
        check("[fe80::1%25eth0]", HostFault::NotAddress);
        check("[127.0.0.1]", HostFault::NotAddress);
        check("[v1.a]", HostFault::NotAddress);
        check("xn--a", HostFault::NotIdna);
        check(&"a".repeat(64), HostFault::TooLong);
        check(&"a.".repeat(128), HostFault::TooLong);
    }

    proptest! {
        /// A host that was read once is read the same way again, and never as another kind.
        #[test]
        fn reading_is_stable(text in "\\PC{0,40}") {
            if let Ok(host) = OutboundHost::parse(&text) {
                prop_assert_eq!(OutboundHost::parse(&host.to_string()), Ok(host));
            }
        }

        #[test]
        fn every_number_is_refused_as_a_name(number: u32, octal: bool) {
            let text = if octal { format!("0{number:o}") } else { number.to_string() };
            prop_assert_eq!(OutboundHost::parse(&text), Err(HostFault::NumberSpelling));
        }
    }
}
