//! The gate: may this revision go out? Pure.
//!
//! What was deployed is a [`DeploymentRegistry`], which is read strictly and changed by `history`; the
//! contracts themselves are kept as [`RegisteredContract`]. A [`GateCase`] holds all that a verdict is made of,
//! and each of the `rules` has its say: what breaks and who approved of it (`breaks`), whom it
//! reaches (`reach`), what was measured. Time is an argument everywhere.

mod utc_timestamp;
mod deployment;
mod deployment_registry;
mod registry_history;
mod registered_contract;
mod gate_reason;
mod blast_radius;
mod deployment_comparison;
mod gate_case;
mod gate_rules;
mod gate_verdict;

pub use blast_radius::{BlastRadius, BrokenOperations, MeasuredUsage, ReachedSquad, SharedFlag};
pub use deployment::{
    Deployment, DeploymentEnd, DeploymentOutcome, RecordedApproval, RecordedOverride,
    RecordedVerdict,
};
pub use deployment_comparison::DeploymentComparison;
pub use deployment_registry::{DeploymentRegistry, FORMAT, RECORD_BYTES_MAX, RegistryDamage};
pub use gate_case::{GateCase, TrafficMeasurement, replaced_deployment, rollback_approvals};
pub use gate_reason::{BreakingChange, GateReason, GateRule, ReasonLocation, ReasonWeight};
pub use gate_verdict::{GateDecision, GateVerdict};
pub use registered_contract::{ContractDamage, RegisteredContract};
pub use registry_history::{CLOCK_SKEW_MAX, RETENTION_DEFAULT, RegistryRefusal};
pub use utc_timestamp::UtcTimestamp;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod gate_verdict_tests;
