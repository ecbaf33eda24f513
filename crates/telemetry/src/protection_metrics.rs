//! Metrics and log lines of breakers, shares and budgets.

use std::collections::BTreeSet;
use std::time::Instant;

use portcullis_breaker::{BreakerEvent, BreakerId, BreakerState, ServiceProtection};
use portcullis_vocabulary::Catalog;

use super::metric_names::{
    BREAKER_STATE, BREAKER_WAITING, CROSS_SQUAD, CROSS_SQUAD_MAX, GUARANTEED, IN_FLIGHT, LIMIT,
    TRIPS, WAITING,
};
use super::metrics::Metrics;
use super::recorders::ServiceRecorder;

/// The label value of squad and tier for the breaker that stops all callers.
const EVERYBODY: &str = "everybody";

impl ServiceRecorder {
    /// Counts and logs a change of a breaker. Changes are rare, so the labels are built each time.
    pub fn breaker_changed(&self, event: &BreakerEvent, catalog: &Catalog) {
        let (squad, tier) = label_values(event.breaker, catalog);
        let change = &event.transition;
        let service = self.service();
        match change.to {
            BreakerState::Open => {
                let reason = change.reason.as_str();
                let labels = [service, squad, tier, reason];
                self.metrics().counter(&TRIPS, &labels).increment(1);
                let wait = change.until.map(|until| until.saturating_sub(change.at));
                // A greater type would become text.
                let wait_ms = wait.map_or(0, |wait| wait.as_millis() as u64);
                tracing::warn!(service, squad, tier, reason = %change.reason, wait_ms, "circuit opened");
            }
            BreakerState::HalfOpen => {
                tracing::info!(service, squad, tier, reason = %change.reason, "circuit half-open");
            }
            BreakerState::Closed => {
                tracing::info!(service, squad, tier, reason = %change.reason, "circuit closed");
            }
        }
    }
}

impl Metrics {
    /// Sets the gauges of one service. Call it every few seconds.
    pub fn observe_protection(&self, protection: &ServiceProtection, catalog: &Catalog) {
        let service = protection.service.as_str();
        let (bank, policy) = (&protection.limits, &protection.policy);
        let now = bank.at(Instant::now());
        let mut called = BTreeSet::new();
        for view in bank.breaker_states(policy, catalog, now) {
            let (squad, tier) = label_values(view.breaker, catalog);
            let gauge = self.gauge(&BREAKER_STATE, &[service, squad, tier]);
            gauge.set(state_value(view.state));
            called.insert(squad);
            if let Some(is_waiting) = view.waiting_for_call {
                let gauge = self.gauge(&BREAKER_WAITING, &[service, squad, tier]);
                gauge.set(f64::from(u8::from(is_waiting)));
            }
        }
        let shares = bank.shares_view(policy, catalog);
        self.gauge(&LIMIT, &[service]).set(f64::from(shares.limit));
        self.gauge(&WAITING, &[service]).set(shares.waiting as f64);
        // Squads that have never called the service have no series: most squads call few services.
        let callers = shares.squads.iter();
        for share in callers.filter(|share| called.contains(share.squad.as_str())) {
            let labels = [service, share.squad.as_str()];
            self.gauge(&IN_FLIGHT, &labels)
                .set(f64::from(share.in_flight));
            self.gauge(&GUARANTEED, &labels)
                .set(f64::from(share.guaranteed));
        }
        if let Some(budget) = bank.budget_view(policy, now) {
            let ratio = f64::from(budget.cross_squad) / f64::from(budget.requests.max(1));
            self.gauge(&CROSS_SQUAD, &[service]).set(ratio);
            self.gauge(&CROSS_SQUAD_MAX, &[service])
                .set(budget.cross_squad_max);
        }
    }
}

fn label_values(breaker: BreakerId, catalog: &Catalog) -> (&str, &'static str) {
    match breaker {
        BreakerId::Service => (EVERYBODY, EVERYBODY),
        BreakerId::Squad(consumer, tier) => (catalog.consumer_name(consumer), tier.as_str()),
    }
}

fn state_value(state: BreakerState) -> f64 {
    match state {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => 2.0,
    }
}
