//! When to ask for a contract again, and whether to ask for changes only.
//!
//! Pure: random numbers come in, pauses go out. What succeeded is asked for again when it is due,
//! a little spread, so that replicas that started together do not ask together. What failed is
//! asked for soon, then ever later, anywhere between nothing and the whole pause: after an outage
//! all replicas are at the same count of failures, and only chance tells them apart.

use std::time::Duration;

use portcullis_vocabulary::limits::{CONTRACT_PAUSE_MIN, CONTRACT_RETRY_MAX, RETRY_AFTER_MAX};

/// Every how manieth request takes no "not modified" for an answer: a server may be wrong about
/// that, and would keep an old content in force for ever.
const UNCONDITIONAL: u32 = 10;

/// The state between requests.
#[derive(Debug)]
pub(super) struct PollSchedule {
    interval: Duration,
    /// In a row, up to now.
    failures: u32,
    /// Requests answered since the last one that was unconditional.
    conditional: u32,
}

impl PollSchedule {
    /// Asks every so often; the first request is unconditional, since nothing is known yet.
    pub(super) const fn new(every: Duration) -> Self {
        Self {
            interval: every,
            failures: 0,
            conditional: UNCONDITIONAL,
        }
    }

    /// Whether the next request may say what is known already.
    pub(super) const fn is_conditional(&self) -> bool {
        self.conditional + 1 < UNCONDITIONAL
    }

    /// The pause after an answer. `random` is from 0 to 1.
    pub(super) fn after_answer(&mut self, max_age: Option<Duration>, random: f64) -> Duration {
        self.failures = 0;
        self.conditional = match self.is_conditional() {
            true => self.conditional + 1,
            false => 0,
        };
        let pause = max_age.map_or(self.interval, |age| {
            age.max(CONTRACT_PAUSE_MIN).min(self.interval)
        });
        pause.mul_f64(0.9 + 0.2 * random)
    }

    /// The pause after a failure, not less than what the server asks for.
    pub(super) fn after_failure(&mut self, asked: Option<Duration>, random: f64) -> Duration {
        let doubled = CONTRACT_PAUSE_MIN.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let pause = doubled.min(CONTRACT_RETRY_MAX).mul_f64(random);
        pause.max(asked.unwrap_or_default().min(RETRY_AFTER_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn the_pause_is_spread_and_follows_the_server_within_bounds() {
        let mut rhythm = PollSchedule::new(secs(100));
        let mut pause =
            |age: Option<u64>, random| rhythm.after_answer(age.map(secs), random).as_secs_f64();
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
    fn failures_wait_ever_longer_and_are_forgotten() {
        let mut rhythm = PollSchedule::new(secs(5));
        let pauses: Vec<u64> = (0..8)
            .map(|_| rhythm.after_failure(None, 1.0).as_secs())
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(rhythm.after_failure(None, 0.5), secs(30));
        assert_eq!(rhythm.after_failure(None, 0.0), Duration::ZERO);
        assert_eq!(rhythm.after_failure(Some(secs(90)), 0.0), secs(90));
        assert_eq!(rhythm.after_failure(Some(secs(u64::MAX)), 0.0), secs(3600));
        rhythm.after_answer(None, 0.5);
        assert_eq!(rhythm.after_failure(None, 1.0), secs(1));
        rhythm.failures = u32::MAX;
        assert_eq!(rhythm.after_failure(None, 1.0), secs(60));
    }

    #[test]
    fn every_tenth_request_is_unconditional() {
        let mut rhythm = PollSchedule::new(secs(5));
        let unconditional: Vec<u32> = (0..25)
            .filter(|_| {
                let is_conditional = rhythm.is_conditional();
                rhythm.after_answer(None, 0.5);
                !is_conditional
            })
            .collect();
        assert_eq!(unconditional, [0, 10, 20]);
        // A request that failed is made again as it was.
        for _ in 0..5 {
            rhythm.after_answer(None, 0.5);
        }
        assert!(!rhythm.is_conditional());
        rhythm.after_failure(None, 0.5);
        assert!(!rhythm.is_conditional());
    }
}
