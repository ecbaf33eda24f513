//! A call at a cell: what admits it, what is in its way, how it went, and when that is too much.

use std::time::Duration;

use portcullis_vocabulary::protection::BreakerPolicy;

use super::breaker_state::TransitionReason;
use super::packed_state::PackedState;
use super::probe_set::ProbeId;
use super::sliding_window::CallTally;

/// When a cell opens.
#[derive(Clone, Copy, Debug)]
pub struct BreakerThresholds<'a> {
    /// The policy of the service.
    pub policy: &'a BreakerPolicy,
    /// The share of calls that may fail.
    pub failure_rate_max: f64,
}

/// What a call was admitted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerPermit {
    pub(super) generation: u32,
    pub(super) probe: Option<ProbeId>,
}

/// Why a call does not pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakerRejection {
    /// The cell is open for so long.
    Open {
        /// Until it is probed.
        retry_after: Duration,
        /// Why it opened.
        reason: TransitionReason,
    },
    /// All probes that are wanted are under way.
    Probing,
    /// An operator opened it.
    Forced,
}

/// How a call went.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallVerdict {
    /// The upstream failed it.
    pub failed: bool,
    /// It was slow.
    pub slow: bool,
    /// For how long the upstream asked not to be called.
    pub retry_after: Option<Duration>,
}

impl BreakerPermit {
    pub(super) fn of(word: PackedState) -> Self {
        Self {
            generation: word.generation,
            probe: None,
        }
    }

    /// Whether the call is a probe.
    pub fn is_probe(self) -> bool {
        self.probe.is_some()
    }
}

/// Why what was counted is too much, if it is.
pub(super) fn trip_reason(
    tally: CallTally,
    limits: BreakerThresholds<'_>,
) -> Option<TransitionReason> {
    if tally.calls < limits.policy.calls_min {
        return None;
    }
    let exceeds = |count: u32, rate_max: f64| f64::from(count) > rate_max * f64::from(tally.calls);
    let (failure, slow) = (limits.failure_rate_max, limits.policy.slow_rate_max);
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
