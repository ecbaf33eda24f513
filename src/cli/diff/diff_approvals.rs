//! `diff --approvals` and `diff --print-approvals`.

use std::path::Path;

use portcullis_compat::{ApprovalSet, ChangeApproval, ChangeLevel, Date};

use super::diff_result::DiffResult;
use crate::cli::inputs::read_approvals;
use crate::cli::output::ReportWriter;
use crate::cli::run_error::RunError;

/// Marks the changes that the file approves, and lists its expired and stale entries.
pub(super) fn apply_approvals(
    path: &Path,
    today: Date,
    comparison: &mut DiffResult,
) -> Result<(), RunError> {
    let mut approvals = ApprovalSet::new(read_approvals(path)?, today);
    for compared in &mut comparison.contracts {
        compared.report.approve(&mut approvals);
    }
    let described = |approval: &&ChangeApproval| {
        let ChangeApproval {
            line,
            fingerprint,
            owner,
            change,
            ..
        } = approval;
        format!(
            "{}:{line}: {fingerprint} of {owner} ({change})",
            path.display()
        )
    };
    comparison.approvals_path = Some(path.display().to_string());
    comparison.expired = approvals.expired().iter().map(described).collect();
    comparison.stale = approvals.stale().iter().map(described).collect();
    Ok(())
}

/// Prints a template entry for each change that needs an approval and has none. Its owner fills in
/// the reason.
pub(super) fn print_approval_templates(comparison: &DiffResult, out: &mut ReportWriter) {
    let mut printed = Vec::new();
    for (compared, finding) in comparison.findings() {
        let fingerprint = finding.fingerprint();
        if finding.level < ChangeLevel::Unknown
            || finding.approval.is_some()
            || printed.contains(&fingerprint)
        {
            continue;
        }
        let change = format!("{}: {}: {}", finding.first(), finding.rule, finding.message);
        out.line("[[approval]]");
        out.line(format_args!("fingerprint = {}", toml_string(&fingerprint)));
        out.line(format_args!("change = {}", toml_string(&change)));
        out.line(format_args!(
            "owner = {}",
            toml_string(
                compared
                    .provider(finding, &comparison.catalog)
                    .unwrap_or_default()
            )
        ));
        out.line("reason = \"\"");
        out.line("# expires = \"2027-01-31\"");
        out.line("");
        printed.push(fingerprint);
    }
}

/// Text as a TOML basic string. JSON strings are that too, except for one character.
fn toml_string(value: &str) -> String {
    let quoted = serde_json::to_string(value).expect("a string has a JSON form");
    quoted.replace('\u{7f}', "\\u007f")
}
