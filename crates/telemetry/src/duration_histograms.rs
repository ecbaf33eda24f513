//! Histograms of durations, as Prometheus text.
//!
//! Each data core has its own buckets and writes to them with plain stores, and the cores are summed when
//! the text is read. Histograms of the `metrics` crate take a clock reading and a shared list for each
//! observation, and keep all observations until the next reading.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::consumer_usage::{escaped, write_heading};
use super::inventory::{add, bump};
use super::metric_names::{DURATION, JUDGING, Metric, OVERHEAD};

const HISTOGRAMS: [&Metric; 3] = [&DURATION, &OVERHEAD, &JUDGING];

/// From 100 microseconds, a fast upstream on the local network, to 10 seconds, after which most
/// clients have given up. In microseconds.
const DURATION_BOUNDS: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// The overhead of Portcullis is measured in microseconds.
const OVERHEAD_BOUNDS: [u64; 10] = [5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 25_000];

const NANOS_PER_MICRO: u64 = 1_000;

/// The upper bounds of the buckets of a metric but the last, which has none.
fn bounds_of(metric: &Metric) -> &'static [u64] {
    if metric.name == DURATION.name {
        &DURATION_BOUNDS
    } else {
        &OVERHEAD_BOUNDS
    }
}

/// The durations of one series that one data core has observed. Only that core writes to it.
#[derive(Debug)]
pub(super) struct DurationHistogram {
    /// In microseconds.
    bounds: &'static [u64],
    buckets: Box<[AtomicU64]>,
    sum_nanos: AtomicU64,
}

impl DurationHistogram {
    pub(super) fn new(metric: &Metric) -> Self {
        let bounds = bounds_of(metric);
        Self {
            bounds,
            buckets: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum_nanos: AtomicU64::new(0),
        }
    }

    /// Adds a duration.
    pub(super) fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let mut bounds = self.bounds.iter();
        let bucket = bounds.position(|bound| nanos <= bound * NANOS_PER_MICRO);
        if let Some(count) = self.buckets.get(bucket.unwrap_or(self.bounds.len())) {
            bump(count);
        }
        add(&self.sum_nanos, nanos);
    }
}

/// One series: a metric and the values of its labels.
type SeriesKey = (&'static str, Vec<String>);

/// The histograms that are shown.
#[derive(Debug, Default)]
pub(super) struct DurationHistogramText {
    /// By series and data core.
    series: Mutex<BTreeMap<SeriesKey, BTreeMap<usize, Arc<DurationHistogram>>>>,
}

impl DurationHistogramText {
    /// The histogram of a series on a data core. A later recorder of the same core continues it.
    pub(super) fn register(
        &self,
        metric: &Metric,
        values: &[&str],
        core: usize,
    ) -> Arc<DurationHistogram> {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        let cores = series.entry((metric.name, values)).or_default();
        let new = || Arc::new(DurationHistogram::new(metric));
        Arc::clone(cores.entry(core).or_insert_with(new))
    }

    /// Adds the samples to the text of the other metrics.
    pub(super) fn write(&self, text: &mut String) {
        let series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        for metric in HISTOGRAMS {
            let mut ours = series.iter().filter(|((name, _), _)| *name == metric.name);
            let mut next = ours.next();
            if next.is_none() {
                continue;
            }
            write_heading(text, metric);
            while let Some(((_, values), cores)) = next {
                write_series(text, metric, values, cores.values());
                next = ours.next();
            }
            text.push('\n');
        }
    }
}

/// Writes the sum of the histograms of all cores in the text format 0.0.4.
fn write_series<'h>(
    text: &mut String,
    metric: &Metric,
    values: &[String],
    cores: impl Iterator<Item = &'h Arc<DurationHistogram>>,
) {
    let (name, bounds) = (metric.name, bounds_of(metric));
    let labels = metric.labels.iter().zip(values);
    let labels: Vec<String> = labels
        .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
        .collect();
    let labels = labels.join(",");
    let mut counts = vec![0; bounds.len() + 1];
    let mut sum_nanos: u64 = 0;
    for core in cores {
        for (count, bucket) in counts.iter_mut().zip(&core.buckets) {
            *count += bucket.load(Ordering::Relaxed);
        }
        sum_nanos = sum_nanos.wrapping_add(core.sum_nanos.load(Ordering::Relaxed));
    }
    let mut count = 0;
    for (bound, bucket) in bounds.iter().zip(&counts) {
        count += bucket;
        let bound = Duration::from_micros(*bound).as_secs_f64();
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
    }
    count += counts.last().copied().unwrap_or_default();
    let sum = Duration::from_nanos(sum_nanos).as_secs_f64();
    let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}");
    let _ = writeln!(text, "{name}_sum{{{labels}}} {sum}");
    let _ = writeln!(text, "{name}_count{{{labels}}} {count}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_what_the_cores_have_observed() {
        let histograms = DurationHistogramText::default();
        let observe = |core, micros: &[u64]| {
            let histogram = histograms.register(&OVERHEAD, &["orders"], core);
            for micros in micros {
                histogram.observe(Duration::from_micros(*micros));
            }
        };
        observe(0, &[5, 6, 40_000]);
        observe(1, &[1]);
        // A later recorder.
        observe(0, &[25_000]);
        histograms.register(&DURATION, &["orders", "answered"], 0);
        let mut text = String::new();
        histograms.write(&mut text);
        let start = text.find("# HELP portcullis_overhead_seconds").unwrap();
        let expected = "\
# HELP portcullis_overhead_seconds The part of the request duration that was spent in Portcullis.
# TYPE portcullis_overhead_seconds histogram
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.000005\"} 2
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.00001\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.000025\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.00005\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.0001\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.00025\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.0005\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.001\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.005\"} 3
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"0.025\"} 4
portcullis_overhead_seconds_bucket{service=\"orders\",le=\"+Inf\"} 5
portcullis_overhead_seconds_sum{service=\"orders\"} 0.065012
portcullis_overhead_seconds_count{service=\"orders\"} 5

";
        assert_eq!(&text[start..], expected);
        let empty =
            "portcullis_request_duration_seconds_count{service=\"orders\",outcome=\"answered\"} 0";
        assert!(text[..start].contains(empty), "{text}");
        assert!(!text.contains(JUDGING.name));
    }
}
