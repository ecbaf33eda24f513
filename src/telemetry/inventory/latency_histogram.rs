//! How long requests took, coarsely: enough for a chart.
//!
//! Buckets double in width every four, so a quantile is right within about a tenth of itself, and
//! an observation costs a look at the leading bits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::exchange_tally::bump;

/// Buckets for each doubling.
const PER_OCTAVE: u32 = 4;

/// From 16 microseconds, below which nothing is told apart, over 24 doublings: four minutes.
const FIRST_OCTAVE: u32 = 4;

/// Buckets.
const BUCKETS: usize = 24 * PER_OCTAVE as usize;

/// Observations of one data core, which alone writes here.
#[derive(Debug)]
pub(super) struct LatencyHistogram([AtomicU64; BUCKETS]);

/// The counts of one or several cores at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LatencySnapshot([u64; BUCKETS]);

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }
}

impl Default for LatencySnapshot {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl LatencyHistogram {
    pub(super) fn observe(&self, took: Duration) {
        bump(&self.0[bucket(took)]);
    }
}

impl LatencySnapshot {
    pub(super) fn add(&mut self, latency: &LatencyHistogram) {
        for (sum, count) in self.0.iter_mut().zip(&latency.0) {
            *sum += count.load(Ordering::Relaxed);
        }
    }

    /// What was observed since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self(std::array::from_fn(|index| {
            self.0[index].saturating_sub(before.0[index])
        }))
    }

    /// The time, in milliseconds, within which this share of requests was answered; none where
    /// there were none.
    pub(super) fn quantile_ms(&self, share: f64) -> Option<f64> {
        let all: u64 = self.0.iter().sum();
        let wanted = (all as f64 * share).ceil().max(1.0);
        let mut seen = 0;
        let found = self.0.iter().position(|count| {
            seen += count;
            all > 0 && seen as f64 >= wanted
        })?;
        Some(middle_us(found) / 1000.0)
    }
}

fn bucket(took: Duration) -> usize {
    let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let octave = us.ilog2();
    let Some(above) = octave.checked_sub(FIRST_OCTAVE) else {
        return 0;
    };
    let fraction = (us >> (octave - 2)) & 3;
    let index = (above * PER_OCTAVE) as usize + fraction as usize;
    index.min(BUCKETS - 1)
}

/// The middle of a bucket, in microseconds.
fn middle_us(bucket: usize) -> f64 {
    let (octave, fraction) = (bucket / PER_OCTAVE as usize, bucket % PER_OCTAVE as usize);
    let octave = i32::try_from(octave).unwrap_or(i32::MAX) + FIRST_OCTAVE as i32;
    let start = 2f64.powi(octave);
    start * (1.0 + (fraction as f64 + 0.5) / f64::from(PER_OCTAVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_near_what_was_observed() {
        for us in [20, 100, 333, 1_000, 25_000, 1_700_000, 60_000_000] {
            let latency = LatencyHistogram::default();
            latency.observe(Duration::from_micros(us));
            let mut all = LatencySnapshot::default();
            all.add(&latency);
            let found = all.quantile_ms(0.5).unwrap() * 1000.0;
            let ratio = found / us as f64;
            assert!((0.86..1.16).contains(&ratio), "{us}: {found}");
        }
    }

    #[test]
    fn quantiles_are_of_what_came_in_between() {
        let latency = LatencyHistogram::default();
        for _ in 0..90 {
            latency.observe(Duration::from_millis(1));
        }
        let mut before = LatencySnapshot::default();
        before.add(&latency);
        assert_eq!(before.since(&before).quantile_ms(0.5), None);
        for _ in 0..10 {
            latency.observe(Duration::from_millis(100));
        }
        let mut all = LatencySnapshot::default();
        all.add(&latency);
        assert!(all.quantile_ms(0.5).unwrap() < 2.0);
        assert!(all.quantile_ms(0.99).unwrap() > 80.0);
        assert!(all.since(&before).quantile_ms(0.01).unwrap() > 80.0);
    }

    #[test]
    fn no_time_is_out_of_bounds() {
        for took in [Duration::ZERO, Duration::from_micros(15), Duration::MAX] {
            LatencyHistogram::default().observe(took);
        }
    }
}
