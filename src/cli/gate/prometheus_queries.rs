//! Queries Prometheus for the live traffic of a service.

use std::time::Duration;

use super::budget_queries::{measure_budgets, quoted};
use crate::source::{PrometheusClient, PrometheusError, PrometheusSample};
use portcullis_control::gate::{MeasuredUsage, TrafficMeasurement};
use portcullis_vocabulary::ServiceObjectives;

/// Which squads call which operations within a window, and the drift from the contract.
///
/// `increase` ignores the first sample of a counter, so a squad's only call would be lost. A counter
/// that began within the window is therefore taken at its full value.
pub(super) async fn measure(
    prometheus: &PrometheusClient,
    service: &str,
    window: Duration,
    objectives: Option<&ServiceObjectives>,
) -> Result<TrafficMeasurement, PrometheusError> {
    let seconds = window.as_secs().max(1);
    let selector = format!("{{service={}}}", quoted(service));
    let requests = format!("portcullis_requests_total{selector}");
    let increased = format!("sum by (operation, squad) (increase({requests}[{seconds}s]))");
    let started = format!(
        "sum by (operation, squad) (max_over_time({requests}[{seconds}s]) unless {requests} offset {seconds}s)"
    );
    let drift = format!("max(avg_over_time(contract_drift_rate{selector}[{seconds}s]))");
    let mut usage = MeasuredUsage::default();
    let mut is_known = false;
    for expression in [increased, started] {
        for PrometheusSample { labels, value } in prometheus.query(&expression).await? {
            is_known = true;
            if let (Some(operation), Some(squad)) = (labels.get("operation"), labels.get("squad")) {
                usage.add(operation, squad, value);
            }
        }
    }
    let budgets = match objectives {
        Some(objectives) => measure_budgets(prometheus, objectives).await?,
        None => Vec::new(),
    };
    let drift = prometheus.query(&drift).await?;
    Ok(TrafficMeasurement {
        window: humantime::format_duration(window).to_string(),
        usage: is_known.then_some(usage),
        drift: drift
            .first()
            .map(|sample| sample.value)
            .filter(|drift| drift.is_finite()),
        budgets,
    })
}
