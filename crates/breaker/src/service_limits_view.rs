//! A service's limits as operators see them: plain data with names and ages.

use std::time::Duration;

use serde::Serialize;

use portcullis_vocabulary::protection::BreakerMode;
use portcullis_vocabulary::{Catalog, Consumer, Tier};

use super::breaker_event::BreakerId;
use super::circuit::breaker_snapshot::{BreakerCondition, BreakerSnapshot};
use super::circuit::breaker_state::{BreakerOverride, BreakerState, BreakerTransition};
use super::circuit::circuit_breaker::CircuitBreaker;
use super::circuit::packed_state::effective_override;
use super::service_limits::ServiceLimits;
use super::service_policy::ServicePolicy;

/// A service's breakers, shares and budgets.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceLimitsView {
    /// The service.
    pub service: String,
    /// `enforce`, `observe` or `off`.
    pub mode: &'static str,
    /// The open deploy window.
    pub deploy_window: Option<DeployWindowView>,
    /// The breaker that cuts off the whole service.
    pub everybody: CircuitBreakerView,
    /// The breakers of squads that have called, those that are not closed first.
    pub squads: Vec<CircuitBreakerView>,
    /// The requests in flight.
    pub shares: SlotSharesView,
    /// Traffic between squads over the last ten seconds, if it has a budget.
    pub budget: Option<BudgetView>,
}

/// An open deploy window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeployWindowView {
    /// How long it has been open.
    pub open_seconds: f64,
    /// How long until it ends by itself.
    pub remaining_seconds: f64,
    /// The reason that the operator gave.
    pub reason: Option<String>,
}

/// One breaker.
#[derive(Clone, Debug, Serialize)]
pub struct CircuitBreakerView {
    /// The squad; none for the breaker of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub squad: Option<String>,
    /// The tier of its traffic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<&'static str>,
    /// `closed`, `open` or `half-open`, as callers experience it.
    pub state: &'static str,
    /// `auto`, or the override that an operator set.
    #[serde(rename = "override")]
    pub over: &'static str,
    /// Why it is in this state, if it has ever changed.
    pub reason: Option<String>,
    /// How long it has been in this state.
    pub since_seconds: f64,
    /// How long until an open breaker is probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_seconds: Option<f64>,
    /// Calls of the last ten seconds.
    pub calls: u32,
    /// Those that failed.
    pub failures: u32,
    /// Those that were slow.
    pub slow: u32,
    /// The share of calls that may fail at present.
    pub failure_rate_max: f64,
    /// Running probes.
    pub probing: usize,
    /// Whether it is half-open, no probe is running and no call has come for ten seconds. It
    /// refuses no caller then.
    pub waiting_for_call: bool,
    /// The last transitions, the newest first.
    pub history: Vec<TransitionView>,
}

/// One transition of a breaker.
#[derive(Clone, Debug, Serialize)]
pub struct TransitionView {
    /// How long ago it happened.
    pub ago_seconds: f64,
    /// The state before.
    pub from: &'static str,
    /// The state after.
    pub to: &'static str,
    /// Why the breaker changed.
    pub reason: String,
}

/// The requests in flight, by squad.
#[derive(Clone, Debug, Serialize)]
pub struct SlotSharesView {
    /// How many requests may be in flight.
    pub limit: u32,
    /// Whether the limit adapts to the upstream.
    pub adaptive: bool,
    /// How many requests are in flight.
    pub in_flight: u32,
    /// Requests that wait for a slot.
    pub waiting: usize,
    /// Guaranteed slots that others use at present.
    pub lent: u32,
    /// Each squad's part; the unknown consumer's only if it has called.
    pub squads: Vec<SquadShareView>,
}

/// One squad's part.
#[derive(Clone, Debug, Serialize)]
pub struct SquadShareView {
    /// The squad.
    pub squad: String,
    /// The weight of its share.
    pub weight: u32,
    /// How many requests it is guaranteed to have in flight.
    pub guaranteed: u32,
    /// How many of those are never lent to others.
    pub never_lent: u32,
    /// How many it has in flight.
    pub in_flight: u32,
    /// How many of those are beyond its guarantee.
    pub borrowed: u32,
}

/// Traffic between squads.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BudgetView {
    /// All requests of the last ten seconds.
    pub requests: u32,
    /// Those of squads other than the provider.
    pub cross_squad: u32,
    /// The highest allowed share.
    pub cross_squad_max: f64,
}

