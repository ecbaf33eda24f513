//! Applies the result of a read: activates a contract, starts a candidate or records the failure.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::admin::RevisionResult;
use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_config::Config;
use portcullis_contract::CompiledContract;
use portcullis_proxy::ActiveService;

use super::event_subject::EventSubject;
use super::live_state_writer::{LiveState, LiveStateWriter};
use super::read_task::{CompileOutcome, CompiledRevision, NotCompiled, options as options_of};
use super::reload_verdict::{ReloadBasis, ReloadVerdict};
use super::revision_history::{ReloadTrigger, RevisionEvent};
use super::service_state::{ServiceId, ServiceState, report_revision};
use super::shadow_candidate::ShadowCandidate;

/// The result of reading a source.
#[derive(Debug)]
pub(super) struct SourceReadOutcome {
    pub(super) trigger: ReloadTrigger,
    pub(super) source: String,
    pub(super) outcome: CompileOutcome,
    /// Why the outcome is from the cache and not from the source.
    pub(super) stale: Option<String>,
}

impl LiveStateWriter {
    /// Applies a read of a service's contract. Returns the event for the history, or `None` if the
    /// service does not exist any more.
    pub(super) fn apply_read(
        &self,
        id: ServiceId,
        read: SourceReadOutcome,
    ) -> Option<RevisionEvent> {
        let mut state = self.lock();
        let index = state.position(id)?;
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let subject = EventSubject::of_read(service.live.compiled().is_some());
        let was_superseded = |contract: &CompiledContract| {
            service.has_superseded(contract) && read.trigger != ReloadTrigger::Operator
        };
        let event = match read.outcome {
            Err(not_compiled) => not_compiled.into_event(read.trigger, read.source),
            Ok(CompiledRevision { contract, .. }) if was_superseded(&contract) => {
                superseded_event(read.trigger, read.source, &contract)
            }
            Ok(CompiledRevision {
                contract,
                options,
                took,
                verdict,
            }) => {
                self.metrics.compiled(&service.live.config.name, took);
                let basis = basis(service);
                // A read for the active contract always has a verdict. `objections` rejects one
                // that is about another active contract.
                let objections =
                    verdict.map_or_else(Vec::new, |verdict| verdict.objections(&basis));
                let result = if objections.is_empty() {
                    RevisionResult::Active
                } else {
                    RevisionResult::Refused
                };
                if result == RevisionResult::Active {
                    service.options = Some(options);
                    service.superseded = None;
                    self.activate(&mut state, &config, index, &contract);
                }
                RevisionEvent::of(read.trigger, read.source, result)
                    .with_revision(&contract.version, &contract.revision)
                    .with_problems(objections)
                    .compiled_in(took)
            }
        };
        self.record_read(&mut state, index, (&event, subject), read.stale);
        Some(event)
    }

    /// Records the outcome of a read. `stale` says why it is not from the source.
    pub(super) fn record_read(
        &self,
        state: &mut LiveState,
        index: usize,
        (event, subject): (&RevisionEvent, EventSubject),
        stale: Option<String>,
    ) {
        let service = &mut state.services[index];
        let mut error = event.problems.first().cloned();
        if let Some(problem) = stale {
            tracing::warn!(
                service = service.live.config.name,
                problem,
                "contract loaded from the cache: the source is unavailable"
            );
            error = Some(problem);
        }
        service.set_last_error(error);
        self.record_event(state, index, event, subject);
    }

    /// Starts a candidate, and replaces the previous one. Returns `None` if the service does not
    /// exist any more.
    pub(super) fn propose(&self, id: ServiceId, read: SourceReadOutcome) -> Option<RevisionEvent> {
        let mut state = self.lock();
        let index = state.position(id)?;
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let event = match read.outcome {
            Err(not_compiled) => not_compiled.into_event(read.trigger, read.source),
            Ok(CompiledRevision {
                contract,
                options,
                took,
                verdict: _,
            }) => {
                let event = RevisionEvent::of(read.trigger, read.source, RevisionResult::Candidate)
                    .with_revision(&contract.version, &contract.revision)
                    .compiled_in(took);
                let own = &service.live.config;
                let started =
                    ShadowCandidate::start(contract, options, &config, own, &self.metrics);
                match started {
                    Ok(candidate) => {
                        service.candidate = Some(candidate);
                        self.republish(&mut state, &config, index);
                        event
                    }
                    Err(error) => RevisionEvent {
                        result: RevisionResult::Unavailable,
                        ..event.with_problems(vec![no_thread(&error)])
                    },
                }
            }
        };
        self.record_event(&mut state, index, &event, EventSubject::Candidate);
        Some(event)
    }

