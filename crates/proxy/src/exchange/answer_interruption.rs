//! Why the rest of an answer does not come.

use h2::Reason;

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
    /// The time of a gRPC call is over, inside a response with a length.
    #[error("the `grpc-timeout` of the call is over")]
    CallEnded,
}

impl AnswerInterruption {
    /// The code with which the stream of a client ends. Codes of the upstream that speak about its own
    /// connection, or allow to send the request again, are not for the client.
    pub(crate) const fn stream_code(&self) -> Reason {
        match self {
            Self::Upstream(UpstreamError::Reset { code, .. })
                if matches!(*code, Reason::CANCEL | Reason::ENHANCE_YOUR_CALM) =>
            {
                *code
            }
            Self::CallEnded => Reason::CANCEL,
            Self::Upstream(_) | Self::Violated => Reason::INTERNAL_ERROR,
        }
    }
}
