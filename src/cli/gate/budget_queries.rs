//! Queries Prometheus for the error budgets of a service.

use std::time::Duration;

use crate::source::{PrometheusClient, PrometheusError};
use portcullis_control::gate::BudgetMeasurement;
use portcullis_vocabulary::{ServiceObjective, ServiceObjectives};

/// How much of a window may be without samples before the measurement reports it. A subquery looks at
/// this many points of the window at most.
const COVERAGE_POINTS: u64 = 200;

/// What is left of each error budget.
pub(super) async fn measure_budgets(
    prometheus: &PrometheusClient,
    objectives: &ServiceObjectives,
) -> Result<Vec<BudgetMeasurement>, PrometheusError> {
    let mut budgets = Vec::new();
    for objective in objectives.iter() {
        let queries = BudgetQueries::new(objectives, &objective);
        budgets.push(queries.measure(prometheus, &objective).await?);
    }
    Ok(budgets)
}

/// What is asked about one objective.
struct BudgetQueries {
    window: Duration,
    /// The step of the subquery for the age.
    step: Duration,
    /// The bad share of the requests.
    bad: String,
    /// The requests.
    total: String,
    /// The age of the oldest sample within the window, in seconds.
    age: String,
}

impl BudgetQueries {
    /// `increase` ignores the first sample of a counter, so what a replica saw before its first scrape
    /// would be lost. A counter that began within the window is therefore taken at its full value, unless
    /// it was reset, which only `increase` follows. Series of all replicas are added afterwards.
    fn new(objectives: &ServiceObjectives, objective: &ServiceObjective<'_>) -> Self {
        let seconds = objectives.window.as_secs().max(1);
        let window = format!("{seconds}s");
        let requests = format!(
            "portcullis_objective_requests_total{{service={}, objective={}, operation={}",
            quoted(&objectives.service),
            quoted(objective.kind.as_str()),
            quoted(objective.operation_label())
        );
        let grown = |series: &str| {
            format!(
                "sum((max_over_time({series}[{window}]) and resets({series}[{window}]) == 0 unless \
                 {series} offset {window}) or increase({series}[{window}]))"
            )
        };
        let total = grown(&format!("{requests}}}"));
        let bad = grown(&format!("{requests}, result=\"bad\"}}"));
        let step = (seconds / COVERAGE_POINTS).max(1);
        Self {
            window: objectives.window,
            step: Duration::from_secs(step),
            bad: format!("{bad} / {total}"),
            total,
            age: format!("time() - min_over_time(timestamp(sum({requests}}}))[{window}:{step}s])"),
        }
    }

    async fn measure(
        self,
        prometheus: &PrometheusClient,
        objective: &ServiceObjective<'_>,
    ) -> Result<BudgetMeasurement, PrometheusError> {
        // Without requests the share is NaN, and without samples it is absent.
        let bad = single(prometheus, &self.bad).await?;
        let bad = bad.filter(|bad| (0.0..=1.0).contains(bad));
        let total = single(prometheus, &self.total).await?;
        // Samples between the points of the subquery are younger than its step.
        let age = single(prometheus, &self.age).await?;
        let age = age.unwrap_or(self.step.as_secs_f64());
        Ok(BudgetMeasurement {
            objective: objective.subject(),
            window: humantime::format_duration(self.window).to_string(),
            left: bad.map(|bad| objective.budget_left(bad)),
            requests: total.filter(|total| total.is_finite()).unwrap_or_default(),
            covered: covered(age, self.window),
            query: self.bad,
        })
    }
}

/// How far back samples go, if that is clearly less than the window.
fn covered(age: f64, window: Duration) -> Option<String> {
    let missing = window.as_secs_f64() - age;
    let tolerated = 2.0 * window.as_secs_f64() / COVERAGE_POINTS as f64;
    (missing > tolerated).then(|| {
        let age = Duration::try_from_secs_f64(age).unwrap_or_default();
        let minutes = Duration::from_secs(age.as_secs() / 60 * 60);
        humantime::format_duration(minutes).to_string()
    })
}

/// The value of an expression with at most one series.
async fn single(
    prometheus: &PrometheusClient,
    expression: &str,
) -> Result<Option<f64>, PrometheusError> {
    let samples = prometheus.query(expression).await?;
    Ok(samples.first().map(|sample| sample.value))
}

/// A PromQL string literal.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string has a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_less_than_the_window_are_named() {
        let window = Duration::from_secs(30 * 86_400);
        let check = |days: f64, expected: Option<&str>| {
            assert_eq!(covered(days * 86_400.0, window).as_deref(), expected);
        };
        check(30.0, None);
        check(29.8, None);
        check(29.6, Some("29days 14h 24m"));
        check(0.0, Some("0s"));
        check(-1.0, Some("0s"));
    }
}
