//! Why an admin port could not be asked.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::{ADMIN_URL_VARIABLE, InvalidAdminToken};

use super::admin_client::ANSWER_BYTES_MAX;

/// Why an admin port could not be asked, or would not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// The address is none.
    #[error("{text:?} is no admin port: expected http://host:port, without TLS and without a path")]
    Address {
        /// What was given.
        text: String,
    },
    /// Nobody listens there.
    #[error(
        "cannot connect to {address}: {source}; `portcullis serve` must run with its admin port \
         there, or name another one with --admin or {ADMIN_URL_VARIABLE}"
    )]
    Connect {
        /// Where.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// It takes too long.
    #[error("{address} did not answer within {} s; is the proxy overloaded?", timeout.as_secs())]
    Timeout {
        /// Where.
        address: String,
        /// How long it was waited for.
        timeout: Duration,
    },
    /// What comes back is no HTTP.
    #[error("{address}: {source}; is this an admin port of portcullis?")]
    Exchange {
        /// Where.
        address: String,
        /// What went wrong.
        source: hyper::Error,
    },
    /// What comes back is too much.
    #[error(
        "{address} answers with more than {} MiB; name one service",
        ANSWER_BYTES_MAX >> 20
    )]
    TooLarge {
        /// Where.
        address: String,
    },
    /// The proxy refuses.
    #[error("{address} answers {status}: {detail}")]
    Refused {
        /// Where.
        address: String,
        /// The status.
        status: u16,
        /// Why, in its words.
        detail: String,
    },
    /// What comes back is not what was asked for.
    #[error("{address}: the answer cannot be read: {source}; is this an admin port of portcullis?")]
    Malformed {
        /// Where.
        address: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The runtime cannot be started.
    #[error("cannot start a runtime: {0}")]
    Runtime(io::Error),
    /// The token's file cannot be read.
    #[error("--token-file {}: {source}; check the path and its permissions", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What is there is no token; it is not shown.
    #[error("{place}: {source}")]
    Token {
        /// Where it came from.
        place: String,
        /// What was expected.
        source: InvalidAdminToken,
    },
}
