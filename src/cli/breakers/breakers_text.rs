//! Circuit breakers and shares as text for humans.

use std::cmp::Reverse;
use std::fmt::Write;

use super::breakers_reply::{
    BreakerStatus, BudgetStatus, OverrideReply, ServiceBreakers, ShareStatus,
};
use crate::cli::deploy_window::window_text;
use crate::cli::output::{ReportWriter, TextStyle, print_more, text_width, whole_seconds};

/// The most breakers and the most shares of one service that are listed.
const BREAKERS_MAX: usize = 200;
const SHARES_MAX: usize = 50;

/// The name of the breaker for all callers.
const ALL_CALLERS: &str = "everybody";

/// Prints the breakers, shares and budget of one service.
pub(super) fn print_service(out: &mut ReportWriter, service: &ServiceBreakers) {
    let title = out.paint(TextStyle::Bold, &service.service).to_string();
    out.line(format_args!("{title}  mode {}", service.mode));
    if let Some(window) = &service.deploy_window {
        out.line(format_args!("  deploy window {}", window_text(window)));
    }
    let breakers: Vec<&BreakerStatus> = service.breakers().collect();
    print_breakers(out, &breakers);
    print_shares(out, &service.shares);
    if let Some(budget) = &service.budget {
        print_budget(out, budget);
    }
}

/// Prints the breakers that were changed.
pub(super) fn print_changed(out: &mut ReportWriter, changed: &OverrideReply) {
    let title = out.paint(TextStyle::Bold, &changed.service).to_string();
    out.line(title);
    let breakers: Vec<&BreakerStatus> = changed.changed.iter().collect();
    print_breakers(out, &breakers);
}

fn print_breakers(out: &mut ReportWriter, breakers: &[&BreakerStatus]) {
    let shown = &breakers[..breakers.len().min(BREAKERS_MAX)];
    let width = widest(shown.iter().map(|breaker| squad(breaker)));
    print_head(
        out,
        &format!(
            "{:<width$}  tier    state      override  calls  failed  why",
            "squad"
        ),
    );
    for breaker in shown {
        print_breaker(out, breaker, width);
    }
    print_more(out, breakers.len() - shown.len(), "breakers");
}

fn print_breaker(out: &mut ReportWriter, breaker: &BreakerStatus, width: usize) {
    let state = format!("{:<9}", breaker.state);
    let state = match breaker.state.as_str() {
        "open" => out.paint(TextStyle::Red, state).to_string(),
        "half-open" => out.paint(TextStyle::Yellow, state).to_string(),
        _ => state,
    };
    let squad = squad(breaker);
    let tier = breaker.tier.as_deref().unwrap_or_default();
    let BreakerStatus {
        over,
        calls,
        failures,
        ..
    } = breaker;
    let line = format!(
        "  {squad:<width$}  {tier:<6}  {state}  {over:<8}  {calls:>5}  {failures:>6}  {}",
        breaker_reason(breaker)
    );
    out.line(line.trim_end());
}

/// Why a breaker is in its state, and until when.
fn breaker_reason(breaker: &BreakerStatus) -> String {
    let mut text = breaker.reason.clone().unwrap_or_default();
    if let Some(remaining) = breaker.remaining_seconds {
        let _ = write!(text, "; next probe in {}", whole_seconds(remaining));
    }
    if breaker.waiting_for_call {
        text.push_str("; waiting for a call");
    }
    text
}

fn print_shares(out: &mut ReportWriter, shares: &ShareStatus) {
    let ShareStatus {
        limit,
        adaptive,
        in_flight,
        waiting,
        lent,
        squads,
    } = shares;
    let adaptive = if *adaptive { " (adaptive)" } else { "" };
    out.line(format_args!(
        "  in flight {in_flight} of {limit}{adaptive}, waiting {waiting}, lent {lent}"
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
        &format!(
            "{:<width$}  weight  guaranteed  never lent  in flight  borrowed",
            "squad"
        ),
    );
    for share in shown {
        out.line(format_args!(
            "  {:<width$}  {:>6}  {:>10}  {:>10}  {:>9}  {:>8}",
            share.squad,
            share.weight,
            share.guaranteed,
            share.never_lent,
            share.in_flight,
            share.borrowed
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

fn squad(breaker: &BreakerStatus) -> &str {
    breaker.squad.as_deref().unwrap_or(ALL_CALLERS)
}

/// The width of a column with these texts and a heading of five letters.
fn widest<'t>(texts: impl Iterator<Item = &'t str>) -> usize {
    texts.map(text_width).max().unwrap_or(0).max(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::printed;

    #[test]
    fn prints_a_failing_service() {
        let service = serde_json::json!({
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
                    "reason": "the wait is over, the next calls are probes", "calls": 0, "failures": 0,
                    "waiting_for_call": true
                }
            ],
            "shares": {
                "limit": 1000, "adaptive": true, "in_flight": 213, "waiting": 2, "lent": 1,
                "squads": [
                    {
                        "squad": "checkout", "weight": 1, "guaranteed": 200, "never_lent": 100,
                        "in_flight": 201, "borrowed": 1
                    },
                    {
                        "squad": "payments", "weight": 4, "guaranteed": 800, "never_lent": 400,
                        "in_flight": 12, "borrowed": 0
                    }
                ]
            },
            "budget": {"requests": 100, "cross_squad": 7, "cross_squad_max": 0.15}
        });
        let service: ServiceBreakers = serde_json::from_value(service).unwrap();
        let expected = "\
orders  mode enforce
  deploy window open for another 9m 59s: release 42
  squad      tier    state      override  calls  failed  why
  everybody          closed     auto        120       0
  checkout   bronze  open       auto         40      31  31 of 40 calls failed within 10 s, more than 50 %; next probe in 3s
  payments   gold    half-open  observe       0       0  the wait is over, the next calls are probes; waiting for a call
  in flight 213 of 1000 (adaptive), waiting 2, lent 1
  squad     weight  guaranteed  never lent  in flight  borrowed
  checkout       1         200         100        201         1
  payments       4         800         400         12         0
  from other squads 7 of 100 requests within 10 s, at most 15 %
";
        assert_eq!(printed(|out| print_service(out, &service)), expected);
    }

    #[test]
    fn shortens_long_lists() {
        let breaker = serde_json::json!({
            "squad": "a", "tier": "gold", "state": "closed", "override": "auto", "reason": null,
            "calls": 0, "failures": 0
        });
        let changed = serde_json::json!({"service": "orders", "changed": vec![breaker; 203]});
        let changed: OverrideReply = serde_json::from_value(changed).unwrap();
        let text = printed(|out| print_changed(out, &changed));
        assert_eq!(text.lines().count(), 1 + 1 + 200 + 1);
        assert!(
            text.ends_with("  … and 3 more breakers (--format json lists all)\n"),
            "{text}"
        );
    }
}
