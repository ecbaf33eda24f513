//! The verdict for a workflow of GitHub: annotations on standard output, figures as outputs of
//! the step (`GITHUB_OUTPUT`), the whole as its summary (`GITHUB_STEP_SUMMARY`).

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use portcullis_control::gate::ReasonWeight;

use super::gate_error::GateError;
use super::gate_markdown;
use super::gate_report::{GateReport, reason_text};
use crate::cli::escaping::{data, property};
use crate::cli::report_writer::ReportWriter;

/// Prints annotations, and writes the files that GitHub names.
pub(super) fn print(report: &GateReport<'_>, out: &mut ReportWriter) -> Result<(), GateError> {
    for reason in &report.verdict.reasons {
        let command = match reason.weight {
            ReasonWeight::Blocks => "error",
            ReasonWeight::Overridden | ReasonWeight::Warns => "warning",
            ReasonWeight::Informs => "notice",
        };
        let place = reason
            .place
            .as_ref()
            .map(|place| format!("file={},line={},", property(&place.file), place.line));
        out.line(format_args!(
            "::{command} {}title={}::{}",
            place.unwrap_or_default(),
            property(&format!("gate: {}", reason.rule.as_str())),
            data(&reason_text(reason))
        ));
    }
    append("GITHUB_OUTPUT", &outputs(report))?;
    append("GITHUB_STEP_SUMMARY", &gate_markdown::text(report))
}

/// One output a line; no value has a line of its own.
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
