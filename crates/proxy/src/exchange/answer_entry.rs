//! One row of the table of answers.

use http::StatusCode;

use portcullis_telemetry::RequestOutcome;

use super::verdict_fault::VerdictFault;
use crate::upstream::LocalResource;

/// The answer to one cause.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswerEntry {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) title: &'static str,
    pub(super) outcome: RequestOutcome,
    /// Seconds after which the same request may succeed.
    pub(super) retry_after: Option<u32>,
}

/// An entry of a refusal.
pub(super) const fn entry(
    status: StatusCode,
    error: &'static str,
    title: &'static str,
) -> AnswerEntry {
    AnswerEntry {
        status,
        error,
        title,
        outcome: RequestOutcome::Refused,
        retry_after: None,
    }
}

/// The entry of a question without a verdict.
pub(super) fn verdict_entry(fault: VerdictFault) -> AnswerEntry {
    let (status, title) = match fault {
        VerdictFault::UntrustedPeer => (StatusCode::FORBIDDEN, "The peer may not ask for verdicts"),
        VerdictFault::NoTarget { .. } => (
            StatusCode::BAD_REQUEST,
            "The question does not describe a request",
        ),
        VerdictFault::PartialBody => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "The question has a part of the body",
        ),
        VerdictFault::NoBody => (StatusCode::UNPROCESSABLE_ENTITY, "The question has no body"),
    };
    entry(status, "NO_VERDICT", title)
}

/// The entry of a connection that this machine cannot open.
pub(super) fn local_entry(resource: LocalResource) -> AnswerEntry {
    let (status, error, title, retry_after) = match resource {
        LocalResource::Descriptors | LocalResource::Ports | LocalResource::Memory => (
            StatusCode::SERVICE_UNAVAILABLE,
            "OVERLOADED",
            "The gateway has no resources left for a connection to the service",
            Some(1),
        ),
        LocalResource::Resolver => (
            StatusCode::BAD_GATEWAY,
            "UPSTREAM_UNAVAILABLE",
            "The name of the service cannot be resolved",
            None,
        ),
    };
    AnswerEntry {
        outcome: RequestOutcome::Unsent,
        retry_after,
        ..entry(status, error, title)
    }
}
