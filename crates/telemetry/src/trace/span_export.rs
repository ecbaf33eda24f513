//! Exports spans to the collector in batches, one batch at a time, on the control runtime.
//!
//! While a batch is sent, new spans wait in the bounded queue. The exporter retries as OTLP
//! recommends. Spans that are not sent within the timeout are dropped and counted, so a collector
//! that is down delays nothing and uses no extra memory.

use std::time::Duration;

use metrics::Counter;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter as _;
use tokio::sync::mpsc::{self, Receiver};
use tokio::time::{Instant, timeout, timeout_at};

use portcullis_config::{CollectorUrl, TracingConfig};
use portcullis_tls::install_provider;
use portcullis_vocabulary::limits::{SPAN_EXPORT_DELAY, SPANS_EXPORTED_MAX};

use super::span::{SpanRecord, SpanSender};
use super::span_data::span_data;
use super::tracer::Tracer;
use crate::metric_names::SPANS;
use crate::metrics::Metrics;

const EXPORTED: &str = "exported";
const LOST_QUEUE: &str = "lost-queue";
const LOST_EXPORT: &str = "lost-export";

/// Why spans cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracingError {
    /// The HTTP client cannot be created.
    #[error(
        "cannot set up TLS: {0}; install the system's certificates (ca-certificates), or set \
         SSL_CERT_FILE to a file of certificates"
    )]
    Tls(reqwest::Error),
    /// The `OTEL_EXPORTER_OTLP_…` environment variables are invalid.
    #[error("{0}; check the variables OTEL_EXPORTER_OTLP_…")]
    Exporter(ExporterBuildError),
}

/// Takes spans from the queue and exports them. Run it on the control runtime.
#[derive(Debug)]
pub struct SpanExport {
    spans: Receiver<SpanRecord>,
    exporter: SpanExporter,
    /// The URL of the collector. It contains no credentials.
    collector: String,
    scope: InstrumentationScope,
    timeout: Duration,
    exported: Counter,
    lost: Counter,
    /// Whether the last batch was lost.
    is_failing: bool,
}

/// Returns a tracer, to be cloned for each data core, and the exporter of its spans. Returns `None`
/// if no collector is configured.
///
/// # Errors
/// [`TracingError`] if the exporter cannot be set up. The collector is not contacted.
pub fn start_tracing(
    config: &TracingConfig,
    metrics: &Metrics,
) -> Result<Option<(Tracer, SpanExport)>, TracingError> {
    let Some(endpoint) = &config.endpoint else {
        return Ok(None);
    };
    let exporter = exporter(config, endpoint)?;
    let counter = |result| metrics.counter(&SPANS, &[result]);
    let (queue, spans) = mpsc::channel(config.queue_max);
    let sender = SpanSender {
        queue,
        lost: counter(LOST_QUEUE),
    };
    let export = SpanExport {
        spans,
        exporter,
        collector: endpoint.traces(),
        scope: InstrumentationScope::builder("portcullis")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build(),
        timeout: config.timeout,
        exported: counter(EXPORTED),
        lost: counter(LOST_EXPORT),
        is_failing: false,
    };
    Ok(Some((Tracer::new(config.sample, sender), export)))
}

impl SpanExport {
    /// Exports spans until every tracer is dropped and the queue is empty.
    pub async fn run(mut self) {
        let mut batch = Vec::with_capacity(SPANS_EXPORTED_MAX);
        while self.fill(&mut batch).await {
            let spans: Vec<_> = batch
                .drain(..)
                .map(|record| span_data(&record, &self.scope))
                .collect();
            let count = spans.len();
            // The exporter limits each attempt; this limits all attempts together.
            let sent = timeout(self.timeout, self.exporter.export(spans)).await;
            match sent {
                Ok(Ok(())) => self.succeeded(count),
                Ok(Err(error)) => self.failed(count, &error.to_string()),
                Err(_) => self.failed(count, "the export timed out"),
            }
        }
    }

    /// Waits until a batch is full or its first span has waited long enough. Returns `false` if
    /// the queue is closed and empty.
    async fn fill(&mut self, batch: &mut Vec<SpanRecord>) -> bool {
        if self.spans.recv_many(batch, SPANS_EXPORTED_MAX).await == 0 {
            return false;
        }
        let until = Instant::now() + SPAN_EXPORT_DELAY;
        while batch.len() < SPANS_EXPORTED_MAX {
            let room = SPANS_EXPORTED_MAX - batch.len();
            match timeout_at(until, self.spans.recv_many(batch, room)).await {
                Ok(more) if more > 0 => {}
                _ => break,
            }
        }
        true
    }

    fn succeeded(&mut self, count: usize) {
        self.exported.increment(count as u64);
        if std::mem::take(&mut self.is_failing) {
            tracing::info!("the collector accepts spans again");
        }
    }

    /// Logs the first failure only; the metric counts all of them.
    fn failed(&mut self, count: usize, reason: &str) {
        self.lost.increment(count as u64);
        if !std::mem::replace(&mut self.is_failing, true) {
            tracing::warn!(
                collector = self.collector,
                reason,
                "the collector does not accept spans; they are dropped and counted until it does; \
                 check tracing.endpoint and the collector"
            );
        }
    }
}

fn exporter(config: &TracingConfig, endpoint: &CollectorUrl) -> Result<SpanExporter, TracingError> {
    let text = |(name, value): &(http::HeaderName, http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = config.headers.reveal().iter().filter_map(text).collect();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client(config, endpoint)?)
        .with_endpoint(endpoint.traces())
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(config.timeout)
        .with_headers(headers);
    let mut exporter = exporter.build().map_err(TracingError::Exporter)?;
    exporter.set_resource(&resource(config));
    Ok(exporter)
}

/// Follows no redirects, because they would send the credentials to another server.
fn client(
    config: &TracingConfig,
    endpoint: &CollectorUrl,
) -> Result<reqwest::Client, TracingError> {
    install_provider();
    let client = reqwest::Client::builder()
        .timeout(config.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")));
    // A proxy cannot reach a collector on this machine's loopback address.
    let client = if endpoint.is_loopback() {
        client.no_proxy()
    } else {
        client
    };
    client.build().map_err(TracingError::Tls)
}

/// The resource attributes. The configuration takes precedence over `OTEL_RESOURCE_ATTRIBUTES`.
fn resource(config: &TracingConfig) -> Resource {
    let pairs = config.attributes.iter();
    let attributes = pairs.map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_service_name(config.service_name.clone())
        .with_attributes(attributes)
        .build()
}
