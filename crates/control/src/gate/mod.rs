//! The gate: may this revision go out? Pure.
//!
//! What was deployed is a [`DeploymentRegistry`], which is read strictly and changed by `history`; the
//! contracts themselves are kept as [`RegisteredContract`]. A [`GateCase`] holds all that a verdict is made of,
//! and each of the `rules` has its say: what breaks and who approved of it (`breaks`), whom it
//! reaches (`reach`), what was measured. Time is an argument everywhere.

mod moment;
mod deployment;
mod record;
mod history;
mod content;
mod reason;
mod reach;
mod breaks;
mod case;
mod rules;
mod verdict;

pub use breaks::DeploymentComparison;
pub use case::{GateCase, TrafficMeasurement, replaced_deployment, rollback_approvals};
pub use content::{ContractDamage, RegisteredContract};
pub use deployment::{
    Deployment, DeploymentEnd, DeploymentOutcome, RecordedApproval, RecordedOverride,
    RecordedVerdict,
};
pub use history::{CLOCK_SKEW_MAX, RETENTION_DEFAULT, RegistryRefusal};
pub use moment::UtcTimestamp;
pub use reach::{BlastRadius, BrokenOperations, MeasuredUsage, ReachedSquad, SharedFlag};
pub use reason::{BreakingChange, GateReason, GateRule, ReasonLocation, ReasonWeight};
pub use record::{DeploymentRegistry, FORMAT, RECORD_BYTES_MAX, RegistryDamage};
pub use verdict::{GateDecision, GateVerdict};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verdict_tests;
