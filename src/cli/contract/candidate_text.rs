//! The report of a candidate as text for humans: by squad, then by operation.

use std::collections::BTreeMap;

use super::contract_replies::{CandidateRefusalRow, CandidateStatus};
use super::contract_text::short;
use crate::cli::output::{ReportWriter, TextStyle, counted, one_line, print_more, whole_seconds};

/// The most kinds of violations that are listed for one squad.
const REFUSALS_MAX: usize = 50;

/// Prints the report of a candidate.
pub(super) fn print_candidate(out: &mut ReportWriter, candidate: &CandidateStatus) {
    let service = out.paint(TextStyle::Bold, &candidate.service).to_string();
    out.line(format_args!(
        "{service}  candidate {} ({}) since {}, {}",
        one_line(&candidate.version),
        short(Some(&candidate.revision)),
        candidate.since,
        whole_seconds(candidate.since_seconds)
    ));
    out.line(format_args!("  {}", totals(candidate)));
    let mut squads: BTreeMap<&str, Vec<&CandidateRefusalRow>> = BTreeMap::new();
    for refusal in &candidate.refusals {
        squads.entry(&refusal.squad).or_default().push(refusal);
    }
    let mut squads: Vec<_> = squads.into_iter().collect();
    // The most affected squad comes first. The sort is stable, so equal squads stay in the order of
    // their names.
    squads.sort_by_key(|(_, refusals)| std::cmp::Reverse(total(refusals)));
    for (squad, refusals) in squads {
        print_squad(out, squad, &refusals);
    }
}

/// The counts in one line.
fn totals(candidate: &CandidateStatus) -> String {
    let CandidateStatus {
        sample,
        judged,
        refused,
        unjudged,
        ..
    } = candidate;
    let percent = (sample * 10_000.0).round() / 100.0;
    let judged = match judged {
        0 => "no exchange validated yet".to_owned(),
        judged => format!(
            "{} validated, {refused} would be rejected",
            counted(*judged, "exchange")
        ),
    };
    let unjudged = match unjudged {
        0 => String::new(),
        unjudged => format!(", {unjudged} could not be validated"),
    };
    format!("{judged}{unjudged}; it receives {percent} % of the traffic")
}

fn print_squad(out: &mut ReportWriter, squad: &str, refusals: &[&CandidateRefusalRow]) {
    let name = out.paint(TextStyle::Bold, one_line(squad)).to_string();
    out.line(format_args!("  {name}  {}", total(refusals)));
    let mut refusals = refusals.to_vec();
    refusals.sort_by(|left, right| {
        let by_operation = left.operation.cmp(&right.operation);
        by_operation.then(right.count.cmp(&left.count))
    });
    let shown = &refusals[..refusals.len().min(REFUSALS_MAX)];
    for operation in shown.chunk_by(|left, right| left.operation == right.operation) {
        out.line(format_args!("    {}", one_line(&operation[0].operation)));
        for refusal in operation {
            print_refusal(out, refusal);
        }
    }
    print_more(out, refusals.len() - shown.len(), "kinds of violations");
}

fn print_refusal(out: &mut ReportWriter, refusal: &CandidateRefusalRow) {
    let class = out.paint(TextStyle::Red, &refusal.class).to_string();
    out.line(format_args!("      {:>6}  {class}", refusal.count));
    let mut example = one_line(&refusal.example);
    if let Some(pointer) = refusal.pointer.as_deref().filter(|text| !text.is_empty()) {
        // Most messages begin with the pointer.
        let pointer = one_line(pointer);
        if !example.starts_with(&*pointer) {
            example = format!("{example} (at {pointer})");
        }
    }
    out.line(format_args!("              {example}"));
    let place = match (&refusal.file, refusal.line) {
        (Some(file), Some(line)) => format!("{file}:{line}  "),
        (Some(file), None) => format!("{file}  "),
        (None, _) => String::new(),
    };
    let schema = refusal.schema.as_deref().unwrap_or_default();
    let place = one_line(&format!("{place}{schema}"));
    if !place.trim().is_empty() {
        let place = out.paint(TextStyle::Dim, place.trim_end()).to_string();
        out.line(format_args!("              {place}"));
    }
}

fn total(refusals: &[&CandidateRefusalRow]) -> u64 {
    refusals.iter().map(|refusal| refusal.count).sum()
}
