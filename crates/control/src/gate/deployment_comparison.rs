//! Compares a candidate with a live deployment: which operations break, and who must approve that.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_compat::{
    ChangeApproval, ChangeLevel, ChangeSubject, CompatFinding, CompatReport, Date,
};
use portcullis_contract::CompiledContract;

use super::blast_radius::{BlastRadius, BrokenOperations};
use super::deployment::RecordedApproval;
use super::gate_reason::{BreakingChange, GateReason, GateRule, ReasonLocation, ReasonWeight};

/// The comparison of the candidate with a live deployment.
#[derive(Debug)]
pub struct DeploymentComparison {
    /// The deployment's number in the registry.
    pub number: u64,
    /// The deployment's version.
    pub version: String,
    /// The changes.
    pub report: CompatReport,
    /// The names of operations, by method and path in the deployed contract.
    pub operations: BTreeMap<String, String>,
}

impl DeploymentComparison {
    /// Joins a report with the operation names of the deployed contract.
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

    /// The breaking changes.
    pub fn breaking(&self) -> impl Iterator<Item = &CompatFinding> {
        self.report
            .findings
            .iter()
            .filter(|finding| finding.level == ChangeLevel::Breaking)
    }

    /// The operation that a change affects; none for the whole contract.
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

    /// The operations that break.
    pub(super) fn broken_operations(&self) -> BrokenOperations {
        let mut broken = BrokenOperations::default();
        for finding in self.breaking() {
            match self.operation(finding) {
                Some(operation) => drop(broken.operations.insert(operation.to_owned())),
                None => broken.whole_contract = true,
            }
        }
        broken
    }

    /// Each breaking change with its approvals, given and missing.
    pub(super) fn approval_statuses(
        &self,
        radius: &BlastRadius,
        provider: &str,
        approvals: &[ChangeApproval],
        today: Date,
    ) -> Vec<ApprovalStatus<'_>> {
        let status = |finding| {
            let fingerprint = CompatFinding::fingerprint(finding);
            let applies = |approval: &&ChangeApproval| {
                approval.fingerprint == fingerprint
                    && approval.expires.is_none_or(|last| last >= today)
            };
            let granted: BTreeSet<RecordedApproval> = approvals
                .iter()
                .filter(applies)
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
                // If it affects no squad that can be asked, the provider must approve.
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
        self.breaking().map(status).collect()
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
    /// The reason that the change is for the gate, with this weight.
    pub(super) fn reason(&self, weight: ReasonWeight) -> GateReason {
        let CompatFinding {
            subject,
            location,
            message,
            rule,
            witness,
            ..
        } = self.finding;
        let location = location.to_string();
        let prefix = if location.is_empty() {
            String::new()
        } else {
            format!("{location}: ")
        };
        let source = self.finding.new.as_ref().or(self.finding.old.as_ref());
        let advice = if self.missing.is_empty() {
            let owners: Vec<&str> = self.given.iter().map(|given| &*given.owner).collect();
            format!("approved by {}", owners.join(", "))
        } else {
            format!("it needs the approval of {}", self.missing.join(", "))
        };
        GateReason {
            place: source.map(|source| ReasonLocation {
                file: source.file.to_string(),
                line: source.line,
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
                format!("{subject}: {prefix}{message}"),
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
