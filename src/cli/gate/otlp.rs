//! Sends the figures to an OpenTelemetry collector: OTLP over HTTP in its JSON encoding.
//!
//! Format: OpenTelemetry Protocol 1.x, "OTLP/HTTP" and "JSON Protobuf Encoding": names in
//! lowerCamelCase, 64-bit integers as strings. Each verdict is one export, so conflicts are a
//! delta.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::source::{FetchLimits, HttpFetcher, RemoteError, RemoteUrl};

use super::gate_report::GateReport;

/// `AGGREGATION_TEMPORALITY_DELTA`.
const DELTA: u8 = 1;

/// A collector that does not answer must not delay a pipeline for long.
const LIMITS: FetchLimits = FetchLimits {
    bytes_max: 1 << 20,
    timeout: Duration::from_secs(10),
};

/// Sends the figures to a collector. Runs on a tokio runtime with I/O and time.
///
/// # Errors
/// [`RemoteError`] names the URL, the failure and what to check.
pub(super) async fn send(
    endpoint: &str,
    report: &GateReport<'_>,
    now: SystemTime,
) -> Result<(), RemoteError> {
    let url: RemoteUrl = endpoint.parse()?;
    let url = url.at("v1/metrics");
    let body = request(report, now).to_string().into_bytes();
    HttpFetcher::new()?.post_json(&url, body, LIMITS).await
}

fn request(report: &GateReport<'_>, now: SystemTime) -> Value {
    let at = nanoseconds(now);
    let duration = Duration::from_secs_f64(report.duration_ms() / 1000.0);
    let started = nanoseconds(now.checked_sub(duration).unwrap_or(now));
    let attributes = json!([
        attribute("service", report.service),
        attribute("squad", report.squad),
    ]);
    let gauge = |name: &str, unit: &str, value: f64| {
        let point = json!({"attributes": attributes, "timeUnixNano": at, "asDouble": value});
        json!({"name": name, "unit": unit, "gauge": {"dataPoints": [point]}})
    };
    let conflicts = json!({
        "attributes": attributes,
        "startTimeUnixNano": started,
        "timeUnixNano": at,
        "asInt": report.conflicts().to_string(),
    });
    let mut metrics = vec![
        gauge("gate_duration_ms", "ms", report.duration_ms()),
        gauge(
            "deployment_risk_score",
            "1",
            f64::from(report.verdict.risk_score),
        ),
        json!({
            "name": "deployment_conflicts_total",
            "unit": "1",
            "sum": {
                "aggregationTemporality": DELTA,
                "isMonotonic": true,
                "dataPoints": [conflicts],
            },
        }),
    ];
    metrics.extend(
        report
            .verdict
            .drift_score
            .map(|drift| gauge("contract_drift_score", "1", drift)),
    );
    let scope = json!({"name": "portcullis", "version": env!("CARGO_PKG_VERSION")});
    json!({
        "resourceMetrics": [{
            "resource": {"attributes": [attribute("service.name", "portcullis-gate")]},
            "scopeMetrics": [{"scope": scope, "metrics": metrics}],
        }],
    })
}

fn attribute(key: &str, text: &str) -> Value {
    json!({"key": key, "value": {"stringValue": text}})
}

fn nanoseconds(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().to_string()
}
