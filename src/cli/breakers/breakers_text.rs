//! Breakers, shares and deploy windows for people.

use std::cmp::Reverse;
use std::fmt::Write;
use std::time::Duration;

use humantime::format_duration;

use super::breakers_reply::{
    BreakerStatus, BudgetStatus, OpenWindowStatus, OverrideReply, ServiceBreakers, ServiceWindow,
    ShareStatus,
};
use crate::cli::check::check_text::length;
use crate::cli::report_writer::{ReportWriter, TextStyle};

/// The most breakers and the most shares of one service that are listed.
const CELLS_MAX: usize = 200;
const SHARES_MAX: usize = 50;

/// Who the breaker without a squad is for.
const EVERYBODY: &str = "everybody";

/// Prints one service.
pub(super) fn print_service(out: &mut ReportWriter, bank: &ServiceBreakers) {
    let title = out.paint(TextStyle::Bold, &bank.service).to_string();
    out.line(format_args!("{title}  mode {}", bank.mode));
    if let Some(window) = &bank.deploy_window {
        out.line(format_args!("  deploy window {}", open_window(window)));
    }
    let cells: Vec<&BreakerStatus> = bank.breakers().collect();
    print_breakers(out, &cells);
    print_shares(out, &bank.shares);
    if let Some(budget) = &bank.budget {
        print_budget(out, budget);
    }
}

/// Prints the breakers that were changed.
pub(super) fn print_changed(out: &mut ReportWriter, changed: &OverrideReply) {
    let title = out.paint(TextStyle::Bold, &changed.service).to_string();
    out.line(title);
    let cells: Vec<&BreakerStatus> = changed.changed.iter().collect();
    print_breakers(out, &cells);
}

/// Prints a line for each service's deploy window.
pub(crate) fn print_windows(out: &mut ReportWriter, windows: &[ServiceWindow]) {
    let width = widest(windows.iter().map(|window| window.service.as_str()));
    for window in windows {
        let state = match (&window.deploy_window, window.was_open) {
            (Some(window), _) => open_window(window),
            (None, Some(true)) => "closed".to_owned(),
            (None, Some(false)) => "none was open".to_owned(),
            (None, None) => "none".to_owned(),
        };
        out.line(format_args!("{:<width$}  {state}", window.service));
    }
}

fn print_breakers(out: &mut ReportWriter, cells: &[&BreakerStatus]) {
    let shown = &cells[..cells.len().min(CELLS_MAX)];
    let width = widest(shown.iter().map(|cell| squad(cell)));
    print_head(
        out,
        &format!(
            "{:<width$}  tier    state      override  calls  failed  why",
            "squad"
        ),
    );
    for cell in shown {
        print_cell(out, cell, width);
    }
    print_more(out, cells.len() - shown.len(), "breakers");
}

fn print_cell(out: &mut ReportWriter, cell: &BreakerStatus, width: usize) {
    let state = format!("{:<9}", cell.state);
    let state = match cell.state.as_str() {
        "open" => out.paint(TextStyle::Red, state).to_string(),
        "half-open" => out.paint(TextStyle::Yellow, state).to_string(),
        _ => state,
    };
    let squad = squad(cell);
    let tier = cell.tier.as_deref().unwrap_or_default();
    let BreakerStatus {
        over,
        calls,
        failures,
        ..
    } = cell;
    let line = format!(
        "  {squad:<width$}  {tier:<6}  {state}  {over:<8}  {calls:>5}  {failures:>6}  {}",
        breaker_reason(cell)
    );
    out.line(line.trim_end());
}

/// Why a breaker is as it is, and until when.
fn breaker_reason(cell: &BreakerStatus) -> String {
    let mut text = cell.reason.clone().unwrap_or_default();
    if let Some(remaining) = cell.remaining_seconds {
        let _ = write!(text, "; tried again in {}", whole_seconds(remaining));
    }
    text
}

fn print_shares(out: &mut ReportWriter, shares: &ShareStatus) {
    let ShareStatus {
        limit,
        adaptive,
        in_flight,
        waiting,
        squads,
    } = shares;
    let adaptive = if *adaptive { " (adaptive)" } else { "" };
    out.line(format_args!(
        "  in flight {in_flight} of {limit}{adaptive}, waiting {waiting}"
    ));
    let mut squads: Vec<_> = squads.iter().collect();
    if squads.is_empty() {
        return;
    }
    squads.sort_by_key(|share| Reverse(share.in_flight));
    let shown = &squads[..squads.len().min(SHARES_MAX)];
    let width = widest(shown.iter().map(|share| share.squad.as_str()));
    print_head(
        out,
        &format!("{:<width$}  weight  guaranteed  in flight", "squad"),
    );
    for share in shown {
        out.line(format_args!(
            "  {:<width$}  {:>6}  {:>10}  {:>9}",
            share.squad, share.weight, share.guaranteed, share.in_flight
        ));
    }
    print_more(out, squads.len() - shown.len(), "squads");
}

