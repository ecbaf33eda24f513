//! Reports as Markdown, for the comment of a pull request.

use std::fmt::Write;

use super::finding::{FindingLevel, ReportFinding};
use super::report_document::{Report, ReportSection, ReportTable};
use crate::cli::output::{escape_markdown, markdown_code, markdown_prose};

/// The most findings of a section that are listed. GitHub limits the length of a comment.
const FINDINGS_MAX: usize = 100;

/// Renders the report. Information and approved findings are folded.
pub(crate) fn render_markdown(report: &Report) -> String {
    let mut text = format!(
        "## {}\n\n{}\n",
        escape_markdown(&report.title),
        markdown_prose(&report.summary)
    );
    for table in &report.tables {
        text.push_str(&figures(table));
    }
    for section in &report.sections {
        text.push_str(&section_text(section));
    }
    if !report.remarks.is_empty() {
        text.push('\n');
    }
    for remark in &report.remarks {
        push(&mut text, format_args!("- {}\n", markdown_prose(remark)));
    }
    text
}

fn figures(table: &ReportTable) -> String {
    let head = table.head.join(" | ");
    let line = "---|".repeat(table.head.len());
    let mut text = format!("\n| {head} |\n|{line}\n");
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|cell| escape_markdown(cell)).collect();
        push(&mut text, format_args!("| {} |\n", cells.join(" | ")));
    }
    text
}

fn section_text(section: &ReportSection) -> String {
    let mut text = String::new();
    if let Some(heading) = &section.heading {
        push(
            &mut text,
            format_args!("\n### {}\n", markdown_prose(heading)),
        );
    }
    for note in &section.notes {
        push(&mut text, format_args!("\n> {}\n", markdown_prose(note)));
    }
    let (shown, folded): (Vec<&ReportFinding>, Vec<&ReportFinding>) = section
        .findings
        .iter()
        .partition(|finding| finding.level > FindingLevel::Info && finding.approval.is_none());
    text.push_str(&findings(&shown));
    if !folded.is_empty() {
        push(
            &mut text,
            format_args!(
                "\n<details><summary>{} more, for information or approved</summary>\n{}\n</details>\n",
                folded.len(),
                findings(&folded)
            ),
        );
    }
    text
}

fn findings(findings: &[&ReportFinding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = "\n| level | rule | what | where |\n|---|---|---|---|\n".to_owned();
    for finding in findings.iter().take(FINDINGS_MAX) {
        let location = finding.location.as_ref();
        let location = location.map_or_else(String::new, |at| markdown_code(&at.text()));
        push(
            &mut text,
            format_args!(
                "| {} | {} | {} | {location} |\n",
                finding.label,
                escape_markdown(finding.rule),
                what(finding)
            ),
        );
    }
    if findings.len() > FINDINGS_MAX {
        let more = findings.len() - FINDINGS_MAX;
        push(&mut text, format_args!("\n… and {more} more\n"));
    }
    text
}

fn what(finding: &ReportFinding) -> String {
    let mut parts = vec![markdown_prose(&finding.message)];
    parts.extend(finding.example.as_deref().map(markdown_code));
    parts.extend(finding.details.as_deref().map(markdown_prose));
    parts.extend(finding.advice.as_deref().map(markdown_prose));
    parts.join("<br>")
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line)
        .expect("writing to a String does not fail");
}
