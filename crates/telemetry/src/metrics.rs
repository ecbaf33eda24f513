//! The metrics registry and its Prometheus text.
//!
//! Each program has its own registry. Nothing is global, so tests can run several programs at once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use portcullis_vocabulary::Catalog;

use super::build_info;
use super::consumer_usage::ConsumerUsageText;
use super::duration_histograms::{DurationHistogram, DurationHistogramText};
use super::inventory::{SquadHealth, TrafficInventory};
use super::metric_names::{
    BODY_MEMORY, BUILD_INFO, CANDIDATE_JUDGED, CANDIDATE_MISSED, CANDIDATE_REFUSALS,
    CERTIFICATE_NOT_AFTER, COMPILE, CONNECTIONS, DRIFT_RATE, HEALTH, LOG_LINES_LOST, METRICS,
    Metric, MetricKind, RELOADS, REVISION_INFO, SERVICE_INFO, STALE, TLS_STALE, UNJUDGED_PARTS,
    UNREACHABLE,
};
use super::process::{self, PROCESS_METRICS};
use super::retired_services::RetiredServices;

/// The metrics of one program. Disabled metrics record nothing.
#[derive(Clone)]
pub struct Metrics(Option<Arc<MetricsRegistry>>);

struct MetricsRegistry {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    retired: RetiredServices,
    usage: ConsumerUsageText,
    durations: DurationHistogramText,
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
    /// An empty registry with the descriptions of all metrics.
    pub fn new() -> Self {
        let metrics = Self(Some(Arc::new(MetricsRegistry::new())));
        metrics
            .gauge(
                &BUILD_INFO,
                &[build_info::VERSION, build_info::COMMIT.unwrap_or("")],
            )
            .set(1.0);
        metrics
    }

    /// Disabled metrics.
    pub fn off() -> Self {
        Self(None)
    }

    /// All metrics in the Prometheus text format 0.0.4, without those of services that were removed;
    /// `None` if metrics are disabled.
    pub fn render(&self) -> Option<String> {
        let registry = self.0.as_deref()?;
        metrics::with_local_recorder(&registry.recorder, || {
            for (metric, value) in process::read() {
                match metric.kind {
                    // Counters of the `metrics` crate are integers.
                    MetricKind::Counter => metrics::counter!(metric.name).absolute(value as u64),
                    MetricKind::Gauge | MetricKind::Histogram => {
                        metrics::gauge!(metric.name).set(value);
                    }
                }
            }
        });
        let mut text = registry.handle.render();
        registry.usage.write(&mut text);
        registry.durations.write(&mut text);
        Some(registry.retired.filter(text))
    }

    /// Shows what the consumers of a service use, as its inventory counts it.
    pub(super) fn show_usage(&self, inventory: &Arc<TrafficInventory>) {
        if let Some(registry) = &self.0 {
            registry.usage.show(inventory);
        }
    }

    /// Shows the cost centers of the squads of a catalog, and no others.
    pub fn show_cost_centers(&self, catalog: &Catalog) {
        if let Some(registry) = &self.0 {
            registry.usage.show_cost_centers(catalog);
        }
    }

    /// Sets the drift rate of a service.
    pub fn observe_drift(&self, inventory: &TrafficInventory) {
        self.gauge(&DRIFT_RATE, &[inventory.service()])
            .set(inventory.drift_rate());
    }

    /// Sets the health of all squads.
    pub fn observe_health(&self, health: &SquadHealth) {
        for view in health.views() {
            self.gauge(&HEALTH, &[&view.squad]).set(view.health);
        }
    }

    /// Sets the number of log lines that were dropped since the start.
    pub fn observe_log(&self, lost: u64) {
        self.counter(&LOG_LINES_LOST, &[]).absolute(lost);
    }

    /// Marks a revision of a contract as active.
    pub fn set_active_revision(&self, service: &str, version: &str, revision: &str) {
        self.gauge(&REVISION_INFO, &[service, version, revision])
            .set(1.0);
    }

    /// Marks a revision of a contract as no longer active.
    pub fn clear_revision(&self, service: &str, version: &str, revision: &str) {
        self.gauge(&REVISION_INFO, &[service, version, revision])
            .set(0.0);
    }

    /// Sets whether a squad provides a service.
    pub fn set_provider(&self, service: &str, squad: &str, is_provider: bool) {
        self.gauge(&SERVICE_INFO, &[service, squad])
            .set(f64::from(u8::from(is_provider)));
    }

    /// Takes a service that was removed out of the text. Its counters stay in memory: a service
    /// that is added with its name continues them.
    pub fn retire_service(&self, service: &str) {
        if let Some(registry) = &self.0 {
            registry.retired.retire(service);
        }
    }

