//! The circuit breakers, slots and counts of one service, shared by the data cores.

use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use portcullis_vocabulary::protection::{TierPolicies, TierPolicy};
use portcullis_vocabulary::{Catalog, Consumer, Tier};

use super::breaker_event::{BreakerEvent, BreakerId};
use super::circuit::breaker_permit::BreakerThresholds;
use super::circuit::breaker_state::BreakerOverride;
use super::circuit::circuit_breaker::CircuitBreaker;
use super::circuit::probe_set::ProbeShare;
use super::consumer_index::ConsumerIndex;
use super::cross_squad_budget::CrossSquadBudget;
use super::deploy_window::{CurrentDeployWindow, DeployWindow};
use super::request_ratio::RequestRatio;
use super::service_policy::ServicePolicy;
use super::sharing::share_table::ConsumerShare;
use super::sharing::slot_pool::SlotPool;

/// The circuit breakers, slots and counts of one service.
#[derive(Debug)]
pub struct ServiceLimits {
    started: Instant,
    cores: usize,
    seed: u64,
    weights: RwLock<Box<[u32]>>,
    pub(super) service: CircuitBreaker,
    /// By consumer and tier; each is created when it is first needed.
    squads: Box<[OnceLock<Box<CircuitBreaker>>]>,
    pub(super) slots: SlotPool,
    pub(super) requests: CrossSquadBudget,
    pub(super) retries: RequestRatio,
    deploy_window: CurrentDeployWindow,
}

impl ServiceLimits {
    /// The limits of a service whose consumers come from this catalog, for `cores` data cores that
    /// all count time from `started`. `seed` seeds the jitter of the breakers.
    pub fn new(
        catalog: &Catalog,
        policy: &ServicePolicy,
        cores: usize,
        started: Instant,
        seed: u64,
    ) -> Self {
        let weights = weights(catalog, &policy.tiers);
        Self {
            started,
            cores,
            seed,
            service: CircuitBreaker::new(cores, seed),
            squads: (0..weights.len() * Tier::ALL.len())
                .map(|_| OnceLock::new())
                .collect(),
            slots: SlotPool::new(
                cores,
                &consumer_shares(catalog, policy, &weights),
                &policy.protection.shares,
            ),
            requests: CrossSquadBudget::new(cores, weights.len()),
            retries: RequestRatio::new(cores),
            deploy_window: CurrentDeployWindow::default(),
            weights: RwLock::new(weights),
        }
    }