/// The state of one breaker, for gauges.
#[derive(Clone, Copy, Debug)]
pub struct BreakerStateView {
    /// The breaker.
    pub breaker: BreakerId,
    /// Its state as callers experience it.
    pub state: BreakerState,
    /// Whether it is half-open and no call has come for ten seconds; none if it has never changed.
    pub waiting_for_call: Option<bool>,
}

struct SquadBreaker<'a> {
    consumer: Consumer,
    tier: Tier,
    breaker: &'a CircuitBreaker,
}

impl ServiceLimits {
    /// The limits of a service as they are now.
    pub fn view(
        &self,
        service: &str,
        policy: &ServicePolicy,
        catalog: &Catalog,
        now: Duration,
    ) -> ServiceLimitsView {
        let breaker = &policy.protection.breaker;
        let mut squads = self.squad_views(policy, catalog, now);
        squads.sort_by_key(|view| (view.state == "closed", std::cmp::Reverse(view.failures)));
        let everybody =
            CircuitBreakerView::of(self.service.snapshot(now, breaker.mode), breaker.mode, now);
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

    /// The requests in flight, by squad.
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
                let occupied = occupancy.consumers[consumer.index()];
                SquadShareView {
                    squad: catalog.consumer_name(consumer).to_owned(),
                    weight: self.probe_share(consumer).weight,
                    guaranteed: occupied.guaranteed,
                    never_lent: occupied.never_lent,
                    in_flight: occupied.in_flight,
                    borrowed: occupied.in_flight.saturating_sub(occupied.guaranteed),
                }
            })
            .collect();
        SlotSharesView {
            limit: occupancy.limit,
            adaptive: policy.protection.shares.adaptive,
            in_flight: squads.iter().map(|share| share.in_flight).sum(),
            waiting: occupancy.waiting,
            lent: lent(occupancy.limit, &squads),
            squads,
        }
    }

    /// Traffic between squads, if it has a budget.
    pub fn budget_view(&self, policy: &ServicePolicy, now: Duration) -> Option<BudgetView> {
        let max = policy.protection.budget.cross_squad_max?;
        let tally = self.requests.tally(now);
        Some(BudgetView {
            requests: tally.calls,
            cross_squad: tally.failures,
            cross_squad_max: max,
        })
    }

    /// The open deploy window.
    pub fn deploy_window_view(&self, now: Duration) -> Option<DeployWindowView> {
        self.deploy_window(now).map(|window| DeployWindowView {
            open_seconds: seconds(now.saturating_sub(window.since)),
            remaining_seconds: seconds(window.until.saturating_sub(now)),
            reason: window.reason,
        })
    }

    /// The states of all breakers that exist, the service's first.
    pub fn breaker_states(
        &self,
        policy: &ServicePolicy,
        catalog: &Catalog,
        now: Duration,
    ) -> Vec<BreakerStateView> {
        let mode = policy.protection.breaker.mode;
        let view = |breaker, target: &CircuitBreaker| {
            let BreakerCondition { state, is_waiting } = target.status(mode, now);
            BreakerStateView {
                breaker,
                state,
                waiting_for_call: is_waiting,
            }
        };
        let squads = self.squad_breakers(catalog).map(|squad| {
            let id = BreakerId::Squad(squad.consumer, squad.tier);
            view(id, squad.breaker)
        });
        std::iter::once(view(BreakerId::Service, &self.service))
            .chain(squads)
            .collect()
    }

    fn squad_views(
        &self,
        policy: &ServicePolicy,
        catalog: &Catalog,
        now: Duration,
    ) -> Vec<CircuitBreakerView> {
        let mode = policy.protection.breaker.mode;
        self.squad_breakers(catalog)
            .map(|squad| CircuitBreakerView {
                squad: Some(catalog.consumer_name(squad.consumer).to_owned()),
                tier: Some(squad.tier.as_str()),
                failure_rate_max: self.thresholds(policy, squad.tier, now).failure_rate_max,
                ..CircuitBreakerView::of(squad.breaker.snapshot(now, mode), mode, now)
            })
            .collect()
    }

    fn squad_breakers<'a>(
        &'a self,
        catalog: &'a Catalog,
    ) -> impl Iterator<Item = SquadBreaker<'a>> {
        catalog.consumers().flat_map(move |consumer| {
            Tier::ALL.into_iter().filter_map(move |tier| {
                Some(SquadBreaker {
                    consumer,
                    tier,
                    breaker: self.existing_squad_breaker(consumer, tier)?,
                })
            })
        })
    }
}

