//! Where bytes live, and when they change.
//!
//! Contracts come from files, addresses and object storage, keys from files and addresses. What
//! the bytes mean is nothing to this domain.
//!
//! A file is watched ([`FileWatch`]), anything else is asked ([`Poller`]); an [`ContractOrigin`] says
//! which. [`ContractCache`] keeps what was good for a start while the origin is away.

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

pub use cache::ContractCache;
pub use changed_path::{ChangedPath, PathStatus};
pub use contract_file::{load_contract, load_contract_revision};
pub use file::{FileReadError, read};
pub use git::{GitError, GitObjectKind, GitPath};

pub use origin::{ContractOrigin, OriginError, S3Location};
pub use poll::{PollPolicy, PollTrigger, Poller, SourceError};
pub use prometheus::{PrometheusClient, PrometheusError, PrometheusSample};
pub use remote::{FetchLimits, FetchOutcome, HttpFetcher, RemoteError, RemoteUrl};
pub use repository::{ChangedPaths, GitBlob, GitTree, Repository, RepositoryError};
pub use s3::{ObjectError, S3Clients};
pub use signature::FileSignature;
pub use store::{
    CommitOutcome, InvalidStoreKey, RecordCommit, RecordStore, RecordTag, StoreError, StoreKey,
    StoredRecord,
};
pub use watch::FileWatch;

#[cfg(test)]
mod remote_tests;
#[cfg(test)]
pub(crate) use remote_tests::Script;
