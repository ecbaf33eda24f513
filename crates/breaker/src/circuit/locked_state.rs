//! The part of a circuit breaker that its lock guards.

use std::collections::VecDeque;
use std::time::Duration;

use portcullis_vocabulary::protection::BreakerMode;

use super::breaker_permit::{BreakerRejection, BreakerThresholds};
use super::breaker_state::{BreakerOverride, BreakerState, BreakerTransition, TransitionReason};
use super::packed_state::{PackedState, effective_override};
use super::probe_set::ProbeSet;
use crate::backoff::full_jitter;

/// How many transitions a breaker remembers.
const HISTORY_MAX: usize = 16;

/// How long no call must have come before a half-open breaker is said to wait for one. Between the
/// calls of a continued outage it is not waiting.
const UNCALLED_MIN: Duration = Duration::from_secs(10);

/// The part of a circuit breaker that its lock guards.
#[derive(Debug)]
pub(super) struct LockedState {
    /// When an open breaker may be probed.
    pub(super) until: Duration,
    /// When the current state began.
    pub(super) since: Duration,
    /// When a call last came while the breaker was half-open.
    pub(super) called_at: Duration,
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
            called_at: Duration::ZERO,
            openings: 0,
            retry_after: Duration::ZERO,
            reason: None,
            probes: ProbeSet::default(),
            history: VecDeque::new(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Takes over everything but the probes, whose calls report to the other breaker.
    pub(super) fn inherit(&mut self, before: &Self) {
        let Self {
            until,
            since,
            called_at,
            openings,
            retry_after,
            reason,
            ref history,
            probes: _,
            random: _,
        } = *before;
        (self.until, self.since, self.called_at) = (until, since, called_at);
        (self.openings, self.retry_after, self.reason) = (openings, retry_after, reason);
        self.history.clone_from(history);
    }

    /// The rejection of a call that arrives while the breaker is open.
    pub(super) fn rejection(&self, now: Duration) -> BreakerRejection {
        BreakerRejection::Open {
            retry_after: self.until.saturating_sub(now),
            reason: self.reason.unwrap_or(TransitionReason::Waited),
        }
    }

    /// The transition that time has caused and no call has made yet.
    pub(super) fn due_transition(
        &self,
        packed: PackedState,
        mode: BreakerMode,
        now: Duration,
    ) -> Option<BreakerTransition> {
        let applied = effective_override(packed.operator_override, mode);
        let to = match (applied, packed.state) {
            (BreakerOverride::None, BreakerState::Open) => BreakerState::HalfOpen,
            (BreakerOverride::Observe, BreakerState::Open | BreakerState::HalfOpen) => {
                BreakerState::Closed
            }
            _ => return None,
        };
        (now >= self.until).then_some(BreakerTransition {
            at: self.until,
            from: packed.state,
            to,
            reason: TransitionReason::Waited,
            until: None,
        })
    }

    /// Whether a half-open breaker has no probe running and no call has come for a while. `due` is
    /// the transition that made it half-open, if no call has made it.
    pub(super) fn is_uncalled(&self, due: Option<BreakerTransition>, now: Duration) -> bool {
        let last = due.map_or(self.called_at, |due| due.at);
        self.probes.running() == 0 && now.saturating_sub(last) >= UNCALLED_MIN
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

    /// Adds a transition to the history. The oldest probe attempt makes room, because many of them
    /// would displace the transition that began a failure; then the oldest transition.
    pub(super) fn remember(&mut self, transition: BreakerTransition) {
        if self.history.len() == HISTORY_MAX {
            let attempt = self.history.iter().position(is_probe_attempt);
            self.history.remove(attempt.unwrap_or(0));
        }
        self.history.push_back(transition);
    }
}

/// Whether a transition is between open and half-open.
fn is_probe_attempt(transition: &BreakerTransition) -> bool {
    ![transition.from, transition.to].contains(&BreakerState::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_keeps_when_a_failure_began() {
        use BreakerState::{Closed, HalfOpen, Open};
        let mut locked = LockedState::new(1);
        let mut remember = |second, from, to| {
            locked.remember(BreakerTransition {
                at: Duration::from_secs(second),
                from,
                to,
                reason: TransitionReason::Waited,
                until: None,
            });
        };
        remember(1, Closed, Open);
        for second in 2..100 {
            remember(2 * second, Open, HalfOpen);
            remember(2 * second + 1, HalfOpen, Open);
        }
        remember(300, HalfOpen, Closed);
        let seconds: Vec<_> = locked
            .history
            .iter()
            .map(|change| change.at.as_secs())
            .collect();
        assert_eq!(seconds.len(), HISTORY_MAX);
        assert_eq!((seconds[0], seconds[1]), (1, 186));
        assert_eq!(seconds.last(), Some(&300));
        for second in 301..400 {
            locked.remember(BreakerTransition {
                at: Duration::from_secs(second),
                from: Closed,
                to: Open,
                reason: TransitionReason::Waited,
                until: None,
            });
        }
        let first = locked.history.front().map(|change| change.at.as_secs());
        assert_eq!(first, Some(400 - HISTORY_MAX as u64));
    }
}
