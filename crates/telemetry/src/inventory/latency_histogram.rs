//! A coarse histogram of request durations, for charts.
//!
//! Each doubling of the duration has four buckets, so a quantile is accurate to about a tenth. An
//! observation only inspects the leading bits of the duration.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::exchange_tally::bump;

/// Buckets per doubling.
const PER_OCTAVE: u32 = 4;

/// The first doubling starts at 16 microseconds; 24 doublings cover four minutes.
const FIRST_OCTAVE: u32 = 4;

/// The number of buckets.
const BUCKETS: usize = 24 * PER_OCTAVE as usize;

/// The durations that one data core has observed. Only that core writes to it.
#[derive(Debug)]
pub(super) struct LatencyHistogram([AtomicU64; BUCKETS]);

/// The sum of one or several histograms.
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

    /// The counts since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        Self(std::array::from_fn(|index| {
            self.0[index].saturating_sub(before.0[index])
        }))
    }

    /// The duration, in milliseconds, within which this fraction of the requests was answered;
    /// `None` without requests.
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
    fn quantiles_are_near_the_observations() {
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
    fn quantiles_cover_the_time_between_snapshots() {
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
    fn extreme_durations_stay_within_the_buckets() {
        for took in [Duration::ZERO, Duration::from_micros(15), Duration::MAX] {
            LatencyHistogram::default().observe(took);
        }
    }
}
