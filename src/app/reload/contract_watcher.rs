//! Watches the contract of one service: waits for a change or a request, reads the source and
//! passes the result to the writer.
//!
//! Each service has one task, so everything that happens to its contract happens in order. Reads
//! and compilations run on blocking threads, because the control runtime also answers probes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use crate::admin::RevisionResult;
use portcullis_config::ContractSource;
use portcullis_contract::{CompileOptions, ContractIdentity};

use super::live_state_writer::{LiveStateWriter, ServiceState};
use super::publish::{SourceReadOutcome, basis};
use super::read_task::{CompileOutcome, NotCompiled, ReadInput, ReadTask, revision};
use super::remote_source::ContractFetch;
use super::revision_history::{ReloadTrigger, RevisionEvent};
use super::watched_source::{SourceEvent, WatchedSource, next_event_of};
use super::watcher_resources::{WatcherResources, load_files};

/// How often a file is read again because it changed during the read.
const REREADS_MAX: u32 = 3;

/// The pause before such a read.
const REREAD_PAUSE: Duration = Duration::from_millis(100);

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
        name: String,
        bytes: Vec<u8>,
        reply: oneshot::Sender<RevisionEvent>,
    },
}

/// Watches the contract of one service.
#[derive(Debug)]
pub(in crate::app) struct ContractWatcher {
    writer: Arc<LiveStateWriter>,
    index: usize,
    requests: mpsc::Receiver<WatcherRequest>,
    source: WatchedSource,
    candidate: Option<WatchedSource>,
    resources: WatcherResources,
}

/// Which contract of the service is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContractRole {
    Active,
    Candidate,
}

impl ContractWatcher {
    /// The watcher of the service with this index.
    pub(in crate::app) fn new(
        writer: &Arc<LiveStateWriter>,
        index: usize,
        requests: mpsc::Receiver<WatcherRequest>,
        resources: WatcherResources,
    ) -> Self {
        let service = writer.service(index);
        let limits = writer.config().limits.clone();
        let source = |source: &ContractSource, keeps| {
            WatchedSource::new(
                source,
                &service,
                &resources.files,
                keeps,
                limits.contract_bytes_max,
            )
        };
        Self {
            writer: Arc::clone(writer),
            index,
            requests,
            source: source(&service.contract, true),
            candidate: service.candidate.as_ref().map(|next| source(next, false)),
            resources,
        }
    }

