//! A bank as operators see it: plain data with names and ages.

use std::time::Duration;

use serde::Serialize;

use portcullis_vocabulary::protection::BreakerMode;
use portcullis_vocabulary::{Catalog, Consumer, Tier};

use super::circuit::breaker_state::{BreakerOverride, BreakerState, BreakerTransition};
use super::circuit::circuit_breaker::{BreakerSnapshot, CircuitBreaker};
use super::circuit::packed_state::effective_override;
use super::service_limits::{ServiceLimits, ServicePolicy};

/// A service's breakers, shares and budgets.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceLimitsView {
    /// The service.
    pub service: String,
    /// `enforce`, `observe` or `off`.
    pub mode: &'static str,
    /// The deploy window that is open.
    pub deploy_window: Option<DeployWindowView>,
    /// The breaker that cuts everybody.
    pub everybody: CircuitBreakerView,
    /// The breakers of squads that have called, the troubled first.
    pub squads: Vec<CircuitBreakerView>,
    /// What is in flight.
    pub shares: SlotSharesView,
    /// Traffic between squads over the last ten seconds, where it has a budget.
    pub budget: Option<BudgetView>,
}

/// An open deploy window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeployWindowView {
    /// For how long it has been open.
    pub open_seconds: f64,
    /// After how long it ends by itself.
    pub remaining_seconds: f64,
    /// What it is for.
    pub reason: Option<String>,
}

/// One breaker.
#[derive(Clone, Debug, Serialize)]
pub struct CircuitBreakerView {
    /// The squad; none where it cuts everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub squad: Option<String>,
    /// The tier of its traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<&'static str>,
    /// `closed`, `open` or `half-open`: what traffic meets.
    pub state: &'static str,
    /// `auto`, or what an operator decided.
    #[serde(rename = "override")]
    pub over: &'static str,
    /// Why it is in this state, where it has ever changed.
    pub reason: Option<String>,
    /// For how long it has been.
    pub since_seconds: f64,
    /// After how long an open one is probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_seconds: Option<f64>,
    /// Calls of the last ten seconds.
    pub calls: u32,
    /// Those that failed.
    pub failures: u32,
    /// Those that were slow.
    pub slow: u32,
    /// The share of calls that may fail now.
    pub failure_rate_max: f64,
    /// Probes under way.
    pub probing: usize,
    /// The last changes, the newest first.
    pub history: Vec<TransitionView>,
}

/// One change of a breaker.
#[derive(Clone, Debug, Serialize)]
pub struct TransitionView {
    /// How long ago.
    pub ago_seconds: f64,
    /// Before.
    pub from: &'static str,
    /// After.
    pub to: &'static str,
    /// Why.
    pub reason: String,
}

/// What is in flight, and whose.
#[derive(Clone, Debug, Serialize)]
pub struct SlotSharesView {
    /// The most that may be.
    pub limit: u32,
    /// Whether that adapts to the upstream.
    pub adaptive: bool,
    /// All that is.
    pub in_flight: u32,
    /// Requests that wait for a slot.
    pub waiting: usize,
    /// By squad; the unknown where there were any.
    pub squads: Vec<SquadShareView>,
}

/// One squad's part.
#[derive(Clone, Debug, Serialize)]
pub struct SquadShareView {
    /// The squad.
    pub squad: String,
    /// Its weight.
    pub weight: u32,
    /// What it is guaranteed.
    pub guaranteed: u32,
    /// What it has.
    pub in_flight: u32,
}

/// Traffic between squads.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BudgetView {
    /// All requests of the last ten seconds.
    pub requests: u32,
    /// Those of other squads than the provider.
    pub cross_squad: u32,
    /// The greatest allowed share.
    pub cross_squad_max: f64,
}

impl ServiceLimits {
    /// The bank of a service as it is now.
    pub fn view(
        &self,
        service: &str,
        policy: &ServicePolicy,
        catalog: &Catalog,
        now: Duration,
    ) -> ServiceLimitsView {
        let breaker = &policy.protection.breaker;
        let mut squads = self.squad_views(policy, catalog, now);
        squads.sort_by_key(|cell| (cell.state == "closed", std::cmp::Reverse(cell.failures)));
        let everybody = CircuitBreakerView::of(self.service.snapshot(now), breaker.mode, now);
        ServiceLimitsView {
            service: service.to_owned(),
            mode: breaker.mode.as_str(),
            deploy_window: self.deploy_window_view(now),
            everybody: CircuitBreakerView {
                failure_rate_max: breaker.unreachable_rate_max,
                ..everybody
            },
            squads,
            shares: self.shares_view(policy, catalog),
            budget: self.budget_view(policy, now),
        }
    }

