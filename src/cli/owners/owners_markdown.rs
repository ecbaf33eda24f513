//! The verdict as Markdown, for a comment on the change.

use super::finding_messages;
use super::owners_notes::OwnersNote;
use super::owners_report::OwnersReport;
use super::owners_text::{advice, sentence};
use crate::cli::report_writer::ReportWriter;

/// The most rows of a table; a comment has a bound of its own.
const ROWS_MAX: usize = 100;

/// Prints a verdict.
pub(super) fn print(out: &mut ReportWriter, report: &OwnersReport) {
    out.line(format_args!(
        "### Boundary of {}: {}\n",
        report.squad, report.verdict
    ));
    out.line(cell(&sentence(report)));
    if !report.ask.is_empty() {
        out.line("\n| ask | how | files | manifests |\n|---|---|--:|--:|");
        for ask in &report.ask {
            let ways = cell(&finding_messages::contact_details(ask));
            out.line(format_args!(
                "| {} | {ways} | {} | {} |",
                ask.squad, ask.files, ask.collisions
            ));
        }
    }
    let notes = report.notes();
    if !notes.is_empty() {
        print_notes(out, &notes);
    }
    for (index, advice) in advice(report).iter().enumerate() {
        let before = if index == 0 { "\n" } else { "" };
        out.line(format_args!("{before}- {}", cell(advice)));
    }
}

/// Prints findings as a table.
pub(super) fn print_notes(out: &mut ReportWriter, notes: &[OwnersNote]) {
    out.line("\n| | where | what |\n|---|---|---|");
    for note in notes.iter().take(ROWS_MAX) {
        out.line(format_args!(
            "| {} | `{}` | {} |",
            note.level.as_str(),
            code(&note.place()),
            cell(&note.message)
        ));
    }
    if notes.len() > ROWS_MAX {
        let more = notes.len() - ROWS_MAX;
        out.line(format_args!("\n… and {more} more"));
    }
}

/// Text within a cell, in which nothing is markup but code.
fn cell(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    text.replace('<', "&lt;")
}

/// Text within backticks.
fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r', '`'], "?");
    text.replace('|', "\\|")
}
