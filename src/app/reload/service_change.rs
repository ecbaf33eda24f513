//! How one service changes when a new configuration is applied.

use std::sync::Arc;
use std::time::SystemTime;

use crate::admin::RevisionResult;
use portcullis_breaker::{ServicePolicy, ServiceProtection};
use portcullis_config::{Config, ServiceConfig};
use portcullis_contract::CompiledContract;
use portcullis_proxy::ActiveService;

use super::live_state_writer::{LiveState, LiveStateWriter, declared};
use super::publish::{SourceReadOutcome, superseded_event};
use super::read_task::CompiledRevision;
use super::revision_history::RevisionEvent;
use super::service_state::{ServiceId, ServiceState, report_revision};
use super::shadow_candidate::ShadowCandidate;

/// The active and the new configuration.
#[derive(Debug)]
pub(super) struct ConfigStep<'c> {
    pub(super) old: &'c Config,
    pub(super) new: &'c Config,
    /// Whether squads keep their numbers.
    pub(super) has_same_squads: bool,
}

impl LiveStateWriter {
    /// A service that the configuration did not have.
    pub(super) fn add_service(
        &self,
        id: ServiceId,
        new: &Config,
        config: &ServiceConfig,
        revision: Option<CompiledRevision>,
    ) -> ServiceState {
        self.metrics.restore_service(&config.name);
        let contract = revision.map(|revision| {
            self.metrics.compiled(&config.name, revision.took);
            revision.contract
        });
        let protection = self.new_protection(new, config, contract.as_deref());
        let parts = (protection, self.new_inventory(&config.name));
        let live = ActiveService::new(new, config, contract, parts, None);
        report_revision(&self.metrics, &live, true);
        ServiceState::new(id, Arc::new(live))
    }

    /// A service under its new configuration, with a new revision of its contract if there is one.
    /// Everything else that it knows stays.
    pub(super) fn change_service(
        &self,
        state: &mut LiveState,
        step: &ConfigStep<'_>,
        config: &ServiceConfig,
        mut service: ServiceState,
        revision: Option<CompiledRevision>,
    ) -> ServiceState {
        let before = Arc::clone(&service.live);
        let mut contract = before.compiled().map(Arc::clone);
        let has_new_contract = revision.is_some();
        if let Some(revision) = revision {
            self.metrics.compiled(&config.name, revision.took);
            contract = Some(revision.contract);
            service.options = Some(revision.options);
            service.superseded = None;
            service.since = SystemTime::now();
        }
        if before.config.candidate != config.candidate {
            service.candidate = None;
        }
        let protection = self.changed_protection(step, config, &service, contract.as_deref());
        let is_candidate_outdated = !step.has_same_squads
            || before.config.enforcement != config.enforcement
            || before.config.reload.candidate_sample != config.reload.candidate_sample
            || step.old.limits != step.new.limits;
        if let Some(candidate) = service.candidate.take_if(|_| is_candidate_outdated) {
            service.candidate = self.restart_candidate(candidate, step.new, config);
        }
        let parts = (protection, Arc::clone(&before.inventory));
        let sampler = service.shadow_sampler();
        let live = ActiveService::new(step.new, config, contract, parts, sampler);
        if has_new_contract {
            report_revision(&self.metrics, &before, false);
            report_revision(&self.metrics, &live, true);
        }
        service.live = Arc::new(live);
        state.replaced.add(before);
        service
    }

    fn changed_protection(
        &self,
        step: &ConfigStep<'_>,
        config: &ServiceConfig,
        service: &ServiceState,
        contract: Option<&CompiledContract>,
    ) -> ServiceProtection {
        let before = &service.live.protection.limits;
        if step.has_same_squads {
            let policy = Arc::new(ServicePolicy {
                protection: config.protection.clone(),
                tiers: step.new.tiers,
                provider: step.new.provider_of(config, declared(contract)),
            });
            before.adopt(&step.new.catalog, &policy);
            return ServiceProtection {
                service: config.name.clone(),
                limits: Arc::clone(before),
                policy,
            };
        }
        // The catalog numbers the squads, so the old counters do not fit the new catalog. Circuits
        // and overrides are known by the names of squads.
        let protection = self.new_protection(step.new, config, contract);
        let limits = &protection.limits;
        limits.inherit(before, &step.old.catalog, &step.new.catalog);
        protection
    }

    /// Restarts a candidate under the new configuration, with an empty report.
    fn restart_candidate(
        &self,
        candidate: ShadowCandidate,
        config: &Config,
        service: &ServiceConfig,
    ) -> Option<ShadowCandidate> {
        let ShadowCandidate {
            contract, options, ..
        } = candidate;
        let name = &service.name;
        match ShadowCandidate::start(contract, options, config, service, &self.metrics) {
            Ok(candidate) => {
                tracing::info!(service = name, "candidate restarted: its report is empty");
                Some(candidate)
            }
            Err(error) => {
                tracing::warn!(service = name, %error, "candidate dropped: cannot start its thread");
                None
            }
        }
    }
}

/// The outcome of a read: the revision that becomes active, if there is one, and the event.
pub(super) fn settle(
    before: Option<&ServiceState>,
    config: &ServiceConfig,
    read: SourceReadOutcome,
) -> (Option<CompiledRevision>, RevisionEvent) {
    let revision = match read.outcome {
        Ok(revision) => revision,
        Err(not_compiled) => return (None, not_compiled.into_event(read.trigger, read.source)),
    };
    let contract = &revision.contract;
    if before.is_some_and(|before| is_superseded(before, config, contract)) {
        let event = superseded_event(read.trigger, read.source, contract);
        return (None, event);
    }
    let event = RevisionEvent::of(read.trigger, read.source, RevisionResult::Active)
        .with_revision(&contract.version, &contract.revision)
        .compiled_in(revision.took);
    (Some(revision), event)
}

/// Whether a promoted candidate has replaced what the same source still has.
pub(super) fn is_superseded(
    before: &ServiceState,
    config: &ServiceConfig,
    contract: &CompiledContract,
) -> bool {
    before.live.config.contract == config.contract && before.has_superseded(contract)
}
