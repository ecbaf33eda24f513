//! Why an exchange with the upstream failed.

use std::io;
use std::sync::Arc;

use portcullis_tls::TlsFault;

use super::local_resource::LocalResource;
use crate::body::RequestBodyError;
use crate::limits::UpstreamLimits;

/// The phase of an exchange in which a timeout occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamPhase {
    /// Connecting to the upstream.
    Connect,
    /// Waiting for the head of the response.
    ResponseHead,
    /// Waiting for the next bytes of the response body.
    ResponseBody,
}

impl UpstreamPhase {
    fn description(self) -> &'static str {
        match self {
            Self::Connect => {
                "did not accept a connection in time (`limits.upstream_connect_timeout`)"
            }
            Self::ResponseHead => "did not begin its response in time (`limits.upstream_timeout`)",
            Self::ResponseBody => {
                "stopped in the middle of its response (`limits.body_idle_timeout`)"
            }
        }
    }
}

/// Why an exchange failed. `authority` is the upstream's `host:port`, as configured.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No address of the upstream accepted a connection; the request was not sent.
    #[error("cannot connect to upstream {authority}: {source}; is it running?")]
    Connect {
        /// The upstream.
        authority: Arc<str>,
        /// The error of the last address.
        source: Arc<io::Error>,
    },
    /// This machine lacks what a connection needs; the request was not sent, and the upstream did
    /// not cause this.
    #[error("cannot connect to upstream {authority}: {} ({source})", resource.description())]
    Local {
        /// The upstream.
        authority: Arc<str>,
        /// What is lacking.
        resource: LocalResource,
        /// The error of the system.
        source: Arc<io::Error>,
    },
    /// The upstream was reached, and TLS with it failed; the request was not answered.
    #[error(
        "TLS with upstream {authority} failed: {}; check `upstream_tls` of the service",
        fault.reason()
    )]
    Tls {
        /// The upstream.
        authority: Arc<str>,
        /// What failed.
        fault: TlsFault,
    },
    /// The upstream was too slow.
    #[error("upstream {authority} {}", phase.description())]
    Timeout {
        /// The upstream.
        authority: Arc<str>,
        /// The phase in which the time ran out.
        phase: UpstreamPhase,
    },
    /// The upstream was silent for too long inside a response of unknown length, such as an event
    /// stream. It did not fail, as far as is known.
    #[error(
        "upstream {authority} sent nothing more of its response in time (`limits.body_idle_timeout`)"
    )]
    Idle {
        /// The upstream.
        authority: Arc<str>,
    },
    /// The upstream closed the connection before the end of its response.
    #[error("upstream {authority} closed the connection before the end of its response")]
    Closed {
        /// The upstream.
        authority: Arc<str>,
    },
    /// The response is not valid HTTP/1.1, or it is ambiguous.
    #[error("upstream {authority} sent a malformed response: {reason}")]
    Malformed {
        /// The upstream.
        authority: Arc<str>,
        /// What is wrong with the response.
        reason: Arc<str>,
    },
    /// The request's body failed while it was being sent; the upstream did not cause this.
    #[error("the request to upstream {authority} ended early: {source}")]
    RequestBody {
        /// The upstream.
        authority: Arc<str>,
        /// Why the body failed.
        source: RequestBodyError,
    },
}

impl UpstreamError {
    /// Classifies an error of the HTTP library.
    pub(super) fn from_hyper(
        error: &hyper::Error,
        authority: &Arc<str>,
        limits: &UpstreamLimits,
    ) -> Self {
        let authority = Arc::clone(authority);
        if let Some(source) = find::<RequestBodyError>(error) {
            return Self::RequestBody {
                authority,
                source: *source,
            };
        }
        // With TLS 1.3, an upstream refuses the certificate of a client after the handshake.
        if let Some(fault) = find::<io::Error>(error).and_then(TlsFault::of) {
            return Self::Tls { authority, fault };
        }
        if error.is_parse_too_large() {
            let reason = too_large_head(limits).into();
            return Self::Malformed { authority, reason };
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

/// Why a response with too many header fields is refused.
pub(super) fn too_many_fields(count_max: usize) -> String {
    format!("its head has more than {count_max} fields (`limits.response_header_count_max`)")
}

/// The HTTP library does not say which of the two bounds a head exceeds.
fn too_large_head(limits: &UpstreamLimits) -> String {
    format!(
        "its head is larger than {} bytes (`limits.response_header_bytes_max`) or has more than {} \
         fields (`limits.response_header_count_max`)",
        limits.header_bytes_max, limits.header_count_max
    )
}

fn find<E: std::error::Error + 'static>(error: &hyper::Error) -> Option<&E> {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(cause) = error.downcast_ref() {
            return Some(cause);
        }
        source = error.source();
    }
    None
}
