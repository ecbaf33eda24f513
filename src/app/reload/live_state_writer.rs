//! What is in force, and who may change it: one writer, under one lock that is never held while
//! anything is read, compiled or waited for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use crate::admin::{Readiness, ReadinessGuard, RevisionResult};
use crate::config::{Config, ConfigErrors, ServiceConfig};
use crate::proxy::{ActiveConfig, ActiveService, PublishedConfig, ShadowSampler};
use crate::telemetry::{Metrics, TrafficInventory};
use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_contract::{CompileOptions, CompiledContract};
use portcullis_vocabulary::{Catalog, Consumer};

use super::deferred_drop::DeferredDrop;
use super::read_task::options;
use super::revision_history::{ReloadTrigger, RevisionEvent, RevisionHistory};
use super::shadow_candidate::ShadowCandidate;

/// Reads the configuration again, from where it was read first.
pub type ConfigReader = Arc<dyn Fn() -> Result<Config, ConfigErrors> + Send + Sync>;

/// The one writer of what is in force.
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
    pub(super) retired: DeferredDrop,
}

/// One service.
#[derive(Debug)]
pub(in crate::app) struct ServiceState {
    pub(in crate::app) live: Arc<ActiveService>,
    pub(in crate::app) since: SystemTime,
    /// Why its source is not what is in force.
    pub(in crate::app) last_error: Option<String>,
    pub(in crate::app) history: RevisionHistory,
    pub(in crate::app) candidate: Option<ShadowCandidate>,
    /// How the contract in force was compiled.
    pub(super) options: Option<CompileOptions>,
    /// The revision in whose place a candidate was put while the source holds it still.
    pub(super) superseded: Option<Arc<str>>,
    /// Held until it has a contract.
    pub(super) pending: Option<ReadinessGuard>,
    /// The provider that metrics tell.
    reported_provider: Option<String>,
}

impl LiveStateWriter {
    /// Puts the first contracts in force; services without one wait for theirs, and the program
    /// is not ready until all have one.
    pub(in crate::app) fn new(
        config: Config,
        contracts: Vec<Option<Arc<CompiledContract>>>,
        cores: usize,
        readiness: &Readiness,
        metrics: &Metrics,
    ) -> Self {
        let config = Arc::new(config);
        let started = Instant::now();
        let services: Vec<ServiceState> = config
            .services
            .iter()
            .zip(contracts)
            .map(|(service, contract)| {
                let pending = contract.is_none();
                let pending = pending
                    .then(|| readiness.pending(&format!("the contract of {}", service.name)));
                let guarded = guard(&config, service, contract.as_deref(), cores, started);
                let parts = (guarded, TrafficInventory::new(&service.name, cores));
                let active = ActiveService::new(&config, service, contract, parts, None);
                ServiceState::new(Arc::new(active), pending)
            })
            .collect();
        for service in &services {
            report_revision(metrics, &service.live, true);
        }
        let live = ActiveConfig {
            config: Arc::clone(&config),
            services: services
                .iter()
                .map(|state| Arc::clone(&state.live))
                .collect(),
        };
        Self {
            published: PublishedConfig::new(live),
            metrics: metrics.clone(),
            cores,
            started,
            state: Mutex::new(LiveState {
                config,
                services,
                retired: DeferredDrop::default(),
            }),
        }
    }

    /// Where data cores find what is in force.
    pub(in crate::app) fn published(&self) -> Arc<PublishedConfig> {
        Arc::clone(&self.published)
    }

    /// The configuration in force.
    pub(in crate::app) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.lock().config)
    }

    /// How many services there are.
    pub(in crate::app) fn count(&self) -> usize {
        self.lock().services.len()
    }

    /// What the configuration in force says of a service.
    pub(in crate::app) fn service(&self, index: usize) -> ServiceConfig {
        self.lock().services[index].live.config.clone()
    }

    /// The number of the service of this name.
    pub(in crate::app) fn find(&self, name: &str) -> Option<usize> {
        let state = self.lock();
        state
            .services
            .iter()
            .position(|service| service.live.config.name == name)
    }

    /// Looks at one service.
    pub(in crate::app) fn with_service<T>(
        &self,
        index: usize,
        look: impl FnOnce(&ServiceState) -> T,
    ) -> T {
        look(&self.lock().services[index])
    }

    /// What guards each service now, and the catalog that numbers its squads.
    pub(in crate::app) fn guards(&self) -> (Vec<ServiceProtection>, Arc<Catalog>) {
        let state = self.lock();
        let catalog = Arc::clone(&state.config.catalog);
        let guards = state
            .services
            .iter()
            .map(|service| service.live.protection.clone());
        (guards.collect(), catalog)
    }

    /// Lets go of what nobody uses any more, and sets gauges. Call it every second.
    pub(in crate::app) fn maintain(&self) {
        let unused = self.lock().retired.take_unused();
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

    /// What guards a service from now on, with nothing counted yet.
    pub(super) fn new_guard(
        &self,
        config: &Config,
        service: &ServiceConfig,
        contract: Option<&CompiledContract>,
    ) -> ServiceProtection {
        guard(config, service, contract, self.cores, self.started)
    }

    /// Publishes all services as they are now.
    pub(super) fn publish(&self, state: &LiveState) {
        let live = ActiveConfig {
            config: Arc::clone(&state.config),
            services: state
                .services
                .iter()
                .map(|service| Arc::clone(&service.live))
                .collect(),
        };
        drop(self.published.replace(live));
    }
}

impl LiveState {
    /// Puts a service in the place of what it was, which goes when nobody uses it any more.
    pub(super) fn replace(&mut self, index: usize, live: ActiveService) {
        let before = std::mem::replace(&mut self.services[index].live, Arc::new(live));
        self.retired.add(before);
    }
}

impl ServiceState {
    fn new(live: Arc<ActiveService>, pending: Option<ReadinessGuard>) -> Self {
        let mut history = RevisionHistory::default();
        if let Some(contract) = live.compiled() {
            let source = live.config.contract.to_string();
            let entry = RevisionEvent::of(ReloadTrigger::Start, source, RevisionResult::InForce)
                .with_revision(&contract.version, &contract.revision);
            history.add(entry);
        }
        let options = live.compiled().map(|_| options(&live.config));
        Self {
            live,
            since: SystemTime::now(),
            last_error: None,
            history,
            candidate: None,
            options,
            superseded: None,
            pending,
            reported_provider: None,
        }
    }

    /// Where exchanges go for the candidate to judge.
    /// Tells metrics who provides it, where that has changed.
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

    pub(super) fn shadow_sampler(&self) -> Option<ShadowSampler> {
        Some(self.candidate.as_ref()?.tap.clone())
    }
}

fn guard(
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
            "budget.cross_squad_max does nothing: no squad of the catalog provides the service"
        );
    }
    ServiceProtection::new(&service.name, policy, &config.catalog, cores, started)
}

/// The squad that a contract says it is of.
pub(super) fn declared(contract: Option<&CompiledContract>) -> Option<&str> {
    contract?.provider.as_deref()
}

pub(super) fn report_revision(metrics: &Metrics, live: &ActiveService, is_in_force: bool) {
    let Some(contract) = live.compiled() else {
        return;
    };
    let name = live.config.name.as_str();
    match is_in_force {
        true => metrics.set_active_revision(name, &contract.version, &contract.revision),
        false => metrics.clear_revision(name, &contract.version, &contract.revision),
    }
}