    /// The time from the start to an instant, which is how the limits count time.
    pub fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.started)
    }

    /// How many data cores share the limits.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// The breaker of a squad's traffic of one tier.
    #[inline]
    pub(super) fn squad_breaker(&self, consumer: Consumer, tier: Tier) -> &CircuitBreaker {
        let index = breaker_index(consumer, tier);
        self.squads[index].get_or_init(|| {
            Box::new(CircuitBreaker::new(
                self.cores,
                self.seed ^ (index as u64 + 1),
            ))
        })
    }

    /// The breaker of a squad's traffic of one tier, if there has been any traffic.
    pub(super) fn existing_squad_breaker(
        &self,
        consumer: Consumer,
        tier: Tier,
    ) -> Option<&CircuitBreaker> {
        self.squads
            .get(breaker_index(consumer, tier))?
            .get()
            .map(|breaker| &**breaker)
    }

    /// The current thresholds of a tier, which may be others inside a deploy window.
    pub(super) fn thresholds<'p>(
        &self,
        policy: &'p ServicePolicy,
        tier: Tier,
        now: Duration,
    ) -> BreakerThresholds<'p> {
        let TierPolicy {
            failure_rate_max,
            deploy_failure_rate_max,
            open_max,
            ..
        } = *policy.tiers.of(tier);
        let failure_rate_max = if self.is_deploying(now) {
            deploy_failure_rate_max
        } else {
            failure_rate_max
        };
        BreakerThresholds {
            policy: &policy.protection.breaker,
            failure_rate_max,
            probe_failure_rate_max: failure_rate_max,
            open_max: open_max.min(policy.protection.breaker.open_max),
        }
    }

    /// Takes over weights and shares that have changed. The catalog must have the same squads.
    pub fn adopt(&self, catalog: &Catalog, policy: &ServicePolicy) {
        let weights = weights(catalog, &policy.tiers);
        let shares = consumer_shares(catalog, policy, &weights);
        self.slots.adopt(&shares, &policy.protection.shares);
        *self.weights.write().unwrap_or_else(PoisonError::into_inner) = weights;
    }

    /// Takes over from earlier limits with the same clock what does not depend on the numbers of
    /// squads: circuits with their overrides, by the names of squads, and the deploy window. Calls
    /// and slots are counted from zero. These limits must be new.
    pub fn inherit(&self, before: &Self, old: &Catalog, new: &Catalog) {
        self.service.inherit(&before.service);
        for consumer in old.consumers() {
            let name = old.consumer_name(consumer);
            let heir = new.consumer(name.as_bytes());
            // A removed squad leaves nothing to unknown callers.
            if consumer != Consumer::Unknown && heir == Consumer::Unknown {
                continue;
            }
            for tier in Tier::ALL {
                if let Some(breaker) = before.existing_squad_breaker(consumer, tier) {
                    self.squad_breaker(heir, tier).inherit(breaker);
                }
            }
        }
        self.deploy_window.inherit(&before.deploy_window);
    }

    /// The weights of all consumers.
    pub(super) fn weights(&self) -> Box<[u32]> {
        let weights = self.weights.read().unwrap_or_else(PoisonError::into_inner);
        weights.clone()
    }

    /// A consumer that probes a breaker together with others.
    pub(super) fn probe_share(&self, consumer: Consumer) -> ProbeShare {
        let weights = self.weights.read().unwrap_or_else(PoisonError::into_inner);
        ProbeShare {
            consumer: ConsumerIndex::from(consumer),
            weight: weights.get(consumer.index()).copied().unwrap_or(0),
            weights: weights
                .iter()
                .fold(0, |sum, weight| sum.saturating_add(*weight)),
        }
    }

    /// A consumer that probes a breaker alone.
    pub(super) fn sole_probe_share(&self, consumer: Consumer) -> ProbeShare {
        ProbeShare {
            consumer: ConsumerIndex::from(consumer),
            weight: 1,
            weights: 1,
        }
    }

    /// Whether a deploy window is open.
    pub(super) fn is_deploying(&self, now: Duration) -> bool {
        self.deploy_window.is_open(now)
    }

    /// Opens a deploy window, or changes the one that is open.
    pub fn open_deploy_window(&self, now: Duration, length: Duration, reason: Option<String>) {
        self.deploy_window.open(now, length, reason);
    }

    /// Closes the deploy window; false when none was open.
    pub fn close_deploy_window(&self, now: Duration) -> bool {
        self.deploy_window.close(now)
    }

    /// The open deploy window.
    pub fn deploy_window(&self, now: Duration) -> Option<DeployWindow> {
        self.deploy_window.get(now)
    }

    /// Sets an operator's override of one breaker.
    pub fn set_override(
        &self,
        breaker: BreakerId,
        operator_override: BreakerOverride,
        now: Duration,
    ) -> BreakerEvent {
        let target = match breaker {
            BreakerId::Service => &self.service,
            BreakerId::Squad(consumer, tier) => self.squad_breaker(consumer, tier),
        };
        BreakerEvent {
            breaker,
            transition: target.set_override(operator_override, now),
        }
    }
}

fn breaker_index(consumer: Consumer, tier: Tier) -> usize {
    consumer.index() * Tier::ALL.len() + tier as usize
}

/// The weights of all consumers: 0 for the unknown consumer; for a squad its own weight, else that
/// of its tier.
pub(super) fn weights(catalog: &Catalog, tiers: &TierPolicies) -> Box<[u32]> {
    let squads = catalog.squads().iter();
    let weights = squads.map(|squad| squad.weight.unwrap_or(tiers.of(squad.tier).weight));
    std::iter::once(0).chain(weights).collect()
}

/// The shares of all consumers in a concurrency limit. A squad may say in the catalog how much of
/// its share is lent to others; what applies to the service applies to the rest.
fn consumer_shares(
    catalog: &Catalog,
    policy: &ServicePolicy,
    weights: &[u32],
) -> Vec<ConsumerShare> {
    let default = policy.protection.shares.lendable;
    let squads = catalog.squads().iter();
    let lendable = squads.map(|squad| squad.lendable.unwrap_or(default));
    let lendable = std::iter::once(default).chain(lendable);
    let shares = weights.iter().zip(lendable);
    shares
        .map(|(weight, lendable)| ConsumerShare {
            weight: *weight,
            lendable,
        })
        .collect()
}
