//! The body of a refusal for strangers: its class, its status and the request id.
//!
//! It has no member that the contract, the configuration, the upstream or the sender could fill, so
//! there is nothing to redact.

use bytes::Bytes;
use serde::Serialize;

use super::answer_table::ProblemCause;
use super::problem_details::{instance, problem_type};

/// The members of a problem (RFC 9457) that anyone may read.
#[derive(Debug, Serialize)]
pub(super) struct PublicProblem {
    #[serde(rename = "type")]
    kind: String,
    /// The reason phrase of the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'static str>,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    error: &'static str,
}

impl PublicProblem {
    pub(super) fn new(cause: &ProblemCause, request_id: &str) -> Self {
        let entry = cause.entry();
        Self {
            kind: problem_type(cause),
            title: entry.status.canonical_reason(),
            status: entry.status.as_u16(),
            instance: instance(request_id),
            error: entry.error,
        }
    }

    pub(super) fn to_bytes(&self) -> Bytes {
        serde_json::to_vec(self)
            .expect("all members are text and numbers")
            .into()
    }
}
