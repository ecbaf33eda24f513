//! The part of a circuit breaker that its lock guards.

use std::collections::VecDeque;
use std::time::Duration;

use super::breaker_permit::{BreakerRejection, BreakerThresholds};
use super::breaker_state::{BreakerTransition, TransitionReason};
use super::probe_set::ProbeSet;
use crate::backoff::full_jitter;

/// How many transitions a breaker remembers.
const HISTORY_MAX: usize = 16;

/// The part of a circuit breaker that its lock guards.
#[derive(Debug)]
pub(super) struct LockedState {
    /// When an open breaker may be probed.
    pub(super) until: Duration,
    /// When the current state began.
    pub(super) since: Duration,
    /// How often the breaker opened in a row.
    pub(super) openings: u32,
    /// Until when the upstream asked not to be called.
    retry_after: Duration,
    pub(super) reason: Option<TransitionReason>,
    pub(super) probes: ProbeSet,
    pub(super) history: VecDeque<BreakerTransition>,
    random: fastrand::Rng,
}

impl LockedState {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            until: Duration::ZERO,
            since: Duration::ZERO,
            openings: 0,
            retry_after: Duration::ZERO,
            reason: None,
            probes: ProbeSet::default(),
            history: VecDeque::new(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// The rejection of a call that arrives while the breaker is open.
    pub(super) fn rejection(&self, now: Duration) -> BreakerRejection {
        BreakerRejection::Open {
            retry_after: self.until.saturating_sub(now),
            reason: self.reason.unwrap_or(TransitionReason::Waited),
        }
    }

    /// Notes until when the upstream asked not to be called.
    pub(super) fn extend_retry_after(&mut self, until: Duration) {
        self.retry_after = self.retry_after.max(until);
    }

    /// Decides how long the breaker that opens now stays open.
    pub(super) fn schedule_probes(&mut self, now: Duration, thresholds: BreakerThresholds<'_>) {
        let draw = self.random.f64();
        let BreakerThresholds {
            policy, open_max, ..
        } = thresholds;
        let wait = full_jitter(policy.open_base, open_max, self.openings, draw);
        self.openings = self.openings.saturating_add(1);
        self.until = (now + wait).max(self.retry_after);
    }

    /// Adds a transition to the history, whose oldest entry makes room.
    pub(super) fn remember(&mut self, transition: BreakerTransition) {
        if self.history.len() == HISTORY_MAX {
            self.history.pop_front();
        }
        self.history.push_back(transition);
    }
}
