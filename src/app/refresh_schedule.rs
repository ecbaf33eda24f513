//! When to refresh data that a remote server provides.
//!
//! Pure: the caller passes the random number and does the waiting. After a success the next
//! refresh is due at the regular interval. After a failure it is due soon, then at growing
//! intervals. The random part spreads the replicas, so a server that recovers is not hit by all of
//! them at once.

use std::time::Duration;

use portcullis_vocabulary::limits::KEY_REFRESH_MIN;

/// The longest pause before the first retry. It doubles with each failure up to `RETRY_LAST`.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LAST: Duration = Duration::from_secs(60);

/// Computes the pause before the next refresh.
#[derive(Debug)]
pub(super) struct RefreshSchedule {
    refresh: Duration,
    failures: u32,
}

impl RefreshSchedule {
    /// A schedule that refreshes at this interval.
    pub(super) const fn new(refresh: Duration) -> Self {
        Self {
            refresh,
            failures: 0,
        }
    }

    /// The pause after a success. `random` is from 0 to 1; it keeps replicas that started together
    /// from refreshing together.
    pub(super) fn after_success(&mut self, max_age: Option<Duration>, random: f64) -> Duration {
        self.failures = 0;
        let pause = max_age.map_or(self.refresh, |age| age.min(self.refresh));
        pause.mul_f64(1.0 - random / 10.0).max(KEY_REFRESH_MIN)
    }

    /// The pause after a failure: twice the last one, shortened at random by up to half.
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
    fn pause_follows_max_age_within_bounds() {
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
