//! Where a call goes: a host and a port.

use std::fmt;

use super::outbound_host::{HostFault, OutboundHost};

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallDestination {
    /// The host.
    pub host: OutboundHost,
    /// The port.
    pub port: u16,
}

impl CallDestination {
    /// Reads `host` or `host:port`.
    ///
    /// # Errors
    /// [`HostFault`] says why a text is not a destination; a port that is not one makes it
    /// [`HostFault::NotName`].
    pub fn parse(authority: &str, default_port: u16) -> Result<Self, HostFault> {
        let (host, port) = split_port(authority);
        let port = match port {
            None | Some("") => default_port,
            Some(digits) => port_number(digits).ok_or(HostFault::NotName)?,
        };
        let host = OutboundHost::parse(host)?;
        Ok(Self { host, port })
    }
}

/// The host and the digits of the port, if there is a colon behind the host.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let host_end = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[host_end..].find(':') {
        Some(at) => {
            let (host, port) = authority.split_at(host_end + at);
            (host, port.get(1..))
        }
        None => (authority, None),
    }
}

/// A port from 1 to 65535 in digits only.
pub(crate) fn port_number(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| *port != 0);
    port.filter(|_| is_number)
}

impl fmt::Display for CallDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_follows_the_last_colon_of_the_host() {
        let check = |text: &str, expected: Option<&str>| {
            let read = CallDestination::parse(text, 443);
            assert_eq!(
                read.map(|to| to.to_string()).ok().as_deref(),
                expected,
                "{text}"
            );
        };
        check("a.example", Some("a.example:443"));
        check("a.example:", Some("a.example:443"));
        check("a.example:80", Some("a.example:80"));
        check("A.example.:080", Some("a.example:80"));
        check("[::1]:80", Some("[::1]:80"));
        check("[::1]", Some("[::1]:443"));
        check("::1", None);
        check("a.example:0", None);
        check("a.example:65536", None);
        check("a.example:+80", None);
        check("a.example:8a", None);
        check("a.example:80:80", None);
        check("user@a.example", None);
    }
}
