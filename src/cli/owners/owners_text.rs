//! The verdict for people: by owner, within bounds, and with what to do at the end.

use std::collections::BTreeMap;

use super::finding_messages;
use super::owners_notes::NoteLevel;
use super::owners_report::{FileReport, OwnersReport};
use crate::cli::report_writer::{ReportWriter, TextStyle};

/// The most files of one owner and the most collisions that are listed.
const FILES_MAX: usize = 20;
const COLLISIONS_MAX: usize = 50;

/// Prints a verdict.
pub(super) fn print(out: &mut ReportWriter, report: &OwnersReport) {
    for (owner, files) in by_owner(report) {
        print_owner(out, report, owner, &files);
    }
    print_manifests(out, report);
    print_end(out, report);
}

/// The files that there is something to tell of, by owner; those of nobody first.
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
        (Some(owner), Some(ask)) => format!("{owner} owns{}", finding_messages::contact(ask)),
        _ => "nobody owns".to_owned(),
    };
    let title = out.paint(style(level), title).to_string();
    out.line(title);
    let mut pattern = None;
    for file in files.iter().take(FILES_MAX) {
        if pattern != Some(&file.pattern) {
            pattern = Some(&file.pattern);
            print_pattern(out, file);
        }
        out.line(format_args!("    {:<13}{}", file.change, shown(&file.path)));
    }
    if files.len() > FILES_MAX {
        let more = files.len() - FILES_MAX;
        out.line(format_args!(
            "    … and {more} more (--format json lists all)"
        ));
    }
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
    let told = report.collisions.iter();
    let told = told.filter_map(|each| Some((report.level(each.standing)?, each)));
    let told: Vec<_> = told.collect();
    if told.is_empty() && report.broken_manifests.is_empty() {
        return;
    }
    out.line(out.paint(TextStyle::Bold, "manifests").to_string());
    for (level, collision) in told.iter().take(COLLISIONS_MAX) {
        let kind = out.paint(style(Some(*level)), collision.kind).to_string();
        out.line(format_args!(
            "  {kind}  {}:{}  {}  {}",
            shown(&collision.file),
            collision.line,
            collision.object,
            collision.pointer
        ));
        out.line(format_args!("    {}", collision.message));
    }
    if told.len() > COLLISIONS_MAX {
        let more = told.len() - COLLISIONS_MAX;
        out.line(format_args!(
            "  … and {more} more (--format json lists all)"
        ));
    }
    for broken in &report.broken_manifests {
        let kind = out.paint(TextStyle::Red, "broken-manifest").to_string();
        out.line(format_args!(
            "  {kind}  {}:{}",
            shown(&broken.file),
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
    let verdict = out.paint(style, sentence(report)).to_string();
    out.line(verdict);
    for advice in advice(report) {
        out.line(format_args!("  {advice}"));
    }
}

/// The verdict in one line.
pub(super) fn sentence(report: &OwnersReport) -> String {
    let summary = &report.summary;
    if summary.files == 0 {
        return format!("{}: nothing changed", report.verdict);
    }
    let mut parts = vec![format!("{} of {}", summary.own, report.squad)];
    let counts = [
        (summary.approved, "approved"),
        (summary.foreign, "of others without approval"),
        (summary.unowned, "of nobody"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    parts.extend(counts.map(|(count, what)| format!("{count} {what}")));
    let files = match summary.files {
        1 => "1 file".to_owned(),
        files => format!("{files} files"),
    };
    let mut text = format!("{}: {files}, {}", report.verdict, parts.join(", "));
    for (count, what) in [
        (summary.collisions, "in manifests"),
        (summary.broken_manifests, "broken manifests"),
        (report.templates.len(), "templates not read"),
    ] {
        if count > 0 {
            text.push_str(&format!("; {count} {what}"));
        }
    }
    text
}

/// What to do about it.
pub(super) fn advice(report: &OwnersReport) -> Vec<String> {
    let mut advice = Vec::new();
    if !report.ask.is_empty() {
        let squads: Vec<&str> = report.ask.iter().map(|ask| &*ask.squad).collect();
        advice.push(format!(
            "get approval and run again with --approved-by {}, or take these files out of the change",
            squads.join(",")
        ));
    }
    let is_unowned = report.summary.unowned > 0 && report.unowned != "allow";
    if is_unowned {
        let catalog = &report.catalog;
        advice.push(format!(
            "give what nobody owns to a squad: `paths` in {catalog}"
        ));
    }
    advice
}

const fn style(level: Option<NoteLevel>) -> TextStyle {
    match level {
        Some(NoteLevel::Error) => TextStyle::Red,
        Some(NoteLevel::Warning) => TextStyle::Yellow,
        None => TextStyle::Bold,
    }
}

/// A path without what a terminal would obey.
fn shown(path: &str) -> String {
    let written = path.chars().flat_map(|c| {
        let escaped = c.is_control().then(|| c.escape_default());
        let plain = (!c.is_control()).then_some(c);
        plain.into_iter().chain(escaped.into_iter().flatten())
    });
    written.collect()
}
