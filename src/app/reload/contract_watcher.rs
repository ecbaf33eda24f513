//! Watches the contract of one service: waits for a change or a request, reads the source and
//! passes the result to the writer.
//!
//! Each service has one task, so everything that happens to its contract happens in order. Reads
//! and compilations run on blocking threads, because the control runtime also answers probes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::admin::RevisionResult;
use portcullis_contract::{CompileOptions, ContractIdentity};

use super::contract_reader::{ContractReader, ServiceReaders, next_event_of};
use super::live_state_writer::LiveStateWriter;
use super::publish::{SourceReadOutcome, basis};
use super::read_task::{CompileOutcome, NotCompiled, ReadInput, ReadSettings, ReadTask};
use super::remote_source::ContractFetch;
use super::revision_history::{ReloadTrigger, RevisionEvent};
use super::service_state::{ServiceId, ServiceState};
use super::watched_source::SourceEvent;

/// How long data cores have to release a revision before the next one is read.
const RELEASE_PAUSE: Duration = Duration::from_millis(20);

/// A request to a watcher.
#[derive(Debug)]
pub(in crate::app) enum WatcherRequest {
    /// Read the source now.
    Read {
        trigger: ReloadTrigger,
        reply: Option<oneshot::Sender<RevisionEvent>>,
    },
    /// Start a candidate.
    Propose {
        /// What it is called.
        name: String,
        input: ReadInput,
        reply: oneshot::Sender<RevisionEvent>,
    },
}

/// Watches the contract of one service.
#[derive(Debug)]
pub(in crate::app) struct ContractWatcher {
    writer: Arc<LiveStateWriter>,
    id: ServiceId,
    requests: mpsc::Receiver<WatcherRequest>,
    readers: ServiceReaders,
    /// What the contract's reader has read already, before the watcher existed.
    first_read: Option<RevisionEvent>,
}

/// Which contract of the service is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContractRole {
    Active,
    Candidate,
}

/// The service does not exist any more, or has another source and another watcher.
#[derive(Clone, Copy, Debug)]
struct ServiceGone;

impl ContractWatcher {
    /// The watcher of a service. `first_read` is what the reader of its contract has read already.
    pub(in crate::app) fn new(
        writer: &Arc<LiveStateWriter>,
        id: ServiceId,
        requests: mpsc::Receiver<WatcherRequest>,
        readers: ServiceReaders,
        first_read: Option<RevisionEvent>,
    ) -> Self {
        Self {
            writer: Arc::clone(writer),
            id,
            requests,
            readers,
            first_read,
        }
    }

    /// Watches until no sender of requests is left, or the service was removed.
    pub(in crate::app) async fn run(mut self) {
        // Both results are an ordinary end.
        let _ = self.watch().await;
    }

