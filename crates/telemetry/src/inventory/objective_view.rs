//! The JSON of objectives and their error budgets.

use std::sync::Arc;

use serde::Serialize;

use portcullis_vocabulary::{ServiceObjective, ServiceObjectives};

use super::objective_tally::{ObjectiveKey, ObjectiveTally};
use super::service_description::ServiceDescription;
use super::traffic_inventory::TrafficInventory;

/// One objective with what this process saw.
#[derive(Debug, Serialize)]
pub struct ObjectiveView {
    service: String,
    /// The squad that provides the service.
    provider: Option<String>,
    objective: &'static str,
    /// The operation; none for all of the service.
    operation: Option<String>,
    target: f64,
    /// The longest time of a good response.
    le_seconds: Option<f64>,
    /// The time over which the error budget is spent.
    window_seconds: u64,
    /// The time over which requests were counted.
    since_seconds: f64,
    good: u64,
    bad: u64,
    /// The share of good requests.
    ratio: Option<f64>,
    /// The share of the error budget of these requests that is left; below 0 if it is overspent.
    budget_left: Option<f64>,
}

impl TrafficInventory {
    /// The counters of a data core for one objective. Slow: callers should keep the result.
    pub(crate) fn objective_tally(
        &self,
        core: usize,
        objective: &ServiceObjective<'_>,
    ) -> Arc<ObjectiveTally> {
        let mut objectives = self.objectives();
        let cores = objectives.entry(ObjectiveKey::of(objective)).or_default();
        if cores.len() <= core {
            cores.resize(core + 1, None);
        }
        Arc::clone(cores[core].get_or_insert_default())
    }

    /// The objectives of the service, with what this process saw.
    pub fn objective_views(&self, described: &ServiceDescription) -> Vec<ObjectiveView> {
        let Some(objectives) = &described.objectives else {
            return Vec::new();
        };
        let views = objectives.iter();
        views
            .map(|objective| self.objective_view(described, objectives, &objective))
            .collect()
    }

    fn objective_view(
        &self,
        described: &ServiceDescription,
        objectives: &ServiceObjectives,
        objective: &ServiceObjective<'_>,
    ) -> ObjectiveView {
        let (good, bad) = self.objective_counts(objective);
        let total = good + bad;
        ObjectiveView {
            service: self.service().to_owned(),
            provider: described.provider.clone(),
            objective: objective.kind.as_str(),
            operation: objective.operation.map(str::to_owned),
            target: objective.target,
            le_seconds: objective.bound.map(|bound| bound.as_secs_f64()),
            window_seconds: objectives.window.as_secs(),
            since_seconds: self.age().as_secs_f64(),
            good,
            bad,
            ratio: ratio(good, total),
            budget_left: ratio(bad, total).map(|bad| objective.budget_left(bad)),
        }
    }

    fn objective_counts(&self, objective: &ServiceObjective<'_>) -> (u64, u64) {
        let objectives = self.objectives();
        let cores = objectives.get(&ObjectiveKey::of(objective));
        let counts = cores.into_iter().flatten().flatten();
        counts
            .map(|tally| tally.counts())
            .fold((0, 0), |(good, bad), (more_good, more_bad)| {
                (good + more_good, bad + more_bad)
            })
    }
}

/// The share of some of all requests; none without requests.
fn ratio(some: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| some as f64 / total as f64)
}
