//! Prints a report in the format that the arguments name.

use super::report_document::Report;
use super::report_format::ReportFormat;
use super::report_github::render_github;
use super::report_gitlab::render_gitlab;
use super::report_junit::render_junit;
use super::report_markdown::render_markdown;
use super::report_sarif::render_sarif;
use crate::cli::output::ReportWriter;

/// The result of a command that can be printed in every format.
pub(crate) trait CommandReport {
    /// Prints the result for humans.
    fn print_text(&self, out: &mut ReportWriter);

    /// Prints the command's stable JSON document.
    fn print_json(&self, out: &mut ReportWriter);

    /// The result in the model that the other formats share.
    fn report(&self) -> Report;
}

/// Prints the result of a command.
pub(crate) fn print_report(
    result: &impl CommandReport,
    format: ReportFormat,
    out: &mut ReportWriter,
) {
    let render: fn(&Report) -> String = match format {
        ReportFormat::Text => return result.print_text(out),
        ReportFormat::Json => return result.print_json(out),
        ReportFormat::Markdown => render_markdown,
        ReportFormat::Github => return out.write_commands(&render_github(&result.report())),
        ReportFormat::Sarif => render_sarif,
        ReportFormat::Junit => render_junit,
        ReportFormat::Gitlab => render_gitlab,
    };
    out.write(&render(&result.report()));
}
