//! The rule on error budgets: a service that fails too often is not changed before it works again.

use super::budget_measurement::BudgetMeasurement;
use super::gate_case::GateCase;
use super::gate_reason::{GateReason, GateRule, ReasonWeight};

impl GateCase<'_> {
    /// The objectives whose budget is below the squad's `budget_min`, and those that could not be
    /// measured.
    pub(super) fn error_budget(&self) -> Vec<GateReason> {
        let has_objectives = self.catalog.objectives_of(self.service).is_some();
        let Some(budget_min) = self.policy().budget_min.filter(|_| has_objectives) else {
            return Vec::new();
        };
        let Some(measurement) = self.measurement else {
            let message = format!(
                "budget_min is {}, and the error budget of {} was not measured",
                percent(budget_min),
                self.service
            );
            let reason = GateReason::new(GateRule::ErrorBudget, ReasonWeight::Warns, message);
            return vec![reason.with_advice("name the Prometheus server: --prometheus URL")];
        };
        let budgets = measurement.budgets.iter();
        budgets
            .filter_map(|budget| self.budget_reason(budget, budget_min))
            .collect()
    }

    fn budget_reason(&self, budget: &BudgetMeasurement, budget_min: f64) -> Option<GateReason> {
        let BudgetMeasurement {
            objective,
            window,
            left,
            query,
        } = budget;
        let service = self.service;
        let Some(left) = left else {
            let message = format!(
                "Prometheus has no requests that judge the {objective} of {service} within {window}, so \
                 its error budget is not known: {query}"
            );
            let reason = GateReason::new(GateRule::ErrorBudget, ReasonWeight::Warns, message);
            return Some(reason.with_advice(
                "check that Prometheus scrapes the proxy and keeps its samples as long as the window",
            ));
        };
        (*left < budget_min).then(|| {
            let message = format!(
                "{} of the error budget for the {objective} of {service} is left within {window}, and \
                 budget_min is {}: {query}",
                percent(*left),
                percent(budget_min)
            );
            GateReason::new(GateRule::ErrorBudget, ReasonWeight::Blocks, message).with_advice(
                "deploy when the budget has recovered, or override the rule for a change that repairs \
                 the service: --override NAME --reason TEXT",
            )
        })
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
