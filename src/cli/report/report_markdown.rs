//! Reports as Markdown, for the comment of a pull request.

use std::fmt::Write;

use super::finding::{FindingLevel, ReportFinding};
use super::report_document::{Report, ReportSection, ReportTable};
use crate::cli::output::{counted, escape_markdown, markdown_code, markdown_prose, shorten};

/// The most characters of a comment on GitHub.
const LENGTH_MAX: usize = 65_536;

/// The numbers of findings of a list to try, until the report is short enough.
const FINDINGS_MAX: [usize; 7] = [100, 50, 25, 12, 6, 3, 1];

/// The most characters of one text of a finding.
const TEXT_MAX: usize = 600;

/// From this number, findings of one rule are folded into one line.
const FOLDED_MIN: usize = 4;

/// Renders the report, within the length of a comment. Information and approved findings are
/// folded, and so are many findings of one rule.
pub(crate) fn render_markdown(report: &Report) -> String {
    let mut text = String::new();
    for findings_max in FINDINGS_MAX {
        text = render(report, findings_max);
        if text.chars().count() <= LENGTH_MAX {
            return text;
        }
    }
    // Even the headings are too many.
    const END: &str = "\n\n… and more: see the text or JSON format\n";
    let kept = LENGTH_MAX - END.chars().count();
    text.chars().take(kept).chain(END.chars()).collect()
}

fn render(report: &Report, findings_max: usize) -> String {
    let mut text = format!(
        "## {}\n\n{}\n",
        escape_markdown(&report.title),
        markdown_prose(&report.summary)
    );
    for table in &report.tables {
        text.push_str(&figures(table));
    }
    for section in &report.sections {
        text.push_str(&section_text(section, findings_max));
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

fn section_text(section: &ReportSection, findings_max: usize) -> String {
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
    if section.sentences.is_empty() {
        text.push_str(&findings(&shown, findings_max));
    } else {
        text.push_str(&sentences(section, findings_max));
        let summary = format!("Evidence for {}", counted(shown.len() as u64, "finding"));
        text.push_str(&details(&summary, &findings(&shown, findings_max)));
    }
    if !folded.is_empty() {
        let summary = format!("{} more, for information or approved", folded.len());
        text.push_str(&details(&summary, &table(&folded, findings_max)));
    }
    text
}

/// The sentences of a section as a list.
fn sentences(section: &ReportSection, sentences_max: usize) -> String {
    let mut text = "\n".to_owned();
    for sentence in section.sentences.iter().take(sentences_max) {
        let sentence = markdown_prose(&shorten(sentence, TEXT_MAX));
        push(&mut text, format_args!("- {sentence}\n"));
    }
    let more = section.sentences.len().saturating_sub(sentences_max);
    if more > 0 {
        push(&mut text, format_args!("- … and {more} more\n"));
    }
    text
}

/// The findings of a section, the worst first. Many findings of one rule are one line with a table
/// that is folded.
fn findings(findings: &[&ReportFinding], findings_max: usize) -> String {
    let key = |finding: &ReportFinding| {
        (
            std::cmp::Reverse(finding.level),
            finding.label,
            finding.rule,
        )
    };
    let mut single = Vec::new();
    let mut groups: Vec<Vec<&ReportFinding>> = Vec::new();
    for finding in findings {
        let group = groups
            .iter_mut()
            .find(|group| key(group[0]) == key(finding));
        match group {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group[0].level));
    let mut text = String::new();
    groups.retain(|group| {
        let is_large = group.len() >= FOLDED_MIN;
        if !is_large {
            single.extend(group);
        }
        is_large
    });
    text.push_str(&table(&single, findings_max));
    for group in &groups {
        let first = group[0];
        let summary = format!(
            "{}: {} × {} [{}]",
            first.label,
            group.len(),
            first.rule_title.unwrap_or("see below"),
            first.rule
        );
        text.push_str(&details(&summary, &table(group, findings_max)));
    }
    text
}

fn details(summary: &str, content: &str) -> String {
    let summary = escape_markdown(summary);
    format!("\n<details><summary>{summary}</summary>\n{content}\n</details>\n")
}

fn table(findings: &[&ReportFinding], findings_max: usize) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = "\n| level | rule | what | where |\n|---|---|---|---|\n".to_owned();
    for finding in findings.iter().take(findings_max) {
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
    if findings.len() > findings_max {
        let more = findings.len() - findings_max;
        push(
            &mut text,
            format_args!("\n… and {more} more: see the text or JSON format\n"),
        );
    }
    text
}

fn what(finding: &ReportFinding) -> String {
    let short = |text: &str| shorten(text, TEXT_MAX);
    let mut parts = vec![markdown_prose(&short(&finding.message))];
    let (example, details) = (finding.example.as_deref(), finding.details.as_deref());
    parts.extend(example.map(|text| markdown_code(&short(text))));
    parts.extend(details.map(|text| markdown_prose(&short(text))));
    parts.extend(
        finding
            .advice
            .as_deref()
            .map(|text| markdown_prose(&short(text))),
    );
    parts.join("<br>")
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line)
        .expect("writing to a String does not fail");
}
