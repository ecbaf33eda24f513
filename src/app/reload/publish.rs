//! Taking what was read: a contract, a candidate, or the reason why there is none.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use crate::admin::RevisionResult;
use crate::config::Config;
use crate::proxy::ActiveService;
use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_contract::CompiledContract;

use super::live_state_writer::{LiveState, LiveStateWriter, ServiceState, report_revision};
use super::read_task::{CompileOutcome, CompiledRevision, NotCompiled, options as options_of};
use super::reload_verdict::{ReloadBasis, ReloadVerdict};
use super::revision_history::{ReloadTrigger, RevisionEvent};
use super::shadow_candidate::ShadowCandidate;

/// What was read, from where and why.
#[derive(Debug)]
pub(in crate::app) struct SourceReadOutcome {
    pub(in crate::app) trigger: ReloadTrigger,
    pub(in crate::app) source: String,
    pub(in crate::app) outcome: CompileOutcome,
    /// Why this is not what the source holds, where it is not.
    pub(in crate::app) stale: Option<String>,
}

impl LiveStateWriter {
    /// Takes what was read of a service's contract, and says what came of it.
    pub(in crate::app) fn apply_read(
        &self,
        index: usize,
        found: SourceReadOutcome,
    ) -> RevisionEvent {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let is_set_aside = |contract: &CompiledContract| {
            service.superseded.as_ref() == Some(&contract.revision)
                && found.trigger != ReloadTrigger::Operator
        };
        let entry = match found.outcome {
            Err(nothing) => nothing.entry(found.trigger, found.source),
            Ok(CompiledRevision { contract, .. }) if is_set_aside(&contract) => {
                let problem = format!(
                    "a candidate was promoted, and the source still holds {}: change it there \
                     too, or reload the contract to go back",
                    contract.version
                );
                RevisionEvent::of(found.trigger, found.source, RevisionResult::Unchanged)
                    .with_revision(&contract.version, &contract.revision)
                    .with_problems(vec![problem])
            }
            Ok(CompiledRevision {
                contract,
                options,
                took,
                opinion,
            }) => {
                self.metrics.compiled(&service.live.config.name, took);
                let basis = basis(service);
                // Whoever reads to put in force asks; who did not is of another opinion now.
                let objections =
                    opinion.map_or_else(Vec::new, |opinion| opinion.objections(&basis));
                let result = match objections.is_empty() {
                    true => RevisionResult::InForce,
                    false => RevisionResult::Refused,
                };
                if result == RevisionResult::InForce {
                    service.options = Some(options);
                    service.superseded = None;
                    self.activate(&mut state, &config, index, &contract);
                }
                RevisionEvent::of(found.trigger, found.source, result)
                    .with_revision(&contract.version, &contract.revision)
                    .with_problems(objections)
                    .compiled_in(took)
            }
        };
        let service = &mut state.services[index];
        service.last_error = entry.problems.first().cloned();
        if let Some(problem) = found.stale {
            tracing::warn!(
                service = service.live.config.name,
                problem,
                "contract in force without its source"
            );
            service.last_error = Some(problem);
        }
        self.record_event(&mut state, index, &entry);
        entry
    }

    /// Takes a candidate, in the place of the one there may be.
    pub(in crate::app) fn propose(&self, index: usize, found: SourceReadOutcome) -> RevisionEvent {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let entry = match found.outcome {
            Err(nothing) => nothing.entry(found.trigger, found.source),
            Ok(CompiledRevision {
                contract,
                options,
                took,
                opinion: _,
            }) => {
                let entry =
                    RevisionEvent::of(found.trigger, found.source, RevisionResult::Candidate)
                        .with_revision(&contract.version, &contract.revision)
                        .compiled_in(took);
                let own = &service.live.config;
                let started =
                    ShadowCandidate::start(contract, options, &config, own, &self.metrics);
                match started {
                    Ok(candidate) => {
                        service.candidate = Some(candidate);
                        self.republish(&mut state, &config, index);
                        entry
                    }
                    Err(error) => RevisionEvent {
                        result: RevisionResult::Unavailable,
                        ..entry.with_problems(vec![no_thread(&error)])
                    },
                }
            }
        };
        self.record_event(&mut state, index, &entry);
        entry
    }

