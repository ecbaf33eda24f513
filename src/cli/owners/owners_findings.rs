//! The result of `owners` as a [`Report`]: one section with the files and the manifests.

use super::finding_messages::{contact_details, file_kind, file_message};
use super::owners_report::{BrokenManifestReport, CollisionReport, FileReport, OwnersReport};
use super::owners_text;
use crate::cli::output::{ReportWriter, print_json};
use crate::cli::report::{
    CommandReport, FindingLevel, FindingLocation, Report, ReportFinding, ReportSection,
    ReportTable, TestCase,
};

/// The name of the test suite.
const SUITE: &str = "portcullis owners";

impl CommandReport for OwnersReport {
    fn print_text(&self, out: &mut ReportWriter) {
        owners_text::print(out, self);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_json(out, self);
    }

    fn report(&self) -> Report {
        let files = self.files.iter();
        let files = files.filter_map(|file| file_finding(file, self));
        let collisions = self.collisions.iter();
        let collisions = collisions.filter_map(|collision| collision_finding(collision, self));
        let broken = self.broken_manifests.iter().map(broken_finding);
        Report {
            command: "owners",
            title: format!("Boundary of {}: {}", self.squad, self.verdict),
            summary: self.sentence(),
            tables: approvals_table(self).into_iter().collect(),
            sections: vec![ReportSection {
                sentences: Vec::new(),
                name: SUITE.to_owned(),
                path: self.catalog.clone(),
                heading: None,
                notes: Vec::new(),
                seconds: None,
                passed: TestCase::new(SUITE, "no findings"),
                findings: files.chain(collisions).chain(broken).collect(),
            }],
            remarks: self.advice(),
        }
    }
}

fn approvals_table(report: &OwnersReport) -> Option<ReportTable> {
    let rows = report.ask.iter().map(|ask| {
        vec![
            ask.squad.clone(),
            contact_details(ask),
            ask.files.to_string(),
            ask.collisions.to_string(),
        ]
    });
    (!report.ask.is_empty()).then(|| ReportTable {
        head: vec!["ask", "how", "files", "manifests"],
        rows: rows.collect(),
    })
}

fn file_finding(file: &FileReport, report: &OwnersReport) -> Option<ReportFinding> {
    let level = report.level(file.standing)?;
    let message = file_message(file, report);
    let location = FindingLocation::file(&file.path);
    Some(finding(file_kind(file), level, message, location))
}

fn collision_finding(collision: &CollisionReport, report: &OwnersReport) -> Option<ReportFinding> {
    let level = report.level(collision.standing)?;
    let message = format!("{}: {}", collision.object, collision.message);
    let location = FindingLocation {
        pointer: Some(collision.pointer.clone()),
        ..FindingLocation::line(&collision.file, collision.line)
    };
    Some(finding(collision.kind, level, message, location))
}

fn broken_finding(broken: &BrokenManifestReport) -> ReportFinding {
    let location = FindingLocation::line(&broken.file, broken.line);
    let level = FindingLevel::Error;
    finding("broken-manifest", level, broken.message.clone(), location)
}

fn finding(
    kind: &'static str,
    level: FindingLevel,
    message: String,
    location: FindingLocation,
) -> ReportFinding {
    let case = TestCase::new(kind, location.text());
    let mut finding = ReportFinding::new(kind, level, message, case);
    finding.location = Some(location);
    finding
}
