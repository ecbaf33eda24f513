//! Where bytes live, and when they change.
//!
//! Contracts come from files, addresses and object storage, keys from files and addresses. What
//! the bytes mean is nothing to this domain.
//!
//! A file is watched ([`FileWatch`]), anything else is asked ([`Poller`]); an [`ContractOrigin`] says
//! which. [`ContractCache`] keeps what was good for a start while the origin is away.

mod contract_origin;
mod file_read;
mod program_output;
mod git_path;
mod contract_file;
mod changed_path;
mod repository;
mod file_signature;
mod file_watch;
mod http_fetcher;
mod s3;
mod store;
mod prometheus;
mod poll_schedule;
mod poller;
mod contract_cache;

pub use changed_path::{ChangedPath, PathStatus};
pub use contract_cache::ContractCache;
pub use contract_file::{load_contract, load_contract_revision};
pub use file_read::{FileReadError, read};
pub use git_path::{GitError, GitObjectKind, GitPath};

pub use contract_origin::{ContractOrigin, OriginError, S3Location};
pub use file_signature::FileSignature;
pub use file_watch::FileWatch;
pub use http_fetcher::{FetchLimits, FetchOutcome, HttpFetcher, RemoteError, RemoteUrl};
pub use poller::{PollPolicy, PollTrigger, Poller, SourceError};
pub use prometheus::{PrometheusClient, PrometheusError, PrometheusSample};
pub use repository::{ChangedPaths, GitBlob, GitTree, Repository, RepositoryError};
pub use s3::{ObjectError, S3Clients};
pub use store::{
    CommitOutcome, InvalidStoreKey, RecordCommit, RecordStore, RecordTag, StoreError, StoreKey,
    StoredRecord,
};

#[cfg(test)]
mod http_fetcher_tests;
#[cfg(test)]
pub(crate) use http_fetcher_tests::Script;
