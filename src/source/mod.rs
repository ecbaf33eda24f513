//! Sources of bytes: where they are, how they are read, and when they change.
//!
//! Contracts come from files, HTTP addresses and object storage, keys from files and addresses.
//! The module does not interpret the bytes. A [`ContractOrigin`] says where a contract is. A
//! [`FileWatcher`] notices changed files, a [`Poller`] polls everything else, and a [`ContractCache`]
//! keeps the last good contract for a start without its origin.
//!
//! For the command line, a [`Repository`] lists what changed in git, a [`GitPath`] names a file of
//! a revision, a [`RecordStore`] keeps the records of the registry, and a [`PrometheusClient`]
//! queries metrics.

mod file_read;
mod sha256_hex;
mod program_output;
mod git_path;
mod reference_root;
mod contract_file;
mod repository_error;
mod changed_path;
mod repository;
mod file_signature;
mod blocking_workers;
mod file_access;
mod folder_notifier;
mod file_watch;
mod http_fetcher;
mod contract_origin;
mod s3;
mod store;
mod prometheus;
mod poll_schedule;
mod poller;
mod cache_drafts;
mod contract_cache;

pub use blocking_workers::{BlockingWorkers, yield_to_data_cores};
pub use cache_drafts::remove_old_drafts;
pub use changed_path::{ChangedPath, PathStatus};
pub use contract_cache::ContractCache;
pub use contract_file::{
    load_contract, load_contract_revision, load_contract_tolerant, read_revision,
};
pub use contract_origin::{ContractOrigin, OriginError, S3Location};
pub use file_access::{FileAccess, SourceAccess};
pub use file_read::{FileReadError, read, read_contract_file};
pub use file_signature::FileSignature;
pub use file_watch::{FileWatch, FileWatcher};
pub use git_path::{GitError, GitObjectKind, GitPath};
pub use http_fetcher::{FetchLimits, FetchOutcome, HttpFetcher, RemoteError, RemoteUrl};
pub use poller::{PollPolicy, PollTrigger, Poller, SourceError};
pub use prometheus::{PrometheusClient, PrometheusError, PrometheusSample};
pub use reference_root::ReferenceRoot;
pub use repository::{ChangedPaths, GitBlob, GitTree, Repository};
pub use repository_error::RepositoryError;
pub use s3::{ObjectError, S3Clients};
pub use store::{
    CommitOutcome, InvalidStoreKey, RecordCommit, RecordStore, RecordTag, StoreError, StoreKey,
    StoredRecord,
};

#[cfg(test)]
mod http_fetcher_tests;
#[cfg(test)]
pub(crate) use http_fetcher_tests::ScriptedServer;