    /// Activates the candidate. Returns `None` if there is no candidate. Slow, because it compares
    /// the candidate with the active contract: call it on a blocking thread.
    pub(super) fn promote(&self, id: ServiceId) -> Option<RevisionEvent> {
        let (basis, candidate) = self.with_service(id, |service| {
            let candidate = service.candidate.as_ref();
            let contract = candidate.map(|candidate| Arc::clone(&candidate.contract));
            (basis(service), contract)
        })?;
        let candidate = candidate?;
        self.promote_compared(id, &candidate, basis.verdict(&candidate))
    }

    fn promote_compared(
        &self,
        id: ServiceId,
        compared: &Arc<CompiledContract>,
        verdict: ReloadVerdict,
    ) -> Option<RevisionEvent> {
        let mut state = self.lock();
        let index = state.position(id)?;
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let candidate = service.candidate.as_ref()?;
        let contract = Arc::clone(&candidate.contract);
        let options = candidate.options.clone();
        let mut objections = verdict.objections(&basis(service));
        if !Arc::ptr_eq(&contract, compared) {
            objections.push("the candidate was replaced meanwhile: promote the new one".to_owned());
        }
        if options != options_of(&service.live.config) {
            objections.push(
                "the configuration changed how contracts are compiled: propose the candidate again"
                    .to_owned(),
            );
        }
        let result = if objections.is_empty() {
            RevisionResult::Promoted
        } else {
            RevisionResult::Refused
        };
        let event = RevisionEvent::of(ReloadTrigger::Operator, "the candidate".to_owned(), result)
            .with_revision(&contract.version, &contract.revision)
            .with_problems(objections);
        if result == RevisionResult::Promoted {
            service.candidate = None;
            service.options = Some(options);
            service.set_last_error(None);
            let before = service.live.compiled();
            service.superseded = before.map(|before| Arc::clone(&before.revision));
            self.activate(&mut state, &config, index, &contract);
        }
        self.record_event(&mut state, index, &event, EventSubject::Candidate);
        Some(event)
    }

    /// Drops the candidate. Returns `None` if there is no candidate.
    pub(super) fn drop_candidate(&self, id: ServiceId) -> Option<RevisionEvent> {
        let mut state = self.lock();
        let index = state.position(id)?;
        let config = Arc::clone(&state.config);
        let candidate = state.services[index].candidate.take()?;
        let event = RevisionEvent::of(
            ReloadTrigger::Operator,
            "the candidate".to_owned(),
            RevisionResult::Dropped,
        )
        .with_revision(&candidate.contract.version, &candidate.contract.revision);
        self.republish(&mut state, &config, index);
        self.record_event(&mut state, index, &event, EventSubject::Candidate);
        Some(event)
    }

    fn activate(
        &self,
        state: &mut LiveState,
        config: &Config,
        index: usize,
        contract: &Arc<CompiledContract>,
    ) {
        let service = &mut state.services[index];
        let live = ActiveService::new(
            config,
            &service.live.config,
            Some(Arc::clone(contract)),
            (
                with_declared_provider(&service.live, config, contract),
                Arc::clone(&service.live.inventory),
            ),
            service.shadow_sampler(),
        );
        report_revision(&self.metrics, &service.live, false);
        report_revision(&self.metrics, &live, true);
        service.since = SystemTime::now();
        state.replace(index, live);
        self.publish(state);
        state.services[index].check_reachability(config, &self.metrics);
        state.services[index].report_unjudged(&self.metrics);
    }

