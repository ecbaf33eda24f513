//! The routes of contracts: their revisions, candidates and reloads.
//!
//! `contract_control` is the interface to the owner of the contracts, `contract_view` the JSON that
//! is returned, and `contract_routes` connects both to the routes.

mod contract_control;
mod contract_view;
mod contract_routes;

pub use contract_control::{ChangeFuture, ContractControl, ContractFault, ContractUpload};
pub(super) use contract_routes::{
    all, candidate, drop_candidate, one, promote, propose, reload, reload_config,
};
pub use contract_view::{
    CandidateRefusal, CandidateRevision, CandidateView, ConfigReloadView, ConfigResult,
    ContractView, HistoryEntry, ReloadView, RevisionResult, SinceView, StaleView,
};
