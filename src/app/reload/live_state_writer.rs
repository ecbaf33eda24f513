//! The active configuration and its only writer. One lock guards it; the lock is never held while
//! anything is read, compiled or awaited.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::admin::{Readiness, ReadinessGuard, RevisionResult};
use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_config::{Config, ConfigErrors, ServiceConfig};
use portcullis_contract::{CompileOptions, CompiledContract};
use portcullis_proxy::{ActiveConfig, ActiveService, PublishedConfig, ShadowSampler};
use portcullis_telemetry::{Metrics, TrafficInventory};
use portcullis_vocabulary::{Catalog, Consumer};

use super::deferred_drop::DeferredDrop;
use super::reachability::Reachability;
use super::read_task::options;
use super::revision_history::{ReloadTrigger, RevisionEvent, RevisionHistory};
use super::shadow_candidate::ShadowCandidate;

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
    pub(super) services: Vec<ServiceState>,
    pub(super) replaced: DeferredDrop,
}

/// The state of one service.
#[derive(Debug)]
pub(super) struct ServiceState {
    pub(super) live: Arc<ActiveService>,
    pub(super) since: SystemTime,
    /// Why the active contract is not the one at the source.
    pub(super) last_error: Option<String>,
    /// When that began.
    pub(super) stale_since: Option<SystemTime>,
    /// The operations that no request can reach.
    pub(super) reachability: Reachability,
    pub(super) history: RevisionHistory,
    pub(super) candidate: Option<ShadowCandidate>,
    /// The options that the active contract was compiled with.
    pub(super) options: Option<CompileOptions>,
    /// The revision that a promoted candidate replaced, while the source still has it.
    pub(super) superseded: Option<Arc<str>>,
    /// Keeps the program unready until the service has a contract.
    pub(super) pending: Option<ReadinessGuard>,
    /// The provider in the metrics.
    reported_provider: Option<String>,
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
                ServiceState::new(Arc::new(active), pending, took)
            })
            .collect();
        for service in &mut services {
            report_revision(metrics, &service.live, true);
            service.check_reachability(&config, metrics);
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
            }),
        }
    }

    /// The handle from which data cores load the active configuration.
    pub(in crate::app) fn published(&self) -> Arc<PublishedConfig> {
        Arc::clone(&self.published)
    }

    /// The active configuration.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.lock().config)
    }

    /// The number of services.
    pub(in crate::app) fn count(&self) -> usize {
        self.lock().services.len()
    }

    /// The active configuration of a service.
    pub(super) fn service(&self, index: usize) -> ServiceConfig {
        self.lock().services[index].live.config.clone()
    }

    /// The index of the service with this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let state = self.lock();
        state
            .services
            .iter()
            .position(|service| service.live.config.name == name)
    }

    /// Calls `look` with the state of one service, under the lock.
    pub(super) fn with_service<T>(&self, index: usize, look: impl FnOnce(&ServiceState) -> T) -> T {
        look(&self.lock().services[index])
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
    /// Replaces a service. The old one is dropped later, when no data core uses it.
    pub(super) fn replace(&mut self, index: usize, live: ActiveService) {
        let before = std::mem::replace(&mut self.services[index].live, Arc::new(live));
        self.replaced.add(before);
    }
}

impl ServiceState {
    fn new(
        live: Arc<ActiveService>,
        pending: Option<ReadinessGuard>,
        compiled_in: Option<Duration>,
    ) -> Self {
        let mut history = RevisionHistory::default();
        if let Some(contract) = live.compiled() {
            let source = live.config.contract.to_string();
            let event = RevisionEvent::of(ReloadTrigger::Start, source, RevisionResult::Active)
                .with_revision(&contract.version, &contract.revision)
                .compiled_in(compiled_in.unwrap_or_default());
            history.add(event);
        }
        let options = live.compiled().map(|_| options(&live.config));
        Self {
            live,
            since: SystemTime::now(),
            last_error: None,
            stale_since: None,
            reachability: Reachability::default(),
            history,
            candidate: None,
            options,
            superseded: None,
            pending,
            reported_provider: None,
        }
    }

    /// Sets why the active contract is not the one at the source. The time when that began stays
    /// while there is an error.
    pub(super) fn set_last_error(&mut self, error: Option<String>) {
        self.stale_since = match (&error, self.stale_since) {
            (None, _) => None,
            (Some(_), since) => since.or_else(|| Some(SystemTime::now())),
        };
        self.last_error = error;
    }

    /// Finds the operations that no request can reach, and warns about them.
    pub(super) fn check_reachability(&mut self, config: &Config, metrics: &Metrics) {
        let Some(contract) = self.live.compiled() else {
            return;
        };
        let service = &self.live.config;
        let found = Reachability::of(config, service, contract);
        if found.unreachable > 0 || self.reachability.unreachable > 0 {
            metrics.unreachable(&service.name, found.unreachable);
        }
        if let Some(warning) = &found.warning {
            tracing::warn!(service = service.name, "{warning}");
        }
        self.reachability = found;
    }

    /// Updates the provider metric if the provider has changed.
    fn report_provider(&mut self, metrics: &Metrics) {
        let service = self.live.config.name.as_str();
        let provider = self.live.provider.as_ref();
        let provider = provider.map_or(Consumer::UNKNOWN_NAME, |squad| squad.name.as_str());
        if self.reported_provider.as_deref() == Some(provider) {
            return;
        }
        if let Some(before) = &self.reported_provider {
            metrics.set_provider(service, before, false);
        }
        metrics.set_provider(service, provider, true);
        self.reported_provider = Some(provider.to_owned());
    }

    /// Where data cores send exchanges for the candidate, if there is one.
    pub(super) fn shadow_sampler(&self) -> Option<ShadowSampler> {
        Some(self.candidate.as_ref()?.sampler.clone())
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

pub(super) fn report_revision(metrics: &Metrics, live: &ActiveService, is_active: bool) {
    let Some(contract) = live.compiled() else {
        return;
    };
    let name = live.config.name.as_str();
    if is_active {
        metrics.set_active_revision(name, &contract.version, &contract.revision);
    } else {
        metrics.clear_revision(name, &contract.version, &contract.revision);
    }
}
