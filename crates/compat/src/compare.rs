//! Compares two contracts and reports the result.

use std::collections::HashSet;

use portcullis_contract::{CompiledContract, ContractIdentity};

use super::broken_part_findings::{RevisionBrokenPart, broken_parts, judge_broken_parts};
use super::change_approval::ApprovalSet;
use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compare_options::CompareOptions;
use super::compat_finding::{ChangeSubject, CompatFinding};
use super::hidden_edits::hidden_edits;
use super::operation_diff::ContractComparison;
use super::schema_findings::judge_schema_sites;
use super::version_advice::{VersionAdvice, advice};

/// The changes between two revisions, most severe first within each operation.
#[derive(Debug)]
pub struct CompatReport {
    /// The older revision.
    pub old: ContractIdentity,
    /// The newer revision.
    pub new: ContractIdentity,
    /// All changes, approved or not.
    pub findings: Vec<CompatFinding>,
    /// The version that the changes require.
    pub semver: VersionAdvice,
    /// The parts of both revisions that could not be compiled.
    pub broken_parts: Vec<RevisionBrokenPart>,
    /// Remarks about the comparison as a whole.
    pub notes: Vec<String>,
    /// The number of sites that have a schema in both contracts.
    pub positions: usize,
}

/// The number of findings of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CompatCounts {
    /// Breaking changes without an approval.
    pub breaking: usize,
    /// Changes that need attention.
    pub warning: usize,
    /// Changes that affect no consumer.
    pub info: usize,
    /// Changes of any level whose effect is unknown.
    pub unknown: usize,
    /// Approved changes; they count in no level.
    pub approved: usize,
}

/// Compares two revisions of a contract, compiled with
/// [`portcullis_contract::CompileOptions::outbound_operations`].
pub fn compare(
    old: &CompiledContract,
    new: &CompiledContract,
    options: CompareOptions,
) -> CompatReport {
    let mut comparison = ContractComparison::new(old, new, options);
    if old.revision != new.revision {
        comparison.document();
        comparison.operations();
    }
    let schema_sites = comparison.schema_sites.len();
    judge_schema_sites(&mut comparison);
    if old.revision != new.revision {
        judge_broken_parts(&mut comparison);
    }
    let mut findings = comparison.findings;
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert((finding.fingerprint(), contract_pointers(finding))));
    let semver = advice(
        &old.version,
        &new.version,
        old.revision == new.revision,
        &findings,
    );
    findings.extend(semver.finding(old, new));
    findings.sort_by(|left, right| {
        let key =
            |finding: &CompatFinding| (finding.subject.clone(), std::cmp::Reverse(finding.level));
        key(left)
            .cmp(&key(right))
            .then_with(|| left.location.cmp(&right.location))
            .then_with(|| left.rule.id.cmp(right.rule.id))
            .then_with(|| (&left.before, &left.after).cmp(&(&right.before, &right.after)))
    });
    CompatReport {
        old: old.identity(),
        new: new.identity(),
        findings,
        semver,
        broken_parts: broken_parts(old, new),
        notes: notes(old, new),
        positions: schema_sites,
    }
}

fn contract_pointers(finding: &CompatFinding) -> (Option<String>, Option<String>) {
    let text = |location: &Option<portcullis_contract::SourceLocation>| {
        location.as_ref().map(|location| location.pointer.clone())
    };
    (text(&finding.old), text(&finding.new))
}

fn notes(old: &CompiledContract, new: &CompiledContract) -> Vec<String> {
    let mut notes = Vec::new();
    if old.title != new.title {
        notes.push(format!(
            "the titles differ ({:?} and {:?}): are these revisions of one service?",
            old.title, new.title
        ));
    }
    if old.revision != new.revision {
        notes.extend(hidden_edits(old, new));
    }
    notes
}

impl CompatReport {
    /// Counts the findings.
    pub fn counts(&self) -> CompatCounts {
        let mut counts = CompatCounts::default();
        for finding in &self.findings {
            counts.unknown += usize::from(matches!(finding.certainty, ChangeCertainty::Unknown(_)));
            match finding.level {
                _ if finding.approval.is_some() => counts.approved += 1,
                ChangeLevel::Breaking => counts.breaking += 1,
                ChangeLevel::Warning => counts.warning += 1,
                ChangeLevel::Info => counts.info += 1,
            }
        }
        counts
    }

    /// The highest level among the findings without an approval.
    pub fn level(&self) -> Option<ChangeLevel> {
        let open = self
            .findings
            .iter()
            .filter(|finding| finding.approval.is_none());
        open.map(|finding| finding.level).max()
    }

    /// Attaches approvals to the findings that they cover.
    pub fn approve(&mut self, approvals: &mut ApprovalSet) {
        for finding in &mut self.findings {
            finding.approval = approvals.of(&finding.fingerprint()).cloned();
        }
    }

    /// The findings grouped by subject, the most severe group first.
    pub fn by_subject(&self) -> Vec<(&ChangeSubject, Vec<&CompatFinding>)> {
        let mut groups: Vec<(&ChangeSubject, Vec<&CompatFinding>)> = Vec::new();
        for finding in &self.findings {
            match groups.last_mut() {
                Some((subject, findings)) if **subject == finding.subject => findings.push(finding),
                _ => groups.push((&finding.subject, vec![finding])),
            }
        }
        let worst = |group: &(&ChangeSubject, Vec<&CompatFinding>)| {
            group.1.iter().map(|finding| finding.level).max()
        };
        groups.sort_by_key(|group| std::cmp::Reverse(worst(group)));
        groups
    }
}
