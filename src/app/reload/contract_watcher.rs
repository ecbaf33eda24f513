//! The keeper of one service's contract: waits for a reason to read it, reads it, hands it over.
//!
//! One task for each service, so whatever is asked of a service happens one after the other.
//! Reading and compiling take place on threads of their own: the control runtime also answers
//! probes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::admin::RevisionResult;
use crate::config::ContractSource;
use crate::source::FileSignature;
use portcullis_contract::{CompileOptions, ContractIdentity};

use super::live_state_writer::{LiveStateWriter, ServiceState};
use super::publish::{SourceReadOutcome, basis};
use super::read_task::{CompileOutcome, NotCompiled, ReadInput, ReadTask, read, revision};
use super::remote_source::ContractFetch;
use super::revision_history::{ReloadTrigger, RevisionEvent};
use super::watched_source::{SourceEvent, WatchedSource, next_event_of};

/// How often a file that changes while it is read is read again at once.
const REREADS_MAX: u32 = 3;

/// How long to wait before that.
const REREAD_PAUSE: Duration = Duration::from_millis(100);

/// How long data cores have to let go of a revision before the next one is read.
const RETIRING: Duration = Duration::from_millis(20);

/// What is asked of a keeper.
#[derive(Debug)]
pub(in crate::app) enum WatcherRequest {
    /// Reads the source now.
    Read {
        trigger: ReloadTrigger,
        reply: Option<oneshot::Sender<RevisionEvent>>,
    },
    /// Takes a candidate.
    Propose {
        name: String,
        bytes: Vec<u8>,
        reply: oneshot::Sender<RevisionEvent>,
    },
}

/// Keeps one service's contract.
#[derive(Debug)]
pub(in crate::app) struct ContractWatcher {
    registrar: Arc<LiveStateWriter>,
    index: usize,
    requests: mpsc::Receiver<WatcherRequest>,
    source: WatchedSource,
    candidate: Option<WatchedSource>,
}

/// Whose contract is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ContractRole {
    InForce,
    Candidate,
}

impl ContractWatcher {
    /// The keeper of the service of this number.
    pub(in crate::app) fn new(
        registrar: &Arc<LiveStateWriter>,
        index: usize,
        orders: mpsc::Receiver<WatcherRequest>,
    ) -> Self {
        let service = registrar.service(index);
        let limits = registrar.config().limits.clone();
        let source = |source: &ContractSource, keeps| {
            WatchedSource::new(source, &service, keeps, limits.contract_bytes_max)
        };
        Self {
            registrar: Arc::clone(registrar),
            index,
            requests: orders,
            source: source(&service.contract, true),
            candidate: service.candidate.as_ref().map(|next| source(next, false)),
        }
    }

