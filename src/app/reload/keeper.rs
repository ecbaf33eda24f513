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

use crate::config::ContractSource;
use crate::contract::{CompileOptions, Identity};
use crate::source::Signature;

use super::history::{Entry, Result, Trigger};
use super::origin::{Source, Told, told_of};
use super::read::{Input, Outcome, Task, read};
use super::registrar::{Registrar, ServiceState};
use super::remote::Fetch;
use super::take::Found;

/// How often a file that changes while it is read is read again at once.
const TORN_MAX: u32 = 3;

/// How long to wait before that.
const TORN_PAUSE: Duration = Duration::from_millis(100);

/// How long data cores have to let go of a revision before the next one is read.
const RETIRING: Duration = Duration::from_millis(20);

/// What is asked of a keeper.
#[derive(Debug)]
pub(in crate::app) enum Order {
    /// Reads the source now; `is_forced` compiles it even if it is the same.
    Read {
        trigger: Trigger,
        is_forced: bool,
        reply: Option<oneshot::Sender<Entry>>,
    },
    /// Takes a candidate.
    Propose {
        name: String,
        bytes: Vec<u8>,
        reply: oneshot::Sender<Entry>,
    },
}

/// Keeps one service's contract.
#[derive(Debug)]
pub(in crate::app) struct Keeper {
    registrar: Arc<Registrar>,
    index: usize,
    orders: mpsc::Receiver<Order>,
    source: Source,
    candidate: Option<Source>,
}

/// Whether a file was written between then and now.
fn changed_since(file: &Path, began: SystemTime) -> bool {
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified >= began && modified <= SystemTime::now())
}

/// The revision that need not be compiled again: the one that a role has, if it was compiled with
/// these options.
fn known(role: Role, options: &CompileOptions) -> impl FnOnce(&ServiceState) -> Option<Arc<str>> {
    move |state| {
        let with = match role {
            Role::InForce => state.options.as_ref(),
            Role::Candidate => state.candidate.as_ref().map(|candidate| &candidate.options),
        };
        let identity = identity(role)(state)?;
        (with == Some(options)).then_some(identity.revision)
    }
}

/// Which revision a role has now.
fn identity(role: Role) -> impl FnOnce(&ServiceState) -> Option<Identity> {
    move |state| {
        let contract = match role {
            Role::InForce => state.live.compiled(),
            Role::Candidate => state
                .candidate
                .as_ref()
                .map(|candidate| &candidate.contract),
        };
        contract.map(|contract| contract.identity())
    }
}

/// The revision of a role, or why there is none or its source holds another.
fn standing(role: Role) -> impl FnOnce(&ServiceState) -> std::result::Result<Identity, String> {
    move |state| match (&state.last_error, role) {
        (Some(problem), Role::InForce) => Err(problem.clone()),
        _ => identity(role)(state)
            .ok_or_else(|| "the source says that nothing has changed".to_owned()),
    }
}

/// Whose contract is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    InForce,
    Candidate,
}

impl Keeper {
    /// The keeper of the service of this number.
    pub(in crate::app) fn new(
        registrar: &Arc<Registrar>,
        index: usize,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let service = registrar.service(index);
        let limits = registrar.config().limits.clone();
        let source = |source: &ContractSource, keeps| {
            Source::new(source, &service, keeps, limits.contract_bytes_max)
        };
        Self {
            registrar: Arc::clone(registrar),
            index,
            orders,
            source: source(&service.contract, true),
            candidate: service.candidate.as_ref().map(|next| source(next, false)),
        }
    }

