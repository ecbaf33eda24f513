//! The gate: may this revision be deployed?
//!
//! A [`GateCase`] holds everything that the verdict follows from: the catalog, the candidate, the
//! [`DeploymentRegistry`], a [`DeploymentComparison`] with each live deployment, approvals and
//! measured traffic. Each of the `gate_rules` gives a [`GateReason`] if it applies, and
//! `judge_case` joins them to a [`GateVerdict`].
//!
//! `deployment_registry` reads the registry strictly, and `registry_history` has all its changes.
//! The contracts are kept as [`RegisteredContract`]s.
//!
//! Everything is pure: files, measurements and time are arguments.

mod utc_timestamp;
mod deployment;
mod deployment_registry;
mod registry_history;
mod registered_contract;
mod judged_table;
mod table_lease;
mod vendor_use;
mod blast_radius;
mod migration_case;
mod gate_reason;
mod approval_rules;
mod deployment_comparison;
mod gate_case;
mod ownership_rules;
mod gate_rules;
mod budget_measurement;
mod budget_rule;
mod migration_rules;
mod gate_verdict;
mod judge_case;

pub use blast_radius::{BlastRadius, BrokenOperations, MeasuredUsage, ReachedSquad, SharedFlag};
pub use budget_measurement::{BudgetMeasurement, JudgedObjectives};
pub use deployment::{
    Deployment, DeploymentEnd, DeploymentOutcome, FurtherContract, RecordedApproval,
    RecordedOverride, RecordedVerdict,
};
pub use deployment_comparison::DeploymentComparison;
pub use deployment_registry::{DeploymentRegistry, RECORD_BYTES_MAX, RegistryDamage};
pub use gate_case::{
    GateCase, GateOverride, RollbackApproval, TrafficMeasurement, replaced_deployment,
    rollback_approvals,
};
pub use gate_reason::{BreakingChange, GateReason, GateRule, ReasonLocation, ReasonWeight};
pub use gate_verdict::{GateDecision, GateVerdict};
pub use judged_table::JudgedTable;
pub use migration_case::{MigrationCase, touched_tables};
pub use migration_rules::lease_reason;
pub use registered_contract::{ContractDamage, RegisteredContract};
pub use registry_history::RegistryRefusal;
pub use table_lease::{LeaseDamage, TableLease, TableLeases};
pub use utc_timestamp::UtcTimestamp;
pub use vendor_use::VendorUse;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod gate_verdict_tests;
