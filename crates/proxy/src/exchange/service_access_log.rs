//! The access log of one service, and the lines of requests that reached no service.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use portcullis_config::AccessLogConfig as Policy;
use portcullis_telemetry::{AccessLine, AccessLog, RequestOutcome};
use portcullis_vocabulary::{Consumer, Tier};

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

/// Logs a request that reached no service.
pub(super) fn write_unrouted(
    log: &AccessLog,
    peer: IpAddr,
    request_id: &str,
    status: StatusCode,
    error: &'static str,
) {
    if !log.is_open() {
        return;
    }
    log.write(&AccessLine {
        at: SystemTime::now(),
        service: None,
        operation: None,
        method: None,
        path: None,
        status: Some(status.as_u16()),
        outcome: RequestOutcome::Refused,
        error: Some(error),
        squad: Consumer::UNKNOWN_NAME,
        tier: Tier::default().as_str(),
        caller_version: None,
        provider: None,
        contract_version: None,
        contract_revision: None,
        request_id,
        trace_id: None,
        peer: Some(peer),
        took: Duration::ZERO,
        own: Duration::ZERO,
        violations: Vec::new(),
    });
}
