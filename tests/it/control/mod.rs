//! The gate and ownership.

pub(crate) mod gate;
pub(crate) mod gate_approvals;
pub(crate) mod gate_budgets;
pub(crate) mod gate_measured;
pub(crate) mod gate_migrations;
pub(crate) mod gate_races;
pub(crate) mod import_boundaries;
pub(crate) mod owners;
pub(crate) mod owners_costs;
pub(crate) mod owners_scorecard;
pub(crate) mod owners_transfer;
pub(crate) mod ownership_survey;