    /// Puts the candidate in force; nothing where there is none. Slow where it is compared with
    /// what is in force: not where others wait.
    pub(in crate::app) fn promote(&self, index: usize) -> Option<RevisionEvent> {
        let (basis, candidate) = self.with_service(index, |service| {
            let candidate = service.candidate.as_ref();
            let contract = candidate.map(|candidate| Arc::clone(&candidate.contract));
            (basis(service), contract)
        });
        let candidate = candidate?;
        self.promote_compared(index, &candidate, basis.verdict(&candidate))
    }

    fn promote_compared(
        &self,
        index: usize,
        compared: &Arc<CompiledContract>,
        opinion: ReloadVerdict,
    ) -> Option<RevisionEvent> {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let service = &mut state.services[index];
        let candidate = service.candidate.as_ref()?;
        let contract = Arc::clone(&candidate.contract);
        let options = candidate.options.clone();
        let mut objections = opinion.objections(&basis(service));
        if !Arc::ptr_eq(&contract, compared) {
            objections.push("another candidate came meanwhile: promote it again".to_owned());
        }
        if options != options_of(&service.live.config) {
            objections.push(
                "the configuration compiles contracts otherwise now: propose it again".to_owned(),
            );
        }
        let result = match objections.is_empty() {
            true => RevisionResult::Promoted,
            false => RevisionResult::Refused,
        };
        let entry = RevisionEvent::of(ReloadTrigger::Operator, "the candidate".to_owned(), result)
            .with_revision(&contract.version, &contract.revision)
            .with_problems(objections);
        if result == RevisionResult::Promoted {
            service.candidate = None;
            service.options = Some(options);
            service.last_error = None;
            let before = service.live.compiled();
            service.superseded = before.map(|before| Arc::clone(&before.revision));
            self.activate(&mut state, &config, index, &contract);
        }
        self.record_event(&mut state, index, &entry);
        Some(entry)
    }

    /// Drops the candidate; nothing where there is none.
    pub(in crate::app) fn drop_candidate(&self, index: usize) -> Option<RevisionEvent> {
        let mut state = self.lock();
        let config = Arc::clone(&state.config);
        let candidate = state.services[index].candidate.take()?;
        let entry = RevisionEvent::of(
            ReloadTrigger::Operator,
            "the candidate".to_owned(),
            RevisionResult::Dropped,
        )
        .with_revision(&candidate.contract.version, &candidate.contract.revision);
        self.republish(&mut state, &config, index);
        self.record_event(&mut state, index, &entry);
        Some(entry)
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
        service.pending = None;
        state.replace(index, live);
        self.publish(state);
    }

    /// Publishes a service with the same contract and another tap.
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

    fn record_event(&self, state: &mut LiveState, index: usize, entry: &RevisionEvent) {
        let service = &mut state.services[index];
        let name = service.live.config.name.as_str();
        self.metrics.reloaded(name, entry.result.as_str());
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
        } = entry;
        let compile_ms = took.as_millis();
        let problem = problems.join("; ");
        let result_name = result.as_str();
        match result {
            RevisionResult::Unchanged => {
                tracing::debug!(service = name, revision, source, %trigger, "contract unchanged");
            }
            RevisionResult::Refused | RevisionResult::Unavailable => tracing::warn!(
                service = name,
                version,
                revision,
                source,
                %trigger,
                result = result_name,
                problem,
                "contract refused: what was in force stays"
            ),
            RevisionResult::InForce
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
                    "contract changed"
                );
            }
        }
        service.history.add(entry.clone());
    }
}

/// What a revision of a service would follow.
pub(super) fn basis(service: &ServiceState) -> ReloadBasis {
    ReloadBasis {
        policy: service.live.config.reload.policy,
        contract: service.live.compiled().map(Arc::clone),
    }
}

impl NotCompiled {
    /// What to remember of it.
    fn entry(self, trigger: ReloadTrigger, source: String) -> RevisionEvent {
        let entry = |result| RevisionEvent::of(trigger, source, result);
        match self {
            Self::Unchanged(identity) => entry(RevisionResult::Unchanged)
                .with_revision(&identity.version, &identity.revision),
            Self::Unavailable(problem) => {
                entry(RevisionResult::Unavailable).with_problems(vec![problem])
            }
            Self::Refused { identity, problems } => {
                let entry = entry(RevisionResult::Refused).with_problems(problems);
                match identity {
                    Some(identity) => entry.with_revision(&identity.version, &identity.revision),
                    None => entry,
                }
            }
        }
    }
}

fn no_thread(error: &io::Error) -> String {
    format!("a thread for the candidate cannot be started: {error}; check the limit on threads")
}

/// The guard of a service, with the provider that its new contract may name.
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
