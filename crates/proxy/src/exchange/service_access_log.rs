//! The access log of one service.

use portcullis_config::AccessLogConfig as Policy;
use portcullis_telemetry::{AccessLog, LineKind, RequestOutcome};

/// The access log, with the policy of one service.
#[derive(Clone, Debug)]
pub(crate) struct ServiceAccessLog {
    pub(crate) log: AccessLog,
    pub(crate) policy: Policy,
}

impl ServiceAccessLog {
    /// Whether to log an exchange. Failures are always logged, answers are sampled. Of refusals
    /// and of exchanges that the client ended, the first of a kind is logged, and of the rest those
    /// that are sampled; the others are counted.
    pub(crate) fn wants<'k>(
        &self,
        outcome: RequestOutcome,
        kind: impl FnOnce() -> LineKind<'k>,
    ) -> bool {
        self.log.is_open()
            && match outcome {
                RequestOutcome::Answered => is_sampled(self.policy),
                RequestOutcome::Refused
                | RequestOutcome::Shed
                | RequestOutcome::Abandoned
                | RequestOutcome::Disconnected => is_sampled(self.policy) || self.admits(kind()),
                RequestOutcome::Failed
                | RequestOutcome::Unanswered
                | RequestOutcome::Unsent
                | RequestOutcome::Truncated
                | RequestOutcome::Idle
                | RequestOutcome::Drained => true,
            }
    }

    /// Whether a line of this kind is written now and not only counted.
    pub(crate) fn admits(&self, kind: LineKind<'_>) -> bool {
        self.log.admits(kind, self.policy.fold_interval)
    }
}

/// Whether the share of exchanges that are always logged includes this one.
pub(super) fn is_sampled(policy: Policy) -> bool {
    policy.sample > 0.0 && fastrand::f64() < policy.sample
}
