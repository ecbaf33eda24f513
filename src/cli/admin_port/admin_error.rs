//! Why a request to the admin port failed.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::app::TlsLoadError;
use portcullis_config::{
    ADMIN_CERT_VARIABLE, ADMIN_KEY_VARIABLE, ADMIN_URL_VARIABLE, InvalidAdminToken,
};

/// Why a request to the admin port failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// The URL is not supported.
    #[error(
        "{text:?} is not an admin port: expected http://host:port, https://host:port or unix:/path{}",
        scheme_hint(text)
    )]
    Address {
        /// The text from the command line or the variable.
        text: String,
    },
    /// The files for TLS cannot be used.
    #[error(transparent)]
    TlsFiles(#[from] TlsLoadError),
    /// Files for TLS are named, and the port has none.
    #[error(
        "--admin-ca, --admin-cert and --admin-key are for an https admin port, and {address} has no TLS"
    )]
    NeedlessFiles {
        /// The address of the admin port.
        address: String,
    },
    /// The handshake of TLS failed.
    #[error("TLS with {address} failed: {reason}; check --admin-ca, --admin-cert and --admin-key")]
    Tls {
        /// The URL of the admin port.
        address: String,
        /// What failed.
        reason: String,
    },
    /// The connection failed.
    #[error(
        "cannot connect to {address}: {source}; `portcullis serve` must run with its admin port \
         there, or name another one with --admin or {ADMIN_URL_VARIABLE}"
    )]
    Connect {
        /// The URL of the admin port.
        address: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The response took too long.
    #[error("{address} did not answer within {} s; is the proxy overloaded?", timeout.as_secs())]
    Timeout {
        /// The URL of the admin port.
        address: String,
        /// The timeout.
        timeout: Duration,
    },
    /// The exchange failed, for example because the server does not speak HTTP.
    #[error("{address}: {source}; is this an admin port of portcullis?")]
    Exchange {
        /// The URL of the admin port.
        address: String,
        /// The error of the HTTP client.
        source: hyper::Error,
    },
    /// The response is too large.
    #[error("{address} answers with more than {} MiB; name one service", bytes_max >> 20)]
    TooLarge {
        /// The limit.
        bytes_max: usize,
        /// The URL of the admin port.
        address: String,
    },
    /// The proxy rejected the request.
    #[error("{address} answers {status}: {detail}")]
    Refused {
        /// The URL of the admin port.
        address: String,
        /// The status code.
        status: u16,
        /// The detail of the problem document.
        detail: String,
    },
    /// The response is not the expected JSON.
    #[error("{address}: the answer cannot be read: {source}; is this an admin port of portcullis?")]
    Malformed {
        /// The URL of the admin port.
        address: String,
        /// The error of the parser.
        source: serde_json::Error,
    },
    /// One of two variables is missing.
    #[error("set both {ADMIN_CERT_VARIABLE} and {ADMIN_KEY_VARIABLE}, or none of them")]
    HalfCertificate,
    /// The runtime cannot be started.
    #[error("cannot start a runtime: {0}")]
    Runtime(io::Error),
    /// The token file cannot be read.
    #[error("--token-file {}: {source}; check the path and its permissions", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The token is malformed. It is not printed.
    #[error("{place}: {source}")]
    Token {
        /// The flag or the variable.
        place: String,
        /// The expected format.
        source: InvalidAdminToken,
    },
}

/// A suggestion for an address without `http://`.
fn scheme_hint(text: &str) -> String {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(['/', '@']) && port.parse::<u16>().is_ok() => {
            format!("; try http://{text}")
        }
        _ => String::new(),
    }
}
