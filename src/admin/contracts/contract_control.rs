//! What the admin port asks of whoever holds the contracts.
//!
//! A trait, because the one who holds them knows every other part of the program and this port
//! knows none of them. A refused contract is a finding and comes as [`ReloadView`]; a
//! [`ContractFault`] says that it did not come to a revision at all.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;

use super::contract_view::{CandidateView, ConfigReloadView, ContractView, ReloadView};

/// What comes of a change. It runs on the control runtime, which must not be blocked, and it is
/// run to its end even where the client that asked has gone.
pub type ChangeFuture<T> = Pin<Box<dyn Future<Output = Result<T, ContractFault>> + Send>>;

/// The contracts of all services, and the configuration that names them.
pub trait ContractControl: Send + Sync + fmt::Debug {
    /// Every service, in the order of the configuration.
    fn services(&self) -> Vec<ContractView>;

    /// Reads a service's contract from its source again.
    fn reload(&self, service: &str) -> ChangeFuture<ReloadView>;

    /// Judges traffic by this document too, beside the revision in force. The name is the one
    /// of the operator's file, for messages only.
    fn propose(
        &self,
        service: &str,
        bytes: Bytes,
        name: Option<String>,
    ) -> ChangeFuture<ReloadView>;

    /// What the candidate has come to so far.
    ///
    /// # Errors
    /// There is no such service, or it has no candidate.
    fn candidate(&self, service: &str) -> Result<CandidateView, ContractFault>;

    /// Puts the candidate in force.
    fn promote(&self, service: &str) -> ChangeFuture<ReloadView>;

    /// Forgets the candidate.
    fn drop_candidate(&self, service: &str) -> ChangeFuture<ReloadView>;

    /// Reads the configuration again, and applies what can change while the program serves.
    fn reload_config(&self) -> ChangeFuture<ConfigReloadView>;
}

/// Why something did not come to a revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractFault {
    /// No service has this name.
    #[error("there is no such service")]
    UnknownService,
    /// The service has no candidate.
    #[error("there is no candidate")]
    NoCandidate,
    /// What was asked for is not allowed, or what was sent cannot be read.
    #[error("{reason}")]
    Refused {
        /// In one sentence, and what to do about it.
        reason: String,
        /// Each with its place: file, line and pointer.
        problems: Vec<String>,
    },
    /// Another change of the same thing is under way.
    #[error("another change is under way")]
    Busy,
    /// A source cannot be read now.
    #[error("{reason}")]
    Unavailable {
        /// In one sentence, and what to check.
        reason: String,
    },
}
