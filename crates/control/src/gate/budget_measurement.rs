//! A measured error budget.

/// What is left of the error budget of one objective.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetMeasurement {
    /// The objective, for example `availability of createOrder`.
    pub objective: String,
    /// The time over which the budget is spent, for example `30d`.
    pub window: String,
    /// The share that is left, at most 1 and below 0 if it is overspent; none without requests.
    pub left: Option<f64>,
    /// The query that measured the bad share of the requests.
    pub query: String,
}
