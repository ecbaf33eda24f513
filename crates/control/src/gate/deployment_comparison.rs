//! Compares a candidate with a live deployment: which operations break, and who must approve that.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_compat::{
    ChangeApproval, ChangeCertainty, ChangeLevel, ChangeSubject, CompatFinding, CompatReport,
    VersionAdvice,
};
use portcullis_contract::CompiledContract;

use super::approval_rules::ApprovalRules;
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

/// The names of operations by method and path.
fn operation_names(contract: &CompiledContract) -> impl Iterator<Item = (String, String)> {
    contract.operations.iter().map(|operation| {
        let subject = format!("{} {}", operation.method, operation.path);
        (subject, operation.name.to_string())
    })
}

impl DeploymentComparison {
    /// Joins a report with the operation names of the deployed contract.
    pub fn new(number: u64, deployed: &CompiledContract, report: CompatReport) -> Self {
        Self {
            number,
            version: deployed.version.to_string(),
            report,
            operations: operation_names(deployed).collect(),
        }
    }

    /// Adds the changes of another contract of the deployment, or those since an older revision.
    pub fn add(&mut self, deployed: &CompiledContract, report: CompatReport) {
        let CompatReport {
            old,
            new,
            findings,
            disabled,
            semver,
            broken_parts,
            notes,
            ..
        } = report;
        let Self {
            operations,
            report: known,
            ..
        } = self;
        operations.extend(operation_names(deployed));
        // Each contract must raise its own version; the one that is raised too little is reported.
        let lack = |advice: &VersionAdvice| (advice.is_sufficient == Some(false), advice.required);
        if lack(&semver) > lack(&known.semver) {
            (known.old, known.new, known.semver) = (old, new, semver);
        }
        for finding in findings {
            let fingerprint = finding.fingerprint();
            if known
                .findings
                .iter()
                .all(|one| one.fingerprint() != fingerprint)
            {
                known.findings.push(finding);
            }
        }
        known.disabled.extend(disabled);
        known.broken_parts.extend(broken_parts);
        known.notes.extend(notes);
    }

    /// The changes that need an approval: those that break a consumer, and those that could not be
    /// shown to be harmless.
    pub fn changes_to_approve(&self) -> impl Iterator<Item = &CompatFinding> {
        self.report
            .findings
            .iter()
            .filter(|finding| finding.level >= ChangeLevel::Unknown)
    }

    /// The changes that need no approval only because a setting lowers the level of their rule.
    pub(super) fn lowered_changes(&self) -> impl Iterator<Item = &CompatFinding> {
        let CompatReport {
            findings, disabled, ..
        } = &self.report;
        let is_severe = |level| level >= ChangeLevel::Unknown;
        let lowered = findings.iter().filter(move |finding| {
            finding.replaced_level.is_some_and(is_severe) && !is_severe(finding.level)
        });
        let off = disabled
            .iter()
            .filter(move |finding| is_severe(finding.level));
        lowered.chain(off)
    }

    /// The name of an operation; none for the whole contract.
    fn operation(&self, subject: &ChangeSubject) -> Option<&str> {
        match subject {
            ChangeSubject::Operation { .. } => self
                .operations
                .get(&subject.to_string())
                .map(String::as_str),
            ChangeSubject::Contract
            | ChangeSubject::Webhook { .. }
            | ChangeSubject::Event { .. }
            | ChangeSubject::Callback { .. } => None,
        }
    }

    /// The operations that break or may break.
    pub(super) fn broken_operations(&self) -> BrokenOperations {
        let mut broken = BrokenOperations::default();
        for finding in self.changes_to_approve() {
            for subject in finding.operations() {
                match self.operation(subject) {
                    Some(operation) => drop(broken.operations.insert(operation.to_owned())),
                    None => broken.whole_contract = true,
                }
            }
        }
        broken
    }

