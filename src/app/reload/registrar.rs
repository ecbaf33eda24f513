//! What is in force, and who may change it: one writer, under one lock that is never held while
//! anything is read, compiled or waited for.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::admin::{Pending, Readiness};
use crate::breaker::{Guarded, Policy};
use crate::config::{Config, ConfigErrors, Service};
use crate::contract::CompiledContract;
use crate::proxy::{Live, LiveService, Published, Tap, provider};
use crate::telemetry::Metrics;

use super::candidate::Candidate;
use super::history::{Entry, History, Result, Trigger};
use super::policy::{Compatibility, objections};
use super::read::Outcome;
use super::retired::Retired;

/// Reads the configuration again, from where it was read first.
pub type Reread = Arc<dyn Fn() -> std::result::Result<Config, ConfigErrors> + Send + Sync>;

/// The one writer of what is in force.
#[derive(Debug)]
pub(in crate::app) struct Manager {
    pub(super) published: Arc<Published>,
    pub(super) metrics: Metrics,
    engine: Box<dyn Compatibility>,
    cores: usize,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) config: Arc<Config>,
    pub(super) services: Vec<ServiceState>,
    pub(super) retired: Retired,
}

/// One service.
#[derive(Debug)]
pub(in crate::app) struct ServiceState {
    pub(in crate::app) live: Arc<LiveService>,
    pub(in crate::app) since: SystemTime,
    /// Why its source is not what is in force.
    pub(in crate::app) last_error: Option<String>,
    pub(in crate::app) history: History,
    pub(in crate::app) candidate: Option<Candidate>,
    /// Held until it has a contract.
    _pending: Option<Pending>,
}

/// What was read, from where and why.
#[derive(Debug)]
pub(in crate::app) struct Found {
    pub(in crate::app) trigger: Trigger,
    pub(in crate::app) source: String,
    pub(in crate::app) outcome: Outcome,
}

