//! The comparison as a [`Report`]: a section for each contract, one for the approvals and one for
//! unreadable files.

use serde_json::{Map, Value, json};

use portcullis_compat::{ChangeCertainty, ChangeLevel, CompatCounts, CompatFinding};
use portcullis_contract::{ContractIdentity, SourceLocation};

use super::diff_json::{print_comparison, verdict};
use super::diff_places::{place_text, reach_text};
use super::diff_result::{ComparedContract, DiffResult, SquadTotals, broken_part_note};
use super::diff_sentences::sentences;
use super::diff_text::{self, setting_text};
use crate::cli::output::{ReportWriter, counted};
use crate::cli::report::{
    CommandReport, FindingLevel, FindingLocation, Report, ReportFinding, ReportSection,
    ReportTable, TestCase,
};

/// The name of the test case for a contract as a whole.
const WHOLE_CONTRACT: &str = "the contract";

impl CommandReport for DiffResult {
    fn print_text(&self, out: &mut ReportWriter) {
        diff_text::print(self, out);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_comparison(self, out);
    }

    fn report(&self) -> Report {
        let counts = self.counts();
        let removed = self.removed.iter().map(|(path, identity)| {
            let message = format!("contract {} ({path}) removed", identity.title);
            let level = FindingLevel::Error;
            lone_contract(
                path,
                identity,
                change("contract.removed", level, message, path),
            )
        });
        let added = self.added.iter().map(|(path, identity)| {
            let message = format!("contract {} ({path}) added", identity.title);
            let level = FindingLevel::Info;
            lone_contract(
                path,
                identity,
                change("contract.added", level, message, path),
            )
        });
        let contracts = self.contracts.iter().map(compared_section);
        Report {
            command: "diff",
            title: format!("Contract changes: {}", verdict(self)),
            summary: summary(&counts),
            tables: squad_table(self).into_iter().collect(),
            sections: contracts
                .chain(removed)
                .chain(added)
                .chain(approvals_section(self))
                .chain(unreadable_section(self))
                .collect(),
            remarks: self.notes.clone(),
        }
    }
}

fn summary(counts: &CompatCounts) -> String {
    let CompatCounts {
        breaking,
        unknown,
        warning,
        info,
        approved,
        disabled,
        ..
    } = counts;
    let mut text = format!(
        "{breaking} breaking, {unknown} unknown, {}, {}, {approved} approved",
        counted(*warning as u64, "warning"),
        counted(*info as u64, "info")
    );
    if *disabled > 0 {
        text.push_str(&format!(", {disabled} turned off"));
    }
    text
}

fn change(rule: &'static str, level: FindingLevel, message: String, path: &str) -> ReportFinding {
    let mut finding = ReportFinding::new(rule, level, message, TestCase::new(path, WHOLE_CONTRACT));
    finding.label = match level {
        FindingLevel::Error => "breaking",
        other => other.as_str(),
    };
    finding
}

fn squad_table(comparison: &DiffResult) -> Option<ReportTable> {
    let squads = comparison.by_squad().into_iter();
    let rows: Vec<Vec<String>> = squads
        .map(|(squad, totals)| {
            let SquadTotals {
                breaking,
                unknown,
                warning,
                info,
            } = totals;
            let counts = [breaking, unknown, warning, info].map(|count| count.to_string());
            [squad].into_iter().chain(counts).collect()
        })
        .collect();
    (!rows.is_empty()).then(|| ReportTable {
        head: vec!["squad", "breaking", "unknown", "warning", "info"],
        rows,
    })
}

/// The section of a contract that exists on one side only.
fn lone_contract(path: &str, identity: &ContractIdentity, finding: ReportFinding) -> ReportSection {
    ReportSection {
        sentences: Vec::new(),
        name: path.to_owned(),
        path: path.to_owned(),
        heading: Some(format!(
            "{} {} (`{path}`)",
            identity.title, identity.version
        )),
        notes: Vec::new(),
        seconds: None,
        passed: TestCase::new(path, WHOLE_CONTRACT),
        findings: vec![finding],
    }
}

fn compared_section(compared: &ComparedContract) -> ReportSection {
    let report = &compared.report;
    let broken = report.broken_parts.iter().map(broken_part_note);
    let mut notes: Vec<String> = broken.chain(report.notes.iter().cloned()).collect();
    if report.semver.is_sufficient == Some(false) {
        let suggested = report.semver.suggested.as_deref().unwrap_or_default();
        let required = report.semver.required;
        notes.push(format!(
            "A {required} change: the version should be at least {suggested}."
        ));
    }
    let path = &compared.path;
    let findings = report.findings.iter();
    ReportSection {
        sentences: sentences(&report.findings),
        name: path.clone(),
        path: path.clone(),
        heading: Some(format!(
            "{} {} → {} (`{path}`)",
            report.new.title, report.old.version, report.new.version
        )),
        notes,
        seconds: None,
        passed: TestCase::new(path, WHOLE_CONTRACT),
        findings: findings.map(|found| finding(path, found)).collect(),
    }
}

