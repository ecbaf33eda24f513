//! Exponential backoff with full jitter.
//!
//! Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015. Full jitter
//! draws the whole wait, so many clients, and many replicas of this proxy, do not come back at
//! the same time.

use std::time::Duration;

/// The shortest wait: a draw near 0 would retry at once.
const FLOOR: Duration = Duration::from_millis(10);

/// A wait between 0 and `base` doubled `doublings` times, at most `max`; `draw` is from 0 to 1.
pub(super) fn full_jitter(base: Duration, max: Duration, doublings: u32, draw: f64) -> Duration {
    let factor = 1_u32.checked_shl(doublings.min(31)).unwrap_or(u32::MAX);
    let bound = base.checked_mul(factor).unwrap_or(max).min(max);
    bound.mul_f64(draw.clamp(0.0, 1.0)).max(FLOOR.min(bound))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_the_maximum() {
        let of = |doublings, draw| {
            full_jitter(
                Duration::from_secs(1),
                Duration::from_secs(60),
                doublings,
                draw,
            )
            .as_millis()
        };
        assert_eq!(of(0, 1.0), 1000);
        assert_eq!(of(3, 1.0), 8000);
        assert_eq!(of(3, 0.5), 4000);
        assert_eq!(of(6, 1.0), 60_000);
        assert_eq!(of(400, 1.0), 60_000);
        assert_eq!(of(0, 0.0), 10);
    }
}
