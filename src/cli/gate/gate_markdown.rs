//! The verdict as the comment of a pull request, and as the summary of a workflow's step.

use std::fmt::Write;

use super::gate_report::GateReport;
use crate::cli::escaping::{code, markdown};

/// The whole text.
pub(super) fn text(report: &GateReport<'_>) -> String {
    let verdict = report.verdict;
    let mut text = format!(
        "## Gate: {} {}\n\n{} of {}, version {}\n\n",
        markdown(report.service),
        verdict.decision.as_str(),
        markdown(report.service),
        markdown(report.squad),
        markdown(&report.candidate.version)
    );
    let figures = [
        ("drift_score", report.drift()),
        ("blast_radius", report.squads()),
        ("risk_score", verdict.risk_score.to_string()),
        ("gate_duration_ms", report.duration_ms().to_string()),
        ("recommended_action", verdict.recommended_action.to_owned()),
    ];
    text.push_str("| figure | value |\n|---|---|\n");
    for (name, value) in figures {
        push(&mut text, &format!("| {name} | {} |\n", markdown(&value)));
    }
    text.push_str("\n| | rule | reason | what to do |\n|---|---|---|---|\n");
    for reason in &verdict.reasons {
        let witness = reason
            .change
            .as_ref()
            .and_then(|change| change.witness.as_ref());
        let example = witness
            .map(|witness| format!("<br>{}", code(witness)))
            .unwrap_or_default();
        push(
            &mut text,
            &format!(
                "| {} | {} | {}{example} | {} |\n",
                reason.weight.as_str(),
                reason.rule.as_str(),
                markdown(&reason.message),
                markdown(reason.advice.as_deref().unwrap_or_default())
            ),
        );
    }
    text
}

fn push(text: &mut String, line: &str) {
    write!(text, "{line}").expect("writing to a String does not fail");
}
