//! Reloads, candidates and promotions that operators and SIGHUP ask for.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;

use crate::admin::{
    CandidateRefusal, CandidateRevision, CandidateView, ChangeFuture, ConfigReloadView,
    ConfigResult, ContractControl, ContractFault, ContractView, HistoryEntry, ReloadView,
    SinceView, StaleView,
};

use super::contract_watcher::WatcherRequest;
use super::live_state_writer::{ConfigReader, LiveStateWriter, ServiceState};
use super::revision_history::{ReloadTrigger, RevisionEvent};
use super::shadow_candidate::ShadowCandidate;

/// Carries out requests for contracts and configuration. Clones share their state.
#[derive(Clone)]
pub(in crate::app) struct ReloadController {
    writer: Arc<LiveStateWriter>,
    /// One sender for the watcher of each service.
    watchers: Vec<mpsc::Sender<WatcherRequest>>,
    config_reader: Option<ConfigReader>,
    /// Held during a reload of the configuration: reloads run one after the other.
    reload_lock: Arc<tokio::sync::Mutex<()>>,
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
        watchers: Vec<mpsc::Sender<WatcherRequest>>,
        config_reader: Option<ConfigReader>,
    ) -> Self {
        Self {
            writer: Arc::clone(writer),
            watchers,
            config_reader,
            reload_lock: Arc::default(),
        }
    }

    /// Reloads the configuration and every contract.
    pub(in crate::app) async fn reload_all(&self) {
        tracing::info!("SIGHUP: reloading the configuration and all contracts");
        // The result is in the log; a watcher that has ended needs no request.
        let _ = self.read_config().await;
        for watcher in &self.watchers {
            let _ = watcher.send(read(ReloadTrigger::Signal, None)).await;
        }
    }

    async fn read_config(&self) -> Result<ConfigReloadView, ContractFault> {
        let Some(config_reader) = self.config_reader.clone() else {
            return Err(ContractFault::Unavailable {
                reason: "the program was started without a configuration file that can be reloaded"
                    .to_owned(),
            });
        };
        let _guard = self.reload_lock.lock().await;
        let controller = self.clone();
        let reading = spawn_blocking(move || controller.read_config_now(&config_reader)).await;
        let (reloaded, recompile) = reading.map_err(|error| ContractFault::Unavailable {
            reason: format!("the configuration could not be read: {error}"),
        })?;
        for index in recompile {
            let request = read(ReloadTrigger::Configuration, None);
            let _ = self.watchers[index].send(request).await;
        }
        Ok(reloaded)
    }

    fn read_config_now(&self, config_reader: &ConfigReader) -> (ConfigReloadView, Vec<usize>) {
        let config = match config_reader() {
            Ok(config) => config,
            Err(errors) => {
                let problems: Vec<String> = errors.to_string().lines().map(str::to_owned).collect();
                tracing::warn!(
                    problems = problems.join("; "),
                    "reload refused: the active configuration stays"
                );
                let refused = ConfigReloadView {
                    result: ConfigResult::Refused,
                    changed: Vec::new(),
                    needs_restart: Vec::new(),
                    problems,
                };
                return (refused, Vec::new());
            }
        };
        let done = self.writer.reconfigure(&config);
        let result = if done.changed.is_empty() {
            ConfigResult::Unchanged
        } else {
            ConfigResult::Applied
        };
        let reloaded = ConfigReloadView {
            result,
            changed: done.changed,
            needs_restart: done.needs_restart,
            problems: Vec::new(),
        };
        (reloaded, done.recompile)
    }

    /// Sends a request to the watcher of a service, and waits for the result.
    fn request(
        &self,
        service: &str,
        request: impl FnOnce(oneshot::Sender<RevisionEvent>) -> WatcherRequest,
    ) -> ChangeFuture<ReloadView> {
        let Some(index) = self.writer.find(service) else {
            return Box::pin(async { Err(ContractFault::UnknownService) });
        };
        let (reply, answer) = oneshot::channel();
        let sent = self.watchers[index].try_send(request(reply));
        let service = service.to_owned();
        Box::pin(async move {
            sent.map_err(|error| match error {
                TrySendError::Full(_) => ContractFault::Busy,
                TrySendError::Closed(_) => shutting_down(),
            })?;
            let event = answer.await.map_err(|_| shutting_down())?;
            Ok(reloaded(&service, event))
        })
    }

    fn change(
        &self,
        service: &str,
        change: fn(&LiveStateWriter, usize) -> Option<RevisionEvent>,
    ) -> ChangeFuture<ReloadView> {
        let writer = Arc::clone(&self.writer);
        let service = service.to_owned();
        // Blocking: comparing large contracts takes long.
        let changing = spawn_blocking(move || {
            let index = writer.find(&service).ok_or(ContractFault::UnknownService)?;
            let event = change(&writer, index).ok_or(ContractFault::NoCandidate)?;
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
        (0..self.writer.count())
            .map(|index| self.writer.with_service(index, view))
            .collect()
    }

    fn reload(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.request(service, |reply| read(ReloadTrigger::Operator, Some(reply)))
    }

    fn propose(
        &self,
        service: &str,
        bytes: Bytes,
        name: Option<String>,
    ) -> ChangeFuture<ReloadView> {
        self.request(service, |reply| WatcherRequest::Propose {
            name: name.unwrap_or_else(|| "the request's body".to_owned()),
            bytes: bytes.into(),
            reply,
        })
    }

    fn candidate(&self, service: &str) -> Result<CandidateView, ContractFault> {
        let index = self
            .writer
            .find(service)
            .ok_or(ContractFault::UnknownService)?;
        let candidate = self
            .writer
            .with_service(index, |state| state.candidate.clone());
        let candidate = candidate.ok_or(ContractFault::NoCandidate)?;
        Ok(candidate_view(service, &candidate))
    }

    fn promote(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.change(service, LiveStateWriter::promote)
    }

    fn drop_candidate(&self, service: &str) -> ChangeFuture<ReloadView> {
        self.change(service, LiveStateWriter::drop_candidate)
    }

    fn reload_config(&self) -> ChangeFuture<ConfigReloadView> {
        let controller = self.clone();
        Box::pin(async move { controller.read_config().await })
    }
}

fn shutting_down() -> ContractFault {
    ContractFault::Unavailable {
        reason: "the contract of this service is not watched any more: the program is stopping, \
                 or the log shows the cause"
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
    unreachable.into_iter().chain(untrusted).collect()
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
