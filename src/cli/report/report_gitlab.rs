//! Reports as a code quality report of GitLab.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::finding::{FindingLevel, ReportFinding, fingerprint_of};
use super::report_document::{Report, ReportSection};

/// Renders one issue for each finding.
pub(crate) fn render_gitlab(report: &Report) -> String {
    let command = report.command.replace(' ', "-");
    let mut occurrences: BTreeMap<String, usize> = BTreeMap::new();
    let issues: Vec<Value> = report
        .findings()
        .map(|(section, finding)| {
            let fingerprint = fingerprint_of(&[&section.name, finding.rule, finding.identity()]);
            let count = occurrences.entry(fingerprint.clone()).or_default();
            *count += 1;
            // GitLab drops issues with the fingerprint of an earlier one.
            let fingerprint = match *count {
                1 => fingerprint,
                count => fingerprint_of(&[&fingerprint, &count.to_string()]),
            };
            issue(&command, section, finding, &fingerprint)
        })
        .collect();
    format!("{:#}\n", Value::from(issues))
}

fn issue(
    command: &str,
    section: &ReportSection,
    finding: &ReportFinding,
    fingerprint: &str,
) -> Value {
    let severity = match (finding.level, &finding.approval) {
        (FindingLevel::Error, None) => "blocker",
        (FindingLevel::Overridden, None) => "major",
        (FindingLevel::Warning, None) => "minor",
        _ => "info",
    };
    let location = finding.location.as_ref();
    json!({
        "description": finding.sentence(),
        "check_name": format!("{command}/{}", finding.rule),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": location.map_or(section.path.as_str(), |found| found.file.as_str()),
            "lines": {"begin": location.and_then(|found| found.line).unwrap_or(1)},
        },
    })
}
