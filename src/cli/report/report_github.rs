//! Reports as workflow commands of GitHub Actions, which shows them as annotations of files.

use super::finding::{FindingLevel, FindingLocation, ReportFinding};
use super::report_document::Report;
use crate::cli::output::{escape_annotation, escape_annotation_property};

/// The most annotations that are written. GitHub shows fewer.
const ANNOTATIONS_MAX: usize = 1000;

/// Renders one command for each finding.
pub(crate) fn render_github(report: &Report) -> String {
    let findings: Vec<&ReportFinding> = report.findings().map(|(_, finding)| finding).collect();
    let shown = findings.iter().take(ANNOTATIONS_MAX);
    let mut text: String = shown.map(|finding| annotation(finding)).collect();
    if findings.len() > ANNOTATIONS_MAX {
        let more = findings.len() - ANNOTATIONS_MAX;
        text.push_str(&format!(
            "::notice::and {more} more (--format json lists all)\n"
        ));
    }
    text
}

fn annotation(finding: &ReportFinding) -> String {
    let command = match (finding.level, &finding.approval) {
        (FindingLevel::Error, None) => "error",
        (FindingLevel::Warning | FindingLevel::Overridden, None) => "warning",
        _ => "notice",
    };
    let location = finding.location.as_ref().map(properties);
    let title = finding.title.as_deref().unwrap_or(finding.rule);
    format!(
        "::{command} {}title={}::{}\n",
        location.unwrap_or_default(),
        escape_annotation_property(title),
        escape_annotation(&finding.sentence())
    )
}

fn properties(location: &FindingLocation) -> String {
    let mut text = format!("file={},", escape_annotation_property(&location.file));
    if let Some(line) = location.line {
        text.push_str(&format!("line={line},"));
    }
    if let Some(column) = location.column {
        text.push_str(&format!("col={column},"));
    }
    text
}
