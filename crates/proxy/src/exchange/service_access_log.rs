//! The access log of one service.

use portcullis_config::AccessLogConfig as Policy;
use portcullis_telemetry::{AccessLog, RequestOutcome};

/// The access log, with the policy of one service.
#[derive(Clone, Debug)]
pub(super) struct ServiceAccessLog {
    pub(super) log: AccessLog,
    pub(super) policy: Policy,
}

impl ServiceAccessLog {
    /// Whether to log an exchange. Refusals and failures are always logged, answers are sampled.
    pub(super) fn wants(&self, outcome: RequestOutcome) -> bool {
        self.log.is_open()
            && match outcome {
                RequestOutcome::Answered => {
                    self.policy.sample > 0.0 && fastrand::f64() < self.policy.sample
                }
                RequestOutcome::Failed
                | RequestOutcome::Refused
                | RequestOutcome::Shed
                | RequestOutcome::Unanswered
                | RequestOutcome::Unsent
                | RequestOutcome::Abandoned
                | RequestOutcome::Disconnected
                | RequestOutcome::Truncated
                | RequestOutcome::Idle
                | RequestOutcome::Drained => true,
            }
    }
}
