//! Tests of the structural comparison: small pairs of contracts and the findings they must give.

mod address_samples;
mod addresses;
mod bounded_work;
mod harmless_edits;
mod messages;

use portcullis_contract::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_vocabulary::limits::Limits;

use super::super::compare::{CompatReport, compare};
use super::super::compare_options::CompareOptions;
use portcullis_vocabulary::Date;

/// Compiles a fragment of an OpenAPI document of a version.
fn contract(version: &str, fragment: &str) -> CompiledContract {
    let text = format!("openapi: {version}\ninfo: {{title: t, version: 1.0.0}}\n{fragment}\n");
    let documents = parse_single_file("t.yaml", text.into_bytes(), &Limits::default()).unwrap();
    let options = CompileOptions {
        outbound_operations: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap_or_else(|problems| panic!("{fragment}: {problems:?}"))
}

/// Compares two fragments of OpenAPI 3.0 documents.
fn compared(old: &str, new: &str) -> CompatReport {
    compared_as("3.0.3", old, new)
}

fn compared_as(version: &str, old: &str, new: &str) -> CompatReport {
    let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
    compare(&contract(version, old), &contract(version, new), &options)
}

/// The findings as lines: level, rule, subject, location and message. The remarks about the version
/// of the contract are left out.
fn lines(report: &CompatReport) -> Vec<String> {
    let findings = report.findings.iter();
    findings
        .filter(|finding| !finding.rule.id.starts_with("version."))
        .map(|finding| {
            let location = match finding.places[0].location.to_string() {
                location if location.is_empty() => location,
                location => format!(" | {location}"),
            };
            format!(
                "{} {} {}{location} | {}",
                finding.level.as_str(),
                finding.rule.id,
                finding.places[0].subject,
                finding.message
            )
        })
        .collect()
}

#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(lines(&compared(old, new)), expected);
}