impl CircuitBreakerView {
    fn of(snapshot: BreakerSnapshot, mode: BreakerMode, now: Duration) -> Self {
        let BreakerSnapshot {
            state,
            operator_override,
            tally,
            until,
            since,
            reason,
            probing,
            is_waiting,
            history,
        } = snapshot;
        let state = effective_override(operator_override, mode).effective_state(state);
        Self {
            squad: None,
            tier: None,
            state: state.as_str(),
            over: operator_override.as_str(),
            reason: reason.map(|reason| reason.to_string()),
            since_seconds: seconds(now.saturating_sub(since)),
            remaining_seconds: until
                .filter(|_| operator_override == BreakerOverride::None)
                .map(|until| seconds(until.saturating_sub(now))),
            calls: tally.calls,
            failures: tally.failures,
            slow: tally.slow,
            failure_rate_max: 0.0,
            probing,
            waiting_for_call: is_waiting && state == BreakerState::HalfOpen,
            history: history
                .iter()
                .rev()
                .map(|transition| TransitionView::of(transition, now))
                .collect(),
        }
    }
}

impl TransitionView {
    fn of(transition: &BreakerTransition, now: Duration) -> Self {
        Self {
            ago_seconds: seconds(now.saturating_sub(transition.at)),
            from: transition.from.as_str(),
            to: transition.to.as_str(),
            reason: transition.reason.to_string(),
        }
    }
}

/// How many guaranteed slots are lent: what squads have beyond their guarantees, without the slots
/// that no squad is guaranteed.
fn lent(limit: u32, squads: &[SquadShareView]) -> u32 {
    let guaranteed = squads
        .iter()
        .fold(0_u32, |sum, share| sum.saturating_add(share.guaranteed));
    let borrowed = squads
        .iter()
        .fold(0_u32, |sum, share| sum.saturating_add(share.borrowed));
    borrowed.saturating_sub(limit.saturating_sub(guaranteed))
}

/// Seconds, to the millisecond.
fn seconds(time: Duration) -> f64 {
    time.as_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use portcullis_vocabulary::{Caller, Squad};

    use super::*;
    use crate::core_admission::CoreAdmission;
    use crate::core_index::CoreIndex;
    use crate::sharing::slot_wait::SlotOutcome;

    /// Eleven slots, of which three squads with weights 2, 1 and 1 are guaranteed 5, 2 and 2. The
    /// other two are guaranteed to none of them.
    #[test]
    fn shares_show_what_is_never_lent_and_what_is_lent() {
        let weighted = |(name, weight): (&str, u32)| Squad {
            weight: Some(weight),
            ..Squad::named(name.parse().unwrap())
        };
        let squads = [("a", 2), ("b", 1), ("c", 1)].map(weighted).to_vec();
        let catalog = Catalog::new(squads, vec![], vec![]);
        let mut policy = ServicePolicy::default();
        policy.protection.shares.in_flight_max = 11;
        policy.protection.shares.lendable = 0.5;
        let policy = Arc::new(policy);
        let limits = ServiceLimits::new(&catalog, &policy, 1, Instant::now(), 1);
        let limits = Arc::new(limits);
        let core = CoreAdmission::new(Arc::clone(&limits), Arc::clone(&policy), CoreIndex::new(0));
        let shares = || limits.shares_view(&policy, &catalog);
        let of = |name: &str| {
            let view = shares();
            let share = view
                .squads
                .iter()
                .find(|share| share.squad == name)
                .unwrap();
            [
                share.guaranteed,
                share.never_lent,
                share.in_flight,
                share.borrowed,
            ]
        };
        assert_eq!([of("a"), of("b")], [[5, 2, 0, 0], [2, 1, 0, 0]]);
        let caller = Caller {
            consumer: catalog.consumer(b"b"),
            tier: Tier::Gold,
        };
        let mut held = Vec::new();
        for (taken, lent) in [(2, 0), (4, 0), (5, 1)] {
            while held.len() < taken {
                let SlotOutcome::Granted(slot) = core.acquire_slot(caller, Duration::ZERO) else {
                    panic!("{} slots are free", 11 - held.len());
                };
                held.push(slot);
            }
            let [.., in_flight, borrowed] = of("b");
            let expected = [taken, taken - 2, lent];
            let found = [
                in_flight as usize,
                borrowed as usize,
                shares().lent as usize,
            ];
            assert_eq!(found, expected);
        }
    }
}
