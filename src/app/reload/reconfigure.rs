//! Applies a new configuration while the program serves.
//!
//! All changes take effect at once, for all services together: data cores load one pointer. A
//! service keeps its state as long as its name stays; a removed one answers the requests that it
//! has, with the contract that they began with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portcullis_config::{Config, ServiceConfig};
use portcullis_telemetry::set_log_level;

use super::config_changes::{ConfigChanges, SourceChange, same_squads};
use super::contract_reader::ServiceReaders;
use super::event_subject::EventSubject;
use super::live_state_writer::{LiveState, LiveStateWriter};
use super::prepared_services::{PreparedService, ServiceNeed, about_contract};
use super::read_task::{CompiledRevision, ReadSettings};
use super::reload_verdict::ReloadBasis;
use super::revision_history::RevisionEvent;
use super::service_change::{ConfigStep, is_superseded, settle};
use super::service_state::{ServiceId, ServiceState};

/// Why a new configuration was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ReconfigureFault {
    /// An active contract changed after the new ones were compared with it.
    Outdated,
    /// The new contracts may not replace the active ones.
    Refused(Vec<String>),
}

/// What follows from a configuration that was applied.
#[derive(Debug, Default)]
pub(super) struct AppliedConfig {
    /// The services that need a new watcher.
    pub(super) begun: Vec<BegunService>,
    /// All services.
    pub(super) current: BTreeSet<ServiceId>,
}

/// A service that needs a new watcher.
#[derive(Debug)]
pub(super) struct BegunService {
    pub(super) id: ServiceId,
    pub(super) readers: ServiceReaders,
    pub(super) first_read: Option<RevisionEvent>,
}

impl LiveStateWriter {
    /// What the services of a new configuration need before it can be applied.
    pub(super) fn needs(&self, changes: &ConfigChanges) -> Vec<ServiceNeed> {
        let state = self.lock();
        let services: BTreeMap<&str, &ServiceState> = state
            .services
            .iter()
            .map(|service| (service.name(), service))
            .collect();
        let need = |service: &ServiceConfig| {
            let before = services.get(service.name.as_str());
            let old = before.map(|before| &before.live.config);
            let settings = || ReadSettings {
                basis: Some(ReloadBasis::new(
                    service,
                    before.and_then(|before| before.live.compiled().map(Arc::clone)),
                )),
                ..ReadSettings::new(service, changes.config.limits.clone())
            };
            let settings = match SourceChange::between(old, service) {
                SourceChange::Unchanged => return None,
                SourceChange::Watch => None,
                SourceChange::Contract => Some(settings()),
            };
            Some(ServiceNeed {
                service: service.clone(),
                settings,
            })
        };
        changes.config.services.iter().filter_map(need).collect()
    }

