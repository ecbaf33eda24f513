//! Where the requests of a service go.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::uri::Authority;

use super::host_pattern::is_host;
use crate::tree::config_value::ConfigValueResult;
use crate::tree::{ConfigNode, ConfigValueError};

/// Where the requests of a service go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamTarget {
    /// Nowhere: the proxy answers with examples of the contract.
    Mock,
    /// To an HTTP/1.1 server.
    Http(UpstreamAddress),
}

/// The address of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamAddress {
    /// A host name or an IP address; IPv6 without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for UpstreamAddress {
    /// The authority of a URL or a `Host` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for UpstreamTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mock => f.write_str("mock"),
            Self::Http(address) => write!(f, "http://{address}"),
        }
    }
}

/// `mock`, or the address of an HTTP server.
pub(super) fn parse_upstream(node: &ConfigNode) -> ConfigValueResult<UpstreamTarget> {
    let fault = || ConfigValueError::expected("\"mock\" or \"http://host:port\"");
    let text = node.text().ok_or_else(fault)?;
    if text == "mock" {
        return Ok(UpstreamTarget::Mock);
    }
    if text.starts_with("https://") {
        return Err(fault().with_advice("http: connections to upstreams do not use TLS"));
    }
    let Some(rest) = text.strip_prefix("http://") else {
        let bare = authority(text).filter(|_| text.contains(':'));
        return Err(match bare {
            Some(address) => fault().with_advice(format!("\"http://{address}\"")),
            None => fault(),
        });
    };
    let (host, path) = rest
        .find(['/', '?', '#'])
        .map_or((rest, ""), |at| rest.split_at(at));
    let address = authority(host).ok_or_else(fault)?;
    if matches!(path, "" | "/") {
        return Ok(UpstreamTarget::Http(address));
    }
    let advice = format!("\"http://{address}\": requests keep their paths");
    Err(fault().with_advice(advice))
}

/// A host with an optional port; the port is 80 by default.
fn authority(text: &str) -> Option<UpstreamAddress> {
    let authority = Authority::from_str(text)
        .ok()
        .filter(|_| !text.contains('@'))?;
    let port = match authority.as_str().strip_prefix(authority.host())? {
        "" => 80,
        _ => authority.port_u16().filter(|port| *port != 0)?,
    };
    let host = authority.host();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let valid = is_host(&bare.to_ascii_lowercase()) || bare.parse::<IpAddr>().is_ok();
    valid.then(|| UpstreamAddress {
        host: bare.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_displayed_as_an_authority() {
        let check = |host: &str, text: &str| {
            let address = UpstreamAddress {
                host: host.into(),
                port: 80,
            };
            assert_eq!(UpstreamTarget::Http(address).to_string(), text);
        };
        check("orders", "http://orders:80");
        check("::1", "http://[::1]:80");
    }
}
