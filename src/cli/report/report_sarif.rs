//! Reports as a SARIF 2.1.0 log, for code scanning.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::finding::{FindingLevel, FindingLocation, ReportFinding, fingerprint_of};
use super::report_document::{Report, ReportSection};

/// The characters that a path of a URI cannot contain (RFC 3986 section 3.3).
const ENCODED_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Renders the log.
pub(crate) fn render_sarif(report: &Report) -> String {
    let rules: BTreeMap<&str, Option<&str>> = report
        .findings()
        .map(|(_, finding)| (finding.rule, finding.rule_title))
        .collect();
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|(id, title)| json!({"id": id, "shortDescription": {"text": title.unwrap_or(id)}}))
        .collect();
    let results: Vec<Value> = report
        .findings()
        .map(|(section, finding)| result(section, finding))
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
    format!("{log:#}\n")
}

fn result(section: &ReportSection, finding: &ReportFinding) -> Value {
    let level = match finding.level {
        FindingLevel::Error => "error",
        FindingLevel::Warning | FindingLevel::Overridden => "warning",
        FindingLevel::Info => "note",
    };
    let fingerprint = finding.fingerprint.clone();
    let fingerprint = fingerprint
        .unwrap_or_else(|| fingerprint_of(&[&section.name, finding.rule, finding.identity()]));
    let location = match &finding.location {
        Some(found) => location(found),
        None => location(&FindingLocation::file(&section.path)),
    };
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        "message": {"text": finding.sentence()},
        "locations": [location],
        "partialFingerprints": {"portcullis/v1": fingerprint},
    });
    if !finding.properties.is_empty() {
        result["properties"] = finding.properties.clone().into();
    }
    if let Some(related) = &finding.related_location {
        result["relatedLocations"] = json!([self::location(related)]);
    }
    if let Some(approval) = &finding.approval {
        result["suppressions"] = json!([{"kind": "external", "justification": approval}]);
    }
    result
}

fn location(found: &FindingLocation) -> Value {
    let uri = utf8_percent_encode(&found.file, ENCODED_IN_PATH).to_string();
    let mut location = json!({"physicalLocation": {"artifactLocation": {"uri": uri}}});
    if let Some(line) = found.line {
        location["physicalLocation"]["region"] = json!({"startLine": line});
    }
    if let Some(column) = found.column {
        location["physicalLocation"]["region"]["startColumn"] = column.into();
    }
    if let Some(pointer) = &found.pointer {
        location["logicalLocations"] = json!([{"fullyQualifiedName": pointer}]);
    }
    location
}
