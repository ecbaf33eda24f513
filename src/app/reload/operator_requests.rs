//! Reloads, candidates and promotions that operators and SIGHUP ask for.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use portcullis_config::Config;

use crate::admin::{
    CandidateRefusal, CandidateRevision, CandidateView, ChangeFuture, ConfigReloadView,
    ContractControl, ContractFault, ContractUpload, ContractView, HistoryEntry, ReloadView,
    SinceView, StaleView,
};

use super::config_reload::ConfigReloader;
use super::contract_watcher::WatcherRequest;
use super::live_state_writer::{ConfigReader, LiveStateWriter};
use super::read_task::ReadInput;
use super::revision_history::{ReloadTrigger, RevisionEvent};
use super::service_state::{ServiceId, ServiceState};
use super::shadow_candidate::ShadowCandidate;
use super::watcher_registry::WatcherRegistry;
use super::watcher_resources::WatcherResources;
use crate::app::tls::TlsPlaces;
use portcullis_proxy::VendorSecrets;

/// Carries out requests for contracts and configuration. Clones share their state.
#[derive(Clone)]
pub(in crate::app) struct ReloadController {
    writer: Arc<LiveStateWriter>,
    watchers: WatcherRegistry,
    config_reloader: ConfigReloader,
}

impl std::fmt::Debug for ReloadController {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReloadController")
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

impl ReloadController {
    pub(in crate::app) fn new(
        writer: &Arc<LiveStateWriter>,
        watchers: WatcherRegistry,
        resources: WatcherResources,
        config_reader: Option<ConfigReader>,
        files: (TlsPlaces, VendorSecrets),
    ) -> Self {
        Self {
            writer: Arc::clone(writer),
            config_reloader: ConfigReloader::new(
                writer,
                &watchers,
                resources,
                config_reader,
                files,
            ),
            watchers,
        }
    }

    /// Reloads the configuration and every contract.
    pub(in crate::app) async fn reload_all(&self) {
        tracing::info!("SIGHUP: reloading the configuration and all contracts");
        // Every other result is in the log.
        if let Err(fault) = self.config_reloader.reload().await {
            tracing::warn!(%fault, "the configuration is not reloaded");
        }
        for watcher in self.watchers.senders() {
            // A watcher that has ended needs no request.
            let _ = watcher.send(read(ReloadTrigger::Signal, None)).await;
        }
    }

    /// Sends a request to the watcher of a service, and waits for the result.
    fn request(
        &self,
        service: &str,
        request: impl FnOnce(oneshot::Sender<RevisionEvent>) -> WatcherRequest,
    ) -> ChangeFuture<ReloadView> {
        let Some(id) = self.writer.find(service) else {
            return Box::pin(async { Err(ContractFault::UnknownService) });
        };
        let Some(watcher) = self.watchers.sender(id) else {
            return Box::pin(async { Err(not_watched()) });
        };
        let (reply, answer) = oneshot::channel();
        let sent = watcher.try_send(request(reply));
        let service = service.to_owned();
        Box::pin(async move {
            sent.map_err(|error| match error {
                TrySendError::Full(_) => ContractFault::Busy,
                TrySendError::Closed(_) => not_watched(),
            })?;
            let event = answer.await.map_err(|_| not_watched())?;
            Ok(reloaded(&service, event))
        })
    }

    fn change(
        &self,
        service: &str,
        change: fn(&LiveStateWriter, ServiceId) -> Option<RevisionEvent>,
    ) -> ChangeFuture<ReloadView> {
        let writer = Arc::clone(&self.writer);
        let service = service.to_owned();
        // Blocking: comparing large contracts takes long.
        let changing = spawn_blocking(move || {
            let id = writer.find(&service).ok_or(ContractFault::UnknownService)?;
            let event = change(&writer, id).ok_or(ContractFault::NoCandidate)?;
            Ok(reloaded(&service, event))
        });
        Box::pin(async move {
            changing.await.unwrap_or_else(|error| {
                let reason = format!("the contract could not be changed: {error}");
                Err(ContractFault::Unavailable { reason })
            })
        })
    }
}

impl ContractControl for ReloadController {
    fn services(&self) -> Vec<ContractView> {
        let services = self.writer.ids().into_iter();
        services
            .filter_map(|id| self.writer.with_service(id, view))
            .collect()
    }

    fn reload(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.request(service, |reply| read(ReloadTrigger::Operator, Some(reply)))
    }

    fn propose(&self, service: &str, upload: ContractUpload) -> ChangeFuture<ReloadView> {
        let ContractUpload {
            bytes,
            name,
            is_bundle,
        } = upload;
        let name = name.unwrap_or_else(|| "the request's body".to_owned());
        let bytes = bytes.into();
        let input = if is_bundle {
            ReadInput::Bundle(bytes)
        } else {
            let name = name.clone();
            ReadInput::Bytes { name, bytes }
        };
        self.request(service, |reply| WatcherRequest::Propose {
            name,
            input,
            reply,
        })
    }

    fn candidate(&self, service: &str) -> Result<CandidateView, ContractFault> {
        let id = self.writer.find(service);
        let candidate = id.and_then(|id| {
            self.writer
                .with_service(id, |state| state.candidate.clone())
        });
        let candidate = candidate.ok_or(ContractFault::UnknownService)?;
        let candidate = candidate.ok_or(ContractFault::NoCandidate)?;
        Ok(candidate_view(service, &candidate))
    }

