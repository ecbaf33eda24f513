//! What a comparison comes to.

use std::collections::HashSet;

use portcullis_contract::{CompiledContract, Identity};

use super::approval::Approvals;
use super::finding::{Finding, Subject};
use super::judgement::judge;
use super::level::{Certainty, Level};
use super::options::Options;
use super::semver::{Advice, advice};
use super::structure::Comparing;

/// The changes between two revisions, most severe first within each operation.
#[derive(Debug)]
pub struct Report {
    /// The older revision.
    pub old: Identity,
    /// The newer revision.
    pub new: Identity,
    /// The changes that nobody approved of, and those that somebody did.
    pub findings: Vec<Finding>,
    /// What the version must be.
    pub semver: Advice,
    /// What is odd about the comparison as a whole.
    pub notes: Vec<String>,
    /// How many places have a schema in both contracts.
    pub positions: usize,
}

/// How much there is of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Changes that break somebody, and nobody approved of.
    pub breaking: usize,
    /// Changes to look at.
    pub warning: usize,
    /// Changes that harm nobody.
    pub info: usize,
    /// Those of all levels whose effect could not be told.
    pub unknown: usize,
    /// Changes that somebody approved of; they count in no level.
    pub approved: usize,
}

/// Compares two revisions of a contract, compiled with
/// [`portcullis_contract::CompileOptions::channels`].
pub fn compare(old: &CompiledContract, new: &CompiledContract, options: Options) -> Report {
    let mut comparing = Comparing::new(old, new, options);
    if old.revision != new.revision {
        comparing.document();
        comparing.operations();
    }
    let positions = comparing.positions.len();
    judge(&mut comparing);
    let mut findings = comparing.findings;
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert((finding.fingerprint(), spots(finding))));
    let semver = advice(
        &old.version,
        &new.version,
        old.revision == new.revision,
        &findings,
    );
    findings.extend(semver.finding(old, new));
    findings.sort_by(|left, right| {
        let key = |finding: &Finding| (finding.subject.clone(), std::cmp::Reverse(finding.level));
        key(left)
            .cmp(&key(right))
            .then_with(|| left.site.cmp(&right.site))
            .then_with(|| left.rule.id.cmp(right.rule.id))
            .then_with(|| (&left.before, &left.after).cmp(&(&right.before, &right.after)))
    });
    Report {
        old: old.identity(),
        new: new.identity(),
        findings,
        semver,
        notes: notes(old, new),
        positions,
    }
}

fn spots(finding: &Finding) -> (Option<String>, Option<String>) {
    let text =
        |spot: &Option<portcullis_contract::Spot>| spot.as_ref().map(|spot| spot.pointer.clone());
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
    notes
}

impl Report {
    /// How much there is of everything.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for finding in &self.findings {
            counts.unknown += usize::from(matches!(finding.certainty, Certainty::Unknown(_)));
            match finding.level {
                _ if finding.approval.is_some() => counts.approved += 1,
                Level::Breaking => counts.breaking += 1,
                Level::Warning => counts.warning += 1,
                Level::Info => counts.info += 1,
            }
        }
        counts
    }

    /// The greatest level that nobody approved of.
    pub fn level(&self) -> Option<Level> {
        let open = self
            .findings
            .iter()
            .filter(|finding| finding.approval.is_none());
        open.map(|finding| finding.level).max()
    }

    /// Marks what was approved of.
    pub fn approve(&mut self, approvals: &mut Approvals) {
        for finding in &mut self.findings {
            finding.approval = approvals.of(&finding.fingerprint()).cloned();
        }
    }

    /// The findings by what they are about, those with the most severe first.
    pub fn by_subject(&self) -> Vec<(&Subject, Vec<&Finding>)> {
        let mut groups: Vec<(&Subject, Vec<&Finding>)> = Vec::new();
        for finding in &self.findings {
            match groups.last_mut() {
                Some((subject, findings)) if **subject == finding.subject => findings.push(finding),
                _ => groups.push((&finding.subject, vec![finding])),
            }
        }
        let worst =
            |group: &(&Subject, Vec<&Finding>)| group.1.iter().map(|finding| finding.level).max();
        groups.sort_by_key(|group| std::cmp::Reverse(worst(group)));
        groups
    }
}
