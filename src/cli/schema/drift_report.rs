//! The result of `portcullis schema drift`.
//!
//! As JSON:
//!
//! ```json
//! {
//!   "declared": "schema.sql", "found": "db/shop",
//!   "drifts": [{
//!     "kind": "undeclared", "level": "error", "table": "shop.orders", "part": "column note",
//!     "message": "…", "affected": ["payments", "search"]
//!   }],
//!   "summary": { "errors": 1, "warnings": 0 }
//! }
//! ```
//!
//! `kind` is `missing`, `undeclared` or `different`. A difference is an error if squads share the
//! table, else a warning.

use serde::Serialize;

use crate::cli::output::{ReportWriter, counted, print_json};
use crate::cli::report::{
    CommandReport, FindingLevel, Report, ReportFinding, ReportSection, TestCase, fingerprint_of,
    print_findings,
};
use portcullis_schema::{SchemaDrift, SchemaDriftKind, SharedTables};

/// The name of the test suite.
const SUITE: &str = "portcullis schema drift";

/// The result of a comparison.
#[derive(Debug, Serialize)]
pub(super) struct DriftReport {
    pub(super) declared: String,
    pub(super) found: String,
    pub(super) drifts: Vec<TableDrift>,
    pub(super) summary: DriftSummary,
}

/// A difference.
#[derive(Debug, Serialize)]
pub(super) struct TableDrift {
    kind: &'static str,
    level: &'static str,
    table: String,
    part: String,
    message: String,
    affected: Vec<String>,
    #[serde(skip)]
    finding_level: FindingLevel,
}

/// The counts of a comparison.
#[derive(Debug, Serialize)]
pub(super) struct DriftSummary {
    pub(super) errors: usize,
    pub(super) warnings: usize,
}

impl DriftReport {
    /// The report of differences.
    pub(super) fn of(
        declared: &str,
        found: &str,
        drifts: &[SchemaDrift],
        shared: &SharedTables,
    ) -> Self {
        let drifts: Vec<TableDrift> = drifts
            .iter()
            .map(|drift| TableDrift::of(drift, shared))
            .collect();
        let count = |level| {
            drifts
                .iter()
                .filter(|one| one.finding_level == level)
                .count()
        };
        Self {
            declared: declared.to_owned(),
            found: found.to_owned(),
            summary: DriftSummary {
                errors: count(FindingLevel::Error),
                warnings: count(FindingLevel::Warning),
            },
            drifts,
        }
    }

    fn sentence(&self) -> String {
        let errors = counted(self.summary.errors as u64, "difference");
        let warnings = counted(self.summary.warnings as u64, "difference");
        format!("{errors} in shared tables, {warnings} in others")
    }
}

impl TableDrift {
    fn of(drift: &SchemaDrift, shared: &SharedTables) -> Self {
        let table = &drift.table;
        let (kind, what) = match &drift.kind {
            SchemaDriftKind::Missing => ("missing", "is declared and not there".to_owned()),
            SchemaDriftKind::Undeclared => ("undeclared", "is there and not declared".to_owned()),
            SchemaDriftKind::Different { declared, found } => (
                "different",
                format!("is declared as {declared} and is {found}"),
            ),
        };
        let mut message = format!("{} of {table} {what}", drift.part);
        if drift.part == "the table" {
            message = format!("{table} {what}");
        }
        let users = shared.get(table);
        let mut affected: Vec<String> = users
            .into_iter()
            .flat_map(|shared| shared.users.values().chain([&shared.owner]))
            .map(ToString::to_string)
            .collect();
        affected.sort();
        affected.dedup();
        if !affected.is_empty() {
            message.push_str(&format!("; it matters to {}", affected.join(", ")));
        }
        let finding_level = if affected.is_empty() {
            FindingLevel::Warning
        } else {
            FindingLevel::Error
        };
        Self {
            kind,
            level: finding_level.as_str(),
            table: table.to_string(),
            part: drift.part.clone(),
            message,
            affected,
            finding_level,
        }
    }
}

impl CommandReport for DriftReport {
    fn print_text(&self, out: &mut ReportWriter) {
        print_findings(&self.report(), out);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_json(out, self);
    }

    fn report(&self) -> Report {
        let findings = self.drifts.iter().map(|drift| {
            let case = TestCase::new(drift.kind, format!("{} {}", drift.table, drift.part));
            let level = drift.finding_level;
            let mut finding = ReportFinding::new(drift.kind, level, &drift.message, case);
            let identity = ["schema drift", drift.kind, &drift.table, &drift.part];
            finding.fingerprint = Some(fingerprint_of(&identity));
            finding
        });
        Report {
            command: "schema drift",
            title: format!("{} compared with {}", self.found, self.declared),
            summary: self.sentence(),
            tables: Vec::new(),
            sections: vec![ReportSection {
                sentences: Vec::new(),
                name: SUITE.to_owned(),
                path: self.declared.clone(),
                heading: None,
                notes: Vec::new(),
                seconds: None,
                passed: TestCase::new(SUITE, "no differences"),
                findings: findings.collect(),
            }],
            remarks: Vec::new(),
        }
    }
}