    /// The squads that must approve a change: those that call one of its operations and can be
    /// asked, else the provider.
    fn approvers<'r>(
        &self,
        finding: &CompatFinding,
        radius: &'r BlastRadius,
        provider: &'r str,
    ) -> BTreeSet<&'r str> {
        let subjects = finding.operations().into_iter();
        let mut needed: BTreeSet<&str> = subjects
            .flat_map(|subject| match subject {
                ChangeSubject::Event { channel, .. } => radius.affected_readers(channel),
                _ => radius.affected_squads(self.operation(subject)),
            })
            .collect();
        needed.retain(|squad| {
            radius
                .squads
                .iter()
                .any(|reached| reached.squad == *squad && reached.is_known())
        });
        if needed.is_empty() {
            needed.insert(provider);
        }
        needed
    }

    /// Each change that needs an approval, with its approvals, given and missing.
    pub(super) fn approval_statuses(
        &self,
        radius: &BlastRadius,
        rules: &ApprovalRules<'_>,
    ) -> Vec<ApprovalStatus<'_>> {
        let status = |finding| {
            let fingerprint = CompatFinding::fingerprint(finding);
            let applies = |approval: &&ChangeApproval| {
                approval.fingerprint == fingerprint
                    && approval.expires.is_none_or(|last| last >= rules.today)
            };
            let granted: BTreeSet<RecordedApproval> = rules
                .approvals
                .iter()
                .filter(applies)
                .map(RecordedApproval::from)
                .collect();
            let needed = self.approvers(finding, radius, rules.provider);
            let has_given = |squad: &str| granted.iter().any(|approved| approved.owner == squad);
            let missing = needed.into_iter().filter(|squad| {
                !has_given(squad) && !rules.substitute(squad).is_some_and(has_given)
            });
            let missing = missing.map(|squad| RequiredApproval {
                squad: squad.to_owned(),
                substitute: rules.substitute(squad).map(str::to_owned),
            });
            ApprovalStatus {
                finding,
                missing: missing.collect(),
                given: granted,
            }
        };
        self.changes_to_approve().map(status).collect()
    }
}

/// A change that needs an approval, with its approvals.
#[derive(Debug)]
pub(super) struct ApprovalStatus<'c> {
    finding: &'c CompatFinding,
    pub(super) given: BTreeSet<RecordedApproval>,
    pub(super) missing: Vec<RequiredApproval>,
}

/// A squad whose approval is missing.
#[derive(Debug)]
pub(super) struct RequiredApproval {
    squad: String,
    /// The squad that can approve for it, while a service moves between them.
    substitute: Option<String>,
}

impl ApprovalStatus<'_> {
    /// The reason that the change is for the gate, with this weight.
    pub(super) fn reason(&self, weight: ReasonWeight) -> GateReason {
        let finding = self.finding;
        let source = finding.new.as_ref().or(finding.old.as_ref());
        let witness = finding.witness.as_ref();
        let operations = finding.operations().into_iter();
        GateReason {
            place: source.map(|source| ReasonLocation {
                file: source.file.to_string(),
                line: source.line,
            }),
            change: Some(BreakingChange {
                fingerprint: finding.fingerprint().to_owned(),
                rule: finding.rule.id,
                level: finding.level.as_str(),
                subject: finding.first().subject.to_string(),
                operations: operations.map(ToString::to_string).collect(),
                witness: witness.map(|witness| witness.payload()),
                curl: witness.and_then(|witness| witness.curl()),
                approvals_missing: self.missing.iter().map(|one| one.squad.clone()).collect(),
            }),
            ..GateReason::new(self.rule(), weight, self.message()).with_advice(self.advice())
        }
    }

    const fn rule(&self) -> GateRule {
        match self.finding.level {
            ChangeLevel::Unknown => GateRule::UnknownChange,
            ChangeLevel::Breaking | ChangeLevel::Warning | ChangeLevel::Info => {
                GateRule::BreakingChange
            }
        }
    }

    /// The change with its first place, and the number of the other operations.
    fn message(&self) -> String {
        let place = self.finding.first();
        let location = place.location.to_string();
        let mut message = place.subject.to_string();
        match self.finding.operations().len().saturating_sub(1) {
            0 => {}
            1 => message.push_str(" and 1 other operation"),
            more => message.push_str(&format!(" and {more} other operations")),
        }
        if !location.is_empty() {
            message.push_str(&format!(": {location}"));
        }
        message.push_str(&format!(": {}", self.finding.message));
        if let ChangeCertainty::Unknown(reason) = &self.finding.certainty {
            message.push_str(&format!(
                "; whether this breaks a client is unknown: {reason}"
            ));
        }
        message
    }

    fn advice(&self) -> String {
        if self.missing.is_empty() {
            let owners: Vec<&str> = self.given.iter().map(|given| &*given.owner).collect();
            format!("approved by {}", owners.join(", "))
        } else {
            let missing = self.missing.iter().map(RequiredApproval::text);
            let missing: Vec<String> = missing.collect();
            format!("it needs the approval of {}", missing.join(", "))
        }
    }
}

impl RequiredApproval {
    fn text(&self) -> String {
        match &self.substitute {
            Some(substitute) => format!("{} or {substitute}", self.squad),
            None => self.squad.clone(),
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
