//! Why an exchange with the upstream failed.

use std::io;
use std::sync::Arc;

use crate::proxy::body::request_body::RequestBodyError;

/// What was going on when time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamPhase {
    /// The connection was being made.
    Connect,
    /// The response head was waited for.
    ResponseHead,
    /// The response body stood still.
    ResponseBody,
}

impl UpstreamPhase {
    fn description(self) -> &'static str {
        match self {
            Self::Connect => "did not accept a connection in time",
            Self::ResponseHead => "did not begin its response in time",
            Self::ResponseBody => "stopped in the middle of its response",
        }
    }
}

/// A failed exchange. `authority` is the upstream as it was configured.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No address of the upstream could be connected to; the request was not sent.
    #[error("cannot connect to upstream {authority}: {source}; is it running?")]
    Connect {
        /// The upstream.
        authority: Arc<str>,
        /// The last address's error.
        source: Arc<io::Error>,
    },
    /// The upstream was too slow.
    #[error("upstream {authority} {}", phase.description())]
    Timeout {
        /// The upstream.
        authority: Arc<str>,
        /// What was waited for.
        phase: UpstreamPhase,
    },
    /// The upstream closed the connection before the end of its response.
    #[error("upstream {authority} closed the connection before the end of its response")]
    Closed {
        /// The upstream.
        authority: Arc<str>,
    },
    /// The response cannot be read as HTTP/1.1, or can be read in two ways.
    #[error("upstream {authority} sent a malformed response: {reason}")]
    Malformed {
        /// The upstream.
        authority: Arc<str>,
        /// What is wrong with it.
        reason: Arc<str>,
    },
    /// The request's own body failed while it was being sent; the upstream is not to blame.
    #[error("the request to upstream {authority} broke off: {source}")]
    RequestBody {
        /// The upstream.
        authority: Arc<str>,
        /// What happened to the body.
        source: RequestBodyError,
    },
}

impl UpstreamError {
    /// Reads the library's error.
    pub(super) fn from_hyper(error: &hyper::Error, authority: &Arc<str>) -> Self {
        let authority = Arc::clone(authority);
        if let Some(source) = find::<RequestBodyError>(error) {
            return Self::RequestBody {
                authority,
                source: *source,
            };
        }
        let is_undecodable = find::<io::Error>(error).is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            )
        });
        if error.is_parse() || error.is_user() || is_undecodable {
            return Self::Malformed {
                authority,
                reason: error.to_string().into(),
            };
        }
        Self::Closed { authority }
    }
}

fn find<E: std::error::Error + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}
