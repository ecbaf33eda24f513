//! Where a contract comes from, and what tells that it may have changed.

use std::future::pending;
use std::path::PathBuf;

use crate::config::{ContractSource, ServiceConfig};
use crate::source::FileWatch;

use super::remote_source::{ContractFetch, RemoteSource};

/// Where a contract comes from, and what tells of a change.
#[derive(Debug)]
pub(super) enum WatchedSource {
    File { path: PathBuf, watch: FileWatch },
    Remote(Box<RemoteSource>),
}

/// What a source tells.
pub(super) enum SourceEvent {
    /// This file, or one that it refers to, may have changed.
    Changed(PathBuf),
    /// A remote source was asked.
    Fetched(ContractFetch),
}

impl WatchedSource {
    pub(super) fn new(
        source: &ContractSource,
        service: &ServiceConfig,
        keeps: bool,
        bytes_max: usize,
    ) -> Self {
        match source {
            ContractSource::File(path) => Self::File {
                path: path.clone(),
                watch: FileWatch::new(vec![path.clone()], service.reload.poll),
            },
            ContractSource::Address(address) => Self::Remote(Box::new(RemoteSource::new(
                address, service, keeps, bytes_max,
            ))),
        }
    }

    /// Where it is, for people.
    pub(super) fn display_name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Remote(remote) => remote.display_name(),
        }
    }

    /// Waits until there is a reason to read.
    pub(super) async fn next_event(&mut self) -> SourceEvent {
        match self {
            Self::File { path, watch } => {
                watch.changed().await;
                SourceEvent::Changed(path.clone())
            }
            Self::Remote(remote) => SourceEvent::Fetched(remote.next().await),
        }
    }

    /// What there is to read now.
    pub(super) async fn read_now(&mut self, is_anew: bool) -> SourceEvent {
        match self {
            Self::File { path, .. } => SourceEvent::Changed(path.clone()),
            Self::Remote(remote) => SourceEvent::Fetched(remote.fetch_now(is_anew).await),
        }
    }
}

/// The same for a source that may not be there.
pub(super) async fn next_event_of(source: Option<&mut WatchedSource>) -> SourceEvent {
    match source {
        Some(source) => source.next_event().await,
        None => pending().await,
    }
}
