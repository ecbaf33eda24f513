//! The result of one run, as JSON.

use std::fmt::Write;
use std::fs;
use std::time::Duration;

/// The unit of times in `/proc/self/stat`. It is 100 on every current architecture of Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Durations in nanoseconds, every one of them: percentiles are exact.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<u64>);

impl Samples {
    pub(crate) fn add(&mut self, duration: Duration) {
        self.0
            .push(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The smallest sample that `per_mille` of all samples do not exceed, in microseconds.
    fn percentile(&self, per_mille: usize) -> f64 {
        let rank = (self.0.len() * per_mille).div_ceil(1_000).max(1);
        self.0
            .get(rank - 1)
            .map_or(f64::NAN, |&nanos| nanos as f64 / 1e3)
    }
}

/// What a run prints.
#[derive(Debug)]
pub(crate) struct RunReport {
    requests: usize,
    took: Duration,
    latency: Option<(Samples, Samples)>,
}

impl RunReport {
    pub(crate) fn closed(requests: usize, took: Duration) -> Self {
        Self {
            requests,
            took,
            latency: None,
        }
    }

    pub(crate) fn open(took: Duration, mut latencies: Samples, mut lateness: Samples) -> Self {
        latencies.0.sort_unstable();
        lateness.0.sort_unstable();
        Self {
            requests: latencies.0.len(),
            took,
            latency: Some((latencies, lateness)),
        }
    }

    pub(crate) fn to_json(&self) -> String {
        let mut text = format!(
            "{{\"requests\":{},\"seconds\":{:.6},\"generator_cpu_seconds\":{:.2}",
            self.requests,
            self.took.as_secs_f64(),
            cpu_seconds()
        );
        if let Some((latencies, lateness)) = &self.latency {
            let figures = [
                ("p50_us", latencies.percentile(500)),
                ("p99_us", latencies.percentile(990)),
                ("p999_us", latencies.percentile(999)),
                ("max_us", latencies.percentile(1_000)),
                ("late_p50_us", lateness.percentile(500)),
                ("late_p99_us", lateness.percentile(990)),
                ("late_p999_us", lateness.percentile(999)),
            ];
            for (name, micros) in figures {
                // JSON has no NaN.
                let written = if micros.is_finite() {
                    write!(text, ",\"{name}\":{micros:.1}")
                } else {
                    write!(text, ",\"{name}\":null")
                };
                written.expect("a string takes all text");
            }
        }
        text.push('}');
        text
    }
}

/// User and system CPU time of this process: the fields 14 and 15 of proc_pid_stat(5). Fields are
/// counted after the process name, because the name may contain spaces.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2);
    ticks.flat_map(str::parse::<f64>).sum::<f64>() / TICKS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_samples() {
        let mut samples = Samples::default();
        for micros in 1..=1_000 {
            samples.add(Duration::from_micros(micros));
        }
        let figures = [500, 990, 999, 1_000].map(|per_mille| samples.percentile(per_mille));
        assert_eq!(figures, [500.0, 990.0, 999.0, 1_000.0]);
    }

    #[test]
    fn a_run_without_samples_is_json() {
        let report = RunReport::open(Duration::ZERO, Samples::default(), Samples::default());
        assert!(report.to_json().contains("\"p50_us\":null"));
    }
}
