//! How fast a client accepts its answers.
//!
//! Only time in which the proxy waits for the client counts. Within each `write_timeout` of such
//! waiting, the client must accept `response_rate_min` bytes for each second. What the kernel takes
//! before the first wait does not count, because it says nothing about the client.

use std::time::Duration;

use tokio::time::Instant;

use super::limits::ClientLimits;

/// What a client accepted while the proxy waited for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WritePace {
    waited: Duration,
    written: u64,
}

impl WritePace {
    /// The pace after a write, which took so long if the proxy had to wait for it.
    pub(crate) fn after(mut self, waited: Option<Duration>, bytes: usize) -> Self {
        self.waited += waited.unwrap_or_default();
        if self.waited > Duration::ZERO {
            self.written += bytes as u64;
        }
        self
    }

    /// The same pace, or a new one if the client was fast enough for a whole period.
    pub(crate) fn settled(self, limits: &ClientLimits) -> Self {
        if self.waited >= limits.write_timeout && self.written >= due(limits) {
            Self::default()
        } else {
            self
        }
    }

    /// When the client is too slow if it accepts nothing from `since` on.
    pub(crate) fn deadline(self, since: Instant, limits: &ClientLimits) -> Instant {
        let period = limits.write_timeout;
        if self.written >= due(limits) {
            since + period
        } else {
            since + period.saturating_sub(self.waited)
        }
    }
}

/// How many bytes a client must accept in a period.
fn due(limits: &ClientLimits) -> u64 {
    limits
        .response_rate_min
        .saturating_mul(limits.write_timeout.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> ClientLimits {
        ClientLimits {
            write_timeout: Duration::from_secs(30),
            response_rate_min: 1024,
            ..ClientLimits::default()
        }
    }

    /// How long a client is served that accepts so many bytes every second, after it was fast for some
    /// seconds; at most ten minutes.
    fn served(fast_seconds: u64, bytes: usize) -> u64 {
        let start = Instant::now();
        let mut pace = WritePace::default().after(None, 3_000_000);
        for _ in 0..fast_seconds {
            pace = pace.after(Some(Duration::from_secs(1)), 1_000_000);
        }
        for second in 0..600 {
            pace = pace.settled(&limits());
            let since = start + Duration::from_secs(second);
            if pace.deadline(since, &limits()) < since + Duration::from_secs(1) {
                return second;
            }
            pace = pace.after(Some(Duration::from_secs(1)), bytes);
        }
        600
    }

    #[test]
    fn a_client_below_the_rate_is_ended_and_one_above_it_is_not() {
        assert_eq!(served(0, 0), 30);
        assert_eq!(served(0, 500), 30);
        assert_eq!(served(0, 1100), 600);
        assert_eq!(served(5, 500), 55, "the rest of the period, and one more");
    }

    #[test]
    fn without_a_rate_only_a_whole_period_without_a_byte_counts() {
        let any = ClientLimits {
            response_rate_min: 0,
            ..limits()
        };
        let now = Instant::now();
        let pace = WritePace::default().after(Some(Duration::from_secs(500)), 1);
        assert_eq!(pace.deadline(now, &any), now + any.write_timeout);
    }
}
