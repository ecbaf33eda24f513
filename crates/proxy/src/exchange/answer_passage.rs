//! How far the answer of the service has come, and the outcome that follows from it.
//!
//! A request can end without a decision of a stage: its client leaves before the answer or during
//! it, the upstream interrupts the answer, or the process stops. The outcome names who ended it.

use portcullis_telemetry::RequestOutcome;

/// How much of the service's answer the client got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerPassage {
    /// All of it, as far as Portcullis knows; or Portcullis answered itself.
    Passed,
    /// Nothing yet.
    Waiting,
    /// A part of it.
    Passing,
    /// A part of it; the upstream does not send the rest.
    Truncated,
    /// A part of it; Portcullis ended it before a record that violates the contract.
    Cut,
    /// A part of it, which may be all that there is for now; Portcullis ended the silence.
    Idle,
}

impl AnswerPassage {
    /// How a request ended that was answered so, or abandoned before that. `is_drained` if the process
    /// stopped at that moment.
    pub(crate) fn outcome(self, answered: RequestOutcome, is_drained: bool) -> RequestOutcome {
        let is_unfinished =
            answered == RequestOutcome::Abandoned || matches!(self, Self::Waiting | Self::Passing);
        match self {
            _ if is_unfinished && is_drained => RequestOutcome::Drained,
            Self::Passed => answered,
            Self::Waiting => RequestOutcome::Abandoned,
            Self::Passing => RequestOutcome::Disconnected,
            Self::Truncated => RequestOutcome::Truncated,
            // Like a response that is refused before the client gets any of it.
            Self::Cut => RequestOutcome::Failed,
            Self::Idle => RequestOutcome::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_names_who_ended_the_request() {
        let check = |passage: AnswerPassage, answered, expected: [RequestOutcome; 2]| {
            let outcomes = [false, true].map(|is_drained| passage.outcome(answered, is_drained));
            assert_eq!(outcomes, expected, "{passage:?}");
        };
        use RequestOutcome::{
            Abandoned, Answered, Disconnected, Drained, Failed, Idle, Refused, Truncated,
        };
        check(AnswerPassage::Passed, Answered, [Answered, Answered]);
        check(AnswerPassage::Passed, Refused, [Refused, Refused]);
        check(AnswerPassage::Passed, Abandoned, [Abandoned, Drained]);
        check(AnswerPassage::Waiting, Answered, [Abandoned, Drained]);
        check(AnswerPassage::Passing, Answered, [Disconnected, Drained]);
        check(AnswerPassage::Truncated, Answered, [Truncated, Truncated]);
        check(AnswerPassage::Idle, Answered, [Idle, Idle]);
        check(AnswerPassage::Cut, Answered, [Failed, Failed]);
    }
}