fn approvals_section(comparison: &DiffResult) -> Option<ReportSection> {
    let entry = |rule: &'static str, label: &'static str, text: &String| {
        let case = TestCase::new("approvals", text);
        let message = format!("{label}: {text}");
        let mut finding = ReportFinding::new(rule, FindingLevel::Warning, message, case);
        finding.title = Some("approval".to_owned());
        finding.label = label;
        finding
    };
    let expired = comparison.expired.iter();
    let expired = expired.map(|text| entry("approval.expired", "expired", text));
    let stale = comparison.stale.iter();
    let stale = stale.map(|text| entry("approval.stale", "stale", text));
    let ambiguous = comparison.ambiguous.iter();
    let ambiguous = ambiguous.map(|text| entry("approval.ambiguous", "ambiguous", text));
    let findings: Vec<ReportFinding> = expired.chain(stale).chain(ambiguous).collect();
    (!findings.is_empty()).then(|| ReportSection {
        sentences: Vec::new(),
        name: "approvals".to_owned(),
        path: comparison.approvals_path.clone().unwrap_or_default(),
        heading: Some("Approvals".to_owned()),
        notes: Vec::new(),
        seconds: None,
        passed: TestCase::new("approvals", "approvals"),
        findings,
    })
}

/// The section of the files that could not be read or compiled.
fn unreadable_section(comparison: &DiffResult) -> Option<ReportSection> {
    let name = "unreadable contracts";
    let finding = |message: &String| {
        let case = TestCase::new(name, message);
        ReportFinding::new("unreadable-file", FindingLevel::Error, message, case)
    };
    let findings: Vec<ReportFinding> = comparison.unreadable.iter().map(finding).collect();
    (!findings.is_empty()).then(|| ReportSection {
        sentences: Vec::new(),
        name: name.to_owned(),
        path: String::new(),
        heading: Some("Unreadable contracts".to_owned()),
        notes: Vec::new(),
        seconds: None,
        passed: TestCase::new(name, name),
        findings,
    })
}

fn finding(path: &str, found: &CompatFinding) -> ReportFinding {
    let level = match found.level {
        ChangeLevel::Breaking | ChangeLevel::Unknown => FindingLevel::Error,
        ChangeLevel::Warning => FindingLevel::Warning,
        ChangeLevel::Info => FindingLevel::Info,
    };
    let place = found.first();
    let message = format!("{}: {}", place_text(found), found.message);
    let case = TestCase::new(path, place.subject.to_string());
    let mut finding = ReportFinding::new(found.rule.id, level, message, case);
    finding.rule_title = Some(found.rule.title);
    finding.label = found.level.as_str();
    finding.example = found.witness.as_ref().map(|witness| witness.payload());
    finding.details = details(found);
    let (old, new) = (found.old.as_ref(), found.new.as_ref());
    finding.location = new.or(old).map(source_location);
    finding.related_location = new.and(old).map(source_location);
    finding.fingerprint = Some(found.fingerprint().to_owned());
    let approval = found.approval.as_ref();
    finding.approval = approval.map(|approval| approval.reason.clone());
    finding.properties = properties(found);
    finding
}

fn details(found: &CompatFinding) -> Option<String> {
    let reach = reach_text(found);
    let parts = reach.into_iter().chain(setting_text(found));
    let no_message = found.witness.as_ref().and_then(|witness| {
        let reason = witness.no_message.as_ref()?;
        Some(format!("no whole message: {reason}"))
    });
    let parts = parts.chain(certainty_text(found));
    let parts: Vec<String> = parts.chain(no_message).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn certainty_text(found: &CompatFinding) -> Option<String> {
    match (&found.approval, &found.certainty) {
        (Some(approval), _) => Some(format!(
            "approved by {}: {}",
            approval.owner, approval.reason
        )),
        (None, ChangeCertainty::Unknown(reason)) => Some(format!("not proved: {reason}")),
        (None, ChangeCertainty::Unshown(reason)) => Some(format!("no example: {reason}")),
        (None, ChangeCertainty::Rule | ChangeCertainty::Witnessed | ChangeCertainty::Proved) => {
            None
        }
    }
}

fn properties(found: &CompatFinding) -> Map<String, Value> {
    let witness = found.witness.as_ref().map(|witness| &witness.value);
    let properties = [
        ("certainty", json!(found.certainty.as_str())),
        ("witness", json!(witness)),
    ];
    let properties = properties.map(|(name, value)| (name.to_owned(), value));
    properties.into_iter().collect()
}

fn source_location(location: &SourceLocation) -> FindingLocation {
    FindingLocation {
        pointer: Some(location.pointer.clone()),
        ..FindingLocation::line(file_of(location), location.line)
    }
}

/// The file of a location, without the Git revision it was read from.
fn file_of(location: &SourceLocation) -> &str {
    match location.file.split_once(':') {
        Some((revision, path)) if !revision.contains('/') && revision.len() > 1 => path,
        _ => &location.file,
    }
}
