//! Where a contract comes from, and what tells that it may have changed.

use std::future::pending;
use std::path::PathBuf;

use crate::config::{ContractSource, Service};
use crate::source::FileWatch;

use super::remote::{Fetch, RemoteSource};

/// Where a contract comes from, and what tells of a change.
#[derive(Debug)]
pub(super) enum Source {
    File { path: PathBuf, watch: FileWatch },
    Remote(Box<RemoteSource>),
}

/// What a source tells.
pub(super) enum Told {
    /// This file, or one that it refers to, may have changed.
    Changed(PathBuf),
    /// A remote source was asked.
    Fetched(Fetch),
}

impl Source {
    pub(super) fn new(
        source: &ContractSource,
        service: &Service,
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
    pub(super) fn shown(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Remote(remote) => remote.shown(),
        }
    }

    /// Waits until there is a reason to read.
    pub(super) async fn told(&mut self) -> Told {
        match self {
            Self::File { path, watch } => {
                watch.changed().await;
                Told::Changed(path.clone())
            }
            Self::Remote(remote) => Told::Fetched(remote.next().await),
        }
    }

    /// What there is to read now.
    pub(super) async fn ask(&mut self, is_anew: bool) -> Told {
        match self {
            Self::File { path, .. } => Told::Changed(path.clone()),
            Self::Remote(remote) => Told::Fetched(remote.ask(is_anew).await),
        }
    }
}

/// The same for a source that may not be there.
pub(super) async fn told_of(source: Option<&mut Source>) -> Told {
    match source {
        Some(source) => source.told().await,
        None => pending().await,
    }
}
