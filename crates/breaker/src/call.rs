//! A call at a cell: what admits it, what is in its way, how it went, and when that is too much.

use std::time::Duration;

use portcullis_vocabulary::protection::BreakerPolicy;

use super::probes::ProbeId;
use super::state::Reason;
use super::window::Tally;
use super::word::Word;

/// When a cell opens.
#[derive(Clone, Copy, Debug)]
pub struct Limits<'a> {
    /// The policy of the service.
    pub policy: &'a BreakerPolicy,
    /// The share of calls that may fail.
    pub failure_rate_max: f64,
}

/// What a call was admitted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    pub(super) generation: u32,
    pub(super) probe: Option<ProbeId>,
}

/// Why a call does not pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shut {
    /// The cell is open for so long.
    Open {
        /// Until it is probed.
        retry_after: Duration,
        /// Why it opened.
        reason: Reason,
    },
    /// All probes that are wanted are under way.
    Probing,
    /// An operator opened it.
    Forced,
}

/// How a call went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// The upstream failed it.
    pub failed: bool,
    /// It was slow.
    pub slow: bool,
    /// For how long the upstream asked not to be called.
    pub retry_after: Option<Duration>,
}

impl Pass {
    pub(super) fn of(word: Word) -> Self {
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
pub(super) fn excess(tally: Tally, limits: Limits<'_>) -> Option<Reason> {
    if tally.calls < limits.policy.calls_min {
        return None;
    }
    let exceeds = |count: u32, rate_max: f64| f64::from(count) > rate_max * f64::from(tally.calls);
    let (failure, slow) = (limits.failure_rate_max, limits.policy.slow_rate_max);
    if exceeds(tally.failures, failure) {
        return Some(Reason::FailureRate {
            tally,
            rate_max: failure,
        });
    }
    exceeds(tally.slow, slow).then_some(Reason::SlowRate {
        tally,
        rate_max: slow,
    })
}
