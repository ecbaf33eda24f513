//! How long the reader of a request body waits for its client.
//!
//! Waiting consumes time, and every byte that arrives gives some back, up to the timeout. So a client
//! may be silent for the timeout and no longer, and a body must arrive at the minimal rate in the
//! long run. What arrives at once saves up no time for later.

use std::time::Duration;

/// The time that is left for one body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyPatience {
    left: Duration,
    timeout: Duration,
    /// In bytes per second; at least 1.
    rate_min: u64,
}

impl BodyPatience {
    pub(super) fn new(timeout: Duration, rate_min: u64) -> Self {
        Self {
            left: timeout,
            timeout,
            rate_min: rate_min.max(1),
        }
    }

    /// How long the reader waits for the next bytes.
    pub(super) const fn left(&self) -> Duration {
        self.left
    }

    /// Notes that the reader has waited.
    pub(super) fn waited(&mut self, time: Duration) {
        self.left = self.left.saturating_sub(time);
    }

    /// Notes that bytes have arrived.
    pub(super) fn received(&mut self, bytes: usize) {
        let gained = bytes as f64 / self.rate_min as f64;
        let gained = Duration::try_from_secs_f64(gained).unwrap_or(self.timeout);
        self.left = (self.left + gained).min(self.timeout);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// For how many seconds a client that sends `bytes` each second is waited for, at most an hour.
    fn seconds(mut patience: BodyPatience, bytes: usize) -> u64 {
        let mut seconds = 0;
        while patience.left() > Duration::ZERO && seconds < 3600 {
            patience.waited(SECOND.min(patience.left()));
            if patience.left() > Duration::ZERO {
                patience.received(bytes);
            }
            seconds += 1;
        }
        seconds
    }

    #[test]
    fn a_silent_client_is_waited_for_once() {
        let mut patience = BodyPatience::new(30 * SECOND, 1024);
        patience.received(1 << 30);
        assert_eq!(patience.left(), 30 * SECOND);
        patience.waited(20 * SECOND);
        assert_eq!(patience.left(), 10 * SECOND);
        patience.received(2048);
        assert_eq!(patience.left(), 12 * SECOND);
        patience.waited(60 * SECOND);
        assert_eq!(patience.left(), Duration::ZERO);
    }

    #[test]
    fn a_body_must_arrive_at_the_minimal_rate() {
        let patience = BodyPatience::new(30 * SECOND, 1024);
        assert_eq!(seconds(patience, 0), 30);
        assert_eq!(seconds(patience, 1), 31);
        assert_eq!(seconds(patience, 512), 59);
        assert_eq!(seconds(patience, 1024), 3600);
        assert_eq!(seconds(BodyPatience::new(2 * SECOND, 0), 1), 3600);
    }
}
