//! The files of a GitHub Actions step: its outputs (`GITHUB_OUTPUT`) and its summary
//! (`GITHUB_STEP_SUMMARY`).

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use super::gate_error::GateError;
use super::gate_report::GateReport;
use crate::cli::report::{CommandReport, render_markdown};

/// Appends the figures and the report to the files that GitHub names, if any.
pub(super) fn write_step_files(report: &GateReport<'_>) -> Result<(), GateError> {
    append("GITHUB_OUTPUT", &outputs(report))?;
    append("GITHUB_STEP_SUMMARY", &render_markdown(&report.report()))
}

/// One output per line. No value contains a line break.
fn outputs(report: &GateReport<'_>) -> String {
    let verdict = report.verdict;
    let squads: Vec<&str> = verdict
        .blast_radius
        .squads
        .iter()
        .map(|reached| reached.squad.as_str())
        .collect();
    let drift = verdict
        .drift_score
        .map(|drift| drift.to_string())
        .unwrap_or_default();
    let lines = [
        ("decision", verdict.decision.as_str().to_owned()),
        ("recommended_action", verdict.recommended_action.to_owned()),
        ("drift_score", drift),
        ("blast_radius", squads.join(",")),
        ("blast_radius_tiers", verdict.blast_radius.tiers.join(",")),
        ("risk_score", verdict.risk_score.to_string()),
        ("gate_duration_ms", report.duration_ms().to_string()),
        ("revision", report.candidate.revision.to_string()),
        (
            "deployment",
            report
                .recorded
                .map(|number| number.to_string())
                .unwrap_or_default(),
        ),
    ];
    lines
        .map(|(name, value)| format!("{name}={value}\n"))
        .concat()
}

fn append(variable: &str, text: &str) -> Result<(), GateError> {
    let Some(path) = env::var_os(variable)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
    else {
        return Ok(());
    };
    let file = OpenOptions::new().append(true).create(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| GateError::Write { path, source })
}
