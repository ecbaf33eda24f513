//! Queries Prometheus for the live traffic of a service.

use std::time::Duration;

use crate::source::{PrometheusClient, PrometheusError, PrometheusSample};
use portcullis_control::gate::{BudgetMeasurement, MeasuredUsage, TrafficMeasurement};
use portcullis_vocabulary::{ServiceObjective, ServiceObjectives};

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
    let mut budgets = Vec::new();
    for objective in objectives.into_iter().flat_map(ServiceObjectives::iter) {
        let window = objectives.map_or(window, |objectives| objectives.window);
        budgets.push(measure_budget(prometheus, service, window, &objective).await?);
    }
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

/// What is left of the error budget of an objective. A counter that began within the window is taken
/// from its first sample on, which is 0.
async fn measure_budget(
    prometheus: &PrometheusClient,
    service: &str,
    window: Duration,
    objective: &ServiceObjective<'_>,
) -> Result<BudgetMeasurement, PrometheusError> {
    let seconds = window.as_secs().max(1);
    let kind = objective.kind.as_str();
    let requests = format!(
        "portcullis_objective_requests_total{{service={}, objective={}, operation={}",
        quoted(service),
        quoted(kind),
        quoted(objective.operation_label())
    );
    let query = format!(
        "sum(increase({requests}, result=\"bad\"}}[{seconds}s])) / sum(increase({requests}}}[{seconds}s]))"
    );
    let samples = prometheus.query(&query).await?;
    let bad = samples.first().map(|sample| sample.value);
    let left = bad
        .filter(|bad| bad.is_finite())
        .map(|bad| 1.0 - bad / objective.budget());
    Ok(BudgetMeasurement {
        objective: match objective.operation {
            Some(operation) => format!("{kind} of {operation}"),
            None => kind.to_owned(),
        },
        window: humantime::format_duration(window).to_string(),
        left,
        query,
    })
}

/// A PromQL string literal.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string has a JSON form")
}
