//! When an error budget burns too fast: two windows each, for pages and for tickets.
//!
//! A condition holds while a share of the whole budget burns within its long window, and still burns in
//! its short one, so that an alert ends soon after the trouble (Google SRE Workbook, chapter 5, table
//! 5-8). With a window of 30 days the factors are 14.4, 6, 3 and 1.

use std::time::Duration;

use super::objective_spec::rounded;

/// How urgent a burning budget is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BurnSeverity {
    /// Call the engineer on duty.
    Page,
    /// Look at it on the next day of work.
    Ticket,
}

/// One condition: the budget burns faster than this in both windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BurnCondition {
    pub(super) severity: BurnSeverity,
    pub(super) short: &'static str,
    pub(super) long: &'static str,
    /// How many times faster than a budget that lasts for its whole window.
    pub(super) factor: f64,
}

/// Severity, windows, the hours of the long one, and the share of the budget that burns in it.
const CONDITIONS: [(BurnSeverity, &str, &str, u32, f64); 4] = [
    (BurnSeverity::Page, "5m", "1h", 1, 0.02),
    (BurnSeverity::Page, "30m", "6h", 6, 0.05),
    (BurnSeverity::Ticket, "2h", "1d", 24, 0.1),
    (BurnSeverity::Ticket, "6h", "3d", 72, 0.1),
];

/// The windows of all conditions.
pub(super) const WINDOWS: [&str; 7] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];

/// The conditions that an objective can meet. A rate at which the budget lasts is harmless, and more
/// than all requests cannot be bad.
pub(super) fn conditions(window: Duration, budget: f64) -> Vec<BurnCondition> {
    let window_hours = window.as_secs_f64() / 3600.0;
    let conditions = CONDITIONS
        .into_iter()
        .map(|(severity, short, long, hours, share)| BurnCondition {
            severity,
            short,
            long,
            factor: rounded(share * window_hours / f64::from(hours)),
        });
    conditions
        .filter(|condition| condition.factor >= 1.0 && condition.factor * budget < 1.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn factors(days: u64, budget: f64) -> Vec<f64> {
        let conditions = conditions(Duration::from_secs(days * DAY), budget);
        conditions
            .iter()
            .map(|condition| condition.factor)
            .collect()
    }

    #[test]
    fn the_factors_of_a_month_are_those_of_the_workbook() {
        assert_eq!(factors(30, 0.001), [14.4, 6.0, 3.0, 1.0]);
    }

    #[test]
    fn impossible_and_harmless_rates_raise_no_alert() {
        assert_eq!(factors(30, 0.1), [6.0, 3.0, 1.0]);
        assert_eq!(factors(7, 0.001), [3.36, 1.4]);
    }
}