    /// Publishes a service with the same contract and the current shadow sampler.
    fn republish(&self, state: &mut LiveState, config: &Config, index: usize) {
        let service = &mut state.services[index];
        let live = ActiveService::new(
            config,
            &service.live.config,
            service.live.compiled().map(Arc::clone),
            (
                service.live.protection.clone(),
                Arc::clone(&service.live.inventory),
            ),
            service.shadow_sampler(),
        );
        state.replace(index, live);
        self.publish(state);
    }

    fn record_event(
        &self,
        state: &mut LiveState,
        index: usize,
        event: &RevisionEvent,
        subject: EventSubject,
    ) {
        let service = &mut state.services[index];
        let name = service.live.config.name.as_str();
        self.metrics.reloaded(name, event.result.as_str());
        self.metrics.stale(name, service.last_error.is_some());
        let RevisionEvent {
            version,
            revision,
            source,
            trigger,
            result,
            problems,
            took,
            at: _,
        } = event;
        let compile_ms = whole_milliseconds(*took);
        let problem = problems.join("; ");
        let result_name = result.as_str();
        let message = subject.message(*result);
        match result {
            RevisionResult::Unchanged => {
                tracing::debug!(service = name, revision, source, %trigger, "{message}");
            }
            RevisionResult::Refused | RevisionResult::Unavailable => tracing::warn!(
                service = name,
                version,
                revision,
                source,
                %trigger,
                result = result_name,
                problem,
                "{message}"
            ),
            RevisionResult::Active
            | RevisionResult::Candidate
            | RevisionResult::Promoted
            | RevisionResult::Dropped => {
                tracing::info!(
                    service = name,
                    version,
                    revision,
                    source,
                    %trigger,
                    result = result_name,
                    compile_ms,
                    "{message}"
                );
            }
        }
        // Those of contracts that the program starts with are in the log already.
        if *result == RevisionResult::Active && *trigger != ReloadTrigger::Start {
            service.log_contract_warnings();
        }
        service.history.add(event.clone());
        // Ready only now: the contract is published, and the log says so.
        if service.live.compiled().is_some() {
            service.pending = None;
        }
    }
}

/// The policy and the active contract that a new revision is compared with.
pub(super) fn basis(service: &ServiceState) -> ReloadBasis {
    let contract = service.live.compiled().map(Arc::clone);
    ReloadBasis::new(&service.live.config, contract)
}

impl NotCompiled {
    /// The event for the history.
    pub(super) fn into_event(self, trigger: ReloadTrigger, source: String) -> RevisionEvent {
        let event = |result| RevisionEvent::of(trigger, source, result);
        match self {
            Self::Unchanged(identity) => event(RevisionResult::Unchanged)
                .with_revision(&identity.version, &identity.revision),
            Self::Unavailable(problem) => {
                event(RevisionResult::Unavailable).with_problems(vec![problem])
            }
            Self::Refused { identity, problems } => {
                let event = event(RevisionResult::Refused).with_problems(problems);
                match identity {
                    Some(identity) => event.with_revision(&identity.version, &identity.revision),
                    None => event,
                }
            }
        }
    }
}

/// The event of a read that found the revision that a promoted candidate has replaced.
pub(super) fn superseded_event(
    trigger: ReloadTrigger,
    source: String,
    contract: &CompiledContract,
) -> RevisionEvent {
    let problem = format!(
        "a candidate was promoted, but the source still has {}: update the source, or reload the \
         contract to go back",
        contract.version
    );
    RevisionEvent::of(trigger, source, RevisionResult::Unchanged)
        .with_revision(&contract.version, &contract.revision)
        .with_problems(vec![problem])
}

/// For the log, where a greater type would become text.
fn whole_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn no_thread(error: &io::Error) -> String {
    format!("cannot start a thread for the candidate: {error}; check the limit on threads")
}

/// The protection of a service, with the provider that its new contract names.
fn with_declared_provider(
    live: &ActiveService,
    config: &Config,
    contract: &CompiledContract,
) -> ServiceProtection {
    let ServiceProtection {
        service,
        limits,
        policy,
    } = &live.protection;
    ServiceProtection {
        service: service.clone(),
        limits: Arc::clone(limits),
        policy: Arc::new(ServicePolicy {
            provider: config.provider_of(&live.config, contract.provider.as_deref()),
            ..ServicePolicy::clone(policy)
        }),
    }
}
