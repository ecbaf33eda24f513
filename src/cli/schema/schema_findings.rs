//! The result of `schema` as a [`Report`]: one section for the directory.

use serde_json::json;

use super::schema_report::{MigrationFinding, SchemaReport};
use super::schema_text;
use crate::cli::output::{ReportWriter, print_json};
use crate::cli::report::{
    CommandReport, FindingLocation, Report, ReportFinding, ReportSection, ReportTable, TestCase,
};

/// The name of the test suite.
const SUITE: &str = "portcullis schema";

impl CommandReport for SchemaReport {
    fn print_text(&self, out: &mut ReportWriter) {
        schema_text::print(out, self);
    }

    fn print_json(&self, out: &mut ReportWriter) {
        print_json(out, self);
    }

    fn report(&self) -> Report {
        Report {
            command: "schema",
            title: format!("Migrations of {}: {}", self.squad, self.verdict),
            summary: self.sentence(),
            tables: locks_table(self).into_iter().collect(),
            sections: vec![ReportSection {
                sentences: Vec::new(),
                name: SUITE.to_owned(),
                path: self.migrations.clone(),
                heading: None,
                notes: Vec::new(),
                seconds: None,
                passed: TestCase::new(SUITE, "no findings"),
                findings: self.findings.iter().map(finding).collect(),
            }],
            remarks: self.advice(),
        }
    }
}

/// The locks of all statements.
fn locks_table(report: &SchemaReport) -> Option<ReportTable> {
    let rows = report.effects.iter().flat_map(|effect| {
        let locks = effect.locks.iter();
        locks.map(|lock| {
            let statement = format!("{}:{}", effect.migration, effect.line);
            vec![statement, lock.table.clone(), lock.mode.to_owned()]
        })
    });
    let rows: Vec<Vec<String>> = rows.collect();
    (!rows.is_empty()).then(|| ReportTable {
        head: vec!["statement", "table", "lock"],
        rows,
    })
}

fn finding(found: &MigrationFinding) -> ReportFinding {
    let case = TestCase::new(found.rule, format!("{}:{}", found.file, found.line));
    let mut finding = ReportFinding::new(found.rule, found.finding_level, &found.message, case);
    finding.location = Some(FindingLocation::line(&found.file, found.line));
    finding.fingerprint = Some(found.fingerprint.clone());
    if !found.approvals_missing.is_empty() {
        finding.advice = Some(found.advice.to_owned());
    }
    if !found.approved.is_empty() && found.approvals_missing.is_empty() {
        finding.approval = Some(found.approved.join("; "));
    }
    let properties = &mut finding.properties;
    properties.insert("affected".to_owned(), json!(found.affected));
    properties.insert(
        "approvalsMissing".to_owned(),
        json!(found.approvals_missing),
    );
    finding
}
