//! Where the admin port is: `http://host:port`, `https://host:port` or `unix:/path`.

use std::path::PathBuf;

use http::Uri;
use http::header::HeaderValue;

/// What the address of a Unix socket begins with.
const UNIX_SCHEME: &str = "unix:";

/// The address of an admin port.
#[derive(Clone, Debug)]
pub(super) struct AdminTarget {
    /// As messages show it.
    pub(super) address: String,
    /// The value of `Host`.
    pub(super) authority: HeaderValue,
    pub(super) transport: AdminTransport,
}

/// How the port is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AdminTransport {
    Tcp {
        host: String,
        port: u16,
        has_tls: bool,
    },
    Unix(PathBuf),
}

impl AdminTarget {
    /// Reads an address; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix(UNIX_SCHEME) {
            return (!path.is_empty()).then(|| Self {
                address: text.to_owned(),
                authority: HeaderValue::from_static("localhost"),
                transport: AdminTransport::Unix(path.into()),
            });
        }
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let scheme = uri.scheme_str()?;
        let default_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let is_bare = uri.path_and_query().is_none_or(|path| path == "/")
            && !authority.as_str().contains('@');
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" => default_port,
            _ => authority.port_u16()?,
        };
        let host = authority.host().trim_matches(['[', ']']);
        is_bare.then_some(Self {
            address: format!("{scheme}://{authority}"),
            authority: HeaderValue::from_str(authority.as_str()).ok()?,
            transport: AdminTransport::Tcp {
                host: host.to_owned(),
                port,
                has_tls: scheme == "https",
            },
        })
    }

    /// The host of a port with TLS.
    pub(super) fn tls_host(&self) -> Option<&str> {
        match &self.transport {
            AdminTransport::Tcp {
                host,
                has_tls: true,
                ..
            } => Some(host),
            AdminTransport::Tcp { .. } | AdminTransport::Unix(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        let check = |text: &str, host: &str, port: u16, has_tls: bool| {
            let target = AdminTarget::parse(text).unwrap();
            let expected = AdminTransport::Tcp {
                host: host.to_owned(),
                port,
                has_tls,
            };
            assert_eq!(target.transport, expected, "{text}");
        };
        check("http://127.0.0.1:9901", "127.0.0.1", 9901, false);
        check("http://localhost:9901/", "localhost", 9901, false);
        check("http://[::1]:9901", "::1", 9901, false);
        check("http://portcullis", "portcullis", 80, false);
        check("https://portcullis", "portcullis", 443, true);
        check("https://[::1]:9901/", "::1", 9901, true);
        let socket = AdminTarget::parse("unix:/run/a.sock").unwrap();
        assert_eq!(socket.transport, AdminTransport::Unix("/run/a.sock".into()));
        assert_eq!(socket.authority, "localhost");
        for invalid in [
            "",
            "unix:",
            "127.0.0.1:9901",
            "ftp://127.0.0.1:9901",
            "http://user@host:1",
            "http://host:1/admin",
            "https://host:1/?a",
            "http://host:x",
            "http://",
        ] {
            assert!(AdminTarget::parse(invalid).is_none(), "{invalid}");
        }
    }
}
