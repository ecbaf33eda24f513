//! Where the requests of a service go.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use http::uri::Authority;

use super::host_pattern::is_host;
use super::listen_address::{UNIX_SCHEME, socket_path};
use super::verdict_section::VerdictConfig;
use crate::tree::config_value::ConfigValueResult;
use crate::tree::{ConfigNode, ConfigValueError};

/// Where the requests of a service go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamTarget {
    /// Nowhere: the proxy answers with examples of the contract.
    Mock,
    /// Nowhere: another proxy forwards the requests that the service allows.
    Verdict(VerdictConfig),
    /// To an HTTP/1.1 server.
    Http(UpstreamAddress),
    /// To an HTTP/2 server without TLS, with prior knowledge (RFC 9113 section 3.3).
    H2c(UpstreamAddress),
    /// To a server with TLS.
    Https(UpstreamAddress),
    /// To an HTTP/1.1 server at a Unix socket.
    Unix(PathBuf),
}

impl UpstreamTarget {
    /// Whether requests go to a server.
    pub const fn has_server(&self) -> bool {
        !matches!(self, Self::Mock | Self::Verdict(_))
    }

    /// The address of the server, if there is one.
    pub const fn address(&self) -> Option<&UpstreamAddress> {
        match self {
            Self::Mock | Self::Verdict(_) | Self::Unix(_) => None,
            Self::Http(address) | Self::H2c(address) | Self::Https(address) => Some(address),
        }
    }
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
            Self::Verdict(_) => f.write_str("verdict"),
            Self::Http(address) => write!(f, "http://{address}"),
            Self::H2c(address) => write!(f, "h2c://{address}"),
            Self::Https(address) => write!(f, "https://{address}"),
            Self::Unix(path) => write!(f, "{UNIX_SCHEME}{}", path.display()),
        }
    }
}

/// `mock`, `verdict`, or the address of an HTTP server.
pub(super) fn parse_upstream(
    directory: &Path,
) -> impl Fn(&ConfigNode) -> ConfigValueResult<UpstreamTarget> {
    move |node| {
        let text = node.text();
        match text.and_then(|text| text.strip_prefix(UNIX_SCHEME)) {
            Some(path) => socket_path(path, directory).map(UpstreamTarget::Unix),
            None if text == Some("mock") => Ok(UpstreamTarget::Mock),
            None if text == Some("verdict") => {
                Ok(UpstreamTarget::Verdict(VerdictConfig::default()))
            }
            None => parse_url(node),
        }
    }
}

fn parse_url(node: &ConfigNode) -> ConfigValueResult<UpstreamTarget> {
    let fault = || {
        ConfigValueError::expected(
            "\"mock\", \"verdict\", \"http://host:port\", \"h2c://host:port\", \"https://host:port\" or \"unix:/path\"",
        )
    };
    let text = node.text().ok_or_else(fault)?;
    let Some((scheme @ ("http" | "h2c" | "https"), rest)) = text.split_once("://") else {
        let bare = authority(text, HTTP_PORT).filter(|_| text.contains(':'));
        return Err(match bare {
            Some(address) => fault().with_advice(format!("\"http://{address}\"")),
            None => fault(),
        });
    };
    let (host, path) = rest
        .find(['/', '?', '#'])
        .map_or((rest, ""), |at| rest.split_at(at));
    let (target, default_port): (fn(_) -> _, _) = match scheme {
        "https" => (UpstreamTarget::Https, HTTPS_PORT),
        "h2c" => (UpstreamTarget::H2c, HTTP_PORT),
        _ => (UpstreamTarget::Http, HTTP_PORT),
    };
    let address = authority(host, default_port).ok_or_else(fault)?;
    if !matches!(path, "" | "/") {
        let advice = format!("\"{scheme}://{address}\": requests keep their paths");
        return Err(fault().with_advice(advice));
    }
    Ok(target(address))
}

const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// A host with an optional port.
fn authority(text: &str, default_port: u16) -> Option<UpstreamAddress> {
    let authority = Authority::from_str(text)
        .ok()
        .filter(|_| !text.contains('@'))?;
    let port = match authority.as_str().strip_prefix(authority.host())? {
        "" => default_port,
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
