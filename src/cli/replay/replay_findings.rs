//! Violations and unreadable records as findings of a [`Report`].

use portcullis_contract::Violation;
use portcullis_contract::recorded::{EventViolation, RecordError};

use super::verdict_line::RecordPosition;
use crate::cli::report::{
    FindingLevel, FindingLocation, Report, ReportFinding, ReportSection, TestCase, fingerprint_of,
};

/// The most findings that are kept, so that memory does not grow with the recording.
const FINDINGS_MAX: usize = 1000;

/// The findings of a replay, up to a bound.
#[derive(Debug, Default)]
pub(super) struct ReplayFindings {
    findings: Vec<ReportFinding>,
    omitted: u64,
}

/// A violation of a recorded exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordedViolation<'a> {
    pub(super) position: RecordPosition<'a>,
    /// The name of the operation, or method and path.
    pub(super) operation: &'a str,
    pub(super) violation: &'a Violation,
    pub(super) is_counted: bool,
    pub(super) shows_values: bool,
}

impl ReplayFindings {
    /// Adds a violation.
    pub(super) fn add_violation(&mut self, recorded: RecordedViolation<'_>) {
        self.add(|| violation_finding(recorded));
    }

    /// Adds a record that cannot be read.
    pub(super) fn add_unreadable(&mut self, position: RecordPosition<'_>, error: &RecordError) {
        self.add(|| {
            let case = TestCase::new(position.source, format!("{}: readable", position.text()));
            let level = FindingLevel::Error;
            let message = match position.entry() {
                Some(entry) => format!("{entry}: {}", error.message),
                None => error.message.clone(),
            };
            let mut finding = ReportFinding::new("unreadable-record", level, message, case);
            finding.location = Some(FindingLocation {
                column: Some(error.column.into()),
                ..FindingLocation::line(position.source, error.line)
            });
            finding
        });
    }

    /// Adds a recording that cannot be opened or read to its end.
    pub(super) fn add_unreadable_recording(&mut self, source: &str, message: &str) {
        self.add(|| {
            let case = TestCase::new(source, "the recording can be read");
            let level = FindingLevel::Error;
            let mut finding = ReportFinding::new("unreadable-recording", level, message, case);
            finding.location = Some(FindingLocation::file(source));
            finding
        });
    }

    /// The report over all recordings.
    pub(super) fn report(&self, contract: &str, summary: String, notes: &[String]) -> Report {
        let omitted = self.omitted;
        let omitted = (omitted > 0)
            .then(|| format!("{omitted} more findings are not listed; --format json lists all"));
        Report {
            command: "replay",
            title: format!("Replay against {contract}"),
            summary,
            tables: Vec::new(),
            sections: vec![ReportSection {
                sentences: Vec::new(),
                name: contract.to_owned(),
                path: contract.to_owned(),
                heading: None,
                notes: notes.iter().cloned().chain(omitted).collect(),
                seconds: None,
                passed: TestCase::new(contract, "no violations"),
                findings: self.findings.clone(),
            }],
            remarks: Vec::new(),
        }
    }

    /// Adds a finding, unless there are too many.
    pub(super) fn add(&mut self, finding: impl FnOnce() -> ReportFinding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding());
        } else {
            self.omitted += 1;
        }
    }
}

/// A violation of a recorded event as a finding.
pub(super) fn event_finding(
    position: RecordPosition<'_>,
    name: &str,
    violation: &EventViolation,
    with_values: bool,
) -> ReportFinding {
    let fault = violation.fault.as_str();
    let place = position.text();
    let message = format!("{name}: {}", violation.sentence(with_values));
    let case = TestCase::new(name, format!("{place} {fault}"));
    let mut finding = ReportFinding::new(fault, FindingLevel::Error, message, case);
    finding.location = Some(FindingLocation::line(position.source, position.line));
    finding.related_location = violation.contract.as_ref().map(|at| FindingLocation {
        pointer: Some(at.pointer.clone()),
        ..FindingLocation::line(&*at.file, at.line)
    });
    finding.fingerprint = Some(fingerprint_of(&[
        &place,
        fault,
        &violation.pointer,
        &finding.message,
    ]));
    finding
}

fn violation_finding(recorded: RecordedViolation<'_>) -> ReportFinding {
    let RecordedViolation {
        position,
        operation,
        violation,
        is_counted,
        shows_values,
    } = recorded;
    let level = if is_counted {
        FindingLevel::Error
    } else {
        FindingLevel::Warning
    };
    let class = violation.class.as_str();
    let place = position.text();
    let sentence = violation.sentence(shows_values);
    let message = match position.entry() {
        Some(entry) => format!("{operation}: {sentence} ({entry})"),
        None => format!("{operation}: {sentence}"),
    };
    let case = TestCase::new(operation, format!("{place} {class}"));
    let mut finding = ReportFinding::new(class, level, message, case);
    finding.advice = violation
        .expected
        .as_ref()
        .map(|expected| format!("expected {expected}"));
    finding.location = Some(FindingLocation::line(position.source, position.line));
    finding.related_location = violation.contract.as_ref().map(|at| FindingLocation {
        pointer: Some(at.pointer.clone()),
        ..FindingLocation::line(&*at.file, at.line)
    });
    finding.fingerprint = Some(fingerprint_of(&[
        &place,
        class,
        &violation.pointer,
        &finding.message,
    ]));
    finding
}
