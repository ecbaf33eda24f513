//! The case of a candidate: everything that the verdict follows from, and the registry entry.

use std::collections::BTreeMap;

use portcullis_compat::{ChangeApproval, SemanticVersion};
use portcullis_contract::ContractIdentity;
use portcullis_vocabulary::{Catalog, Squad};

use super::blast_radius::MeasuredUsage;
use super::budget_measurement::{BudgetMeasurement, JudgedObjectives};
use super::deployment::{Deployment, FurtherContract, RecordedVerdict};
use super::deployment_comparison::DeploymentComparison;
use super::deployment_registry::DeploymentRegistry;
use super::gate_verdict::GateVerdict;
use super::migration_case::MigrationCase;
use super::utc_timestamp::UtcTimestamp;
use super::vendor_use::VendorUse;

/// Everything that a verdict follows from.
#[derive(Debug)]
pub struct GateCase<'c> {
    /// The squads and what they own.
    pub catalog: &'c Catalog,
    /// The squad that deploys.
    pub squad: &'c Squad,
    /// The service that is deployed.
    pub service: &'c str,
    /// How our squads use the service, if it is a vendor.
    pub vendor: Option<&'c VendorUse>,
    /// The contract to deploy.
    pub candidate: &'c ContractIdentity,
    /// The other contracts to deploy with it.
    pub further: &'c [FurtherContract],
    /// The earlier deployments.
    pub record: &'c DeploymentRegistry,
    /// The comparisons of the candidate with each live deployment.
    pub comparisons: &'c [DeploymentComparison],
    /// The approvals of breaking changes that are for this contract.
    pub approvals: &'c [ChangeApproval],
    /// The measured traffic, if a measurement was requested.
    pub measurement: Option<&'c TrafficMeasurement>,
    /// What the provider promises.
    pub objectives: &'c JudgedObjectives,
    /// Until when the replaced deployment stays deployed next to the new one.
    pub keep_until: Option<UtcTimestamp>,
    /// What the migrations of the deployment do, if there are any.
    pub migration: Option<&'c MigrationCase>,
    /// The request to override blocking rules.
    pub override_request: Option<GateOverride<'c>>,
    /// The current time.
    pub now: UtcTimestamp,
}

/// A request to override the blocking rules that can be overridden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateOverride<'c> {
    /// Who takes responsibility.
    pub name: &'c str,
    /// Why.
    pub reason: &'c str,
}

/// The squad that must approve a rollback, because a flag that it sees has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackApproval {
    /// The squad.
    pub squad: String,
    /// The flag.
    pub flag: String,
}

/// Measured live traffic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficMeasurement {
    /// The window of the measurement, as it was requested.
    pub window: String,
    /// The calls of each squad; none if the service was not seen at all.
    pub usage: Option<MeasuredUsage>,
    /// The share of exchanges that violate the contract; none if the service was not seen.
    pub drift: Option<f64>,
    /// The error budgets of the service, one for each objective.
    pub budgets: Vec<BudgetMeasurement>,
}

/// The deployment that a version replaces: the live one with the same major version, else the
/// current one.
pub fn replaced_deployment<'r>(
    record: &'r DeploymentRegistry,
    version: &str,
    now: UtcTimestamp,
) -> Option<&'r Deployment> {
    let is_same = |live: &&Deployment| are_compatible(&live.version, version);
    record.live(now).find(is_same).or_else(|| record.current())
}

/// Whether no version between the two announces breaking changes (semver.org 2.0.0, items 4 and 8).
/// Other texts must be equal.
fn are_compatible(one: &str, other: &str) -> bool {
    let range = |version: &str| {
        // A date such as 2026-05-01 is not a short version.
        let parsed = if version.contains('-') {
            SemanticVersion::parse(version)
        } else {
            SemanticVersion::parse_short(version)
        };
        Some(parsed?.compatibility_range())
    };
    match (range(one), range(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

impl GateCase<'_> {
    /// The registry entry of the deployment, if the verdict allows it.
    pub fn deployment(&self, verdict: &GateVerdict, by: &str) -> Deployment {
        let flags = self
            .catalog
            .flags()
            .iter()
            .filter(|flag| flag.service == self.service);
        Deployment {
            number: 0,
            revision: self.candidate.revision.to_string(),
            version: self.candidate.version.to_string(),
            further: self.further.to_vec(),
            deployed_at: self.now,
            by: by.to_owned(),
            verdict: RecordedVerdict {
                recommended_action: verdict.recommended_action.to_owned(),
                risk_score: verdict.risk_score,
                drift_score: verdict.drift_score,
                squads: verdict
                    .blast_radius
                    .squads
                    .iter()
                    .map(|reached| reached.squad.clone())
                    .collect(),
                reasons: verdict
                    .reasons
                    .iter()
                    .map(|reason| reason.rule.as_str().to_owned())
                    .collect(),
            },
            approvals: verdict.approvals.clone(),
            overridden: verdict.overridden.clone(),
            flags: flags
                .map(|flag| (flag.name.clone(), flag.version))
                .collect::<BTreeMap<_, _>>(),
            tables: self
                .migration
                .iter()
                .flat_map(|migration| &migration.tables)
                .map(ToString::to_string)
                .collect(),
            replaces: None,
            rollback_of: None,
            released_at: None,
            kept_until: None,
            ended: None,
        }
    }
}

/// The squads that must approve a rollback to a deployment: those that see a flag whose version
/// has changed since.
pub fn rollback_approvals(
    catalog: &Catalog,
    back: &Deployment,
    service: &str,
) -> Vec<RollbackApproval> {
    let flags = catalog
        .flags()
        .iter()
        .filter(|flag| flag.service == service && flag.rollback_approval);
    let changed = flags.filter(|flag| back.flags.get(&flag.name) != Some(&flag.version));
    changed
        .filter_map(|flag| {
            Some(RollbackApproval {
                squad: flag.target.as_ref()?.to_string(),
                flag: flag.name.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_versions_replace_each_other() {
        for (one, other, expected) in [
            ("1.2.3", "1.9.0-rc.1", true),
            ("1.2.3", "2.0.0", false),
            ("0.4.0", "0.4.9", true),
            ("0.4.0", "0.5.0", false),
            ("v1", "1.2", true),
            ("2026-05-01", "2026-06-01", false),
            ("2026-05-01", "2026-05-01", true),
        ] {
            assert_eq!(are_compatible(one, other), expected, "{one} {other}");
        }
    }
}
