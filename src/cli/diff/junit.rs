//! The comparison as the results of a test run: a suite for each contract, a case for each
//! operation that changed, a failure where a breaking change is not approved of.

use portcullis_compat::{ChangeLevel, CompatFinding};

use super::diff_result::{ComparedContract, DiffResult};
use super::github_annotations::message;
use crate::cli::escaping::xml;
use crate::cli::report_writer::ReportWriter;

/// Prints the results.
pub(super) fn print(comparison: &DiffResult, out: &mut ReportWriter) {
    out.line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    out.line("<testsuites name=\"portcullis diff\">");
    for compared in &comparison.contracts {
        suite(compared, out);
    }
    for (path, identity) in &comparison.gone {
        let path = xml(path);
        out.line(format_args!(
            "  <testsuite name=\"{path}\" tests=\"1\" failures=\"1\">"
        ));
        out.line(format_args!(
            "    <testcase classname=\"{path}\" name=\"the contract\">"
        ));
        let title = xml(&identity.title);
        out.line(format_args!(
            "      <failure type=\"contract.removed\" message=\"the contract {title} is gone\"/>"
        ));
        out.line("    </testcase>\n  </testsuite>");
    }
    out.line("</testsuites>");
}

fn suite(compared: &ComparedContract, out: &mut ReportWriter) {
    let groups = compared.report.by_subject();
    let broken = |findings: &[&CompatFinding]| {
        findings
            .iter()
            .filter(|finding| is_failure(finding))
            .count()
    };
    let failures = groups
        .iter()
        .filter(|(_, findings)| broken(findings) > 0)
        .count();
    let path = xml(&compared.path);
    // An empty suite would look as if nothing had been compared.
    let tests = groups.len().max(1);
    out.line(format_args!(
        "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failures}\">"
    ));
    if groups.is_empty() {
        out.line(format_args!(
            "    <testcase classname=\"{path}\" name=\"the contract\"/>"
        ));
    }
    for (subject, findings) in groups {
        let name = xml(&subject.to_string());
        out.line(format_args!(
            "    <testcase classname=\"{path}\" name=\"{name}\">"
        ));
        for finding in findings {
            let text = xml(&message(finding));
            match is_failure(finding) {
                true => out.line(format_args!(
                    "      <failure type=\"{}\" message=\"{text}\"/>",
                    finding.rule
                )),
                false => out.line(format_args!(
                    "      <system-out>{}: {text}</system-out>",
                    finding.level.as_str()
                )),
            }
        }
        out.line("    </testcase>");
    }
    out.line("  </testsuite>");
}

fn is_failure(finding: &CompatFinding) -> bool {
    finding.level == ChangeLevel::Breaking && finding.approval.is_none()
}
