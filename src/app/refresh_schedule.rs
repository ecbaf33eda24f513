//! When to read something again that lives with somebody else.
//!
//! Pure: the caller brings the random number, and waits. What succeeded is read again when it is
//! due; what failed soon, then ever later, so that a server that comes up again is not met by all
//! replicas at once.

use std::time::Duration;

use portcullis_vocabulary::limits::KEY_REFRESH_MIN;

/// How long the first repetition waits at most; each further one twice as long, up to the last.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(60);

/// When to read next.
#[derive(Debug)]
pub(super) struct RefreshSchedule {
    refresh: Duration,
    failures: u32,
}

impl RefreshSchedule {
    /// Reads every `refresh`.
    pub(super) const fn new(refresh: Duration) -> Self {
        Self {
            refresh,
            failures: 0,
        }
    }

    /// The pause after a reading that succeeded. `random` is from 0 to 1, and keeps replicas that
    /// started together from asking together.
    pub(super) fn after_success(&mut self, max_age: Option<Duration>, random: f64) -> Duration {
        self.failures = 0;
        let pause = max_age.map_or(self.refresh, |age| age.min(self.refresh));
        pause.mul_f64(1.0 - random / 10.0).max(KEY_REFRESH_MIN)
    }

    /// The pause after a reading that failed: twice as long as the last, less up to a half.
    pub(super) fn after_failure(&mut self, random: f64) -> Duration {
        let doubled = RETRY_FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let pause = doubled.min(RETRY_LAST).min(self.refresh);
        pause.mul_f64(1.0 - random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_follows_the_server_within_bounds() {
        let mut schedule = RefreshSchedule {
            failures: 3,
            ..RefreshSchedule::new(Duration::from_secs(300))
        };
        let seconds = |secs| Some(Duration::from_secs(secs));
        let mut pause = |age, random| schedule.after_success(age, random).as_secs_f64();
        assert_eq!(pause(None, 0.0), 300.0);
        assert_eq!(pause(None, 1.0), 270.0);
        assert_eq!(pause(seconds(60), 0.0), 60.0);
        assert_eq!(pause(seconds(86_400), 0.0), 300.0);
        assert_eq!(pause(seconds(0), 1.0), 10.0);
        assert_eq!(schedule.failures, 0);
        let pauses: Vec<_> = (0..40)
            .map(|_| schedule.after_failure(0.0).as_secs())
            .collect();
        assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses[39], 60);
        assert_eq!(schedule.after_failure(1.0).as_secs(), 30);
        schedule.after_success(None, 0.0);
        assert_eq!(schedule.after_failure(1.0).as_millis(), 500);
    }
}
