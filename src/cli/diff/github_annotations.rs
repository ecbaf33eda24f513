//! The comparison as annotations of a workflow of GitHub: one line for each change, at its file
//! and line.

use portcullis_compat::{ChangeLevel, CompatFinding};
use portcullis_contract::SourceLocation;

use super::diff_result::DiffResult;
use crate::cli::escaping::{data, property};
use crate::cli::report_writer::ReportWriter;

/// Prints a command for each change; what was approved of is a notice.
pub(super) fn print(comparison: &DiffResult, out: &mut ReportWriter) {
    for (_, finding) in comparison.findings() {
        let command = match (finding.level, &finding.approval) {
            (ChangeLevel::Breaking, None) => "error",
            (ChangeLevel::Warning, None) => "warning",
            _ => "notice",
        };
        let at = finding.new.as_ref().or(finding.old.as_ref());
        let place = at.map(|spot| format!("file={},line={},", property(file(spot)), spot.line));
        out.line(format_args!(
            "::{command} {}title={}::{}",
            place.unwrap_or_default(),
            property(finding.rule.id),
            data(&message(finding))
        ));
    }
    for (path, identity) in &comparison.gone {
        let message = format!("the contract {} ({path}) is gone", identity.title);
        out.line(format_args!(
            "::error title=contract.removed::{}",
            data(&message)
        ));
    }
    for (entries, what) in [
        (&comparison.expired, "expired"),
        (&comparison.stale, "stale"),
    ] {
        for entry in entries {
            out.line(format_args!(
                "::warning title=approval::{}",
                data(&format!("{what}: {entry}"))
            ));
        }
    }
}

/// What happened and where, in one sentence.
pub(super) fn message(finding: &CompatFinding) -> String {
    let site = finding.location.to_string();
    let place = match site.is_empty() {
        true => finding.subject.to_string(),
        false => format!("{}, {site}", finding.subject),
    };
    let mut message = format!("{place}: {}", finding.message);
    if let Some(witness) = &finding.witness {
        message.push_str(&format!("; for example {}", witness.payload()));
    }
    message
}

/// The file of a spot, without the revision that it was read from.
pub(super) fn file(spot: &SourceLocation) -> &str {
    match spot.file.split_once(':') {
        Some((revision, path)) if !revision.contains('/') && revision.len() > 1 => path,
        _ => &spot.file,
    }
}
