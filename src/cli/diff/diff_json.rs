//! The JSON document of a comparison. It is stable: properties are added and never removed, and
//! `schema` names its version.
//!
//! ```json
//! {
//!   "schema": "portcullis-diff/1",
//!   "verdict": "breaking",
//!   "contracts": [{
//!     "path": "new.yaml",
//!     "old": { "title": "Orders", "version": "1.4.0", "revision": "sha256:…", "provider": "payments" },
//!     "new": { "title": "Orders", "version": "1.5.0", "revision": "sha256:…", "provider": "payments" },
//!     "semver": { "required": "major", "honoured": false, "suggested": "2.0.0" },
//!     "broken_parts": [{ "side": "old", "kind": "malformed-schema", "message": "…",
//!                        "location": { "file": "old.yaml", "line": 12, "pointer": "/paths/…" } }],
//!     "subjects": ["POST /transfers"],
//!     "findings": [{
//!       "fingerprint": "9f3a0c5d7e112233", "rule": "schema.maximum.decreased",
//!       "aliases": ["request-property-max-decreased"],
//!       "level": "breaking", "replaced_level": null, "certainty": "witnessed", "reason": null, "direction": "request",
//!       "subject": "POST /transfers", "site": "request body application/json /amount",
//!       "reaches": { "places": 1, "subjects": [0],
//!                    "first": ["POST /transfers, request body application/json /amount"] },
//!       "provider": "payments", "message": "maximum lowered from 20 to 10",
//!       "before": "20", "after": "10",
//!       "old": { "file": "old.yaml", "line": 12, "pointer": "/paths/…" },
//!       "new": { "file": "new.yaml", "line": 12, "pointer": "/paths/…" },
//!       "witness": { "value": {"amount": 11}, "pointer": "/amount", "keyword": "maximum",
//!                    "refusal": "…", "request": { "method": "POST", "target": "/transfers",
//!                    "headers": [["content-type", "application/json"]], "body": "…" }, "curl": "curl …",
//!                    "response": null, "no_message": null },
//!       "approval": null
//!     }],
//!     "notes": []
//!   }],
//!   "gone": [], "added": [], "unchanged": 0,
//!   "squads": { "payments": { "breaking": 1, "warning": 0, "info": 0 } },
//!   "approvals": { "expired": [], "stale": [], "ambiguous": [] },
//!   "notes": [],
//!   "summary": { "contracts": 1, "breaking": 1, "warning": 0, "info": 0, "unknown": 0, "approved": 0, "disabled": 0,
//!                "positions": 12, "unreadable": 0 }
//! }
//! ```
//!
//! `verdict` is `breaking`, `unknown`, `warning`, `compatible` or `unchanged`; approved changes do
//! not count. `reaches` counts the places of a change and refers to `subjects` by index; its first
//! places are listed. `broken_parts` lists what could not be compiled (`--tolerant`). `certainty` is `rule`,
//! `witnessed`, `proved` or `unknown`; `reason` explains `unknown`, and `rule` where no message shows
//! the change. `replaced_level` is what the
//! comparison found, where a setting sets another level; `disabled` counts the changes that settings
//! turned off. A witness has a `request` or a `response` (`status`, `headers`, `body`), or the reason why
//! not (`no_message`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use portcullis_compat::{
    ChangeApproval, ChangeLevel, ChangeSubject, CompatFinding, RevisionBrokenPart, Witness,
};
use portcullis_contract::{ContractIdentity, SourceLocation};

use super::diff_result::{ComparedContract, DiffResult, SquadTotals};
use crate::cli::output::{ReportWriter, print_json};

/// The most places of a finding that are listed. Its operations are complete.
const PLACES_MAX: usize = 16;

/// Prints the comparison as one JSON document.
pub(super) fn print_comparison(comparison: &DiffResult, out: &mut ReportWriter) {
    print_json(out, &document(comparison));
}

fn document(comparison: &DiffResult) -> Value {
    let counts = comparison.counts();
    let positions: usize = comparison
        .contracts
        .iter()
        .map(|compared| compared.report.positions)
        .sum();
    let squads: Map<String, Value> = comparison
        .by_squad()
        .into_iter()
        .map(|(squad, totals)| {
            let SquadTotals {
                breaking,
                unknown,
                warning,
                info,
            } = totals;
            let totals =
                json!({"breaking": breaking, "unknown": unknown, "warning": warning, "info": info});
            (squad, totals)
        })
        .collect();
    let lone_contracts = |list: &[(String, ContractIdentity)]| -> Vec<Value> {
        let entries = list.iter();
        entries
            .map(|(path, contract)| json!({"path": path, "contract": identity(contract)}))
            .collect()
    };
    json!({
        "schema": "portcullis-diff/1",
        "verdict": verdict(comparison),
        "contracts": comparison.contracts.iter().map(|compared| contract(comparison, compared)).collect::<Vec<_>>(),
        "gone": lone_contracts(&comparison.removed),
        "added": lone_contracts(&comparison.added),
        "unchanged": comparison.unchanged,
        "squads": squads,
        "approvals": {
            "expired": comparison.expired,
            "stale": comparison.stale,
            "ambiguous": comparison.ambiguous,
        },
        "notes": comparison.notes,
        "summary": {
            "contracts": comparison.contracts.len(),
            "breaking": counts.breaking,
            "warning": counts.warning,
            "info": counts.info,
            "unknown": counts.unknown,
            "approved": counts.approved,
            "disabled": counts.disabled,
            "places": counts.places,
            "positions": positions,
            "unreadable": comparison.unreadable.len(),
        },
    })
}

