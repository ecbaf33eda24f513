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
pub use steering::{ContractFault, Contracts, Steered};
pub use view::{
    CandidateName, CandidateRefusal, CandidateView, ConfigReloaded, ConfigResult, ContractView,
    HistoryEntry, Reloaded, RevisionResult, Since,
};