    /// Applies a configuration, with what its services needed.
    pub(super) fn reconfigure(
        &self,
        changes: &ConfigChanges,
        prepared: Vec<PreparedService>,
    ) -> Result<AppliedConfig, ReconfigureFault> {
        let mut state = self.lock();
        check_contracts(&state, &changes.config, &prepared)?;
        set_log_level(changes.config.log.level);
        let old = std::mem::replace(&mut state.config, Arc::clone(&changes.config));
        let step = ConfigStep {
            old: &old,
            new: &changes.config,
            has_same_squads: same_squads(&old.catalog, &changes.config.catalog),
        };
        let services = std::mem::take(&mut state.services);
        let mut services: BTreeMap<String, ServiceState> = services
            .into_iter()
            .map(|service| (service.name().to_owned(), service))
            .collect();
        let mut prepared: BTreeMap<String, PreparedService> = prepared
            .into_iter()
            .map(|prepared| (prepared.name.clone(), prepared))
            .collect();
        let mut applied = AppliedConfig::default();
        let mut reads = Vec::new();
        for config in &changes.config.services {
            let before = services.remove(&config.name);
            let prepared = prepared.remove(&config.name);
            let read = self.apply_to_service(&mut state, &step, config, before, prepared);
            let index = state.services.len() - 1;
            applied.current.insert(state.services[index].id);
            if let Some(read) = read {
                let event = read.event.clone();
                reads.extend(event.map(|event| (index, (event, read.subject), read.stale)));
                applied.begun.push(BegunService {
                    id: state.services[index].id,
                    readers: read.readers,
                    first_read: read.event,
                });
            }
        }
        for removed in services.values() {
            state.replaced.add(Arc::clone(&removed.live));
            removed.retire_metrics(&self.metrics);
        }
        self.publish(&state);
        for (index, (event, subject), stale) in reads {
            self.record_read(&mut state, index, (&event, subject), stale);
        }
        for service in &mut state.services {
            service.check_reachability(&changes.config, &self.metrics);
            service.report_unjudged(&self.metrics);
        }
        tracing::info!(
            changed = changes.changed.join(", "),
            needs_restart = changes.needs_restart.join(", "),
            "configuration changed"
        );
        drop(state);
        // The contracts of their candidates may be large, so they are dropped without the lock.
        drop(services);
        Ok(applied)
    }

    /// Adds a service to the state, under the new configuration. Returns what was read for it.
    fn apply_to_service(
        &self,
        state: &mut LiveState,
        step: &ConfigStep<'_>,
        config: &ServiceConfig,
        before: Option<ServiceState>,
        prepared: Option<PreparedService>,
    ) -> Option<SettledRead> {
        let mut revision = None;
        let read = prepared.map(|prepared| {
            let (mut event, mut stale) = (None, None);
            if let Some(read) = prepared.read {
                stale.clone_from(&read.stale);
                let settled = settle(before.as_ref(), config, read);
                revision = settled.0;
                event = Some(settled.1);
            }
            let has_contract = before
                .as_ref()
                .is_some_and(|before| before.live.compiled().is_some());
            SettledRead {
                readers: prepared.readers,
                event,
                subject: EventSubject::of_read(has_contract),
                stale,
            }
        });
        let id = match (&before, &read) {
            (Some(service), None) => service.id,
            (None, _) | (_, Some(_)) => state.ids.next(),
        };
        let service = match before {
            Some(service) => self.change_service(state, step, config, service, revision),
            None => self.add_service(id, step.new, config, revision),
        };
        let mut service = service;
        service.id = id;
        state.services.push(service);
        read
    }
}

/// What was read for a service.
struct SettledRead {
    readers: ServiceReaders,
    event: Option<RevisionEvent>,
    subject: EventSubject,
    /// Why it is not from the source.
    stale: Option<String>,
}

/// Checks that the new contracts may replace the active ones.
fn check_contracts(
    state: &LiveState,
    config: &Config,
    prepared: &[PreparedService],
) -> Result<(), ReconfigureFault> {
    let mut problems = Vec::new();
    for prepared in prepared {
        let mut services = state.services.iter();
        let active = services.find(|service| service.name() == prepared.name);
        let mut services = config.services.iter();
        let service = services.find(|service| service.name == prepared.name);
        let outcome = prepared.read.as_ref().map(|read| &read.outcome);
        let (
            Some(service),
            Some(Ok(CompiledRevision {
                contract,
                verdict: Some(verdict),
                ..
            })),
        ) = (service, outcome)
        else {
            continue;
        };
        if active.is_some_and(|active| is_superseded(active, service, contract)) {
            continue;
        }
        let contract = active.and_then(|active| active.live.compiled().map(Arc::clone));
        let basis = ReloadBasis::new(service, contract);
        if !verdict.applies_to(&basis) {
            return Err(ReconfigureFault::Outdated);
        }
        let objections = verdict.clone().objections(&basis);
        problems.extend(about_contract(&prepared.name, &objections));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(ReconfigureFault::Refused(problems))
    }
}
