//! The comparison as a SARIF 2.1.0 log, for code scanning.

use serde_json::{Value, json};

use portcullis_compat::{ChangeLevel, CompatFinding, rules};
use portcullis_contract::SourceLocation;

use super::diff_result::DiffResult;
use super::github_annotations::{file, message};
use crate::cli::report_writer::ReportWriter;

/// Prints the log.
pub(super) fn print(comparison: &DiffResult, out: &mut ReportWriter) {
    let used = |id: &str| {
        comparison
            .findings()
            .any(|(_, finding)| finding.rule.id == id)
    };
    let rules: Vec<Value> = rules()
        .iter()
        .filter(|rule| used(rule.id))
        .map(|rule| json!({"id": rule.id, "shortDescription": {"text": rule.title}}))
        .collect();
    let results: Vec<Value> = comparison
        .findings()
        .map(|(_, finding)| result(finding))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "portcullis",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    });
    out.line(serde_json::to_string_pretty(&log).expect("JSON values have a text"));
}

fn result(finding: &CompatFinding) -> Value {
    let level = match finding.level {
        ChangeLevel::Breaking => "error",
        ChangeLevel::Warning => "warning",
        ChangeLevel::Info => "note",
    };
    let at = finding.new.as_ref().or(finding.old.as_ref());
    let mut result = json!({
        "ruleId": finding.rule.id,
        "level": level,
        "message": {"text": message(finding)},
        "locations": at.map(location).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": {"portcullis/v1": finding.fingerprint()},
        "properties": {
            "certainty": finding.certainty.as_str(),
            "witness": finding.witness.as_ref().map(|witness| &witness.value),
        },
    });
    if let (Some(old), Some(_)) = (&finding.old, &finding.new) {
        result["relatedLocations"] = json!([location(old)]);
    }
    if let Some(approval) = &finding.approval {
        result["suppressions"] = json!([{"kind": "external", "justification": approval.reason}]);
    }
    result
}

fn location(spot: &SourceLocation) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": {"uri": file(spot)},
            "region": {"startLine": spot.line},
        },
        "logicalLocations": [{"fullyQualifiedName": spot.pointer}],
    })
}