    /// Keeps the contract until nobody can order anything any more.
    pub(in crate::app) async fn run(mut self) {
        self.begin().await;
        loop {
            let Self {
                requests: orders,
                source,
                candidate,
                ..
            } = &mut self;
            let (role, told) = tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => {
                        self.handle_request(order).await;
                        continue;
                    }
                    None => return,
                },
                told = source.next_event() => (ContractRole::InForce, told),
                told = next_event_of(candidate.as_mut()) => (ContractRole::Candidate, told),
            };
            // What has not changed since it was asked for last is no news, good or bad.
            if !matches!(told, SourceEvent::Fetched(ContractFetch::Unchanged)) {
                self.read(role, told, ReloadTrigger::Source).await;
            }
        }
    }

    /// Looks once more at what was read at the start, so that no change in between is lost, and
    /// reads the candidate for the first time.
    async fn begin(&mut self) {
        if let WatchedSource::File { path, .. } = &self.source {
            let told = SourceEvent::Changed(path.clone());
            let (outcome, source) = self.outcome(ContractRole::InForce, told).await;
            if !matches!(outcome, Err(NotCompiled::Unchanged(_))) {
                let found = SourceReadOutcome {
                    trigger: ReloadTrigger::Source,
                    source,
                    outcome,
                    stale: None,
                };
                self.apply(ContractRole::InForce, found).await;
            }
        }
        if let Some(WatchedSource::File { path, .. }) = &self.candidate {
            let told = SourceEvent::Changed(path.clone());
            self.read(ContractRole::Candidate, told, ReloadTrigger::Start)
                .await;
        }
    }

    async fn handle_request(&mut self, order: WatcherRequest) {
        match order {
            WatcherRequest::Read { trigger, reply } => {
                // What is compiled otherwise is news, even if it is the same.
                let told = self
                    .source
                    .read_now(trigger == ReloadTrigger::Configuration)
                    .await;
                let entry = self.read(ContractRole::InForce, told, trigger).await;
                answer(reply, entry);
            }
            WatcherRequest::Propose { name, bytes, reply } => {
                let source = name.clone();
                // Its report begins anew, even if it is the same.
                let task = ReadTask {
                    known: None,
                    ..self.task(ContractRole::Candidate, ReadInput::Bytes { name, bytes })
                };
                let found = SourceReadOutcome {
                    trigger: ReloadTrigger::Operator,
                    source,
                    outcome: run_task(task).await.outcome,
                    stale: None,
                };
                let entry = self.apply(ContractRole::Candidate, found).await;
                answer(Some(reply), entry);
            }
        }
    }

    async fn read(
        &mut self,
        role: ContractRole,
        told: SourceEvent,
        trigger: ReloadTrigger,
    ) -> RevisionEvent {
        let stale = match &told {
            SourceEvent::Fetched(ContractFetch::Cached { problem, .. }) => Some(problem.clone()),
            SourceEvent::Fetched(_) | SourceEvent::Changed(_) => None,
        };
        let (outcome, source) = self.outcome(role, told).await;
        let found = SourceReadOutcome {
            trigger,
            source,
            outcome,
            stale,
        };
        self.apply(role, found).await
    }

    /// Reads what a source has told of, and says where it is.
    async fn outcome(&mut self, role: ContractRole, told: SourceEvent) -> (CompileOutcome, String) {
        let shown = self.source_of(role).display_name();
        let outcome = match told {
            SourceEvent::Changed(path) => self.outcome_of_file(role, path).await,
            SourceEvent::Fetched(fetch) => self.outcome_of_fetch(role, fetch).await,
        };
        (outcome, shown)
    }

    async fn outcome_of_file(&mut self, role: ContractRole, path: PathBuf) -> CompileOutcome {
        let mut last = None;
        for torn in 0.. {
            let done = run_task(self.task(role, ReadInput::File(path.clone()))).await;
            if let WatchedSource::File { watch, .. } = self.source_of(role) {
                watch.watch(done.files);
            }
            let revision = revision(&done.outcome);
            // Twice the same is whole, whoever touches the file meanwhile.
            let is_same = revision.is_some() && revision == last;
            if !done.is_torn || is_same {
                return done.outcome;
            }
            if torn == REREADS_MAX {
                break;
            }
            last = revision;
            sleep(REREAD_PAUSE).await;
        }
        let problem = format!("{}: it changes while it is read", path.display());
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
                run_task(self.task(role, input)).await.outcome
            }
            // The same as before may be what was refused before.
            ContractFetch::Unchanged => Err(self
                .registrar
                .with_service(self.index, outcome_if_unchanged(role))),
            ContractFetch::Failed(problem) => Err(NotCompiled::Unavailable(problem)),
        }
    }

    fn task(&self, role: ContractRole, input: ReadInput) -> ReadTask {
        let service = self.registrar.service(self.index);
        let task = ReadTask::new(&service, input, &self.registrar.config().limits);
        let known = self
            .registrar
            .with_service(self.index, known(role, &task.options));
        // A candidate is compared when it is promoted, with what is in force by then.
        let basis =
            (role == ContractRole::InForce).then(|| self.registrar.with_service(self.index, basis));
        ReadTask {
            known,
            basis,
            ..task
        }
    }

    async fn apply(&mut self, role: ContractRole, found: SourceReadOutcome) -> RevisionEvent {
        let (registrar, index) = (Arc::clone(&self.registrar), self.index);
        let entry = match role {
            ContractRole::InForce => registrar.apply_read(index, found),
            ContractRole::Candidate => registrar.propose(index, found),
        };
        if let (ContractRole::InForce, WatchedSource::Remote(remote)) = (role, &mut self.source) {
            remote.cache_if_active(&entry).await;
        }
        if entry.result == RevisionResult::InForce {
            // However fast revisions follow each other, few of them are in memory at a time.
            sleep(RETIRING).await;
            self.registrar.maintain();
        }
        entry
    }

    fn source_of(&mut self, role: ContractRole) -> &mut WatchedSource {
        match (role, &mut self.candidate) {
            (ContractRole::Candidate, Some(candidate)) => candidate,
            _ => &mut self.source,
        }
    }
}

