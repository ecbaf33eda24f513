//! Reports as workflow commands of GitHub Actions, which shows them as annotations of files.

use super::finding::{FindingLevel, FindingLocation, ReportFinding};
use super::report_document::Report;
use crate::cli::output::{escape_annotation, escape_annotation_property};

/// The most annotations of one kind that GitHub shows for a step.
const ANNOTATIONS_MAX: usize = 10;

/// Renders one command for each finding, the worst first, up to the number that GitHub shows. The
/// last of a kind says how many more there are.
pub(crate) fn render_github(report: &Report) -> String {
    let mut text = String::new();
    for kind in ["error", "warning", "notice"] {
        let findings = report.findings().map(|(_, finding)| finding);
        let mut of_kind: Vec<&ReportFinding> = findings
            .filter(|finding| command(finding) == kind)
            .collect();
        // Overridden errors and approved findings come before the rest of their kind.
        of_kind.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        let is_cut = of_kind.len() > ANNOTATIONS_MAX;
        let shown = of_kind.len().min(ANNOTATIONS_MAX) - usize::from(is_cut);
        for finding in &of_kind[..shown] {
            text.push_str(&annotation(finding));
        }
        if is_cut {
            let more = of_kind.len() - shown;
            text.push_str(&format!(
                "::{kind} title=and {more} more::the same command with --format text or json lists them\n"
            ));
        }
    }
    text
}

/// The kind of annotation of a finding.
fn command(finding: &ReportFinding) -> &'static str {
    match (finding.level, &finding.approval) {
        (FindingLevel::Error, None) => "error",
        (FindingLevel::Warning | FindingLevel::Overridden, None) => "warning",
        _ => "notice",
    }
}

fn annotation(finding: &ReportFinding) -> String {
    let command = command(finding);
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
