//! Feeds an adaptive limit with the times of recent calls.

use std::time::Duration;

use super::core_slots::CallTimes;
use super::lent_slots::LentSlots;
use super::vegas_limit::VegasLimit;

/// How often the limit is adapted at most.
const ADAPT_EVERY: Duration = Duration::from_millis(100);

/// The least number of calls that the limit is adapted to.
const ADAPT_CALLS_MIN: u32 = 10;

/// An adaptive limit, with the call times that it has already taken into account.
#[derive(Debug)]
pub(super) struct LimitAdapter {
    vegas: VegasLimit,
    since: Duration,
    times: Vec<CallTimes>,
}

impl LimitAdapter {
    pub(super) fn new(cores: usize, limit_max: u32) -> Self {
        Self {
            vegas: VegasLimit::new(limit_max),
            since: Duration::ZERO,
            times: vec![CallTimes::default(); cores],
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.vegas.limit()
    }

    pub(super) fn set_limit_max(&mut self, limit_max: u32) {
        self.vegas.set_limit_max(limit_max);
    }

    /// Whether there were enough calls since the last time.
    pub(super) fn is_due(&self, lent: &LentSlots, now: Duration) -> bool {
        now.saturating_sub(self.since) >= ADAPT_EVERY
            && self.since_last(&lent.times()).calls >= ADAPT_CALLS_MIN
    }

    /// Adapts the limit, once it is due, and returns it.
    pub(super) fn adapt(&mut self, lent: &LentSlots, now: Duration, in_flight: u32) -> u32 {
        let times = lent.times();
        let CallTimes { calls, micros } = self.since_last(&times);
        (self.since, self.times) = (now, times);
        self.vegas
            .sample(micros as f64 / f64::from(calls.max(1)), in_flight);
        self.vegas.limit()
    }

    /// What was added since the last time.
    fn since_last(&self, times: &[CallTimes]) -> CallTimes {
        let mut sum = CallTimes::default();
        for (now, before) in times.iter().zip(&self.times) {
            sum.calls += now.calls.wrapping_sub(before.calls);
            sum.micros += now.micros.wrapping_sub(before.micros);
        }
        sum
    }
}
