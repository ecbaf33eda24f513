//! Findings as text for humans, for commands without a special layout.

use super::finding::{FindingLevel, ReportFinding};
use super::report_document::Report;
use crate::cli::output::{ReportWriter, TextStyle};

/// Prints the findings and the summary.
pub(crate) fn print_findings(report: &Report, out: &mut ReportWriter) {
    for (_, finding) in report.findings() {
        print_finding(finding, out);
    }
    out.line(&report.summary);
}

/// The colour of a level.
pub(crate) const fn level_style(level: FindingLevel) -> TextStyle {
    match level {
        FindingLevel::Error => TextStyle::Red,
        FindingLevel::Overridden | FindingLevel::Warning => TextStyle::Yellow,
        FindingLevel::Info => TextStyle::Dim,
    }
}

fn print_finding(finding: &ReportFinding, out: &mut ReportWriter) {
    let label = out.paint(level_style(finding.level), finding.label);
    let label = label.to_string();
    let location = finding.location.as_ref();
    let location = location.map_or_else(String::new, |location| format!("  {}", location.text()));
    out.line(format_args!("{label}{location}  {}", finding.rule));
    out.line(format_args!("  {}", finding.sentence()));
    out.line("");
}