fn print_budget(out: &mut ReportWriter, budget: &BudgetStatus) {
    let BudgetStatus {
        requests,
        cross_squad,
        cross_squad_max,
    } = budget;
    let percent = (cross_squad_max * 100.0).round();
    out.line(format_args!(
        "  from other squads {cross_squad} of {requests} requests within 10 s, at most {percent} %"
    ));
}

fn print_head(out: &mut ReportWriter, text: &str) {
    let head = out.paint(TextStyle::Dim, format!("  {text}")).to_string();
    out.line(head);
}

pub(crate) fn print_more(out: &mut ReportWriter, more: usize, what: &str) {
    if more > 0 {
        out.line(format_args!(
            "  … and {more} more {what} (--format json lists all)"
        ));
    }
}

fn open_window(window: &OpenWindowStatus) -> String {
    let remaining = whole_seconds(window.remaining_seconds);
    match &window.reason {
        Some(reason) => format!("open for another {remaining}: {reason}"),
        None => format!("open for another {remaining}"),
    }
}

fn squad(cell: &BreakerStatus) -> &str {
    cell.squad.as_deref().unwrap_or(EVERYBODY)
}

/// The width of a column with these texts and a head of five letters.
fn widest<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(length).max().unwrap_or(0).max(5)
}

/// A time in whole seconds, rounded up: what is left is never nothing.
pub(crate) fn whole_seconds(seconds: f64) -> humantime::FormattedDuration {
    // A cast of what is no number of seconds is 0 or the greatest, both of which can be shown.
    format_duration(Duration::from_secs(seconds.ceil() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::report_writer::tests::printed;

    #[test]
    fn a_service_in_trouble() {
        let bank = serde_json::json!({
            "service": "orders", "mode": "enforce",
            "deploy_window": {"open_seconds": 1.5, "remaining_seconds": 598.5, "reason": "release 42"},
            "everybody": {
                "state": "closed", "override": "auto", "reason": null, "since_seconds": 9.0,
                "calls": 120, "failures": 0, "slow": 0
            },
            "squads": [
                {
                    "squad": "checkout", "tier": "bronze", "state": "open", "override": "auto",
                    "reason": "31 of 40 calls failed within 10 s, more than 50 %",
                    "remaining_seconds": 2.25, "calls": 40, "failures": 31
                },
                {
                    "squad": "payments", "tier": "gold", "state": "half-open", "override": "observe",
                    "reason": "the wait is over, probes may pass", "calls": 0, "failures": 0
                }
            ],
            "shares": {
                "limit": 1000, "adaptive": true, "in_flight": 13, "waiting": 2,
                "squads": [
                    {"squad": "checkout", "weight": 1, "guaranteed": 200, "in_flight": 1},
                    {"squad": "payments", "weight": 4, "guaranteed": 800, "in_flight": 12}
                ]
            },
            "budget": {"requests": 100, "cross_squad": 7, "cross_squad_max": 0.15}
        });
        let bank: ServiceBreakers = serde_json::from_value(bank).unwrap();
        let expected = "\
orders  mode enforce
  deploy window open for another 9m 59s: release 42
  squad      tier    state      override  calls  failed  why
  everybody          closed     auto        120       0
  checkout   bronze  open       auto         40      31  31 of 40 calls failed within 10 s, more than 50 %; tried again in 3s
  payments   gold    half-open  observe       0       0  the wait is over, probes may pass
  in flight 13 of 1000 (adaptive), waiting 2
  squad     weight  guaranteed  in flight
  payments       4         800         12
  checkout       1         200          1
  from other squads 7 of 100 requests within 10 s, at most 15 %
";
        assert_eq!(printed(|out| print_service(out, &bank)), expected);
    }

    #[test]
    fn long_lists_are_cut() {
        let cell = serde_json::json!({
            "squad": "a", "tier": "gold", "state": "closed", "override": "auto", "reason": null,
            "calls": 0, "failures": 0
        });
        let changed = serde_json::json!({"service": "orders", "changed": vec![cell; 203]});
        let changed: OverrideReply = serde_json::from_value(changed).unwrap();
        let text = printed(|out| print_changed(out, &changed));
        assert_eq!(text.lines().count(), 1 + 1 + 200 + 1);
        assert!(
            text.ends_with("  … and 3 more breakers (--format json lists all)\n"),
            "{text}"
        );
    }
}
