//! The state of one service, and its identity.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::admin::{ReadinessGuard, RevisionResult};
use portcullis_config::Config;
use portcullis_contract::{CompileOptions, CompiledContract};
use portcullis_proxy::{ActiveService, ShadowSampler};
use portcullis_telemetry::Metrics;
use portcullis_vocabulary::Consumer;

use super::reachability::Reachability;
use super::read_task::options;
use super::revision_history::{ReloadTrigger, RevisionEvent, RevisionHistory};
use super::shadow_candidate::ShadowCandidate;

/// The identity of a service with one source of its contract. A service that is removed and added
/// again, or whose source changes, gets a new one, so what its earlier watcher still reads is not
/// applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) struct ServiceId(u64);

/// Numbers services.
#[derive(Debug, Default)]
pub(super) struct ServiceIds(u64);

/// The state of one service.
#[derive(Debug)]
pub(super) struct ServiceState {
    pub(super) id: ServiceId,
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
    /// The unjudged parts in the metrics, by kind.
    reported_unjudged: BTreeMap<&'static str, usize>,
}

impl ServiceIds {
    /// An identity that no service has had.
    pub(super) fn next(&mut self) -> ServiceId {
        self.0 += 1;
        ServiceId(self.0)
    }
}

impl ServiceState {
    /// Logs the warnings of the active contract.
    pub(super) fn log_contract_warnings(&self) {
        let service = &self.live.config.name;
        for warning in self.live.compiled().iter().flat_map(|of| &of.warnings) {
            tracing::warn!(service, "{warning}");
        }
    }

    /// A service with the contract that it has at startup, if it has one.
    pub(super) fn at_startup(
        id: ServiceId,
        live: Arc<ActiveService>,
        pending: Option<ReadinessGuard>,
        compiled_in: Duration,
    ) -> Self {
        let mut state = Self::new(id, live);
        if let Some(contract) = state.live.compiled() {
            let source = state.live.config.contract.to_string();
            let event = RevisionEvent::of(ReloadTrigger::Start, source, RevisionResult::Active)
                .with_revision(&contract.version, &contract.revision)
                .compiled_in(compiled_in);
            state.history.add(event);
        }
        state.pending = pending;
        state
    }

    /// A service without a history. It does not affect whether the program is ready.
    pub(super) fn new(id: ServiceId, live: Arc<ActiveService>) -> Self {
        let options = live.compiled().map(|_| options(&live.config));
        Self {
            id,
            live,
            since: SystemTime::now(),
            last_error: None,
            stale_since: None,
            reachability: Reachability::default(),
            history: RevisionHistory::default(),
            candidate: None,
            options,
            superseded: None,
            pending: None,
            reported_provider: None,
            reported_unjudged: BTreeMap::new(),
        }
    }

    /// The service's name.
    pub(super) fn name(&self) -> &str {
        &self.live.config.name
    }

    /// Whether a promoted candidate has replaced this revision.
    pub(super) fn has_superseded(&self, contract: &CompiledContract) -> bool {
        self.superseded.as_ref() == Some(&contract.revision)
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

    /// Updates the metric of the parts that messages are not judged by.
    pub(super) fn report_unjudged(&mut self, metrics: &Metrics) {
        let parts = self.live.compiled().map(|one| one.unjudged_parts());
        let parts = parts.unwrap_or_default();
        let name = &self.live.config.name;
        for kind in self.reported_unjudged.keys() {
            if !parts.contains_key(kind) {
                metrics.unjudged_parts(name, kind, 0);
            }
        }
        for (kind, count) in &parts {
            metrics.unjudged_parts(name, kind, *count);
        }
        // A kind that had a value keeps one.
        for kind in std::mem::take(&mut self.reported_unjudged).into_keys() {
            self.reported_unjudged.insert(kind, 0);
        }
        self.reported_unjudged.extend(parts);
    }

    /// Updates the provider metric if the provider has changed.
    pub(super) fn report_provider(&mut self, metrics: &Metrics) {
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

    /// Takes a service that was removed out of the metrics.
    pub(super) fn retire_metrics(&self, metrics: &Metrics) {
        let name = self.name();
        report_revision(metrics, &self.live, false);
        metrics.stale(name, false);
        if let Some(provider) = &self.reported_provider {
            metrics.set_provider(name, provider, false);
        }
        metrics.retire_service(name);
    }

    /// Where data cores send exchanges for the candidate, if there is one.
    pub(super) fn shadow_sampler(&self) -> Option<ShadowSampler> {
        Some(self.candidate.as_ref()?.sampler.clone())
    }
}

/// Sets in the metrics whether the contract of a service is active.
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
