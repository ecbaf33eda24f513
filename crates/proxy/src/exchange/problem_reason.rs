//! Why a request was not answered by its service, for metrics and the log. Nothing that the sender
//! chose is part of it.

use std::borrow::Cow;

use portcullis_tls::TlsFault;

use super::answer_table::ProblemCause;
use crate::upstream::{LocalResource, UpstreamError};

impl ProblemCause {
    /// The reason for the log: a name, or a sentence where names do not suffice. `None` where the
    /// error code or the violations say everything.
    pub(super) fn reason(&self) -> Option<Cow<'static, str>> {
        let name = match self {
            Self::Violations { .. }
            | Self::NoService
            | Self::Misdirected
            | Self::NoContract { .. } => return None,
            Self::Upstream(error) => return Some(error.to_string().into()),
            Self::Http(refusal) => refusal.name(),
            Self::Loop => "loop",
            Self::BodyTimeout => "body-timeout",
            Self::BodyMemory => "body-memory",
            Self::ClientGone => "client-gone",
            Self::Identity(fault) => fault.name(),
            Self::Header(refusal) => refusal.concern().name(),
            Self::Upgrade(refusal) => refusal.name(),
            Self::GrpcTimeout => "grpc-timeout",
            Self::Traffic(refusal) => refusal.rule.as_str(),
            Self::Verdict(fault) => fault.name(),
            Self::NoExample(_) => "no-example",
            Self::Panicked => "panic",
        };
        Some(name.into())
    }
}

/// The metric label of an upstream error.
pub(super) fn upstream_reason(error: &UpstreamError) -> &'static str {
    match error {
        UpstreamError::Connect { .. } => "connect",
        UpstreamError::Tls { fault, .. } => match fault {
            TlsFault::Certificate(_) => "tls-certificate",
            TlsFault::Handshake(_) => "tls-handshake",
        },
        UpstreamError::Timeout { .. } | UpstreamError::Idle { .. } => "timeout",
        UpstreamError::CallDeadline { .. } => "call-deadline",
        UpstreamError::Closed { .. } => "closed",
        UpstreamError::Malformed { .. } => "malformed",
        UpstreamError::Reset { .. } => "reset",
        UpstreamError::Refused { .. } => "refused-stream",
        UpstreamError::NoHttp2 { .. } => "no-http2",
        UpstreamError::RequestBody { .. } => "request-body",
        UpstreamError::Local { resource, .. } => match resource {
            LocalResource::Descriptors => "local-descriptors",
            LocalResource::Ports => "local-ports",
            LocalResource::Memory => "local-memory",
            LocalResource::Resolver => "local-resolver",
        },
    }
}
