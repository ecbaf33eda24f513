//! The rule on error budgets: a service that fails too often is not changed before it works again.

use super::budget_measurement::BudgetMeasurement;
use super::gate_case::GateCase;
use super::gate_reason::{GateReason, GateRule, ReasonWeight};

impl GateCase<'_> {
    /// The objectives whose budget is below the squad's `budget_min`, and what could not be measured.
    pub(super) fn error_budget(&self) -> Vec<GateReason> {
        let Some(budget_min) = self.policy().budget_min else {
            return Vec::new();
        };
        let unread = self.objectives.unread.iter().map(|(message, place)| {
            let message = format!("an objective is not judged: {message}");
            let mut reason = warning(message, "correct `x-slo` in the contract");
            reason.place = Some(place.clone());
            reason
        });
        let mut reasons: Vec<GateReason> = unread.collect();
        if self.objectives.promised.is_none() {
            // An objective that cannot be read was named above.
            if reasons.is_empty() {
                reasons.push(self.no_objective(budget_min));
            }
            return reasons;
        }
        let Some(measurement) = self.measurement else {
            let message = format!(
                "budget_min is {}, and the error budget of {} was not measured",
                percent(budget_min),
                self.service
            );
            reasons.push(warning(
                message,
                "name the Prometheus server: --prometheus URL",
            ));
            return reasons;
        };
        let budgets = measurement.budgets.iter();
        reasons.extend(budgets.filter_map(|budget| self.budget_reason(budget, budget_min)));
        reasons
    }

    /// A service without objectives has no budget that could hold anything back.
    fn no_objective(&self, budget_min: f64) -> GateReason {
        let service = self.service;
        let message = format!(
            "budget_min is {}, and {service} has no objective, so no error budget holds it back",
            percent(budget_min)
        );
        let advice = format!(
            "state an objective in [services.{service}.slo] of the catalog, or as `x-slo` in the contract"
        );
        warning(message, &advice)
    }

    fn budget_reason(&self, budget: &BudgetMeasurement, budget_min: f64) -> Option<GateReason> {
        let BudgetMeasurement {
            objective,
            window,
            left,
            requests,
            covered,
            query,
        } = budget;
        let service = self.service;
        let Some(left) = left else {
            let message = format!(
                "Prometheus has no requests that judge the {objective} of {service} within {window}, so \
                 its error budget is not known: {query}"
            );
            return Some(warning(
                message,
                "check that Prometheus scrapes the proxy and keeps its samples as long as the window",
            ));
        };
        let requests = requests.round();
        let seen = match covered {
            Some(covered) => format!("{requests} requests within {covered}"),
            None => format!("{requests} requests"),
        };
        if *left < budget_min {
            let message = format!(
                "{} of the error budget for the {objective} of {service} is left within {window}, by \
                 {seen}, and budget_min is {}: {query}",
                percent(*left),
                percent(budget_min)
            );
            let reason = GateReason::new(GateRule::ErrorBudget, ReasonWeight::Blocks, message);
            return Some(reason.with_advice(
                "deploy when the budget has recovered, or override the rule for a change that repairs \
                 the service: --override NAME --reason TEXT",
            ));
        }
        covered.as_ref()?;
        let message = format!(
            "Prometheus has only {seen} for the {objective} of {service}, and the window is {window}, \
             so failures before are not counted: {query}"
        );
        Some(warning(
            message,
            "keep samples as long as the window, for example with --storage.tsdb.retention.time, \
             unless the service is younger",
        ))
    }
}

fn warning(message: String, advice: &str) -> GateReason {
    GateReason::new(GateRule::ErrorBudget, ReasonWeight::Warns, message).with_advice(advice)
}

/// A share in percent, with as many digits as shares in the catalog need.
fn percent(share: f64) -> String {
    let percent = (share * 100_000.0).round() / 1000.0;
    format!("{percent} %")
}