    /// Watches until no sender of requests is left.
    pub(in crate::app) async fn run(mut self) {
        self.begin().await;
        loop {
            let Self {
                requests,
                source,
                candidate,
                ..
            } = &mut self;
            let (role, event) = tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => {
                        self.handle_request(request).await;
                        continue;
                    }
                    None => return,
                },
                event = source.next_event() => (ContractRole::Active, event),
                event = next_event_of(candidate.as_mut()) => (ContractRole::Candidate, event),
            };
            // A poll without a change is not recorded.
            if !matches!(event, SourceEvent::Fetched(ContractFetch::Unchanged)) {
                self.read(role, event, ReloadTrigger::Source).await;
            }
        }
    }

    /// Reads the source again, in case it changed since the startup, and reads the candidate for
    /// the first time.
    async fn begin(&mut self) {
        if let WatchedSource::File { path, .. } = &self.source {
            let event = SourceEvent::Changed(path.clone());
            let (outcome, source) = self.outcome(ContractRole::Active, event).await;
            if !matches!(outcome, Err(NotCompiled::Unchanged(_))) {
                let read_outcome = SourceReadOutcome {
                    trigger: ReloadTrigger::Source,
                    source,
                    outcome,
                    stale: None,
                };
                self.apply(ContractRole::Active, read_outcome).await;
            }
        }
        if let Some(WatchedSource::File { path, .. }) = &self.candidate {
            let event = SourceEvent::Changed(path.clone());
            self.read(ContractRole::Candidate, event, ReloadTrigger::Start)
                .await;
        }
    }

    async fn handle_request(&mut self, request: WatcherRequest) {
        match request {
            WatcherRequest::Read { trigger, reply } => {
                // The compile options may have changed, so unchanged bytes are compiled again.
                let event = self
                    .source
                    .read_now(trigger == ReloadTrigger::Configuration)
                    .await;
                let recorded = self.read(ContractRole::Active, event, trigger).await;
                answer(reply, recorded);
            }
            WatcherRequest::Propose { name, bytes, reply } => {
                let source = name.clone();
                // A proposal starts a new report, even for the same revision.
                let task = ReadTask {
                    known: None,
                    ..self.task(ContractRole::Candidate, ReadInput::Bytes { name, bytes })
                };
                let read_outcome = SourceReadOutcome {
                    trigger: ReloadTrigger::Operator,
                    source,
                    outcome: self.resources.compile_bytes(task).await,
                    stale: None,
                };
                let recorded = self.apply(ContractRole::Candidate, read_outcome).await;
                answer(Some(reply), recorded);
            }
        }
    }

    async fn read(
        &mut self,
        role: ContractRole,
        event: SourceEvent,
        trigger: ReloadTrigger,
    ) -> RevisionEvent {
        let stale = match &event {
            SourceEvent::Fetched(ContractFetch::Cached { problem, .. }) => Some(problem.clone()),
            SourceEvent::Fetched(_) | SourceEvent::Changed(_) => None,
        };
        let (outcome, source) = self.outcome(role, event).await;
        let read_outcome = SourceReadOutcome {
            trigger,
            source,
            outcome,
            stale,
        };
        self.apply(role, read_outcome).await
    }

    /// Handles an event of a source. Also returns the display name of the source.
    async fn outcome(
        &mut self,
        role: ContractRole,
        event: SourceEvent,
    ) -> (CompileOutcome, String) {
        let name = self.source_of(role).display_name();
        let outcome = match event {
            SourceEvent::Changed(path) => self.outcome_of_file(role, path).await,
            SourceEvent::Fetched(fetch) => self.outcome_of_fetch(role, fetch).await,
        };
        (outcome, name)
    }

    async fn outcome_of_file(&mut self, role: ContractRole, path: PathBuf) -> CompileOutcome {
        let mut last = None;
        for _ in 0..=REREADS_MAX {
            let task = Arc::new(self.task(role, ReadInput::File(path.clone())));
            let WatchedSource::File { watch, access, .. } = self.source_of(role) else {
                break;
            };
            let reading = load_files(Arc::clone(&task), access.clone());
            let loaded = tokio::select! {
                loaded = reading => loaded,
                // The read may hang, or miss the change. Its thread ends by itself.
                () = watch.changed() => continue,
            };
            watch.watch(loaded.files).await;
            let outcome = match loaded.documents {
                Ok(documents) => self.resources.compile(documents, task).await,
                Err(problem) => Err(problem),
            };
            let revision = revision(&outcome);
            // The same revision twice is complete, even if the file is being touched.
            let is_same = revision.is_some() && revision == last;
            if !loaded.changed_while_read || is_same {
                return outcome;
            }
            last = revision;
            sleep(REREAD_PAUSE).await;
        }
        let problem = format!("{}: the file changes while it is read", path.display());
        Err(NotCompiled::Unavailable(problem))
    }

    async fn outcome_of_fetch(
        &mut self,
        role: ContractRole,
        fetch: ContractFetch,
    ) -> CompileOutcome {
        match fetch {
            ContractFetch::New { name, bytes } | ContractFetch::Cached { name, bytes, .. } => {
                let input = ReadInput::Bytes { name, bytes };
                self.resources.compile_bytes(self.task(role, input)).await
            }
            // Unchanged content may be content that was refused.
            ContractFetch::Unchanged => Err(self
                .writer
                .with_service(self.index, outcome_if_unchanged(role))),
            ContractFetch::Failed(problem) => Err(NotCompiled::Unavailable(problem)),
        }
    }

    fn task(&self, role: ContractRole, input: ReadInput) -> ReadTask {
        let service = self.writer.service(self.index);
        let task = ReadTask::new(&service, input, &self.writer.config().limits);
        let known = self
            .writer
            .with_service(self.index, known(role, &task.options));
        // A candidate is compared at its promotion, with the contract that is active then.
        let basis =
            (role == ContractRole::Active).then(|| self.writer.with_service(self.index, basis));
        ReadTask {
            known,
            basis,
            ..task
        }
    }

    async fn apply(
        &mut self,
        role: ContractRole,
        read_outcome: SourceReadOutcome,
    ) -> RevisionEvent {
        let (writer, index) = (Arc::clone(&self.writer), self.index);
        let recorded = match role {
            ContractRole::Active => writer.apply_read(index, read_outcome),
            ContractRole::Candidate => writer.propose(index, read_outcome),
        };
        if let (ContractRole::Active, WatchedSource::Remote(remote)) = (role, &mut self.source) {
            remote.cache_if_active(&recorded).await;
        }
        if recorded.result == RevisionResult::Active {
            // Limits how many revisions are in memory when they follow each other quickly.
            sleep(RELEASE_PAUSE).await;
            self.writer.maintain();
        }
        recorded
    }

    fn source_of(&mut self, role: ContractRole) -> &mut WatchedSource {
        match (role, &mut self.candidate) {
            (ContractRole::Candidate, Some(candidate)) => candidate,
            _ => &mut self.source,
        }
    }
}

/// The revision that need not be compiled again: the current one of this role, if it was compiled
/// with these options.
fn known(
    role: ContractRole,
    options: &CompileOptions,
) -> impl FnOnce(&ServiceState) -> Option<Arc<str>> {
    move |state| {
        let with = match role {
            ContractRole::Active => state.options.as_ref(),
            ContractRole::Candidate => state.candidate.as_ref().map(|candidate| &candidate.options),
        };
        let identity = identity(role)(state)?;
        (with == Some(options)).then_some(identity.revision)
    }
}

/// The current revision of a role.
fn identity(role: ContractRole) -> impl FnOnce(&ServiceState) -> Option<ContractIdentity> {
    move |state| {
        let contract = match role {
            ContractRole::Active => state.live.compiled(),
            ContractRole::Candidate => state
                .candidate
                .as_ref()
                .map(|candidate| &candidate.contract),
        };
        contract.map(|contract| contract.identity())
    }
}

/// The outcome of a poll without a change: the current revision, or why it is not active.
fn outcome_if_unchanged(role: ContractRole) -> impl FnOnce(&ServiceState) -> NotCompiled {
    move |state| match (&state.last_error, role, identity(role)(state)) {
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