    fn promote(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.change(service, LiveStateWriter::promote)
    }

    fn drop_candidate(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.change(service, LiveStateWriter::drop_candidate)
    }

    fn config(&self) -> Arc<Config> {
        self.writer.config()
    }

    fn reload_config(&self) -> ChangeFuture<ConfigReloadView> {
        let reloader = self.config_reloader.clone();
        Box::pin(async move { reloader.reload().await })
    }
}

fn not_watched() -> ContractFault {
    ContractFault::Unavailable {
        reason: "the contract of this service is not watched now: the program is stopping, or a \
                 new configuration has changed the service; try again"
            .to_owned(),
    }
}

fn read(trigger: ReloadTrigger, reply: Option<oneshot::Sender<RevisionEvent>>) -> WatcherRequest {
    WatcherRequest::Read { trigger, reply }
}

fn view(state: &ServiceState) -> ContractView {
    let contract = state.live.compiled();
    ContractView {
        service: state.live.config.name.clone(),
        title: contract.map(|contract| contract.title.to_string()),
        version: contract.map(|contract| contract.version.to_string()),
        revision: contract.map(|contract| contract.revision.to_string()),
        source: state.live.config.contract.to_string(),
        operations: contract.map_or(0, |contract| contract.operations.len()),
        since: contract.map(|_| SinceView::new(state.since, SystemTime::now())),
        in_force: contract.is_some(),
        stale: state.last_error.is_some(),
        stale_since: state
            .stale_since
            .map(|at| StaleView::new(at, SystemTime::now())),
        last_error: state.last_error.clone(),
        unreachable_operations: state.reachability.unreachable,
        warnings: warnings(state),
        policy: state.live.config.reload.policy.as_str().to_owned(),
        candidate: state.candidate.as_ref().map(|candidate| CandidateRevision {
            version: candidate.contract.version.to_string(),
            revision: candidate.contract.revision.to_string(),
        }),
        history: state.history.newest_first().map(history_entry).collect(),
    }
}

/// What is active and still probably not what the operator wants.
fn warnings(state: &ServiceState) -> Vec<String> {
    let untrusted = state.live.inventory.untrusted_claims().count();
    let untrusted = (untrusted > 0).then(|| {
        format!(
            "the squad headers of {untrusted} requests were removed, because their senders are not \
             trusted; see the log for their addresses, and identity.trusted_peers"
        )
    });
    let unreachable = state.reachability.warning.clone();
    let unread = state.live.compiled().and_then(|contract| {
        let parts = &contract.broken_parts;
        let first = parts.first()?;
        let count = match parts.len() {
            1 => "1 part of the contract cannot be read".to_owned(),
            count => format!("{count} parts of the contract cannot be read"),
        };
        Some(format!(
            "{count}, and messages that depend on it are not judged: {}:{} {}; \
             `enforcement.unreadable` decides about them, and an overlay can correct the contract",
            first.at.file, first.at.line, first.message
        ))
    });
    let warnings = unreachable.into_iter().chain(unread);
    warnings.chain(untrusted).collect()
}

fn history_entry(event: &RevisionEvent) -> HistoryEntry {
    HistoryEntry {
        at: event.at,
        version: non_empty(&event.version),
        revision: non_empty(&event.revision),
        source: event.source.clone(),
        trigger: event.trigger.as_str(),
        result: event.result,
        reason: reason(event),
        compile_ms: compile_ms(event),
    }
}

fn reloaded(service: &str, event: RevisionEvent) -> ReloadView {
    ReloadView {
        service: service.to_owned(),
        result: event.result,
        version: non_empty(&event.version),
        revision: non_empty(&event.revision),
        reason: reason(&event),
        compile_ms: compile_ms(&event),
        problems: event.problems,
    }
}

fn candidate_view(service: &str, candidate: &ShadowCandidate) -> CandidateView {
    let report = candidate.report();
    let mut refusals: Vec<CandidateRefusal> = report
        .refusals
        .iter()
        .map(|(key, stats)| CandidateRefusal {
            operation: key.operation.clone(),
            class: key.class.to_owned(),
            squad: key.squad.clone(),
            count: stats.count,
            example: stats.example.clone(),
            pointer: non_empty(&stats.pointer),
            schema: stats.schema.clone(),
            file: stats.file.clone(),
            line: stats.line.map(u64::from),
        })
        .collect();
    refusals.sort_by_key(|refusal| std::cmp::Reverse(refusal.count));
    let mut squads: Vec<String> = report
        .refusals
        .keys()
        .map(|key| key.squad.clone())
        .collect();
    squads.dedup();
    CandidateView {
        service: service.to_owned(),
        version: candidate.contract.version.to_string(),
        revision: candidate.contract.revision.to_string(),
        since: SinceView::new(candidate.since, SystemTime::now()),
        sample: candidate.sample,
        judged: report.judged,
        refused: report.refused,
        unjudged: report.unjudged,
        refusals,
        squads,
    }
}

fn reason(event: &RevisionEvent) -> Option<String> {
    event.problems.first().cloned()
}

fn compile_ms(event: &RevisionEvent) -> Option<u64> {
    let ms = u64::try_from(event.took.as_millis()).unwrap_or(u64::MAX);
    (!event.took.is_zero()).then_some(ms)
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
