//! Where bytes live, and when they change.
//!
//! Contracts come from files, addresses and object storage, keys from files and addresses. What
//! the bytes mean is nothing to this domain.
//!
//! A file is watched ([`FileWatch`]), anything else is asked ([`Poller`]); an [`Origin`] says
//! which. [`Cache`] keeps what was good for a start while the origin is away.

mod origin;
mod file;
mod program;
mod git;
mod contract_file;
mod changed_path;
mod repository;
mod signature;
mod watch;
mod remote;
mod s3;
mod store;
mod prometheus;
mod rhythm;
mod poll;
mod cache;

pub use cache::Cache;
pub use changed_path::{ChangedPath, PathStatus};
pub use contract_file::{load_contract, load_contract_revision};
pub use file::{ReadError, read};
pub use git::{GitError, GitKind, GitPlace};

pub use origin::{Origin, OriginError, S3Place};
pub use poll::{Ask, PollPolicy, Poller, SourceError};
pub use prometheus::{Prometheus, PrometheusError, Sample};
pub use remote::{Fetched, Remote, RemoteError, RemoteLimits, RemoteUrl};
pub use repository::{Blob, ChangedPaths, Repository, RepositoryError, Tree};
pub use s3::{Buckets, ObjectError};
pub use signature::Signature;
pub use store::{Commit, Committed, InvalidKey, Store, StoreError, StoreKey, Stored, Tag};
pub use watch::FileWatch;

#[cfg(test)]
mod remote_tests;
#[cfg(test)]
pub(crate) use remote_tests::Script;
