//! The result of `owners` as text for humans: by owner, of bounded length, with advice at the end.

use std::collections::BTreeMap;

use super::finding_messages::contact;
use super::owners_report::{CollisionReport, FileReport, OwnersReport};
use crate::cli::output::{ReportWriter, TextStyle, print_more};
use crate::cli::report::{FindingLevel, level_style};

/// The most files of one owner and the most collisions that are listed.
const FILES_MAX: usize = 20;
const COLLISIONS_MAX: usize = 50;

/// Prints the result.
pub(super) fn print(out: &mut ReportWriter, report: &OwnersReport) {
    for (owner, files) in by_owner(report) {
        print_owner(out, report, owner, &files);
    }
    print_manifests(out, report);
    print_end(out, report);
}

/// The files with findings, by owner. Files without an owner come first.
fn by_owner(report: &OwnersReport) -> BTreeMap<Option<&str>, Vec<&FileReport>> {
    let mut owners: BTreeMap<Option<&str>, Vec<&FileReport>> = BTreeMap::new();
    for file in &report.files {
        if report.level(file.standing).is_some() {
            owners.entry(file.owner.as_deref()).or_default().push(file);
        }
    }
    owners
}

fn print_owner(
    out: &mut ReportWriter,
    report: &OwnersReport,
    owner: Option<&str>,
    files: &[&FileReport],
) {
    let ask = report.ask.iter().find(|ask| owner == Some(&ask.squad));
    let level = files.first().and_then(|file| report.level(file.standing));
    let title = match (owner, ask) {
        (Some(owner), Some(ask)) => format!("{owner} owns{}", contact(ask)),
        _ => "no owner".to_owned(),
    };
    let title = out.paint(style_of(level), title).to_string();
    out.line(title);
    let mut pattern = None;
    for file in files.iter().take(FILES_MAX) {
        if pattern != Some(&file.pattern) {
            pattern = Some(&file.pattern);
            print_pattern(out, file);
        }
        out.line(format_args!(
            "    {:<13}{}",
            file.change,
            printable(&file.path)
        ));
    }
    print_more(out, files.len().saturating_sub(FILES_MAX), "files");
    out.line("");
}

fn print_pattern(out: &mut ReportWriter, file: &FileReport) {
    if let (Some(pattern), Some(declared)) = (&file.pattern, &file.declared) {
        let place = format!("{}:{}", declared.file, declared.line);
        let place = out.paint(TextStyle::Dim, place).to_string();
        out.line(format_args!("  {pattern}  {place}"));
    }
}

fn print_manifests(out: &mut ReportWriter, report: &OwnersReport) {
    let collisions = report.collisions.iter();
    let collisions: Vec<(FindingLevel, &CollisionReport)> = collisions
        .filter_map(|collision| Some((report.level(collision.standing)?, collision)))
        .collect();
    if collisions.is_empty() && report.broken_manifests.is_empty() {
        return;
    }
    out.line(out.paint(TextStyle::Bold, "manifests").to_string());
    for (level, collision) in collisions.iter().take(COLLISIONS_MAX) {
        let kind = out.paint(level_style(*level), collision.kind).to_string();
        out.line(format_args!(
            "  {kind}  {}:{}  {}  {}",
            printable(&collision.file),
            collision.line,
            collision.object,
            collision.pointer
        ));
        out.line(format_args!("    {}", collision.message));
    }
    let more = collisions.len().saturating_sub(COLLISIONS_MAX);
    print_more(out, more, "names");
    for broken in &report.broken_manifests {
        let kind = out.paint(TextStyle::Red, "broken-manifest").to_string();
        out.line(format_args!(
            "  {kind}  {}:{}",
            printable(&broken.file),
            broken.line
        ));
        out.line(format_args!("    {}", broken.message));
    }
    out.line("");
}

fn print_end(out: &mut ReportWriter, report: &OwnersReport) {
    let style = match report.verdict {
        "blocked" => TextStyle::Red,
        _ => TextStyle::Bold,
    };
    let verdict = out.paint(style, report.sentence()).to_string();
    out.line(verdict);
    for advice in report.advice() {
        out.line(format_args!("  {advice}"));
    }
}

fn style_of(level: Option<FindingLevel>) -> TextStyle {
    level.map_or(TextStyle::Bold, level_style)
}

/// A path with its control characters escaped, which could manipulate a terminal.
fn printable(path: &str) -> String {
    let mut text = String::new();
    for c in path.chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}
