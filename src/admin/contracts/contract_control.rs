//! What the admin port needs from the owner of the contracts.
//!
//! It is a trait because the implementation uses every other part of the program, and the admin
//! port must not depend on them. A refused contract is a normal result and is reported as a
//! [`ReloadView`]; a [`ContractFault`] means that there is no revision to report.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use portcullis_config::Config;

use super::contract_view::{CandidateView, ConfigReloadView, ContractView, ReloadView};

/// The result of a change. It must not block the control runtime. It runs to completion even if
/// the client disconnects.
pub type ChangeFuture<T> = Pin<Box<dyn Future<Output = Result<T, ContractFault>> + Send>>;

/// The contracts of all services, and the active configuration.
pub trait ContractControl: Send + Sync + fmt::Debug {
    /// The contracts, in the order of the configuration.
    fn services(&self) -> Vec<ContractView>;

    /// Reloads the contract of a service from its source.
    fn reload(&self, service: &str) -> ChangeFuture<ReloadView>;

    /// Also checks traffic against this contract, next to the active one.
    fn propose(&self, service: &str, upload: ContractUpload) -> ChangeFuture<ReloadView>;

    /// The report of the candidate.
    ///
    /// # Errors
    /// If the service does not exist or has no candidate.
    fn candidate(&self, service: &str) -> Result<CandidateView, ContractFault>;

    /// Activates the candidate.
    fn promote(&self, service: &str) -> ChangeFuture<ReloadView>;

    /// Drops the candidate.
    fn drop_candidate(&self, service: &str) -> ChangeFuture<ReloadView>;

    /// The active configuration.
    fn config(&self) -> Arc<Config>;

    /// Reloads the configuration, and applies what can change without a restart.
    fn reload_config(&self) -> ChangeFuture<ConfigReloadView>;
}

/// A contract that an operator sends.
#[derive(Clone, Debug)]
pub struct ContractUpload {
    /// The document, or the JSON text of a bundle.
    pub bytes: Bytes,
    /// The name of the operator's file, for messages.
    pub name: Option<String>,
    /// Whether it is a bundle of several files.
    pub is_bundle: bool,
}

/// Why a change did not produce a revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractFault {
    /// The service does not exist.
    #[error("unknown service")]
    UnknownService,
    /// The service has no candidate.
    #[error("the service has no candidate")]
    NoCandidate,
    /// The change is not allowed, or the document cannot be read.
    #[error("{reason}")]
    Refused {
        /// One sentence, with what to do.
        reason: String,
        /// The problems, each with file, line and pointer.
        problems: Vec<String>,
    },
    /// Another change of the same contract is running.
    #[error("another change is in progress")]
    Busy,
    /// The source cannot be read now.
    #[error("{reason}")]
    Unavailable {
        /// One sentence, with what to check.
        reason: String,
    },
}
