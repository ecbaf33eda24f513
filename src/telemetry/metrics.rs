//! The registry of metrics, and its Prometheus text.
//!
//! Each program has its own: nothing is global, so that tests can run several side by side.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::names::{
    BUILD_INFO, CANDIDATE_JUDGED, CANDIDATE_MISSED, CANDIDATE_REFUSALS, COMPILE, CONNECTIONS,
    METRICS, Metric, MetricKind, RELOADS, REVISION_INFO, STALE,
};

/// From 100 microseconds, what a near upstream takes, to the ten seconds after which people have
/// gone.
const DURATION_BUCKETS_SECONDS: [f64; 16] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// What Portcullis itself takes: microseconds.
const OVERHEAD_BUCKETS_SECONDS: [f64; 10] = [
    0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025,
];

/// The metrics of one program.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// An empty registry that knows every metric's description.
    pub fn new() -> Self {
        use metrics_exporter_prometheus::Matcher;
        let overhead = Matcher::Full(super::names::OVERHEAD.name.to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets(&DURATION_BUCKETS_SECONDS)
            .and_then(|builder| builder.set_buckets_for_metric(overhead, &OVERHEAD_BUCKETS_SECONDS))
            .expect("the bucket lists are not empty")
            .build_recorder();
        let metrics = Self {
            handle: recorder.handle(),
            recorder: Arc::new(recorder),
        };
        metrics.describe();
        metrics
            .gauge(&BUILD_INFO, &[env!("CARGO_PKG_VERSION")])
            .set(1.0);
        metrics
    }

    fn describe(&self) {
        for metric in METRICS {
            let (name, help) = (metric.name.into(), metric.help.into());
            match metric.kind {
                MetricKind::Counter => self.recorder.describe_counter(name, None, help),
                MetricKind::Gauge => self.recorder.describe_gauge(name, None, help),
                MetricKind::Histogram => self.recorder.describe_histogram(name, None, help),
            }
        }
    }

    /// All metrics in the Prometheus text format, version 0.0.4.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds recent observations into their buckets. Call it every few seconds: until then each
    /// observation is kept.
    pub fn settle(&self) {
        self.handle.run_upkeep();
    }

    /// Says which revision of a contract is in force.
    pub fn revision_in_force(&self, service: &str, version: &str, revision: &str) {
        self.gauge(&REVISION_INFO, &[service, version, revision])
            .set(1.0);
    }

    /// Says that a revision of a contract is in force no more.
    pub fn revision_retired(&self, service: &str, version: &str, revision: &str) {
        self.gauge(&REVISION_INFO, &[service, version, revision])
            .set(0.0);
    }

    /// A contract was read again.
    pub fn reloaded(&self, service: &str, result: &str) {
        self.counter(&RELOADS, &[service, result]).increment(1);
    }

    /// How long compiling a contract took.
    pub fn compiled(&self, service: &str, took: Duration) {
        self.gauge(&COMPILE, &[service]).set(took.as_secs_f64());
    }

    /// Whether what is in force is not what the source holds.
    pub fn stale(&self, service: &str, is_stale: bool) {
        self.gauge(&STALE, &[service])
            .set(f64::from(u8::from(is_stale)));
    }

    /// A candidate judged an exchange.
    pub fn candidate_judged(&self, service: &str) {
        self.counter(&CANDIDATE_JUDGED, &[service]).increment(1);
    }

    /// A candidate would have refused an exchange for this.
    pub fn candidate_refused(&self, service: &str, operation: &str, class: &str, squad: &str) {
        self.counter(&CANDIDATE_REFUSALS, &[service, operation, class, squad])
            .increment(1);
    }

    /// How many exchanges the candidate has missed.
    pub fn candidate_missed(&self, service: &str, missed: u64) {
        self.gauge(&CANDIDATE_MISSED, &[service]).set(missed as f64);
    }

    /// The gauge of open client connections.
    pub fn connections(&self) -> Gauge {
        self.gauge(&CONNECTIONS, &[])
    }

    pub(super) fn counter(&self, metric: &Metric, values: &[&str]) -> Counter {
        self.recorder
            .register_counter(&key(metric, values), &METADATA)
    }

    pub(super) fn histogram(&self, metric: &Metric, values: &[&str]) -> Histogram {
        self.recorder
            .register_histogram(&key(metric, values), &METADATA)
    }

    pub(super) fn gauge(&self, metric: &Metric, values: &[&str]) -> Gauge {
        self.recorder
            .register_gauge(&key(metric, values), &METADATA)
    }
}

const METADATA: Metadata<'static> = Metadata::new("portcullis", Level::INFO, None);

fn key(metric: &Metric, values: &[&str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let labels: Vec<Label> = metric
        .labels
        .iter()
        .zip(values)
        .map(|(name, value)| Label::new(*name, (*value).to_owned()))
        .collect();
    Key::from_parts(metric.name, labels)
}