    /// Takes a service that was added into the text again.
    pub fn restore_service(&self, service: &str) {
        if let Some(registry) = &self.0 {
            registry.retired.restore(service);
        }
    }

    /// Counts a reload of a contract.
    pub fn reloaded(&self, service: &str, result: &str) {
        self.counter(&RELOADS, &[service, result]).increment(1);
    }

    /// Sets the compile time of a contract.
    pub fn compiled(&self, service: &str, took: Duration) {
        self.gauge(&COMPILE, &[service]).set(took.as_secs_f64());
    }

    /// Sets how many operations no request can reach.
    pub fn unreachable(&self, service: &str, operations: usize) {
        self.gauge(&UNREACHABLE, &[service]).set(operations as f64);
    }

    /// Sets how many parts of the active contract messages are not judged by.
    pub fn unjudged_parts(&self, service: &str, kind: &str, parts: usize) {
        self.gauge(&UNJUDGED_PARTS, &[service, kind])
            .set(parts as f64);
    }

    /// Sets whether the active contract differs from its source.
    pub fn stale(&self, service: &str, is_stale: bool) {
        self.gauge(&STALE, &[service])
            .set(f64::from(u8::from(is_stale)));
    }

    /// Sets when a certificate ends, in seconds since 1970.
    pub fn certificate_not_after(&self, section: &str, file: &str, seconds: f64) {
        self.gauge(&CERTIFICATE_NOT_AFTER, &[section, file])
            .set(seconds);
    }

    /// Sets whether the active TLS differs from its files.
    pub fn tls_stale(&self, section: &str, is_stale: bool) {
        self.gauge(&TLS_STALE, &[section])
            .set(f64::from(u8::from(is_stale)));
    }

    /// Counts an exchange that a candidate has checked.
    pub fn candidate_judged(&self, service: &str) {
        self.counter(&CANDIDATE_JUDGED, &[service]).increment(1);
    }

    /// Counts a violation that a candidate would have refused.
    pub fn candidate_refused(&self, service: &str, operation: &str, class: &str, squad: &str) {
        self.counter(&CANDIDATE_REFUSALS, &[service, operation, class, squad])
            .increment(1);
    }

    /// Sets how many exchanges the candidate has missed.
    pub fn candidate_missed(&self, service: &str, missed: u64) {
        self.gauge(&CANDIDATE_MISSED, &[service]).set(missed as f64);
    }

    /// The gauge of open client connections.
    pub fn connections(&self) -> Gauge {
        self.gauge(&CONNECTIONS, &[])
    }

    /// The gauge of the memory of bodies.
    pub fn body_memory(&self) -> Gauge {
        self.gauge(&BODY_MEMORY, &[])
    }

    pub(super) fn counter(&self, metric: &Metric, values: &[&str]) -> Counter {
        self.0.as_ref().map_or_else(Counter::noop, |registry| {
            let key = key(metric, values);
            registry.recorder.register_counter(&key, &METADATA)
        })
    }

    /// The histogram of a series on a data core.
    pub(super) fn histogram(
        &self,
        metric: &Metric,
        values: &[&str],
        core: usize,
    ) -> Arc<DurationHistogram> {
        match &self.0 {
            Some(registry) => registry.durations.register(metric, values, core),
            None => Arc::new(DurationHistogram::new(metric)),
        }
    }

    pub(super) fn gauge(&self, metric: &Metric, values: &[&str]) -> Gauge {
        self.0.as_ref().map_or_else(Gauge::noop, |registry| {
            let key = key(metric, values);
            registry.recorder.register_gauge(&key, &METADATA)
        })
    }
}

impl MetricsRegistry {
    fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let registry = Self {
            handle: recorder.handle(),
            recorder,
            retired: RetiredServices::default(),
            usage: ConsumerUsageText::default(),
            durations: DurationHistogramText::default(),
        };
        registry.describe();
        registry
    }

    fn describe(&self) {
        let recorder = &self.recorder;
        for metric in METRICS {
            let (name, help) = (metric.name.into(), metric.help.into());
            match metric.kind {
                MetricKind::Counter => recorder.describe_counter(name, None, help),
                MetricKind::Gauge => recorder.describe_gauge(name, None, help),
                MetricKind::Histogram => recorder.describe_histogram(name, None, help),
            }
        }
        for metric in PROCESS_METRICS {
            let (name, help) = (metric.name.into(), metric.help.into());
            match metric.kind {
                MetricKind::Counter => recorder.describe_counter(name, None, help),
                MetricKind::Gauge | MetricKind::Histogram => {
                    recorder.describe_gauge(name, None, help);
                }
            }
        }
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
