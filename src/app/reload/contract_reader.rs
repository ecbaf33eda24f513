//! Reads one contract of a service: fetches or reads the source, and compiles it.
//!
//! A reader has one source for its whole life. It decides nothing: its owner applies the outcome.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

use portcullis_config::{ContractSource, ServiceConfig};

use super::read_task::{CompileOutcome, NotCompiled, ReadInput, ReadSettings, ReadTask, revision};
use super::remote_source::ContractFetch;
use super::revision_history::RevisionEvent;
use super::watched_source::{SourceEvent, WatchedSource};
use super::watcher_resources::{WatcherResources, load_files};

/// How often a file is read again because it changed during the read.
const REREADS_MAX: u32 = 3;

/// The pause before such a read.
const REREAD_PAUSE: Duration = Duration::from_millis(100);

/// Reads one contract of a service.
#[derive(Debug)]
pub(super) struct ContractReader {
    source: WatchedSource,
    resources: WatcherResources,
}

/// The readers of one service.
#[derive(Debug)]
pub(in crate::app) struct ServiceReaders {
    pub(super) contract: ContractReader,
    pub(super) candidate: Option<ContractReader>,
}

impl ServiceReaders {
    /// Readers of the sources that the configuration names. They have read nothing yet.
    pub(in crate::app) fn new(
        service: &ServiceConfig,
        contract_bytes_max: usize,
        resources: &WatcherResources,
    ) -> Self {
        let reader = |source: &ContractSource, is_cached| ContractReader {
            source: WatchedSource::new(
                source,
                service,
                &resources.files,
                is_cached,
                contract_bytes_max,
            ),
            resources: resources.clone(),
        };
        Self {
            contract: reader(&service.contract, true),
            candidate: service.candidate.as_ref().map(|next| reader(next, false)),
        }
    }
}

impl ContractReader {
    /// The path or the URL without credentials, for messages.
    pub(super) fn display_name(&self) -> String {
        self.source.display_name()
    }

    /// The first event of a file, with a watch that began before it. A remote source is fetched
    /// when [`next_event`](Self::next_event) is called.
    pub(super) async fn begin_file(&mut self) -> Option<SourceEvent> {
        let WatchedSource::File { path, watch, .. } = &mut self.source else {
            return None;
        };
        watch.watch(vec![path.clone()]).await;
        Some(SourceEvent::Changed(path.clone()))
    }

    /// Waits until the contract has to be read. Cancel safe.
    pub(super) async fn next_event(&mut self) -> SourceEvent {
        self.source.next_event().await
    }

    /// Reads now, without waiting. `is_reset` forgets the last fetch, so unchanged content counts
    /// as new.
    pub(super) async fn read_now(&mut self, is_reset: bool) -> SourceEvent {
        self.source.read_now(is_reset).await
    }

    /// Handles an event of the source.
    pub(super) async fn outcome(
        &mut self,
        event: SourceEvent,
        settings: &ReadSettings,
    ) -> CompileOutcome {
        match event {
            SourceEvent::Changed(path) => self.outcome_of_file(path, settings).await,
            SourceEvent::Fetched(fetch) => match fetch {
                ContractFetch::New { name, bytes } | ContractFetch::Cached { name, bytes, .. } => {
                    let input = ReadInput::Bytes { name, bytes };
                    self.compile_bytes(settings.task(input)).await
                }
                ContractFetch::Unchanged => Err(NotCompiled::Unavailable(
                    "the source reports no change".to_owned(),
                )),
                ContractFetch::Failed(problem) => Err(NotCompiled::Unavailable(problem)),
            },
        }
    }

    /// Compiles bytes that are not from the source.
    pub(super) async fn compile_bytes(&self, task: ReadTask) -> CompileOutcome {
        self.resources.compile_bytes(task).await
    }

    async fn outcome_of_file(&mut self, path: PathBuf, settings: &ReadSettings) -> CompileOutcome {
        let mut last = None;
        for _ in 0..=REREADS_MAX {
            let WatchedSource::File { watch, access, .. } = &mut self.source else {
                break;
            };
            let reading = load_files(path.clone(), settings.clone(), access.clone());
            let loaded = tokio::select! {
                loaded = reading => loaded,
                // The read may hang, or miss the change. Its thread ends by itself.
                () = watch.changed() => continue,
            };
            if let Some(signature) = loaded.signature {
                watch.watch_since(signature);
            }
            let outcome = match loaded.documents {
                Ok(documents) => self.resources.compile(documents, settings.clone()).await,
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

    /// Removes what was cached, if anything was.
    pub(super) async fn remove_cached(&mut self) {
        if let WatchedSource::Remote(remote) = &mut self.source {
            remote.remove_cached().await;
        }
    }

    /// Caches the last content of a remote source if it is the active contract now.
    pub(super) async fn cache_if_active(&mut self, event: &RevisionEvent) {
        if let WatchedSource::Remote(remote) = &mut self.source {
            remote.cache_if_active(event).await;
        }
    }
}

/// The next event of an optional reader; waits forever without a reader.
pub(super) async fn next_event_of(reader: Option<&mut ContractReader>) -> SourceEvent {
    match reader {
        Some(reader) => reader.next_event().await,
        None => std::future::pending().await,
    }
}
