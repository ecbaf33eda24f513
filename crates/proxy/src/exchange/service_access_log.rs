//! The access log of one service, and the lines of requests that reached no service.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use portcullis_config::AccessLogConfig as Policy;
use portcullis_telemetry::{AccessLine, AccessLog, LineKind, RequestOutcome};
use portcullis_vocabulary::{Consumer, Tier};

/// The access log, with the policy of one service.
#[derive(Clone, Debug)]
pub(super) struct ServiceAccessLog {
    pub(super) log: AccessLog,
    pub(super) policy: Policy,
}

impl ServiceAccessLog {
    /// Whether to log an exchange. Failures are always logged, answers are sampled. Of refusals
    /// and of exchanges that the client ended, the first of a kind is logged, and of the rest those
    /// that are sampled; the others are counted.
    pub(super) fn wants<'k>(
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
                | RequestOutcome::Drained => true,
            }
    }

    /// Whether a line of this kind is written now and not only counted.
    pub(super) fn admits(&self, kind: LineKind<'_>) -> bool {
        self.log.admits(kind, self.policy.fold_interval)
    }
}

fn is_sampled(policy: Policy) -> bool {
    policy.sample > 0.0 && fastrand::f64() < policy.sample
}

/// Logs a request that reached no service.
pub(super) fn write_unrouted(
    (log, policy): (&AccessLog, Policy),
    peer: IpAddr,
    request_id: &str,
    status: StatusCode,
    error: &'static str,
) {
    let kind = LineKind {
        service: None,
        operation: None,
        squad: Consumer::UNKNOWN_NAME,
        outcome: RequestOutcome::Refused,
        status: Some(status.as_u16()),
        error: Some(error),
        class: None,
    };
    if !log.is_open() || !(is_sampled(policy) || log.admits(kind, policy.fold_interval)) {
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
