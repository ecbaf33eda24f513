//! The comparison as the comment of a pull request.

use portcullis_compat::{ChangeCertainty, ChangeLevel, CompatFinding};

use super::diff_json::verdict;
use super::diff_result::{ComparedContract, DiffResult};
use crate::cli::escaping::{code, markdown};
use crate::cli::report_writer::ReportWriter;

/// Prints everything; what harms nobody is folded.
pub(super) fn print(comparison: &DiffResult, out: &mut ReportWriter) {
    let counts = comparison.counts();
    out.line(format_args!(
        "## Contract changes: {}\n",
        verdict(comparison)
    ));
    out.line(format_args!(
        "{} breaking, {} warnings, {} infos, {} approved, {} not proved either way\n",
        counts.breaking, counts.warning, counts.info, counts.approved, counts.unknown
    ));
    let shares = comparison.by_squad();
    if !shares.is_empty() {
        out.line("| squad | breaking | warning | info |\n|---|---|---|---|");
        for (squad, share) in shares {
            let super::diff_result::SquadTotals {
                breaking,
                warning,
                info,
            } = share;
            out.line(format_args!(
                "| {} | {breaking} | {warning} | {info} |",
                markdown(&squad)
            ));
        }
        out.line("");
    }
    for (path, identity) in &comparison.gone {
        out.line(format_args!(
            "- **breaking**: the contract {} (`{path}`) is gone",
            markdown(&identity.title)
        ));
    }
    for (path, identity) in &comparison.added {
        out.line(format_args!(
            "- info: the contract {} (`{path}`) was added",
            markdown(&identity.title)
        ));
    }
    for compared in &comparison.contracts {
        contract(compared, out);
    }
    for (entries, what) in [
        (&comparison.expired, "expired"),
        (&comparison.stale, "stale"),
    ] {
        for entry in entries {
            out.line(format_args!("- {what} approval: {}", markdown(entry)));
        }
    }
}

fn contract(compared: &ComparedContract, out: &mut ReportWriter) {
    let report = &compared.report;
    out.line(format_args!(
        "### {} {} → {} (`{}`)\n",
        markdown(&report.new.title),
        markdown(&report.old.version),
        markdown(&report.new.version),
        compared.path
    ));
    report
        .notes
        .iter()
        .for_each(|note| out.line(format_args!("> {}\n", markdown(note))));
    if report.semver.is_sufficient == Some(false) {
        let suggested = report.semver.suggested.as_deref().unwrap_or_default();
        let required = report.semver.required;
        out.line(format_args!(
            "> A {required} change: the version should be {suggested} at least.\n"
        ));
    }
    let is_shown =
        |finding: &&CompatFinding| finding.level > ChangeLevel::Info && finding.approval.is_none();
    table(
        &report.findings.iter().filter(is_shown).collect::<Vec<_>>(),
        out,
    );
    let folded: Vec<&CompatFinding> = report
        .findings
        .iter()
        .filter(|finding| !is_shown(finding))
        .collect();
    if !folded.is_empty() {
        out.line(format_args!(
            "<details><summary>{} more that harm nobody or were approved of</summary>\n",
            folded.len()
        ));
        table(&folded, out);
        out.line("</details>\n");
    }
}

fn table(findings: &[&CompatFinding], out: &mut ReportWriter) {
    if findings.is_empty() {
        return;
    }
    out.line("| level | where | what | example |\n|---|---|---|---|");
    for finding in findings {
        let level = match (&finding.approval, finding.level) {
            (Some(approval), _) => format!("approved by {}", markdown(&approval.owner)),
            (None, ChangeLevel::Breaking) => "**breaking**".to_owned(),
            (None, level) => level.as_str().to_owned(),
        };
        let site = finding.location.to_string();
        let place = match site.is_empty() {
            true => code(&finding.subject.to_string()),
            false => format!(
                "{}<br>{}",
                code(&finding.subject.to_string()),
                markdown(&site)
            ),
        };
        let example = match (&finding.witness, &finding.certainty) {
            (Some(witness), _) => code(&witness.payload()),
            (None, ChangeCertainty::Unknown(reason)) => format!("not proved: {}", markdown(reason)),
            _ => String::new(),
        };
        let message = markdown(&finding.message);
        out.line(format_args!(
            "| {level} | {place} | {message}<br>`{}` | {example} |",
            finding.rule
        ));
    }
    out.line("");
}
