//! The approvals file: breaking changes that someone has accepted responsibility for.
//!
//! ```toml
//! [[approval]]
//! fingerprint = "9f3a0c5d7e112233"
//! contract = "payments/orders/openapi.yaml"    # or: service = "orders"
//! change = "POST /orders: operation.removed"
//! owner = "payments"
//! reason = "no consumer called it for a year"
//! expires = "2026-12-31"
//! ```

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::source;
use portcullis_compat::{ChangeApproval, Date};

use crate::cli::run_error::RunError;

/// The largest approvals file, in bytes.
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
    contract: Option<String>,
    service: Option<String>,
    #[serde(default)]
    change: String,
    owner: String,
    reason: String,
    expires: Option<String>,
}

/// Reads all approvals of a file.
pub(crate) fn read_approvals(path: &Path) -> Result<Vec<ChangeApproval>, RunError> {
    let text = source::read(path, BYTES_MAX)?;
    let text = String::from_utf8_lossy(&text);
    let refused = |message: String| RunError::Approvals {
        path: path.to_owned(),
        message,
    };
    let file: ApprovalsFile = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let mut entries = Vec::new();
    for entry in file.approval {
        let before = text.get(..entry.span().start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
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
                "line {line}: `{name}` is empty: an approval names its owner and the reason"
            ));
        }
    }
    for (name, value) in [("contract", &entry.contract), ("service", &entry.service)] {
        if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
            return Err(format!(
                "line {line}: `{name}` is empty: name the one that the approval is for, or remove \
                 the key"
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
        contract: entry.contract,
        service: entry.service,
        owner: entry.owner,
        reason: entry.reason,
        expires,
        change: entry.change,
        line: u32::try_from(line).unwrap_or(u32::MAX),
    })
}
