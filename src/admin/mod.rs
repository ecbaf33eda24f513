//! The admin port: probes, metrics, and what operators see and steer, on the control runtime.
//!
//! It never runs on a data core, so a scrape cannot delay a request. Looking is open to whoever
//! reaches the port, under a name that nobody else can have given it; what changes something passes
//! [`Access`] first.

mod readiness;
mod access;
mod answer;
mod body;
mod find;
mod routes;
mod breakers;
mod deploy_windows;
mod traffic;
mod contracts;
mod dashboard;
mod server;

pub use access::Access;
pub use contracts::{
    CandidateName, CandidateRefusal, CandidateView, ConfigReloaded, ConfigResult, ContractFault,
    ContractView, Contracts, HistoryEntry, Reloaded, RevisionResult, Since, Steered,
};
pub use readiness::{Pending, Readiness};
pub use server::{Admin, Guards, serve};
pub use traffic::Traffic;