/// What was read, and of which files.
struct ReadTaskResult {
    outcome: CompileOutcome,
    files: Vec<PathBuf>,
    /// Whether they changed meanwhile.
    is_torn: bool,
}

async fn run_task(task: ReadTask) -> ReadTaskResult {
    let entry = task.input.files();
    let files = entry.clone();
    let reading = spawn_blocking(move || {
        let (began, before) = (SystemTime::now(), FileSignature::of(&entry));
        let (outcome, files) = read(&task);
        // Which other files there are is known only now; their times have to do.
        let changed_while_read = FileSignature::of(&entry) != before
            || files.iter().any(|file| changed_since(file, began));
        ReadTaskResult {
            outcome,
            files,
            is_torn: changed_while_read,
        }
    });
    reading.await.unwrap_or_else(|error| ReadTaskResult {
        outcome: Err(NotCompiled::Unavailable(format!(
            "the contract could not be read: {error}"
        ))),
        files,
        is_torn: false,
    })
}

/// Whether a file was written between then and now.
fn changed_since(file: &Path, began: SystemTime) -> bool {
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified >= began && modified <= SystemTime::now())
}

/// The revision that need not be compiled again: the one that a role has, if it was compiled with
/// these options.
fn known(
    role: ContractRole,
    options: &CompileOptions,
) -> impl FnOnce(&ServiceState) -> Option<Arc<str>> {
    move |state| {
        let with = match role {
            ContractRole::InForce => state.options.as_ref(),
            ContractRole::Candidate => state.candidate.as_ref().map(|candidate| &candidate.options),
        };
        let identity = identity(role)(state)?;
        (with == Some(options)).then_some(identity.revision)
    }
}

/// Which revision a role has now.
fn identity(role: ContractRole) -> impl FnOnce(&ServiceState) -> Option<ContractIdentity> {
    move |state| {
        let contract = match role {
            ContractRole::InForce => state.live.compiled(),
            ContractRole::Candidate => state
                .candidate
                .as_ref()
                .map(|candidate| &candidate.contract),
        };
        contract.map(|contract| contract.identity())
    }
}

/// The revision of a role, or why there is none or its source holds another.
fn outcome_if_unchanged(role: ContractRole) -> impl FnOnce(&ServiceState) -> NotCompiled {
    move |state| match (&state.last_error, role, identity(role)(state)) {
        (Some(problem), ContractRole::InForce, _) => NotCompiled::Unavailable(problem.clone()),
        (_, _, Some(identity)) => NotCompiled::Unchanged(identity),
        (_, _, None) => {
            NotCompiled::Unavailable("the source says that nothing has changed".to_owned())
        }
    }
}

/// Whoever asked may have gone.
fn answer(reply: Option<oneshot::Sender<RevisionEvent>>, entry: RevisionEvent) {
    if let Some(reply) = reply {
        let _gone = reply.send(entry);
    }
}