    /// What is in flight, and whose.
    pub fn shares_view(&self, policy: &ServicePolicy, catalog: &Catalog) -> SlotSharesView {
        let occupancy = self.slots.occupancy();
        let has_called = |consumer: Consumer| {
            let mut tiers = Tier::ALL.into_iter();
            tiers.any(|tier| self.existing_squad_breaker(consumer, tier).is_some())
        };
        let squads: Vec<SquadShareView> = catalog
            .consumers()
            .filter(|consumer| self.probe_share(*consumer).weight > 0 || has_called(*consumer))
            .map(|consumer| {
                let holding = occupancy.consumers[consumer.index()];
                SquadShareView {
                    squad: catalog.consumer_name(consumer).to_owned(),
                    weight: self.probe_share(consumer).weight,
                    guaranteed: holding.guaranteed,
                    in_flight: holding.in_flight,
                }
            })
            .collect();
        SlotSharesView {
            limit: occupancy.limit,
            adaptive: policy.protection.shares.adaptive,
            in_flight: squads.iter().map(|share| share.in_flight).sum(),
            waiting: occupancy.waiting,
            squads,
        }
    }

    /// Traffic between squads, where it has a budget.
    pub fn budget_view(&self, policy: &ServicePolicy, now: Duration) -> Option<BudgetView> {
        let max = policy.protection.budget.cross_squad_max?;
        let tally = self.requests.tally(now);
        Some(BudgetView {
            requests: tally.calls,
            cross_squad: tally.failures,
            cross_squad_max: max,
        })
    }

    /// The deploy window that is open.
    pub fn deploy_window_view(&self, now: Duration) -> Option<DeployWindowView> {
        self.deploy_window(now).map(|window| DeployWindowView {
            open_seconds: seconds(now.saturating_sub(window.since)),
            remaining_seconds: seconds(window.until.saturating_sub(now)),
            reason: window.reason,
        })
    }

    /// The state of every cell that there is, for gauges; none is the one that cuts everybody.
    pub fn breaker_states(
        &self,
        policy: &ServicePolicy,
        catalog: &Catalog,
    ) -> Vec<(Option<(Consumer, Tier)>, BreakerState)> {
        let mode = policy.protection.breaker.mode;
        let squads = self.known_cells(catalog);
        let squads =
            squads.map(|(consumer, tier, cell)| (Some((consumer, tier)), cell.shown(mode)));
        std::iter::once((None, self.service.shown(mode)))
            .chain(squads)
            .collect()
    }

    fn squad_views(
        &self,
        policy: &ServicePolicy,
        catalog: &Catalog,
        now: Duration,
    ) -> Vec<CircuitBreakerView> {
        self.known_cells(catalog)
            .map(|(consumer, tier, cell)| CircuitBreakerView {
                squad: Some(catalog.consumer_name(consumer).to_owned()),
                tier: Some(tier.as_str()),
                failure_rate_max: self.limits(policy, tier, now).failure_rate_max,
                ..CircuitBreakerView::of(cell.snapshot(now), policy.protection.breaker.mode, now)
            })
            .collect()
    }

    fn known_cells<'a>(
        &'a self,
        catalog: &'a Catalog,
    ) -> impl Iterator<Item = (Consumer, Tier, &'a CircuitBreaker)> {
        catalog.consumers().flat_map(move |consumer| {
            Tier::ALL.into_iter().filter_map(move |tier| {
                Some((consumer, tier, self.existing_squad_breaker(consumer, tier)?))
            })
        })
    }
}

impl CircuitBreakerView {
    fn of(snapshot: BreakerSnapshot, mode: BreakerMode, now: Duration) -> Self {
        let BreakerSnapshot {
            phase,
            over,
            tally,
            until,
            since,
            reason,
            probing,
            history,
        } = snapshot;
        Self {
            squad: None,
            tier: None,
            state: effective_override(over, mode).shown(phase).as_str(),
            over: over.as_str(),
            reason: reason.map(|reason| reason.to_string()),
            since_seconds: seconds(now.saturating_sub(since)),
            remaining_seconds: until
                .filter(|_| over == BreakerOverride::None)
                .map(|until| seconds(until.saturating_sub(now))),
            calls: tally.calls,
            failures: tally.failures,
            slow: tally.slow,
            failure_rate_max: 0.0,
            probing,
            history: history
                .iter()
                .rev()
                .map(|change| TransitionView::of(change, now))
                .collect(),
        }
    }
}

impl TransitionView {
    fn of(change: &BreakerTransition, now: Duration) -> Self {
        Self {
            ago_seconds: seconds(now.saturating_sub(change.at)),
            from: change.from.as_str(),
            to: change.to.as_str(),
            reason: change.reason.to_string(),
        }
    }
}

/// To the millisecond.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}
