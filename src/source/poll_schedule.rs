//! When to poll for a contract, and whether the request is conditional.
//!
//! Pure: random numbers are arguments. After a success, the interval is jittered, so replicas that
//! started together do not poll together. After failures, the pause grows, and a random part of it
//! is taken: after an outage all replicas have the same number of failures.

use std::time::Duration;

use portcullis_vocabulary::limits::{CONTRACT_PAUSE_MIN, CONTRACT_RETRY_MAX, RETRY_AFTER_MAX};

/// One of this many requests is unconditional: a server that wrongly answers "not modified" would
/// keep an old contract active for ever.
const UNCONDITIONAL_EVERY: u32 = 10;

/// The state between requests.
#[derive(Debug)]
pub(super) struct PollSchedule {
    interval: Duration,
    /// Consecutive failures.
    failures: u32,
    /// Answered requests since the last unconditional one.
    conditional: u32,
}

impl PollSchedule {
    /// A schedule with this interval; the first request is unconditional.
    pub(super) const fn new(interval: Duration) -> Self {
        Self {
            interval,
            failures: 0,
            conditional: UNCONDITIONAL_EVERY,
        }
    }

    /// Whether the next request may be conditional.
    pub(super) const fn is_conditional(&self) -> bool {
        self.conditional + 1 < UNCONDITIONAL_EVERY
    }

    /// The pause after a response. `random` is from 0 to 1.
    pub(super) fn after_answer(&mut self, max_age: Option<Duration>, random: f64) -> Duration {
        self.failures = 0;
        self.conditional = if self.is_conditional() {
            self.conditional + 1
        } else {
            0
        };
        let pause = max_age.map_or(self.interval, |age| {
            age.max(CONTRACT_PAUSE_MIN).min(self.interval)
        });
        pause.mul_f64(0.9 + 0.2 * random)
    }

    /// The pause after a failure, at least the `Retry-After` of the server.
    pub(super) fn after_failure(&mut self, retry_after: Option<Duration>, random: f64) -> Duration {
        let doubled = CONTRACT_PAUSE_MIN.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let pause = doubled.min(CONTRACT_RETRY_MAX).mul_f64(random);
        pause.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_pause_is_jittered_and_follows_max_age() {
        let mut schedule = PollSchedule::new(secs(100));
        let mut pause =
            |age: Option<u64>, random| schedule.after_answer(age.map(secs), random).as_secs_f64();
        assert_eq!((pause(None, 0.0), pause(None, 1.0)), (90.0, 110.0));
        assert_eq!(
            (pause(Some(30), 0.5), pause(Some(1000), 0.5)),
            (30.0, 100.0)
        );
        assert_eq!(pause(Some(0), 0.5), 1.0);
        let mut often = PollSchedule::new(Duration::from_millis(50));
        assert_eq!(
            often.after_answer(Some(secs(9)), 0.5),
            Duration::from_millis(50)
        );
        assert_eq!(
            often.after_answer(Some(secs(0)), 0.5),
            Duration::from_millis(50)
        );
    }

    #[test]
    fn pauses_grow_with_failures_until_a_success() {
        let mut schedule = PollSchedule::new(secs(5));
        let pauses: Vec<u64> = (0..8)
            .map(|_| schedule.after_failure(None, 1.0).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(schedule.after_failure(None, 0.5), secs(30));
        assert_eq!(schedule.after_failure(None, 0.0), Duration::ZERO);
        assert_eq!(schedule.after_failure(Some(secs(90)), 0.0), secs(90));
        assert_eq!(
            schedule.after_failure(Some(secs(u64::MAX)), 0.0),
            secs(3600)
        );
        schedule.after_answer(None, 0.5);
        assert_eq!(schedule.after_failure(None, 1.0), secs(1));
        schedule.failures = u32::MAX;
        assert_eq!(schedule.after_failure(None, 1.0), secs(60));
    }

    #[test]
    fn every_tenth_request_is_unconditional() {
        let mut schedule = PollSchedule::new(secs(5));
        let unconditional: Vec<u32> = (0..25)
            .filter(|_| {
                let is_conditional = schedule.is_conditional();
                schedule.after_answer(None, 0.5);
                !is_conditional
            })
            .collect();
        assert_eq!(unconditional, [0, 10, 20]);
        // A failed request is repeated in the same form.
        for _ in 0..5 {
            schedule.after_answer(None, 0.5);
        }
        assert!(!schedule.is_conditional());
        schedule.after_failure(None, 0.5);
        assert!(!schedule.is_conditional());
    }
}
