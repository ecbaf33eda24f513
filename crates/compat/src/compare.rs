//! Compares two contracts and reports the result.

use std::collections::HashMap;

use portcullis_contract::{CompiledContract, ContractIdentity};

use super::approval_set::ApprovalSet;
use super::broken_part_findings::{RevisionBrokenPart, broken_parts, judge_broken_parts};
use super::change_approval::ContractNames;
use super::change_fingerprint::set_fingerprints;
use super::change_level::ChangeLevel;
use super::compare_options::CompareOptions;
use super::compat_finding::CompatFinding;
use super::containment::on_large_stack;
use super::hidden_edits::hidden_edits;
use super::merged_findings::merge;
use super::operation_diff::ContractComparison;
use super::rule_breaks::demonstrate_rule_breaks;
use super::schema_findings::judge_schema_sites;
use super::version_advice::{VersionAdvice, advice};

/// The changes between two revisions, the most severe first.
#[derive(Debug)]
pub struct CompatReport {
    /// The older revision.
    pub old: ContractIdentity,
    /// The newer revision.
    pub new: ContractIdentity,
    /// All changes, approved or not.
    pub findings: Vec<CompatFinding>,
    /// The changes that settings turned off.
    pub disabled: Vec<CompatFinding>,
    /// The version that the changes require.
    pub semver: VersionAdvice,
    /// The parts of both revisions that could not be compiled.
    pub broken_parts: Vec<RevisionBrokenPart>,
    /// Remarks about the comparison as a whole.
    pub notes: Vec<String>,
    /// The number of sites that have a schema in both contracts.
    pub positions: usize,
}

/// The number of findings of each kind. A finding counts once, however many places it reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct CompatCounts {
    /// Breaking changes without an approval.
    pub breaking: usize,
    /// Changes that need attention.
    pub warning: usize,
    /// Changes that affect no consumer.
    pub info: usize,
    /// Changes that would break by their rule, but could not be shown to break or not to break.
    pub unknown: usize,
    /// Approved changes; they count in no level.
    pub approved: usize,
    /// Changes that settings turned off; they count in no level.
    pub disabled: usize,
    /// The places that all changes reach.
    pub places: usize,
}

/// Compares two revisions of a contract, compiled with
/// [`portcullis_contract::CompileOptions::outbound_operations`].
pub fn compare(
    old: &CompiledContract,
    new: &CompiledContract,
    options: &CompareOptions,
) -> CompatReport {
    let levels = &options.levels;
    let mut comparison = ContractComparison::new(old, new, options);
    if old.revision != new.revision {
        match (old.events().is_some(), new.events().is_some()) {
            (true, true) => comparison.events(),
            (false, false) => {
                comparison.document();
                comparison.operations();
            }
            _ => comparison.other_kind(),
        }
    }
    demonstrate_rule_breaks(&mut comparison);
    let schema_sites = comparison.schema_sites.len();
    on_large_stack(|| judge_schema_sites(&mut comparison));
    if old.revision != new.revision {
        judge_broken_parts(&mut comparison);
    }
    let mut findings = merge(comparison.findings);
    if new.events().is_some() {
        keep_worst(&mut findings);
    }
    let mut disabled = levels.apply(&mut findings);
    let semver = advice(
        &old.version,
        &new.version,
        old.revision == new.revision,
        &findings,
    );
    let mut about_version = semver.finding(old, new).into_iter().collect();
    disabled.extend(levels.apply(&mut about_version));
    findings.append(&mut about_version);
    set_fingerprints(&mut findings, old, new);
    findings.sort_by_cached_key(severity);
    CompatReport {
        old: old.identity(),
        new: new.identity(),
        findings,
        disabled,
        semver,
        broken_parts: broken_parts(old, new),
        notes: notes(old, new),
        positions: schema_sites,
    }
}

/// Keeps the most severe finding of each change that was judged in both directions.
fn keep_worst(findings: &mut Vec<CompatFinding>) {
    let key = |finding: &CompatFinding| {
        let (old, new) = (finding.old.clone(), finding.new.clone());
        let texts = (finding.before.clone(), finding.after.clone());
        (finding.rule.id, old, new, texts, finding.first().clone())
    };
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<CompatFinding> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        let next = kept.len();
        match *numbers
            .entry(format!("{:?}", key(&finding)))
            .or_insert(next)
        {
            number if number == next => kept.push(finding),
            number if kept[number].level < finding.level => kept[number] = finding,
            _ => {}
        }
    }
    *findings = kept;
}

/// The order of findings: by level, then by the number of operations that they reach.
fn severity(finding: &CompatFinding) -> impl Ord + use<> {
    (
        std::cmp::Reverse(finding.level),
        std::cmp::Reverse(finding.operations().len()),
        finding.first().clone(),
        finding.rule.id,
        finding.before.clone(),
        finding.after.clone(),
    )
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
        let mut counts = CompatCounts {
            disabled: self.disabled.len(),
            ..CompatCounts::default()
        };
        for finding in &self.findings {
            counts.places += finding.places.len();
            match finding.level {
                _ if finding.approval.is_some() => counts.approved += 1,
                ChangeLevel::Breaking => counts.breaking += 1,
                ChangeLevel::Unknown => counts.unknown += 1,
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

    /// Attaches approvals to the findings that they cover. `names` identifies the contract.
    pub fn approve(&mut self, approvals: &mut ApprovalSet, names: &ContractNames) {
        for finding in &mut self.findings {
            finding.approval = approvals.of(finding.fingerprint(), names).cloned();
        }
    }
}
