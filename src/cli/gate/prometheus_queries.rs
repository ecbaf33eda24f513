//! What live traffic shows, asked of Prometheus.

use std::time::Duration;

use crate::source::{PrometheusClient, PrometheusError, PrometheusSample};
use portcullis_control::gate::{MeasuredUsage, TrafficMeasurement};

/// Who calls what of a service within a window, and how much departs from its contract.
///
/// A counter that began within the window has grown by all that it says: the first scrape of it
/// is no growth to `increase`, and a squad's only call would be lost.
pub(super) async fn measure(
    prometheus: &PrometheusClient,
    service: &str,
    window: Duration,
) -> Result<TrafficMeasurement, PrometheusError> {
    let seconds = window.as_secs().max(1);
    let selector = format!("{{service={}}}", quoted(service));
    let requests = format!("portcullis_requests_total{selector}");
    let grown = format!("sum by (operation, squad) (increase({requests}[{seconds}s]))");
    let begun = format!(
        "sum by (operation, squad) (max_over_time({requests}[{seconds}s]) unless {requests} offset {seconds}s)"
    );
    let drift = format!("max(avg_over_time(contract_drift_rate{selector}[{seconds}s]))");
    let mut usage = MeasuredUsage::default();
    let mut is_known = false;
    for expression in [grown, begun] {
        for PrometheusSample { labels, value } in prometheus.query(&expression).await? {
            is_known = true;
            if let (Some(operation), Some(squad)) = (labels.get("operation"), labels.get("squad")) {
                usage.add(operation, squad, value);
            }
        }
    }
    let drift = prometheus.query(&drift).await?;
    Ok(TrafficMeasurement {
        window: humantime::format_duration(window).to_string(),
        usage: is_known.then_some(usage),
        drift: drift
            .first()
            .map(|sample| sample.value)
            .filter(|drift| drift.is_finite()),
    })
}

/// A string of PromQL.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text has a JSON form")
}
