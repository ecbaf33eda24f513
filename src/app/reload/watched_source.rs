//! The source of a contract, with notification of changes.

use std::path::PathBuf;

use crate::source::{FileWatch, FileWatcher, SourceAccess};
use portcullis_config::{ContractSource, ServiceConfig};

use super::remote_source::{ContractFetch, RemoteSource};

/// The source of a contract: a watched file or a polled URL.
#[derive(Debug)]
pub(super) enum WatchedSource {
    File {
        path: PathBuf,
        watch: FileWatch,
        access: SourceAccess,
    },
    Remote(Box<RemoteSource>),
}

/// What happened at a source.
pub(super) enum SourceEvent {
    /// This file, or a file that it references, may have changed.
    Changed(PathBuf),
    /// A remote source was polled.
    Fetched(ContractFetch),
}

impl WatchedSource {
    /// The source of a contract. Nothing is read or watched yet.
    pub(super) fn new(
        source: &ContractSource,
        service: &ServiceConfig,
        watcher: &FileWatcher,
        is_cached: bool,
        bytes_max: usize,
    ) -> Self {
        match source {
            ContractSource::File(path) => Self::File {
                path: path.clone(),
                watch: watcher.watch_nothing(service.reload.poll),
                access: watcher.access(),
            },
            ContractSource::Address(address) => Self::Remote(Box::new(RemoteSource::new(
                address, service, watcher, is_cached, bytes_max,
            ))),
        }
    }

    /// The path or the URL without credentials, for messages.
    pub(super) fn display_name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Remote(remote) => remote.display_name(),
        }
    }

    /// Waits until the contract has to be read.
    pub(super) async fn next_event(&mut self) -> SourceEvent {
        match self {
            Self::File { path, watch, .. } => {
                watch.changed().await;
                SourceEvent::Changed(path.clone())
            }
            Self::Remote(remote) => SourceEvent::Fetched(remote.next().await),
        }
    }

    /// Reads now, without waiting. `is_reset` forgets the last fetch, so unchanged content counts
    /// as new.
    pub(super) async fn read_now(&mut self, is_reset: bool) -> SourceEvent {
        match self {
            Self::File { path, .. } => SourceEvent::Changed(path.clone()),
            Self::Remote(remote) => SourceEvent::Fetched(remote.fetch_now(is_reset).await),
        }
    }
}

impl SourceEvent {
    /// Why the content is from the cache and not from the source, if it is.
    pub(super) fn staleness(&self) -> Option<String> {
        match self {
            Self::Fetched(ContractFetch::Cached { problem, .. }) => Some(problem.clone()),
            Self::Fetched(_) | Self::Changed(_) => None,
        }
    }
}
