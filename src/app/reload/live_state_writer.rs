//! The active configuration and its only writer. One lock guards it; the lock is never held while
//! anything is read, compiled or awaited.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::admin::Readiness;
use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_config::{Config, ConfigErrors, ServiceConfig};
use portcullis_contract::CompiledContract;
use portcullis_proxy::{ActiveConfig, ActiveService, PublishedConfig};
use portcullis_telemetry::{Metrics, TrafficInventory};
use portcullis_vocabulary::Catalog;

use super::deferred_drop::DeferredDrop;
use super::service_state::{ServiceId, ServiceIds, ServiceState, report_revision};

/// Reads the configuration again from its original file.
pub type ConfigReader = Arc<dyn Fn() -> Result<Config, ConfigErrors> + Send + Sync>;

/// A contract that was compiled at startup.
#[derive(Clone, Debug)]
pub(in crate::app) struct StartupContract {
    pub(in crate::app) contract: Arc<CompiledContract>,
    pub(in crate::app) took: Duration,
}

/// Owns the active state and publishes every change to the data cores.
#[derive(Debug)]
pub(in crate::app) struct LiveStateWriter {
    pub(super) published: Arc<PublishedConfig>,
    pub(super) metrics: Metrics,
    cores: usize,
    started: Instant,
    state: Mutex<LiveState>,
}

#[derive(Debug)]
pub(super) struct LiveState {
    pub(super) config: Arc<Config>,
    /// In the order of the configuration.
    pub(super) services: Vec<ServiceState>,
    pub(super) replaced: DeferredDrop,
    pub(super) ids: ServiceIds,
}

impl LiveStateWriter {
    /// Activates the contracts that were loaded at startup. The program is not ready until every
    /// service has one.
    pub(in crate::app) fn new(
        config: Config,
        contracts: Vec<Option<StartupContract>>,
        cores: usize,
        readiness: &Readiness,
        metrics: &Metrics,
    ) -> Self {
        let config = Arc::new(config);
        let started = Instant::now();
        let mut ids = ServiceIds::default();
        let mut services: Vec<ServiceState> = config
            .services
            .iter()
            .zip(contracts)
            .map(|(service, contract)| {
                let pending = contract.is_none();
                let pending = pending
                    .then(|| readiness.pending(&format!("the contract of {}", service.name)));
                let loaded = contract.map(|loaded| (loaded.contract, loaded.took));
                let (contract, took) = loaded.unzip();
                if let Some(took) = took {
                    metrics.compiled(&service.name, took);
                }
                let protection = protection(&config, service, contract.as_deref(), cores, started);
                let parts = (protection, TrafficInventory::new(&service.name, cores));
                let active = ActiveService::new(&config, service, contract, parts, None);
                ServiceState::at_startup(
                    ids.next(),
                    Arc::new(active),
                    pending,
                    took.unwrap_or_default(),
                )
            })
            .collect();
        for service in &mut services {
            report_revision(metrics, &service.live, true);
            service.check_reachability(&config, metrics);
            service.report_unjudged(metrics);
        }
        let active = services.iter().map(|state| Arc::clone(&state.live));
        let live = ActiveConfig::new(Arc::clone(&config), active.collect());
        Self {
            published: PublishedConfig::new(live),
            metrics: metrics.clone(),
            cores,
            started,
            state: Mutex::new(LiveState {
                config,
                services,
                replaced: DeferredDrop::default(),
                ids,
            }),
        }
    }

    /// The handle from which data cores load the active configuration.
    pub(in crate::app) fn published(&self) -> Arc<PublishedConfig> {
        Arc::clone(&self.published)
    }

