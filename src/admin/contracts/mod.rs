//! The revisions of contracts: what operators see of them, and how they steer them.
//!
//! `steering` is what the composition root does for this port, `view` what is shown, `respond`
//! joins both to the routes.

mod steering;
mod view;
mod respond;

pub(super) use respond::{
    all, candidate, drop_candidate, one, promote, propose, reload, reload_config,
};
pub use steering::{ChangeFuture, ContractControl, ContractFault};
pub use view::{
    CandidateRefusal, CandidateRevision, CandidateView, ConfigReloadView, ConfigResult,
    ContractView, HistoryEntry, ReloadView, RevisionResult, SinceView,
};