impl Manager {
    /// Puts the first contracts in force; services without one wait for theirs, and the program
    /// is not ready until all have one.
    pub(in crate::app) fn new(
        config: Config,
        contracts: Vec<Option<Arc<CompiledContract>>>,
        engine: Box<dyn Compatibility>,
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
                let live = LiveService::new(&config, service, contract, guarded, None);
                ServiceState::new(Arc::new(live), pending)
            })
            .collect();
        for service in &services {
            announce(metrics, &service.live, true);
        }
        let live = Live {
            config: Arc::clone(&config),
            services: services
                .iter()
                .map(|state| Arc::clone(&state.live))
                .collect(),
        };
        Self {
            published: Published::new(live),
            metrics: metrics.clone(),
            engine,
            cores,
            started,
            state: Mutex::new(State {
                config,
                services,
                retired: Retired::default(),
            }),
        }
    }

    /// Where data cores find what is in force.
    pub(in crate::app) fn published(&self) -> Arc<Published> {
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
    pub(in crate::app) fn service(&self, index: usize) -> Service {
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
    pub(in crate::app) fn look<T>(&self, index: usize, look: impl FnOnce(&ServiceState) -> T) -> T {
        look(&self.lock().services[index])
    }

    /// What guards each service now.
    pub(in crate::app) fn guards(&self) -> Vec<Guarded> {
        let state = self.lock();
        let guards = state
            .services
            .iter()
            .map(|service| service.live.guarded.clone());
        guards.collect()
    }

    /// Takes what was read of a service's contract, and says what came of it.
    pub(in crate::app) fn take(&self, index: usize, found: Found) -> Entry {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let entry = match found.outcome {
            Outcome::Unchanged(identity) => {
                service.last_error = None;
                Entry::of(found.trigger, found.source, Result::Unchanged)
                    .identified(&identity.version, &identity.revision)
            }
            Outcome::Unavailable(problem) => {
                service.last_error = Some(problem.clone());
                Entry::of(found.trigger, found.source, Result::Unavailable).because(vec![problem])
            }
            Outcome::Refused { identity, problems } => {
                service.last_error = problems.first().cloned();
                let entry = Entry::of(found.trigger, found.source, Result::Refused);
                let entry = match identity {
                    Some(identity) => entry.identified(&identity.version, &identity.revision),
                    None => entry,
                };
                entry.because(problems)
            }
            Outcome::Compiled { contract, took } => {
                self.metrics.compiled(&service.live.config.name, took);
                let objections = self.objections(service, &contract);
                let result = match objections.is_empty() {
                    true => Result::InForce,
                    false => Result::Refused,
                };
                let entry = Entry::of(found.trigger, found.source, result)
                    .identified(&contract.version, &contract.revision)
                    .because(objections)
                    .compiled_in(took);
                service.last_error = entry.problems.first().cloned();
                if result == Result::InForce {
                    self.put_in_force(&mut state, &config, index, &contract);
                }
                entry
            }
        };
        self.conclude(&mut state, index, &entry);
        entry
    }

    /// Notes that what is in force is not what its source holds.
    pub(in crate::app) fn mark_stale(&self, index: usize, problem: String) {
        let mut state = self.lock();
        let service = &mut state.services[index];
        let name = service.live.config.name.as_str();
        self.metrics.stale(name, true);
        tracing::warn!(
            service = name,
            problem,
            "contract in force without its source"
        );
        service.last_error = Some(problem);
    }

    /// Takes a candidate, in the place of the one there may be.
    pub(in crate::app) fn propose(&self, index: usize, found: Found) -> Entry {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let entry = match found.outcome {
            Outcome::Unchanged(identity) => {
                Entry::of(found.trigger, found.source, Result::Unchanged)
                    .identified(&identity.version, &identity.revision)
            }
            Outcome::Unavailable(problem) => {
                Entry::of(found.trigger, found.source, Result::Unavailable).because(vec![problem])
            }
            Outcome::Refused { identity, problems } => {
                let entry = Entry::of(found.trigger, found.source, Result::Refused);
                let entry = match identity {
                    Some(identity) => entry.identified(&identity.version, &identity.revision),
                    None => entry,
                };
                entry.because(problems)
            }
            Outcome::Compiled { contract, took } => {
                let entry = Entry::of(found.trigger, found.source, Result::Candidate)
                    .identified(&contract.version, &contract.revision)
                    .compiled_in(took);
                let started =
                    Candidate::start(contract, &config, &service.live.config, &self.metrics);
                match started {
                    Ok(candidate) => {
                        service.candidate = Some(candidate);
                        self.renew(&mut state, &config, index);
                        entry
                    }
                    Err(error) => Entry {
                        result: Result::Unavailable,
                        ..entry.because(vec![no_thread(&error)])
                    },
                }
            }
        };
        self.conclude(&mut state, index, &entry);
        entry
    }

    /// Puts the candidate in force; nothing where there is none.
    pub(in crate::app) fn promote(&self, index: usize) -> Option<Entry> {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let contract = Arc::clone(&service.candidate.as_ref()?.contract);
        let objections = self.objections(service, &contract);
        let result = match objections.is_empty() {
            true => Result::Promoted,
            false => Result::Refused,
        };
        let entry = Entry::of(Trigger::Operator, "the candidate".to_owned(), result)
            .identified(&contract.version, &contract.revision)
            .because(objections);
        if result == Result::Promoted {
            service.candidate = None;
            self.put_in_force(&mut state, &config, index, &contract);
        }
        self.conclude(&mut state, index, &entry);
        Some(entry)
    }

    /// Drops the candidate; nothing where there is none.
    pub(in crate::app) fn drop_candidate(&self, index: usize) -> Option<Entry> {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let candidate = state.services[index].candidate.take()?;
        let entry = Entry::of(
            Trigger::Operator,
            "the candidate".to_owned(),
            Result::Dropped,
        )
        .identified(&candidate.contract.version, &candidate.contract.revision);
        self.renew(&mut state, &config, index);
        self.conclude(&mut state, index, &entry);
        Some(entry)
    }

    /// Lets go of what nobody uses any more, and sets gauges. Call it every second.
    pub(in crate::app) fn settle(&self) {
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
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What guards a service from now on, with nothing counted yet.
    pub(super) fn new_guard(
        &self,
        config: &Config,
        service: &Service,
        contract: Option<&CompiledContract>,
    ) -> Guarded {
        guard(config, service, contract, self.cores, self.started)
    }

    /// Publishes all services as they are now.
    pub(super) fn publish(&self, state: &State) {
        let live = Live {
            config: Arc::clone(&state.config),
            services: state
                .services
                .iter()
                .map(|service| Arc::clone(&service.live))
                .collect(),
        };
        drop(self.published.replace(live));
    }

    fn objections(&self, service: &ServiceState, contract: &CompiledContract) -> Vec<String> {
        let policy = service.live.config.reload.policy;
        let old = service.live.compiled();
        old.map_or_else(Vec::new, |old| {
            objections(policy, &*self.engine, old, contract)
        })
    }

    fn put_in_force(
        &self,
        state: &mut State,
        config: &Config,
        index: usize,
        contract: &Arc<CompiledContract>,
    ) {
        let service = &mut state.services[index];
        let live = LiveService::new(
            config,
            &service.live.config,
            Some(Arc::clone(contract)),
            provided(&service.live, config, contract),
            service.tap(),
        );
        announce(&self.metrics, &service.live, false);
        let retired = std::mem::replace(&mut service.live, Arc::new(live));
        announce(&self.metrics, &service.live, true);
        service.since = SystemTime::now();
        service._pending = None;
        state.retired.add(retired);
        self.publish(state);
    }

    /// Publishes a service with the same contract and another tap.
    fn renew(&self, state: &mut State, config: &Config, index: usize) {
        let service = &mut state.services[index];
        let live = LiveService::new(
            config,
            &service.live.config,
            service.live.compiled().map(Arc::clone),
            service.live.guarded.clone(),
            service.tap(),
        );
        let retired = std::mem::replace(&mut service.live, Arc::new(live));
        state.retired.add(retired);
        self.publish(state);
    }

    fn conclude(&self, state: &mut State, index: usize, entry: &Entry) {
        let service = &mut state.services[index];
        let name = service.live.config.name.as_str();
        self.metrics.reloaded(name, entry.result.as_str());
        self.metrics.stale(name, service.last_error.is_some());
        let Entry {
            version,
            revision,
            source,
            trigger,
            result,
            problems,
            took,
            at: _,
        } = entry;
        let compile_ms = took.as_millis();
        let problem = problems.join("; ");
        let result_name = result.as_str();
        match result {
            Result::Unchanged => {
                tracing::debug!(service = name, revision, source, %trigger, "contract unchanged");
            }
            Result::Refused | Result::Unavailable => tracing::warn!(
                service = name,
                version,
                revision,
                source,
                %trigger,
                result = result_name,
                problem,
                "contract refused: what was in force stays"
            ),
            Result::InForce | Result::Candidate | Result::Promoted | Result::Dropped => {
                tracing::info!(
                    service = name,
                    version,
                    revision,
                    source,
                    %trigger,
                    result = result_name,
                    compile_ms,
                    "contract changed"
                );
            }
        }
        service.history.add(entry.clone());
    }
}

impl ServiceState {
    fn new(live: Arc<LiveService>, pending: Option<Pending>) -> Self {
        let mut history = History::default();
        if let Some(contract) = live.compiled() {
            let source = live.config.contract.to_string();
            let entry = Entry::of(Trigger::Start, source, Result::InForce)
                .identified(&contract.version, &contract.revision);
            history.add(entry);
        }
        Self {
            live,
            since: SystemTime::now(),
            last_error: None,
            history,
            candidate: None,
            _pending: pending,
        }
    }

    /// Where exchanges go for the candidate to judge.
    pub(super) fn tap(&self) -> Option<Tap> {
        Some(self.candidate.as_ref()?.tap.clone())
    }
}

impl Entry {
    fn of(trigger: Trigger, source: String, result: Result) -> Self {
        Self {
            at: SystemTime::now(),
            version: String::new(),
            revision: String::new(),
            source,
            trigger,
            result,
            problems: Vec::new(),
            took: Duration::ZERO,
        }
    }

    fn identified(mut self, version: &str, revision: &str) -> Self {
        version.clone_into(&mut self.version);
        revision.clone_into(&mut self.revision);
        self
    }

    fn because(mut self, problems: Vec<String>) -> Self {
        self.problems = problems;
        self
    }

    fn compiled_in(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }
}

fn guard(
    config: &Config,
    service: &Service,
    contract: Option<&CompiledContract>,
    cores: usize,
    started: Instant,
) -> Guarded {
    let policy = Policy {
        protection: service.protection.clone(),
        tiers: config.tiers,
        provider: provider(config, service, contract),
    };
    Guarded::new(&service.name, policy, &config.catalog, cores, started)
}

/// The guard of a service, with the provider that its new contract may name.
fn provided(live: &LiveService, config: &Config, contract: &CompiledContract) -> Guarded {
    let Guarded {
        service,
        bank,
        policy,
    } = &live.guarded;
    Guarded {
        service: service.clone(),
        bank: Arc::clone(bank),
        policy: Arc::new(Policy {
            provider: provider(config, &live.config, Some(contract)),
            ..Policy::clone(policy)
        }),
    }
}

fn announce(metrics: &Metrics, live: &LiveService, is_in_force: bool) {
    let Some(contract) = live.compiled() else {
        return;
    };
    let name = live.config.name.as_str();
    match is_in_force {
        true => metrics.revision_in_force(name, &contract.version, &contract.revision),
        false => metrics.revision_retired(name, &contract.version, &contract.revision),
    }
}

fn no_thread(error: &io::Error) -> String {
    format!("a thread for the candidate cannot be started: {error}; check the limit on threads")
}