    async fn watch(&mut self) -> Result<(), ServiceGone> {
        self.begin().await?;
        loop {
            let Self {
                requests, readers, ..
            } = self;
            let ServiceReaders {
                contract,
                candidate,
            } = readers;
            let (role, event) = tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => {
                        self.handle_request(request).await?;
                        continue;
                    }
                    None => return Ok(()),
                },
                event = contract.next_event() => (ContractRole::Active, event),
                event = next_event_of(candidate.as_mut()) => (ContractRole::Candidate, event),
            };
            // A poll without a change is not recorded.
            if !matches!(event, SourceEvent::Fetched(ContractFetch::Unchanged)) {
                self.read(role, event, ReloadTrigger::Source).await?;
            }
        }
    }

    /// Reads the source again, in case it changed since the startup, and reads the candidate for
    /// the first time.
    async fn begin(&mut self) -> Result<(), ServiceGone> {
        if let Some(read) = self.first_read.take() {
            self.cache_if_active(&read).await?;
        } else if let Some(event) = self.readers.contract.begin_file().await {
            let outcome = self.outcome(ContractRole::Active, event).await?;
            if !matches!(outcome, Err(NotCompiled::Unchanged(_))) {
                let read_outcome = SourceReadOutcome {
                    trigger: ReloadTrigger::Source,
                    source: self.readers.contract.display_name(),
                    outcome,
                    stale: None,
                };
                self.apply(ContractRole::Active, read_outcome).await?;
            }
        }
        if let Some(candidate) = &mut self.readers.candidate
            && let Some(event) = candidate.begin_file().await
        {
            self.read(ContractRole::Candidate, event, ReloadTrigger::Start)
                .await?;
        }
        Ok(())
    }

    /// Carries out a request. If the service was removed, the reply is dropped.
    async fn handle_request(&mut self, request: WatcherRequest) -> Result<(), ServiceGone> {
        match request {
            WatcherRequest::Read { trigger, reply } => {
                let event = self.readers.contract.read_now(false).await;
                let recorded = self.read(ContractRole::Active, event, trigger).await?;
                answer(reply, recorded);
            }
            WatcherRequest::Propose { name, input, reply } => {
                // A proposal starts a new report, even for the same revision.
                let settings = ReadSettings {
                    known: None,
                    ..self.settings(ContractRole::Candidate)?
                };
                let task = ReadTask { input, settings };
                let read_outcome = SourceReadOutcome {
                    trigger: ReloadTrigger::Operator,
                    source: name,
                    outcome: self.readers.contract.compile_bytes(task).await,
                    stale: None,
                };
                let recorded = self.apply(ContractRole::Candidate, read_outcome).await?;
                answer(Some(reply), recorded);
            }
        }
        Ok(())
    }

    async fn read(
        &mut self,
        role: ContractRole,
        event: SourceEvent,
        trigger: ReloadTrigger,
    ) -> Result<RevisionEvent, ServiceGone> {
        let stale = event.staleness();
        let outcome = self.outcome(role, event).await?;
        let read_outcome = SourceReadOutcome {
            trigger,
            source: self.reader(role).display_name(),
            outcome,
            stale,
        };
        self.apply(role, read_outcome).await
    }

    async fn outcome(
        &mut self,
        role: ContractRole,
        event: SourceEvent,
    ) -> Result<CompileOutcome, ServiceGone> {
        if matches!(event, SourceEvent::Fetched(ContractFetch::Unchanged)) {
            // Unchanged content may be content that was refused.
            let unchanged = self
                .writer
                .with_service(self.id, outcome_if_unchanged(role));
            return unchanged.map(Err).ok_or(ServiceGone);
        }
        let settings = self.settings(role)?;
        Ok(self.reader(role).outcome(event, &settings).await)
    }

    fn settings(&self, role: ContractRole) -> Result<ReadSettings, ServiceGone> {
        let limits = self.writer.config().limits.clone();
        let settings = self.writer.with_service(self.id, |state| {
            let settings = ReadSettings::new(&state.live.config, limits);
            ReadSettings {
                known: known(role, &settings.options, state),
                // A candidate is compared at its promotion, with the contract that is active then.
                basis: (role == ContractRole::Active).then(|| basis(state)),
                ..settings
            }
        });
        settings.ok_or(ServiceGone)
    }

    async fn apply(
        &mut self,
        role: ContractRole,
        read_outcome: SourceReadOutcome,
    ) -> Result<RevisionEvent, ServiceGone> {
        let recorded = match role {
            ContractRole::Active => self.writer.apply_read(self.id, read_outcome),
            ContractRole::Candidate => self.writer.propose(self.id, read_outcome),
        };
        let recorded = recorded.ok_or(ServiceGone)?;
        if role == ContractRole::Active {
            self.cache_if_active(&recorded).await?;
        }
        if recorded.result == RevisionResult::Active {
            // Limits how many revisions are in memory when they follow each other quickly.
            sleep(RELEASE_PAUSE).await;
            self.writer.maintain();
        }
        Ok(recorded)
    }

    /// Caches the last content of a remote source if it is the active contract now.
    async fn cache_if_active(&mut self, read: &RevisionEvent) -> Result<(), ServiceGone> {
        let reader = &mut self.readers.contract;
        reader.cache_if_active(read).await;
        if self.writer.with_service(self.id, |_| ()).is_some() {
            return Ok(());
        }
        // It was removed, and its entry perhaps before this one was written.
        reader.remove_cached().await;
        Err(ServiceGone)
    }

    fn reader(&mut self, role: ContractRole) -> &mut ContractReader {
        match (role, &mut self.readers.candidate) {
            (ContractRole::Candidate, Some(candidate)) => candidate,
            _ => &mut self.readers.contract,
        }
    }
}

/// The revision that need not be compiled again: the current one of this role, if it was compiled
/// with these options.
fn known(role: ContractRole, options: &CompileOptions, state: &ServiceState) -> Option<Arc<str>> {
    let with = match role {
        ContractRole::Active => state.options.as_ref(),
        ContractRole::Candidate => state.candidate.as_ref().map(|candidate| &candidate.options),
    };
    let identity = identity(role, state)?;
    (with == Some(options)).then_some(identity.revision)
}

/// The current revision of a role.
fn identity(role: ContractRole, state: &ServiceState) -> Option<ContractIdentity> {
    let contract = match role {
        ContractRole::Active => state.live.compiled(),
        ContractRole::Candidate => state
            .candidate
            .as_ref()
            .map(|candidate| &candidate.contract),
    };
    contract.map(|contract| contract.identity())
}

/// The outcome of a poll without a change: the current revision, or why it is not active.
fn outcome_if_unchanged(role: ContractRole) -> impl FnOnce(&ServiceState) -> NotCompiled {
    move |state| match (&state.last_error, role, identity(role, state)) {
        (Some(problem), ContractRole::Active, _) => NotCompiled::Unavailable(problem.clone()),
        (_, _, Some(identity)) => NotCompiled::Unchanged(identity),
        (_, _, None) => NotCompiled::Unavailable("the source reports no change".to_owned()),
    }
}

/// Sends a reply. The receiver may have been dropped.
fn answer(reply: Option<oneshot::Sender<RevisionEvent>>, recorded: RevisionEvent) {
    if let Some(reply) = reply {
        let _ = reply.send(recorded);
    }
}
