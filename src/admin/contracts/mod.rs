//! The revisions of contracts: what operators see of them, and how they steer them.
//!
//! `steering` is what the composition root does for this port, `view` what is shown, `respond`
//! joins both to the routes.

mod contract_control;
mod contract_view;
mod contract_routes;

pub use contract_control::{ChangeFuture, ContractControl, ContractFault};
pub(super) use contract_routes::{
    all, candidate, drop_candidate, one, promote, propose, reload, reload_config,
};
pub use contract_view::{
    CandidateRefusal, CandidateRevision, CandidateView, ConfigReloadView, ConfigResult,
    ContractView, HistoryEntry, ReloadView, RevisionResult, SinceView,
};
