//! Asks Prometheus what each squad used in a month.

use std::collections::BTreeMap;

use super::costs_args::CostsMethod;
use crate::source::{PrometheusClient, PrometheusError};

/// The queries of one measurement.
#[derive(Debug)]
pub(super) struct UsageQueries {
    /// What counters that existed when the month began have grown by, and the value of those that began
    /// within it: `increase` would miss their first calls.
    pub(super) expressions: [String; 2],
}

impl UsageQueries {
    /// The queries for a service between two times, in seconds since 1970.
    pub(super) fn new(method: CostsMethod, service: &str, start: i64, end: i64) -> Self {
        let service = serde_json::Value::from(service);
        let counter = format!("{}{{service={service}}}", method.metric());
        let seconds = (end - start).max(1);
        let over = |function: &str| format!("{function}({counter}[{seconds}s] @ {end})");
        let (increase, highest, resets) = (over("increase"), over("max_over_time"), over("resets"));
        Self {
            expressions: [
                format!("sum by (squad) ({increase} and {counter} @ {start})"),
                format!(
                    "sum by (squad) ((({highest} and {resets} == 0) or {increase}) unless {counter} @ {start})"
                ),
            ],
        }
    }

    /// The use of each squad, in the unit of the method.
    pub(super) async fn run(
        &self,
        client: &PrometheusClient,
    ) -> Result<BTreeMap<String, f64>, PrometheusError> {
        let mut usage = BTreeMap::new();
        for expression in &self.expressions {
            for sample in client.query(expression).await? {
                let squad = sample.labels.get("squad").cloned().unwrap_or_default();
                *usage.entry(squad).or_insert(0.0) += sample.value.max(0.0);
            }
        }
        Ok(usage)
    }
}
