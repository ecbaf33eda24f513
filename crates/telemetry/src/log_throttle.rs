//! Limits how often one kind of line is logged, for errors that occur thousands of times a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// One kind of line.
#[derive(Debug, Default)]
pub struct LogThrottle {
    state: Mutex<ThrottleState>,
}

#[derive(Debug, Default)]
struct ThrottleState {
    last: Option<Instant>,
    suppressed: u64,
}

impl LogThrottle {
    /// A kind of line that was not logged yet.
    pub const fn new() -> Self {
        Self {
            state: Mutex::new(ThrottleState {
                last: None,
                suppressed: 0,
            }),
        }
    }

    /// Whether to log a line now: how many lines were suppressed since the last one, or `None`.
    pub fn pass(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = state
            .last
            .is_none_or(|last| now.saturating_duration_since(last) >= PAUSE);
        if !is_due {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_passes_in_each_pause() {
        let throttle = LogThrottle::new();
        let start = Instant::now();
        let pass = |seconds: u64| throttle.pass(start + Duration::from_secs(seconds));
        assert_eq!(pass(0), Some(0));
        assert_eq!((pass(0), pass(9)), (None, None));
        assert_eq!(pass(10), Some(2));
        assert_eq!(pass(11), None);
        assert_eq!(pass(30), Some(1));
    }
}
