//! The result of `portcullis owners check`.
//!
//! As JSON:
//!
//! ```json
//! {
//!   "catalog": "contracts/squads.toml",
//!   "concerns": [{
//!     "severity": "error", "kind": "no-oncall", "file": "contracts/squads.toml", "line": 4,
//!     "message": "…"
//!   }],
//!   "summary": { "squads": 3, "services": 3, "patterns": 6, "errors": 1, "warnings": 0 }
//! }
//! ```
//!
//! `line` is null if the concern is about a whole file.

use serde::Serialize;

use crate::cli::output::{ReportWriter, counted, print_json};
use crate::cli::report::{
    CommandReport, FindingLevel, FindingLocation, Report, ReportFinding, ReportSection, TestCase,
    print_findings,
};

/// The result of a catalog check.
#[derive(Debug, Serialize)]
pub(super) struct CatalogReport {
    pub(super) catalog: String,
    pub(super) concerns: Vec<ConcernReport>,
    pub(super) summary: CatalogSummary,
}

/// A gap or a mistake in the catalog.
#[derive(Debug, Serialize)]
pub(super) struct ConcernReport {
    pub(super) severity: &'static str,
    pub(super) kind: &'static str,
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) message: String,
    #[serde(skip)]
    pub(super) level: FindingLevel,
}

/// The size of the catalog and the number of concerns.
#[derive(Debug, Serialize)]
pub(super) struct CatalogSummary {
    pub(super) squads: usize,
    pub(super) services: usize,
    pub(super) patterns: usize,
    pub(super) errors: usize,
    pub(super) warnings: usize,
}

impl CommandReport for CatalogReport {
    fn print_text(&self, out: &mut ReportWriter) {
        print_findings(&self.report(), out);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_json(out, self);
    }

    fn report(&self) -> Report {
        let suite = "portcullis owners check";
        Report {
            command: "owners check",
            title: self.catalog.clone(),
            summary: self.summary.sentence(),
            tables: Vec::new(),
            sections: vec![ReportSection {
                sentences: Vec::new(),
                name: suite.to_owned(),
                path: self.catalog.clone(),
                heading: None,
                notes: Vec::new(),
                seconds: None,
                passed: TestCase::new(suite, "no findings"),
                findings: self.concerns.iter().map(finding).collect(),
            }],
            remarks: Vec::new(),
        }
    }
}

fn finding(concern: &ConcernReport) -> ReportFinding {
    let ConcernReport {
        kind,
        file,
        line,
        message,
        level,
        ..
    } = concern;
    let location = FindingLocation {
        line: line.map(|line| line as u64),
        ..FindingLocation::file(file)
    };
    let case = TestCase::new(*kind, location.text());
    let mut finding = ReportFinding::new(kind, *level, message, case);
    finding.location = Some(location);
    finding
}

impl CatalogSummary {
    fn sentence(&self) -> String {
        [
            counted(self.squads as u64, "squad"),
            counted(self.services as u64, "service"),
            counted(self.patterns as u64, "pattern"),
            counted(self.errors as u64, "error"),
            counted(self.warnings as u64, "warning"),
        ]
        .join(", ")
    }
}
