//! Why an exchange with the upstream failed.

use std::io;
use std::sync::Arc;

use h2::Reason;
use portcullis_tls::TlsFault;

use super::local_resource::LocalResource;
use super::upstream_connection::ExchangeFailure;
use crate::body::RequestBodyError;

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

/// What to check after a failed connection. A denied address is named as such, and the upstream may well run.
fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput => "",
        _ => "; is it running?",
    }
}

/// Why an exchange failed. `authority` is the upstream's `host:port`, as configured.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No address of the upstream accepted a connection; the request was not sent.
    #[error("cannot connect to upstream {authority}: {source}{}", advice(source))]
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
    /// The time that the caller allows for a gRPC call is over, which is shorter than that of the service.
    #[error("upstream {authority} did not answer within the `grpc-timeout` of the call")]
    CallDeadline {
        /// The upstream.
        authority: Arc<str>,
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
    /// The upstream has ended the stream of the request with an error (RFC 9113 section 6.4).
    #[error("upstream {authority} reset the stream of the request: {code} ({code:?})")]
    Reset {
        /// The upstream.
        authority: Arc<str>,
        /// Its code.
        code: Reason,
    },
    /// The upstream has refused the request several times, and has processed none of it (RFC 9113
    /// section 8.7).
    #[error("upstream {authority} refused the request before it processed it")]
    Refused {
        /// The upstream.
        authority: Arc<str>,
    },
    /// The upstream does not speak HTTP/2; the request was not sent.
    #[error("upstream {authority} does not speak HTTP/2: {reason}")]
    NoHttp2 {
        /// The upstream.
        authority: Arc<str>,
        /// What it does instead, and what to change.
        reason: &'static str,
    },
    /// The response is not valid HTTP, or it is ambiguous.
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
    /// The error of silence inside a response. One of known length is incomplete then; one of unknown
    /// length may be a stream, for which silence is ordinary.
    pub(super) fn silent(authority: Arc<str>, has_length: bool) -> Self {
        if has_length {
            let phase = UpstreamPhase::ResponseBody;
            Self::Timeout { authority, phase }
        } else {
            Self::Idle { authority }
        }
    }

    /// Whether no connection came about. With TLS, it may have ended after the request was sent.
    pub(super) const fn is_about_connecting(&self) -> bool {
        self.is_unsent() || matches!(self, Self::Tls { .. })
    }

    /// Whether the upstream did not accept a connection, so that nothing was sent to it.
    pub(crate) const fn is_unsent(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::NoHttp2 { .. }
                | Self::Timeout {
                    phase: UpstreamPhase::Connect,
                    ..
                }
        )
    }

    /// The error of an exchange that failed.
    pub(super) fn of_exchange(failure: ExchangeFailure, authority: &Arc<str>) -> Self {
        let authority = Arc::clone(authority);
        match failure {
            ExchangeFailure::Unsent | ExchangeFailure::Closed => Self::Closed { authority },
            ExchangeFailure::Malformed(fault) => Self::Malformed {
                authority,
                reason: fault.to_string().into(),
            },
            ExchangeFailure::Tls(fault) => Self::Tls { authority, fault },
            ExchangeFailure::RequestBody(source) => Self::RequestBody { authority, source },
        }
    }
}
