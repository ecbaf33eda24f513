//! The verdict for people.

use portcullis_control::gate::{GateDecision, GateReason, ReasonWeight};

use super::gate_report::GateReport;
use crate::cli::report_writer::{ReportWriter, TextStyle};

/// The longest witness that is shown, in characters; JSON has them whole.
const WITNESS_MAX: usize = 300;

/// Prints everything.
pub(super) fn print(report: &GateReport<'_>, out: &mut ReportWriter) {
    let verdict = report.verdict;
    let style = match verdict.decision {
        GateDecision::Blocked => TextStyle::Red,
        GateDecision::Overridden => TextStyle::Yellow,
        GateDecision::Allowed | GateDecision::Unchanged => TextStyle::Bold,
    };
    let word = out
        .paint(style, verdict.decision.as_str().to_uppercase())
        .to_string();
    let from = report
        .deployed
        .as_ref()
        .map(|version| format!("{version} → "))
        .unwrap_or_default();
    out.line(format_args!(
        "{word}  {} of {}: {from}{}",
        report.service, report.squad, report.candidate.version
    ));
    verdict
        .reasons
        .iter()
        .for_each(|reason| print_reason(reason, out));
    out.line("");
    let risk = match verdict.risk_max {
        Some(most) => format!("{} of {most}", verdict.risk_score),
        None => verdict.risk_score.to_string(),
    };
    let recorded = report.recorded.map_or_else(
        || "no".to_owned(),
        |number| format!("as deployment {number}"),
    );
    for (name, value) in [
        ("drift_score", report.drift()),
        ("blast_radius", report.squads()),
        ("risk_score", risk),
        ("gate_duration_ms", format!("{}", report.duration_ms())),
        ("recommended_action", verdict.recommended_action.to_owned()),
        ("recorded", recorded),
    ] {
        out.line(format_args!("  {name:<20}{value}"));
    }
    for reached in &verdict.blast_radius.squads {
        let calls: Vec<String> = reached
            .calls
            .iter()
            .map(|(name, count)| format!("{name} {count}×"))
            .collect();
        let calls = if calls.is_empty() {
            String::new()
        } else {
            format!("; {}", calls.join(", "))
        };
        let line = format!(
            "    {:<3} {}: {}{calls}",
            reached.points,
            reached.squad,
            reached.why.join(", ")
        );
        let painted = out.paint(TextStyle::Dim, line).to_string();
        out.line(painted);
    }
}

fn print_reason(reason: &GateReason, out: &mut ReportWriter) {
    let style = match reason.weight {
        ReasonWeight::Blocks => TextStyle::Red,
        ReasonWeight::Overridden | ReasonWeight::Warns => TextStyle::Yellow,
        ReasonWeight::Informs => TextStyle::Dim,
    };
    let word = out
        .paint(style, format_args!("{:<10}", reason.weight.as_str()))
        .to_string();
    out.line(format_args!(
        "  {word}  {} [{}]",
        reason.message,
        reason.rule.as_str()
    ));
    let mut more = |text: &str| out.line(format_args!("              {text}"));
    if let Some(place) = &reason.place {
        more(&format!("at {}:{}", place.file, place.line));
    }
    if let Some(change) = &reason.change {
        if let Some(witness) = &change.witness {
            more(&format!("for example {}", shortened(witness)));
        }
        if let Some(curl) = &change.curl {
            more(&shortened(curl));
        }
        more(&format!("fingerprint {}", change.fingerprint));
    }
    if let Some(advice) = &reason.advice {
        more(advice);
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WITNESS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
