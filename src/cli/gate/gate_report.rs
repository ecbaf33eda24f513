//! The result of the gate and its JSON document. The document is stable: properties are added and
//! never removed, and `schema` names its version. `docs/gate.md` describes it.

use std::time::Duration;

use serde_json::{Value, json};

use portcullis_contract::ContractIdentity;
use portcullis_control::gate::{GateRule, GateVerdict, ReasonWeight, TrafficMeasurement};

use crate::cli::output::{ReportWriter, print_json};
use crate::cli::report::FindingLevel;

/// A verdict with the deployment it is about.
#[derive(Debug)]
pub(super) struct GateReport<'r> {
    pub(super) squad: &'r str,
    pub(super) service: &'r str,
    pub(super) candidate: &'r ContractIdentity,
    /// The version that the deployment replaces.
    pub(super) deployed: Option<String>,
    pub(super) verdict: &'r GateVerdict,
    /// The number of the deployment, if it was recorded.
    pub(super) recorded: Option<u64>,
    pub(super) measured: Option<&'r TrafficMeasurement>,
    pub(super) duration: Duration,
}

impl GateReport<'_> {
    /// The duration of the command, in milliseconds.
    pub(super) fn duration_ms(&self) -> f64 {
        (self.duration.as_secs_f64() * 1e6).round() / 1e3
    }

    /// 1 if another pipeline recorded a deployment at the same time, else 0.
    pub(super) fn conflicts(&self) -> u32 {
        let is_conflict = self
            .verdict
            .reasons
            .iter()
            .any(|reason| reason.rule == GateRule::Conflict);
        u32::from(is_conflict)
    }

    /// The drift as text: a share, or `not measured`.
    pub(super) fn drift(&self) -> String {
        self.verdict
            .drift_score
            .map_or_else(|| "not measured".to_owned(), |drift| format!("{drift:.4}"))
    }

    /// The affected squads with their tiers, as text.
    pub(super) fn squads(&self) -> String {
        let squads = self.verdict.blast_radius.squads.iter();
        let squads: Vec<String> = squads
            .map(|reached| format!("{} ({})", reached.squad, reached.tier))
            .collect();
        if squads.is_empty() {
            "no squad".to_owned()
        } else {
            squads.join(", ")
        }
    }
}

/// The level of a reason.
pub(super) const fn reason_level(weight: ReasonWeight) -> FindingLevel {
    match weight {
        ReasonWeight::Blocks => FindingLevel::Error,
        ReasonWeight::Overridden => FindingLevel::Overridden,
        ReasonWeight::Warns => FindingLevel::Warning,
        ReasonWeight::Informs => FindingLevel::Info,
    }
}

/// Prints the verdict as one JSON document.
pub(super) fn print_verdict(report: &GateReport<'_>, out: &mut ReportWriter) {
    print_json(out, &document(report));
}

fn document(report: &GateReport<'_>) -> Value {
    let mut document = serde_json::to_value(report.verdict).expect("a verdict has a JSON form");
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
    if let (Value::Object(properties), Value::Object(about)) = (&mut document, about) {
        properties.extend(about);
    }
    document
}
