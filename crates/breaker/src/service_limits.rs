//! All that decides about the traffic of one service, shared by the data cores.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use portcullis_vocabulary::protection::{Protection, TierPolicies, TierPolicy};
use portcullis_vocabulary::{Catalog, Consumer, SquadId, Tier};

use super::circuit::breaker_permit::BreakerThresholds;
use super::circuit::breaker_state::{BreakerOverride, BreakerTransition};
use super::circuit::circuit_breaker::CircuitBreaker;
use super::circuit::probe_set::ProbeShare;
use super::core_admission::CoreAdmission;
use super::request_ratio::RequestRatio;
use super::sharing::slot_pool::SlotPool;

/// What holds for one service.
#[derive(Clone, Debug, Default)]
pub struct ServicePolicy {
    /// What the configuration says of the service.
    pub protection: Protection,
    /// What it says of the tiers.
    pub tiers: TierPolicies,
    /// The squad that provides the service.
    pub provider: Option<SquadId>,
}

/// Breakers, slots and counts of one service.
#[derive(Debug)]
pub struct ServiceLimits {
    started: Instant,
    cores: usize,
    seed: u64,
    weights: RwLock<Box<[u32]>>,
    pub(super) service: CircuitBreaker,
    /// By consumer and tier; made when first needed.
    squads: Box<[OnceLock<Box<CircuitBreaker>>]>,
    pub(super) slots: SlotPool,
    pub(super) requests: RequestRatio,
    pub(super) retries: RequestRatio,
    deploy_until_ms: AtomicU64,
    deploy: Mutex<Option<DeployWindow>>,
}

/// A service with its bank and the policy in force.
#[derive(Clone, Debug)]
pub struct ServiceProtection {
    /// The service's name.
    pub service: String,
    /// What is shared.
    pub bank: Arc<ServiceLimits>,
    /// What holds.
    pub policy: Arc<ServicePolicy>,
}

/// Which cell of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerId {
    /// The one that cuts everybody.
    Service,
    /// The one of a squad's traffic of one tier.
    Squad(Consumer, Tier),
}

/// A change, and whose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerEvent {
    /// Which cell.
    pub cell: BreakerId,
    /// What happened.
    pub change: BreakerTransition,
}

/// A time in which failures are expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployWindow {
    /// When it was opened, since the bank was made.
    pub since: Duration,
    /// When it ends by itself.
    pub until: Duration,
    /// What the operator said it is for.
    pub reason: Option<String>,
}

impl ServiceProtection {
    /// A service with a bank of its own for so many data cores that all count time from
    /// `started`.
    pub fn new(
        service: &str,
        policy: ServicePolicy,
        catalog: &Catalog,
        cores: usize,
        started: Instant,
    ) -> Self {
        let bank = ServiceLimits::new(catalog, &policy, cores, started, fastrand::u64(..));
        Self {
            service: service.to_owned(),
            bank: Arc::new(bank),
            policy: Arc::new(policy),
        }
    }

    /// What a data core sees of it; cores count from 0.
    pub fn turnstile(&self, core: usize) -> CoreAdmission {
        CoreAdmission::new(Arc::clone(&self.bank), Arc::clone(&self.policy), core)
    }
}

