//! The file of approvals, and entries for it.
//!
//! ```toml
//! [[approval]]
//! fingerprint = "9f3a0c5d7e112233"
//! change = "POST /orders: operation.removed"
//! owner = "payments"
//! reason = "no consumer called it for a year"
//! expires = "2026-12-31"
//! ```

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::source;
use portcullis_compat::{ApprovalSet, ChangeApproval, ChangeLevel, Date};

use super::diff_result::DiffResult;
use crate::cli::dispatch::RunError;
use crate::cli::report_writer::ReportWriter;

/// The largest file of approvals, in bytes.
const BYTES_MAX: u64 = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalsFile {
    #[serde(default)]
    approval: Vec<Spanned<ApprovalEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ApprovalEntry {
    fingerprint: String,
    #[serde(default)]
    change: String,
    owner: String,
    reason: String,
    expires: Option<String>,
}

/// Marks what the file approves of, and says which of its entries are of no use any more.
pub(super) fn apply(path: &Path, today: Date, comparison: &mut DiffResult) -> Result<(), RunError> {
    let mut approvals = ApprovalSet::new(read(path)?, today);
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
    comparison.expired = approvals.expired().iter().map(described).collect();
    comparison.stale = approvals.stale().iter().map(described).collect();
    Ok(())
}

/// Reads the file's entries.
pub(in crate::cli) fn read(path: &Path) -> Result<Vec<ChangeApproval>, RunError> {
    let text = source::read(path, BYTES_MAX)?;
    let text = String::from_utf8_lossy(&text);
    let refused = |message: String| RunError::Approvals {
        path: path.to_owned(),
        message,
    };
    let file: ApprovalsFile = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let mut entries = Vec::new();
    for entry in file.approval {
        let upto = text.get(..entry.span().start).unwrap_or_default();
        let line = upto.matches('\n').count() + 1;
        entries.push(approval(entry.into_inner(), line).map_err(refused)?);
    }
    Ok(entries)
}

fn approval(entry: ApprovalEntry, line: usize) -> Result<ChangeApproval, String> {
    for (name, value) in [
        ("owner", &entry.owner),
        ("reason", &entry.reason),
        ("fingerprint", &entry.fingerprint),
    ] {
        if value.trim().is_empty() {
            return Err(format!(
                "line {line}: `{name}` is empty: an approval names who answers for it, and why"
            ));
        }
    }
    let expires = match &entry.expires {
        None => None,
        Some(text) => Some(Date::parse(text).ok_or_else(|| {
            format!("line {line}: `expires` must be a date such as 2026-12-31, not {text:?}")
        })?),
    };
    Ok(ChangeApproval {
        fingerprint: entry.fingerprint,
        owner: entry.owner,
        reason: entry.reason,
        expires,
        change: entry.change,
        line: u32::try_from(line).unwrap_or(u32::MAX),
    })
}

/// Prints an entry for each breaking change that has none, to be filled in by whoever answers
/// for it.
pub(super) fn print(comparison: &DiffResult, out: &mut ReportWriter) {
    let mut printed = Vec::new();
    for (compared, finding) in comparison.findings() {
        let fingerprint = finding.fingerprint();
        if finding.level < ChangeLevel::Breaking
            || finding.approval.is_some()
            || printed.contains(&fingerprint)
        {
            continue;
        }
        let site = finding.location.to_string();
        let change = match site.is_empty() {
            true => format!("{}: {}: {}", finding.subject, finding.rule, finding.message),
            false => format!(
                "{}: {site}: {}: {}",
                finding.subject, finding.rule, finding.message
            ),
        };
        out.line("[[approval]]");
        out.line(format_args!("fingerprint = {}", text(&fingerprint)));
        out.line(format_args!("change = {}", text(&change)));
        out.line(format_args!(
            "owner = {}",
            text(
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

/// Text as a basic string of TOML, which JSON's strings are, but for one character.
fn text(value: &str) -> String {
    let quoted = serde_json::to_string(value).expect("text has a JSON form");
    quoted.replace('\u{7f}', "\\u007f")
}
