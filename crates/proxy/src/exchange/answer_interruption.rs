//! Why the rest of an answer does not come.

use crate::upstream::UpstreamError;

/// Why the rest of an answer does not come.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AnswerInterruption {
    /// The upstream does not send it.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// Its next record violates the contract, and the policy rejects that.
    #[error("the next record of the response violates the contract")]
    Violated,
}