    /// Keeps the contract until nobody can order anything any more.
    pub(in crate::app) async fn run(mut self) {
        self.begin().await;
        loop {
            let Self {
                orders,
                source,
                candidate,
                ..
            } = &mut self;
            let (role, told) = tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => {
                        self.obey(order).await;
                        continue;
                    }
                    None => return,
                },
                told = source.told() => (Role::InForce, told),
                told = told_of(candidate.as_mut()) => (Role::Candidate, told),
            };
            // What has not changed since it was asked for last is no news, good or bad.
            if !matches!(told, Told::Fetched(Fetch::Unchanged)) {
                self.read(role, told, Trigger::Source, false).await;
            }
        }
    }

    /// Looks once more at what was read at the start, so that no change in between is lost, and
    /// reads the candidate for the first time.
    async fn begin(&mut self) {
        if let Source::File { .. } = self.source {
            let (outcome, source) = self.outcome(Role::InForce, Told::Changed, false).await;
            if !matches!(outcome, Outcome::Unchanged(_)) {
                let found = Found {
                    trigger: Trigger::Source,
                    source,
                    outcome,
                    stale: None,
                };
                self.hand_over(Role::InForce, found).await;
            }
        }
        if let Some(Source::File { .. }) = self.candidate {
            self.read(Role::Candidate, Told::Changed, Trigger::Start, false)
                .await;
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Read {
                trigger,
                is_forced,
                reply,
            } => {
                let told = self.source.ask(is_forced).await;
                let entry = self.read(Role::InForce, told, trigger, is_forced).await;
                answer(reply, entry);
            }
            Order::Propose { name, bytes, reply } => {
                let input = Input::Bytes {
                    name: name.clone(),
                    bytes,
                };
                let (outcome, _) = self.compile(Role::Candidate, input, true).await;
                let found = Found {
                    trigger: Trigger::Operator,
                    source: name,
                    outcome,
                    stale: None,
                };
                let entry = self.hand_over(Role::Candidate, found).await;
                answer(Some(reply), entry);
            }
        }
    }

    async fn read(&mut self, role: Role, told: Told, trigger: Trigger, is_forced: bool) -> Entry {
        let stale = match &told {
            Told::Fetched(Fetch::Kept { problem, .. }) => Some(problem.clone()),
            Told::Fetched(_) | Told::Changed => None,
        };
        let (outcome, source) = self.outcome(role, told, is_forced).await;
        let found = Found {
            trigger,
            source,
            outcome,
            stale,
        };
        self.hand_over(role, found).await
    }

    /// Reads what a source has told of, and says where it is.
    async fn outcome(&mut self, role: Role, told: Told, is_forced: bool) -> (Outcome, String) {
        let shown = self.source_of(role).shown();
        let outcome = match told {
            Told::Changed => self.outcome_of_files(role, is_forced).await,
            Told::Fetched(fetch) => self.outcome_of_fetch(role, fetch, is_forced).await,
        };
        (outcome, shown)
    }

    async fn outcome_of_files(&mut self, role: Role, is_forced: bool) -> Outcome {
        let Source::File { path, .. } = self.source_of(role) else {
            return Outcome::Unavailable("the source is no file".to_owned());
        };
        let path = path.clone();
        let mut last = None;
        for torn in 0.. {
            let input = Input::File(path.clone());
            let (outcome, files, is_torn) = self.read_files(role, input, is_forced).await;
            if let Source::File { watch, .. } = self.source_of(role) {
                watch.watch(files);
            }
            let revision = outcome.revision();
            // Twice the same is whole, whoever touches the file meanwhile.
            let is_same = revision.is_some() && revision == last;
            if !is_torn || is_same {
                return outcome;
            }
            if torn == TORN_MAX {
                break;
            }
            last = revision;
            sleep(TORN_PAUSE).await;
        }
        Outcome::Unavailable(format!("{}: it changes while it is read", path.display()))
    }

    /// Reads files, and says whether they changed meanwhile.
    async fn read_files(
        &self,
        role: Role,
        input: Input,
        is_forced: bool,
    ) -> (Outcome, Vec<PathBuf>, bool) {
        let task = self.task(role, input, is_forced);
        let entry = match &task.input {
            Input::File(path) => vec![path.clone()],
            Input::Bytes { .. } => Vec::new(),
        };
        let watched = entry.clone();
        let reading = spawn_blocking(move || {
            let (began, before) = (SystemTime::now(), Signature::of(&entry));
            let (outcome, files) = read(&task);
            // Which other files there are is known only now; their times have to do.
            let is_torn = Signature::of(&entry) != before
                || files.iter().any(|file| changed_since(file, began));
            (outcome, files, is_torn)
        });
        reading.await.unwrap_or_else(|error| {
            let problem = format!("the contract could not be read: {error}");
            (Outcome::Unavailable(problem), watched, false)
        })
    }

    async fn outcome_of_fetch(&mut self, role: Role, fetch: Fetch, is_forced: bool) -> Outcome {
        match fetch {
            Fetch::New { name, bytes } | Fetch::Kept { name, bytes, .. } => {
                let input = Input::Bytes { name, bytes };
                self.compile(role, input, is_forced).await.0
            }
            // The same as before may be what was refused before.
            Fetch::Unchanged => match self.registrar.look(self.index, standing(role)) {
                Ok(identity) => Outcome::Unchanged(identity),
                Err(problem) => Outcome::Unavailable(problem),
            },
            Fetch::Failed(problem) => Outcome::Unavailable(problem),
        }
    }

    async fn compile(&self, role: Role, input: Input, is_forced: bool) -> (Outcome, Vec<PathBuf>) {
        let (outcome, files, _) = self.read_files(role, input, is_forced).await;
        (outcome, files)
    }

    fn task(&self, role: Role, input: Input, is_forced: bool) -> Task {
        let service = self.registrar.service(self.index);
        let task = Task::new(&service, input, &self.registrar.config().limits);
        let known = self.registrar.look(self.index, known(role, &task.options));
        Task {
            known: known.filter(|_| !is_forced),
            ..task
        }
    }

    async fn hand_over(&mut self, role: Role, found: Found) -> Entry {
        let (registrar, index) = (Arc::clone(&self.registrar), self.index);
        let entry = match role {
            Role::InForce => registrar.take(index, found),
            Role::Candidate => registrar.propose(index, found),
        };
        if let (Role::InForce, Source::Remote(remote)) = (role, &mut self.source) {
            remote.conclude(&entry).await;
        }
        if entry.result == Result::InForce {
            // However fast revisions follow each other, few of them are in memory at a time.
            sleep(RETIRING).await;
            self.registrar.settle();
        }
        entry
    }

    fn source_of(&mut self, role: Role) -> &mut Source {
        match (role, &mut self.candidate) {
            (Role::Candidate, Some(candidate)) => candidate,
            _ => &mut self.source,
        }
    }
}

/// Whoever asked may have gone.
fn answer(reply: Option<oneshot::Sender<Entry>>, entry: Entry) {
    if let Some(reply) = reply {
        let _gone = reply.send(entry);
    }
}
