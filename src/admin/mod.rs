//! The admin port: probes, metrics, and what operators see and steer, on the control runtime.
//!
//! It never runs on a data core, so a scrape cannot delay a request. Looking is open to whoever
//! reaches the port, under a name that nobody else can have given it; what changes something passes
//! [`AdminAccess`] first.

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

pub use access::AdminAccess;
pub use contracts::{
    CandidateRefusal, CandidateRevision, CandidateView, ChangeFuture, ConfigReloadView,
    ConfigResult, ContractControl, ContractFault, ContractView, HistoryEntry, ReloadView,
    RevisionResult, SinceView,
};
pub use readiness::{Readiness, ReadinessGuard};
pub use server::{AdminState, ProtectionSource, serve};
pub use traffic::TrafficSource;
