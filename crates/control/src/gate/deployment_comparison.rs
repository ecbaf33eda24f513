//! Breaking changes: which operations they break, and who has to approve of them.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_compat::{
    ChangeApproval, ChangeLevel, ChangeSubject, CompatFinding, CompatReport, Date,
};
use portcullis_contract::CompiledContract;

use super::blast_radius::{BlastRadius, BrokenOperations};
use super::deployment::RecordedApproval;
use super::gate_reason::{BreakingChange, GateReason, GateRule, ReasonLocation, ReasonWeight};

/// What is compared with the candidate: a deployment that is live.
#[derive(Debug)]
pub struct DeploymentComparison {
    /// Its number in the registry.
    pub number: u64,
    /// Its version.
    pub version: String,
    /// What the candidate changes.
    pub report: CompatReport,
    /// The names of operations, by method and path of the deployed contract.
    pub operations: BTreeMap<String, String>,
}

impl DeploymentComparison {
    /// Notes the names of the deployed contract's operations beside a comparison with it.
    pub fn new(number: u64, deployed: &CompiledContract, report: CompatReport) -> Self {
        let operations = deployed.operations.iter().map(|operation| {
            let subject = format!("{} {}", operation.method, operation.path);
            (subject, operation.name.to_string())
        });
        Self {
            number,
            version: deployed.version.to_string(),
            report,
            operations: operations.collect(),
        }
    }

    /// The changes that break somebody.
    pub fn breaking(&self) -> impl Iterator<Item = &CompatFinding> {
        self.report
            .findings
            .iter()
            .filter(|finding| finding.level == ChangeLevel::Breaking)
    }

    /// The operation that a change is about; none for the whole contract.
    fn operation(&self, finding: &CompatFinding) -> Option<&str> {
        match &finding.subject {
            subject @ ChangeSubject::Operation { .. } => self
                .operations
                .get(&subject.to_string())
                .map(String::as_str),
            ChangeSubject::Contract
            | ChangeSubject::Webhook { .. }
            | ChangeSubject::Callback { .. } => None,
        }
    }

    /// All that breaks.
    pub fn broken_operations(&self) -> BrokenOperations {
        let mut broken = BrokenOperations::default();
        for finding in self.breaking() {
            match self.operation(finding) {
                Some(operation) => drop(broken.operations.insert(operation.to_owned())),
                None => broken.whole_contract = true,
            }
        }
        broken
    }

    /// Each breaking change with who answers for it, and who has not and must.
    pub(super) fn approval_statuses(
        &self,
        radius: &BlastRadius,
        provider: &str,
        approvals: &[ChangeApproval],
        today: Date,
    ) -> Vec<ApprovalStatus<'_>> {
        let weigh = |finding| {
            let fingerprint = CompatFinding::fingerprint(finding);
            let holds = |approval: &&ChangeApproval| {
                approval.fingerprint == fingerprint
                    && approval.expires.is_none_or(|last| last >= today)
            };
            let granted: BTreeSet<RecordedApproval> = approvals
                .iter()
                .filter(holds)
                .map(RecordedApproval::from)
                .collect();
            let mut needed: BTreeSet<&str> = radius.affected_squads(self.operation(finding));
            needed.retain(|squad| {
                radius
                    .squads
                    .iter()
                    .any(|reached| reached.squad == *squad && reached.is_known())
            });
            if needed.is_empty() {
                // Where it hits nobody who could be asked, the provider answers for it.
                needed.insert(provider);
            }
            let has_approved =
                |squad: &&&str| granted.iter().any(|approved| approved.owner == **squad);
            let missing = needed
                .iter()
                .filter(|squad| !has_approved(squad))
                .map(|squad| (*squad).to_owned())
                .collect();
            ApprovalStatus {
                finding,
                given: granted.clone(),
                missing,
            }
        };
        self.breaking().map(weigh).collect()
    }
}

/// A breaking change with its approvals.
#[derive(Debug)]
pub(super) struct ApprovalStatus<'c> {
    finding: &'c CompatFinding,
    pub(super) given: BTreeSet<RecordedApproval>,
    pub(super) missing: Vec<String>,
}

impl ApprovalStatus<'_> {
    /// The reason that it is, by what it means.
    pub(super) fn reason(&self, weight: ReasonWeight) -> GateReason {
        let CompatFinding {
            subject,
            location: site,
            message,
            rule,
            witness,
            ..
        } = self.finding;
        let site = site.to_string();
        let place = if site.is_empty() {
            String::new()
        } else {
            format!("{site}: ")
        };
        let spot = self.finding.new.as_ref().or(self.finding.old.as_ref());
        let advice = match self.missing.is_empty() {
            true => format!(
                "approved by {}",
                self.given
                    .iter()
                    .map(|given| &*given.owner)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            false => format!("it needs the approval of {}", self.missing.join(", ")),
        };
        GateReason {
            place: spot.map(|spot| ReasonLocation {
                file: spot.file.to_string(),
                line: spot.line,
            }),
            change: Some(BreakingChange {
                fingerprint: self.finding.fingerprint(),
                rule: rule.id,
                subject: subject.to_string(),
                witness: witness.as_ref().map(|witness| witness.payload()),
                curl: witness.as_ref().and_then(|witness| witness.curl()),
                approvals_missing: self.missing.clone(),
            }),
            ..GateReason::new(
                GateRule::BreakingChange,
                weight,
                format!("{subject}: {place}{message}"),
            )
            .with_advice(advice)
        }
    }
}

impl From<&ChangeApproval> for RecordedApproval {
    fn from(approval: &ChangeApproval) -> Self {
        Self {
            fingerprint: approval.fingerprint.clone(),
            owner: approval.owner.clone(),
            reason: approval.reason.clone(),
        }
    }
}
