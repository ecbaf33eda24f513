//! `diff --approvals` and `diff --print-approvals`.

use std::path::Path;

use portcullis_compat::{ApprovalSet, ChangeApproval, ChangeLevel, Date};

use super::diff_result::DiffResult;
use crate::cli::inputs::read_approvals;
use crate::cli::output::ReportWriter;
use crate::cli::report::{ApprovalTemplate, print_templates};
use crate::cli::run_error::RunError;

/// Marks the changes that the file approves, and lists its expired, stale and ambiguous entries.
pub(super) fn apply_approvals(
    path: &Path,
    today: Date,
    comparison: &mut DiffResult,
) -> Result<(), RunError> {
    let mut approvals = ApprovalSet::new(read_approvals(path)?, today);
    for compared in &comparison.contracts {
        approvals.fit(&compared.report.findings, &compared.names);
    }
    for compared in &mut comparison.contracts {
        compared.report.approve(&mut approvals, &compared.names);
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
    comparison.ambiguous = approvals.ambiguous().iter().map(described).collect();
    Ok(())
}

/// Prints a template entry for each change that needs an approval and has none.
pub(super) fn print_approval_templates(comparison: &DiffResult, out: &mut ReportWriter) {
    let findings = comparison.findings();
    let missing = findings
        .filter(|(_, finding)| finding.level >= ChangeLevel::Unknown && finding.approval.is_none());
    let templates = missing.map(|(compared, finding)| ApprovalTemplate {
        fingerprint: finding.fingerprint().to_owned(),
        contract: compared.names.common_path(),
        service: compared.names.service.clone(),
        change: format!(
            "{}: {} [{}]",
            finding.first(),
            finding.message,
            finding.rule
        ),
        owner: compared
            .provider(finding, &comparison.catalog)
            .unwrap_or_default()
            .to_owned(),
    });
    print_templates(templates, out);
}