    /// The active configuration.
    pub(in crate::app) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.lock().config)
    }

    /// The services, in the order of the configuration.
    pub(in crate::app) fn services(&self) -> Vec<(ServiceId, ServiceConfig)> {
        let state = self.lock();
        let services = state.services.iter();
        let services = services.map(|service| (service.id, service.live.config.clone()));
        services.collect()
    }

    /// The identities of the services, in the order of the configuration.
    pub(super) fn ids(&self) -> Vec<ServiceId> {
        let state = self.lock();
        state.services.iter().map(|service| service.id).collect()
    }

    /// The identity of the service with this name.
    pub(super) fn find(&self, name: &str) -> Option<ServiceId> {
        let state = self.lock();
        let mut services = state.services.iter();
        let found = services.find(|service| service.name() == name);
        found.map(|service| service.id)
    }

    /// Calls `look` with the state of one service, under the lock. Returns `None` if the service
    /// does not exist any more.
    pub(super) fn with_service<T>(
        &self,
        id: ServiceId,
        look: impl FnOnce(&ServiceState) -> T,
    ) -> Option<T> {
        let state = self.lock();
        let index = state.position(id)?;
        Some(look(&state.services[index]))
    }

    /// The protection of each service, and the catalog that numbers its squads.
    pub(in crate::app) fn protection(&self) -> (Vec<ServiceProtection>, Arc<Catalog>) {
        let state = self.lock();
        let catalog = Arc::clone(&state.config.catalog);
        let protection = state
            .services
            .iter()
            .map(|service| service.live.protection.clone());
        (protection.collect(), catalog)
    }

    /// Drops replaced services that are no longer used, and updates metrics. Call it every second.
    pub(in crate::app) fn maintain(&self) {
        let unused = self.lock().replaced.take_unused();
        drop(unused);
        let missed: Vec<(String, u64)> = {
            let state = self.lock();
            let candidates = state.services.iter().filter_map(|service| {
                let missed = service.candidate.as_ref()?.missed();
                Some((service.live.config.name.clone(), missed))
            });
            candidates.collect()
        };
        for (service, missed) in missed {
            self.metrics.candidate_missed(&service, missed);
        }
        for service in &mut self.lock().services {
            service.report_provider(&self.metrics);
        }
    }

    /// An empty inventory of the traffic of a service.
    pub(super) fn new_inventory(&self, service: &str) -> Arc<TrafficInventory> {
        TrafficInventory::new(service, self.cores)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, LiveState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new protection for a service, with all counters at zero.
    pub(super) fn new_protection(
        &self,
        config: &Config,
        service: &ServiceConfig,
        contract: Option<&CompiledContract>,
    ) -> ServiceProtection {
        protection(config, service, contract, self.cores, self.started)
    }

    /// Publishes the current state of all services.
    pub(super) fn publish(&self, state: &LiveState) {
        let services = state.services.iter();
        let services = services.map(|service| Arc::clone(&service.live)).collect();
        let before = self.published.load();
        let live = before.replaced(Arc::clone(&state.config), services);
        drop(self.published.replace(live));
    }
}

impl LiveState {
    /// The index of a service; `None` if it does not exist any more.
    pub(super) fn position(&self, id: ServiceId) -> Option<usize> {
        self.services.iter().position(|service| service.id == id)
    }

    /// Replaces a service. The old one is dropped later, when no data core uses it.
    pub(super) fn replace(&mut self, index: usize, live: ActiveService) {
        let before = std::mem::replace(&mut self.services[index].live, Arc::new(live));
        self.replaced.add(before);
    }
}

fn protection(
    config: &Config,
    service: &ServiceConfig,
    contract: Option<&CompiledContract>,
    cores: usize,
    started: Instant,
) -> ServiceProtection {
    let policy = ServicePolicy {
        protection: service.protection.clone(),
        tiers: config.tiers,
        provider: config.provider_of(service, declared(contract)),
    };
    if policy.protection.budget.cross_squad_max.is_some() && policy.provider.is_none() {
        tracing::warn!(
            service = service.name,
            "budget.cross_squad_max has no effect: no squad of the catalog provides this service"
        );
    }
    ServiceProtection::new(&service.name, policy, &config.catalog, cores, started)
}

/// The provider squad that the contract names.
pub(super) fn declared(contract: Option<&CompiledContract>) -> Option<&str> {
    contract?.provider.as_deref()
}
