//! The verdict for a pipeline of GitLab: the results of a test run, a case for each rule that has
//! something to say, and a code quality report.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use portcullis_control::gate::{GateReason, ReasonWeight};

use super::gate_report::{GateReport, reason_text};
use crate::cli::escaping::xml;
use crate::cli::report_writer::ReportWriter;

/// Prints the results of a test run.
pub(super) fn print_junit(report: &GateReport<'_>, out: &mut ReportWriter) {
    let reasons = &report.verdict.reasons;
    let failures = reasons
        .iter()
        .filter(|reason| reason.weight == ReasonWeight::Blocks)
        .count();
    let service = xml(report.service);
    let seconds = report.duration.as_secs_f64();
    // An empty suite would look as if nothing had been judged.
    let tests = reasons.len().max(1);
    out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    out.line(format_args!(
        "<testsuites name=\"portcullis gate\">\n  <testsuite name=\"{service}\" tests=\"{tests}\" failures=\"{failures}\" time=\"{seconds:.3}\">"
    ));
    if reasons.is_empty() {
        out.line(format_args!(
            "    <testcase classname=\"{service}\" name=\"{}\"/>",
            report.verdict.decision.as_str()
        ));
    }
    for reason in reasons {
        let message = xml(&reason_text(reason));
        let rule = reason.rule.as_str();
        out.line(format_args!(
            "    <testcase classname=\"{service}\" name=\"{}\">",
            xml(&format!("{rule}: {}", reason.message))
        ));
        match reason.weight {
            ReasonWeight::Blocks => out.line(format_args!(
                "      <failure type=\"{rule}\" message=\"{message}\"/>"
            )),
            weight => out.line(format_args!(
                "      <system-out>{}: {message}</system-out>",
                weight.as_str()
            )),
        }
        out.line("    </testcase>");
    }
    out.line("  </testsuite>\n</testsuites>");
}

/// Prints a code quality report.
pub(super) fn print_code_quality(report: &GateReport<'_>, out: &mut ReportWriter) {
    let issues: Vec<Value> = report
        .verdict
        .reasons
        .iter()
        .map(|reason| issue(report, reason))
        .collect();
    let text = serde_json::to_string_pretty(&issues).expect("JSON values have a text");
    out.line(text);
}

fn issue(report: &GateReport<'_>, reason: &GateReason) -> Value {
    let severity = match reason.weight {
        ReasonWeight::Blocks => "blocker",
        ReasonWeight::Overridden => "major",
        ReasonWeight::Warns => "minor",
        ReasonWeight::Informs => "info",
    };
    let place = reason.place.as_ref();
    let change = reason
        .change
        .as_ref()
        .map(|change| change.fingerprint.as_str());
    let digest = Sha256::digest(format!(
        "{}\0{}\0{}",
        report.service,
        reason.rule.as_str(),
        change.unwrap_or(&reason.message)
    ));
    let fingerprint: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    json!({
        "description": reason_text(reason),
        "check_name": format!("gate/{}", reason.rule.as_str()),
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": place.map_or("registry.json", |place| place.file.as_str()),
            "lines": {"begin": place.map_or(1, |place| place.line)},
        },
    })
}
