//! Writes the figures to a file for the textfile collector of the Prometheus node exporter.
//!
//! The counter of conflicts continues from the value in the existing file, so that it never
//! decreases.

use std::fs;
use std::path::Path;

use super::gate_error::GateError;
use super::gate_report::GateReport;

/// Replaces the file atomically, because the collector may read it at any time.
pub(super) fn write(path: &Path, report: &GateReport<'_>) -> Result<(), GateError> {
    let before = fs::read_to_string(path).unwrap_or_default();
    let text = text(report, &before);
    let draft = path.with_extension("prom.draft");
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, path));
    written.map_err(|source| GateError::Write {
        path: path.to_owned(),
        source,
    })
}

fn text(report: &GateReport<'_>, before: &str) -> String {
    let labels = format!(
        "{{service={},squad={}}}",
        quoted(report.service),
        quoted(report.squad)
    );
    let metric = |name: &str, kind: &str, help: &str, value: String| {
        format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{labels} {value}\n")
    };
    let sample = format!("deployment_conflicts_total{labels} ");
    let earlier = before
        .lines()
        .find_map(|line| line.strip_prefix(&sample)?.parse::<u64>().ok());
    let conflicts = earlier.unwrap_or(0) + u64::from(report.conflicts());
    let mut text = metric(
        "gate_duration_ms",
        "gauge",
        "How long the last verdict took, in milliseconds.",
        report.duration_ms().to_string(),
    );
    text += &metric(
        "deployment_conflicts_total",
        "counter",
        "Verdicts discarded because another deployment was recorded at the same time.",
        conflicts.to_string(),
    );
    text += &metric(
        "deployment_risk_score",
        "gauge",
        "The risk score of the last verdict, in points.",
        report.verdict.risk_score.to_string(),
    );
    if let Some(drift) = report.verdict.drift_score {
        let help = "Share of live exchanges that violate the deployed contract.";
        text += &metric("contract_drift_score", "gauge", help, drift.to_string());
    }
    text
}

/// A label value of the Prometheus text format.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
