//! The result of `portcullis schema` as text for humans.

use super::schema_report::{EffectReport, MigrationFinding, SchemaReport};
use crate::cli::output::{ReportWriter, TextStyle, print_more};
use crate::cli::report::level_style;

/// The most statements whose effects are listed.
const EFFECTS_MAX: usize = 100;

/// Prints the result.
pub(super) fn print(out: &mut ReportWriter, report: &SchemaReport) {
    let (migrations, target) = (&report.migrations, &report.target);
    match &report.session {
        Some(session) => out.line(format_args!(
            "{migrations} on {target}: PostgreSQL {}, user {}, TimeZone {}, search_path {}, \
             lock_timeout {}",
            session.server_version,
            session.user,
            session.time_zone,
            session.search_path,
            session.lock_timeout
        )),
        None => out.line(format_args!("{migrations} on {target}")),
    }
    if !report.skipped.is_empty() {
        let skipped = report.skipped.join(", ");
        let text = format!("deployed already, not judged: {skipped}");
        let text = out.paint(TextStyle::Dim, text).to_string();
        out.line(text);
    }
    out.line("");
    for effect in report.effects.iter().take(EFFECTS_MAX) {
        print_effect(out, effect);
    }
    let more = report.effects.len().saturating_sub(EFFECTS_MAX);
    print_more(out, more, "statements");
    if !report.effects.is_empty() {
        out.line("");
    }
    for finding in &report.findings {
        print_finding(out, finding);
    }
    let style = if report.verdict == "blocked" {
        TextStyle::Red
    } else {
        TextStyle::Bold
    };
    let verdict = out.paint(style, report.sentence()).to_string();
    out.line(verdict);
    for advice in report.advice() {
        out.line(format_args!("  {advice}"));
    }
}

/// One line for each statement: what it locks, changes and drops.
fn print_effect(out: &mut ReportWriter, effect: &EffectReport) {
    let mut parts: Vec<String> = Vec::new();
    match effect.run {
        "alone" => parts.push("ran alone, outside of a transaction".to_owned()),
        "unread" => parts.push("its effect is not known without a server".to_owned()),
        "not-run" => parts.push("not run: it cannot run in a transaction".to_owned()),
        _ => {}
    }
    parts.extend(
        effect
            .locks
            .iter()
            .map(|lock| format!("locks {} {}", lock.table, lock.mode)),
    );
    parts.extend(
        effect
            .changes
            .iter()
            .map(|change| match change.subject.as_str() {
                "" => format!("{} {}", change.rule, change.table),
                subject => format!("{} {} {subject}", change.rule, change.table),
            }),
    );
    if !effect.dropped.is_empty() {
        parts.push(format!("drops {}", effect.dropped.join(", ")));
    }
    out.line(format_args!(
        "{}:{}  {}",
        effect.migration,
        effect.line,
        parts.join("; ")
    ));
}

fn print_finding(out: &mut ReportWriter, finding: &MigrationFinding) {
    let level = finding.finding_level;
    let label = out.paint(level_style(level), finding.level).to_string();
    out.line(format_args!(
        "{label}  {}:{}  {}",
        finding.file, finding.line, finding.rule
    ));
    out.line(format_args!("  {}", finding.message));
    for approved in &finding.approved {
        out.line(format_args!("  approved by {approved}"));
    }
    if !finding.approvals_missing.is_empty() {
        out.line(format_args!("  {}", finding.advice));
    }
    out.line("");
}
