//! What a verdict is made of, and the entry of the registry that it leads to.

use std::collections::BTreeMap;

use portcullis_compat::{ChangeApproval, SemanticVersion};
use portcullis_contract::ContractIdentity;
use portcullis_vocabulary::{Catalog, Squad};

use super::blast_radius::MeasuredUsage;
use super::deployment::{Deployment, RecordedVerdict};
use super::deployment_comparison::DeploymentComparison;
use super::deployment_registry::DeploymentRegistry;
use super::gate_verdict::GateVerdict;
use super::utc_timestamp::UtcTimestamp;

/// All that a verdict is made of.
#[derive(Debug)]
pub struct GateCase<'c> {
    /// Who owns what.
    pub catalog: &'c Catalog,
    /// Who deploys.
    pub squad: &'c Squad,
    /// What is deployed.
    pub service: &'c str,
    /// The contract that goes out.
    pub candidate: &'c ContractIdentity,
    /// What was deployed.
    pub record: &'c DeploymentRegistry,
    /// The candidate against each deployment that is live.
    pub comparisons: &'c [DeploymentComparison],
    /// Breaking changes that somebody answers for.
    pub approvals: &'c [ChangeApproval],
    /// What was measured, where that was asked for.
    pub measurement: Option<&'c TrafficMeasurement>,
    /// Until when the deployment that is replaced goes on beside the new one.
    pub keep_until: Option<UtcTimestamp>,
    /// Who overrules what can be overruled, and why.
    pub override_request: Option<(&'c str, &'c str)>,
    /// Now.
    pub now: UtcTimestamp,
}

/// What live traffic shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrafficMeasurement {
    /// How far back it was looked, as it was asked for.
    pub window: String,
    /// Who calls what; none where the service was not seen at all.
    pub usage: Option<MeasuredUsage>,
    /// The share of exchanges that depart from the contract; none where it was not seen.
    pub drift: Option<f64>,
}

/// The deployment whose place a version takes: the live one of the same major version, else the
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
    /// The entry of the registry that the verdict leads to.
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
            replaces: None,
            rollback_of: None,
            released_at: None,
            kept_until: None,
            ended: None,
        }
    }
}

/// The squads that must approve of going back to a deployment, each with the flag that it sees:
/// the flag has another version now than it had then.
pub fn rollback_approvals(
    catalog: &Catalog,
    back: &Deployment,
    service: &str,
) -> Vec<(String, String)> {
    let flags = catalog
        .flags()
        .iter()
        .filter(|flag| flag.service == service && flag.rollback_approval);
    let changed = flags.filter(|flag| back.flags.get(&flag.name) != Some(&flag.version));
    changed
        .filter_map(|flag| Some((flag.target.as_ref()?.to_string(), flag.name.clone())))
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