/// The verdict in one word.
pub(super) fn verdict(comparison: &DiffResult) -> &'static str {
    match comparison.level() {
        Some(ChangeLevel::Breaking) => "breaking",
        Some(ChangeLevel::Unknown) => "unknown",
        Some(ChangeLevel::Warning) => "warning",
        Some(ChangeLevel::Info) => "compatible",
        None if comparison.added.is_empty() => "unchanged",
        None => "compatible",
    }
}

fn contract(comparison: &DiffResult, compared: &ComparedContract) -> Value {
    let report = &compared.report;
    let subjects: BTreeSet<&ChangeSubject> = report
        .findings
        .iter()
        .flat_map(CompatFinding::operations)
        .collect();
    let subjects: Vec<&ChangeSubject> = subjects.into_iter().collect();
    let finding = |found: &CompatFinding| {
        let provider = compared.provider(found, &comparison.catalog);
        finding(found, provider, &subjects)
    };
    json!({
        "path": compared.path,
        "old": identity(&report.old),
        "new": identity(&report.new),
        "semver": {
            "required": report.semver.required,
            "honoured": report.semver.is_sufficient,
            "suggested": report.semver.suggested,
        },
        "broken_parts": report.broken_parts.iter().map(broken_part).collect::<Vec<_>>(),
        "subjects": subjects.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "notes": report.notes,
    })
}

fn broken_part(found: &RevisionBrokenPart) -> Value {
    let part = &found.part;
    json!({
        "side": if found.is_newer { "new" } else { "old" },
        "kind": part.kind.as_str(),
        "message": part.message,
        "location": location(&part.at),
    })
}

fn identity(identity: &ContractIdentity) -> Value {
    json!({
        "title": identity.title,
        "version": identity.version,
        "revision": identity.revision,
        "provider": identity.provider,
    })
}

fn finding(finding: &CompatFinding, provider: Option<&str>, subjects: &[&ChangeSubject]) -> Value {
    let reached = finding.operations().into_iter();
    let reached = reached.filter_map(|subject| subjects.binary_search(&subject).ok());
    let places = finding.places.iter().take(PLACES_MAX);
    let reason = finding.certainty.reason();
    json!({
        "fingerprint": finding.fingerprint(),
        "rule": finding.rule.id,
        "aliases": finding.aliases(),
        "level": finding.level,
        "replaced_level": finding.replaced_level,
        "certainty": finding.certainty.as_str(),
        "reason": reason,
        "direction": finding.direction.map(|direction| format!("{direction:?}").to_lowercase()),
        "subject": finding.first().subject.to_string(),
        "site": finding.first().location.to_string(),
        "reaches": {
            "places": finding.places.len(),
            "subjects": reached.collect::<Vec<_>>(),
            "first": places.map(ToString::to_string).collect::<Vec<_>>(),
        },
        "provider": provider,
        "message": finding.message,
        "before": finding.before,
        "after": finding.after,
        "old": finding.old.as_ref().map(location),
        "new": finding.new.as_ref().map(location),
        "witness": finding.witness.as_ref().map(witness),
        "approval": finding.approval.as_ref().map(approval),
    })
}

fn location(location: &SourceLocation) -> Value {
    json!({"file": location.file, "line": location.line, "pointer": location.pointer})
}

fn witness(witness: &Witness) -> Value {
    let request = witness.request.as_ref().map(|request| {
        json!({
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "body": request.body,
        })
    });
    let response = witness.response.as_ref().map(|response| {
        json!({
            "status": response.status,
            "headers": response.headers,
            "body": response.body,
        })
    });
    json!({
        "value": witness.value,
        "pointer": witness.pointer,
        "keyword": witness.keyword,
        "refusal": witness.refusal,
        "request": request,
        "curl": witness.curl(),
        "response": response,
        "no_message": witness.no_message,
    })
}

fn approval(approval: &ChangeApproval) -> Value {
    json!({
        "owner": approval.owner,
        "reason": approval.reason,
        "expires": approval.expires.map(|date| date.to_string()),
    })
}