impl ServiceLimits {
    /// The bank of a service whose consumers come from this catalog, for so many data cores that
    /// all count time from `started`. `seed` is for the jitter of its waits.
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
            slots: SlotPool::new(cores, &weights, &policy.protection.shares),
            requests: RequestRatio::new(cores),
            retries: RequestRatio::new(cores),
            deploy_until_ms: AtomicU64::new(0),
            deploy: Mutex::new(None),
            weights: RwLock::new(weights),
        }
    }

    /// An instant as the bank counts time.
    pub fn at(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.started)
    }

    /// How many data cores share it.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// The cell of a squad's traffic of one tier.
    #[inline]
    pub fn squad_breaker(&self, consumer: Consumer, tier: Tier) -> &CircuitBreaker {
        let index = place(consumer, tier);
        self.squads[index].get_or_init(|| {
            Box::new(CircuitBreaker::new(
                self.cores,
                self.seed ^ (index as u64 + 1),
            ))
        })
    }

    /// The same, where there has been any traffic.
    pub(super) fn existing_squad_breaker(
        &self,
        consumer: Consumer,
        tier: Tier,
    ) -> Option<&CircuitBreaker> {
        self.squads
            .get(place(consumer, tier))?
            .get()
            .map(|cell| &**cell)
    }

    /// Inside a deploy window tiers may have another threshold.
    pub(super) fn limits<'p>(
        &self,
        policy: &'p ServicePolicy,
        tier: Tier,
        now: Duration,
    ) -> BreakerThresholds<'p> {
        let TierPolicy {
            failure_rate_max,
            deploy_failure_rate_max,
            ..
        } = *policy.tiers.of(tier);
        let is_deploying = self.is_deploying(now);
        BreakerThresholds {
            policy: &policy.protection.breaker,
            failure_rate_max: match is_deploying {
                true => deploy_failure_rate_max,
                false => failure_rate_max,
            },
        }
    }

    /// Takes over weights and shares that have changed. The catalog must have the same squads.
    pub fn adopt(&self, catalog: &Catalog, policy: &ServicePolicy) {
        let weights = weights(catalog, &policy.tiers);
        self.slots.adopt(&weights, &policy.protection.shares);
        *self.weights.write().unwrap_or_else(PoisonError::into_inner) = weights;
    }

    /// Takes over what operators decided in another bank of the same clock: overrides, by the
    /// names of squads, and the deploy window.
    pub fn inherit_overrides(&self, before: &Self, old: &Catalog, new: &Catalog) {
        let decide = |from: &CircuitBreaker, to: &CircuitBreaker| {
            let now = Duration::ZERO;
            let over = from.decided();
            if over != BreakerOverride::None {
                to.set_override(over, now);
            }
        };
        decide(&before.service, &self.service);
        for consumer in old.consumers() {
            let name = old.consumer_name(consumer);
            let heir = new.consumer(name.as_bytes());
            if consumer != Consumer::Unknown && heir == Consumer::Unknown {
                continue;
            }
            for tier in Tier::ALL {
                if let Some(cell) = before.existing_squad_breaker(consumer, tier) {
                    decide(cell, self.squad_breaker(heir, tier));
                }
            }
        }
        let until = before.deploy_until_ms.load(Ordering::Acquire);
        self.deploy_until_ms.store(until, Ordering::Release);
        self.deploy_lock().clone_from(&before.deploy_lock());
    }

    /// Who probes together with others.
    pub(super) fn probe_share(&self, consumer: Consumer) -> ProbeShare {
        let weights = self.weights.read().unwrap_or_else(PoisonError::into_inner);
        ProbeShare {
            consumer: consumer.index(),
            weight: weights.get(consumer.index()).copied().unwrap_or(0),
            weights: weights
                .iter()
                .fold(0, |sum, weight| sum.saturating_add(*weight)),
        }
    }

    /// Who probes alone.
    pub(super) fn lone_prober(&self, consumer: Consumer) -> ProbeShare {
        ProbeShare {
            consumer: consumer.index(),
            weight: 1,
            weights: 1,
        }
    }

    /// Whether failures are expected now.
    pub fn is_deploying(&self, now: Duration) -> bool {
        now.as_millis() < u128::from(self.deploy_until_ms.load(Ordering::Acquire))
    }

    /// Opens a deploy window, or changes the one that is open.
    pub fn open_deploy_window(&self, now: Duration, length: Duration, reason: Option<String>) {
        let mut deploy = self.deploy_lock();
        let since = match &*deploy {
            Some(open) if now < open.until => open.since,
            _ => now,
        };
        let until = now + length;
        *deploy = Some(DeployWindow {
            since,
            until,
            reason,
        });
        let until_ms = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
        self.deploy_until_ms.store(until_ms, Ordering::Release);
    }

    /// Closes the deploy window; false when none was open.
    pub fn close_deploy_window(&self, now: Duration) -> bool {
        let was_open = self.is_deploying(now);
        *self.deploy_lock() = None;
        self.deploy_until_ms.store(0, Ordering::Release);
        was_open
    }

    /// The deploy window that is open.
    pub fn deploy_window(&self, now: Duration) -> Option<DeployWindow> {
        let window = self.deploy_lock().clone();
        window.filter(|window| now < window.until)
    }

    /// An operator decides about one cell.
    pub fn set_override(
        &self,
        cell: BreakerId,
        over: BreakerOverride,
        now: Duration,
    ) -> BreakerEvent {
        let change = match cell {
            BreakerId::Service => self.service.set_override(over, now),
            BreakerId::Squad(consumer, tier) => {
                self.squad_breaker(consumer, tier).set_override(over, now)
            }
        };
        BreakerEvent { cell, change }
    }

    fn deploy_lock(&self) -> MutexGuard<'_, Option<DeployWindow>> {
        self.deploy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn place(consumer: Consumer, tier: Tier) -> usize {
    consumer.index() * Tier::ALL.len() + tier as usize
}

/// The weights of all consumers: the unknown have none, a squad has its own or that of its tier.
pub(super) fn weights(catalog: &Catalog, tiers: &TierPolicies) -> Box<[u32]> {
    let squads = catalog.squads().iter();
    let weights = squads.map(|squad| squad.weight.unwrap_or(tiers.of(squad.tier).weight));
    std::iter::once(0).chain(weights).collect()
}
