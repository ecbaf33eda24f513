//! What a verdict is, as a value and as JSON. The JSON is stable: members are only ever added,
//! and `schema` says which form it is. `docs/gate.md` describes it.

use std::time::Duration;

use serde_json::{Value, json};

use portcullis_contract::ContractIdentity;
use portcullis_control::gate::{GateReason, GateRule, GateVerdict, TrafficMeasurement};

use crate::cli::report_writer::ReportWriter;

/// A verdict with what it is about.
#[derive(Debug)]
pub(super) struct GateReport<'r> {
    pub(super) squad: &'r str,
    pub(super) service: &'r str,
    pub(super) candidate: &'r ContractIdentity,
    /// The version that is replaced.
    pub(super) deployed: Option<String>,
    pub(super) verdict: &'r GateVerdict,
    /// The number of the deployment, where it was recorded.
    pub(super) recorded: Option<u64>,
    pub(super) measured: Option<&'r TrafficMeasurement>,
    pub(super) duration: Duration,
}

impl GateReport<'_> {
    /// How long it took, in milliseconds.
    pub(super) fn duration_ms(&self) -> f64 {
        (self.duration.as_secs_f64() * 1e6).round() / 1e3
    }

    /// Whether somebody else was recorded meanwhile.
    pub(super) fn conflicts(&self) -> u32 {
        let is_conflict = self
            .verdict
            .reasons
            .iter()
            .any(|reason| reason.rule == GateRule::Conflict);
        u32::from(is_conflict)
    }

    /// The drift as text: a share, or that nobody measured it.
    pub(super) fn drift(&self) -> String {
        self.verdict
            .drift_score
            .map_or_else(|| "not measured".to_owned(), |drift| format!("{drift:.4}"))
    }

    /// The squads reached with their tiers, as text.
    pub(super) fn squads(&self) -> String {
        let squads = self.verdict.blast_radius.squads.iter();
        let squads: Vec<String> = squads
            .map(|reached| format!("{} ({})", reached.squad, reached.tier))
            .collect();
        if squads.is_empty() {
            "nobody".to_owned()
        } else {
            squads.join(", ")
        }
    }
}

/// The message with its witness and what to do.
pub(super) fn reason_text(reason: &GateReason) -> String {
    let witness = reason
        .change
        .as_ref()
        .and_then(|change| change.witness.as_ref());
    let witness = witness
        .map(|witness| format!("; for example {witness}"))
        .unwrap_or_default();
    let advice = reason
        .advice
        .as_ref()
        .map(|advice| format!("; {advice}"))
        .unwrap_or_default();
    format!("{}{witness}{advice}", reason.message)
}

/// Prints it as one JSON value.
pub(super) fn print(report: &GateReport<'_>, out: &mut ReportWriter) {
    let text = serde_json::to_string_pretty(&value(report)).expect("JSON values have a text");
    out.line(text);
}

fn value(report: &GateReport<'_>) -> Value {
    let mut value = serde_json::to_value(report.verdict).expect("a verdict has a JSON form");
    let about = json!({
        "schema": "portcullis-gate/1",
        "squad": report.squad,
        "service": report.service,
        "contract": {
            "title": report.candidate.title,
            "version": report.candidate.version,
            "revision": report.candidate.revision,
        },
        "replaces": report.deployed,
        "recorded": report.recorded,
        "window": report.measured.map(|measured| &measured.window),
        "gate_duration_ms": report.duration_ms(),
        "deployment_conflicts_total": report.conflicts(),
    });
    if let (Value::Object(all), Value::Object(about)) = (&mut value, about) {
        all.extend(about);
    }
    value
}
