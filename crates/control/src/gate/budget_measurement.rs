//! What the provider of a service promises, and what is left of each error budget.

use portcullis_vocabulary::ServiceObjectives;

use super::gate_reason::ReasonLocation;

/// What the provider of a service promises, as far as the gate judges it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JudgedObjectives {
    /// What the catalog and the deployed contract promise; none if they promise nothing.
    pub promised: Option<ServiceObjectives>,
    /// What the contract to deploy seems to promise and cannot be read.
    pub unread: Vec<(String, ReasonLocation)>,
}

/// What is left of the error budget of one objective.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetMeasurement {
    /// The objective, for example `availability of createOrder`.
    pub objective: String,
    /// The time over which the budget is spent, for example `30d`.
    pub window: String,
    /// The share that is left, at most 1 and below 0 if it is overspent; none without requests.
    pub left: Option<f64>,
    /// The requests that were judged.
    pub requests: f64,
    /// How far back the requests go, if that is less than the window.
    pub covered: Option<String>,
    /// The query that measured the bad share of the requests.
    pub query: String,
}
