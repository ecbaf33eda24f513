//! One call at a breaker: its permit or rejection, its verdict, and when verdicts trip the breaker.

use std::time::Duration;

use portcullis_vocabulary::protection::BreakerPolicy;

use super::breaker_state::{BreakerTransition, TransitionReason};
use super::packed_state::PackedState;
use super::probe_set::ProbeId;
use super::sliding_window::CallTally;

/// When a breaker opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerThresholds<'a> {
    /// The policy of the service.
    pub(crate) policy: &'a BreakerPolicy,
    /// The share of calls that may fail.
    pub(crate) failure_rate_max: f64,
    /// The share of probes that may fail.
    pub(crate) probe_failure_rate_max: f64,
    /// The bound of all open times.
    pub(crate) open_max: Duration,
}

/// The permit of a call that a breaker admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BreakerPermit {
    pub(super) generation: u32,
    pub(super) probe: Option<ProbeId>,
}

/// Why a breaker rejects a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakerRejection {
    /// The breaker is open.
    Open {
        /// How long until it is probed.
        retry_after: Duration,
        /// Why it opened.
        reason: TransitionReason,
    },
    /// All wanted probes are already running.
    Probing,
    /// An operator opened the breaker.
    Forced,
}

/// How the upstream handled a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallVerdict {
    /// It failed.
    pub(crate) failed: bool,
    /// It was slow.
    pub(crate) slow: bool,
    /// How long the upstream asked not to be called.
    pub(crate) retry_after: Option<Duration>,
}

/// The answer of a breaker to a call, with the transition that the call caused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerAdmission {
    pub(crate) permit: Result<BreakerPermit, BreakerRejection>,
    pub(crate) transition: Option<BreakerTransition>,
}

impl BreakerAdmission {
    /// An answer that leaves the state of the breaker unchanged.
    pub(super) const fn unchanged(permit: Result<BreakerPermit, BreakerRejection>) -> Self {
        Self {
            permit,
            transition: None,
        }
    }
}

impl BreakerPermit {
    pub(super) const fn of(packed: PackedState) -> Self {
        Self {
            generation: packed.generation,
            probe: None,
        }
    }

    /// Whether the call probes a half-open breaker.
    #[cfg(test)]
    pub(crate) fn is_probe(self) -> bool {
        self.probe.is_some()
    }
}

/// Which threshold the counts exceed, if any.
pub(super) fn trip_reason(
    tally: CallTally,
    thresholds: BreakerThresholds<'_>,
) -> Option<TransitionReason> {
    if tally.calls < thresholds.policy.calls_min {
        return None;
    }
    let exceeds = |count: u32, rate_max: f64| f64::from(count) > rate_max * f64::from(tally.calls);
    let (failure, slow) = (thresholds.failure_rate_max, thresholds.policy.slow_rate_max);
    if exceeds(tally.failures, failure) {
        return Some(TransitionReason::FailureRate {
            tally,
            rate_max: failure,
        });
    }
    exceeds(tally.slow, slow).then_some(TransitionReason::SlowRate {
        tally,
        rate_max: slow,
    })
}
