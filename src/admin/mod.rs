//! The admin port: probes, metrics, and what operators see and steer, on the control runtime.
//!
//! It never runs on a data core, so a scrape cannot delay a request. Looking is open to whoever
//! reaches the port, under a name that nobody else can have given it; what changes something passes
//! [`AdminAccess`] first.

mod readiness;
mod admin_access;
mod admin_response;
mod admin_body;
mod name_lookup;
mod admin_route;
mod breakers;
mod deploy_windows;
mod traffic_view;
mod contracts;
mod dashboard;
mod server;

pub use admin_access::AdminAccess;
pub use contracts::{
    CandidateRefusal, CandidateRevision, CandidateView, ChangeFuture, ConfigReloadView,
    ConfigResult, ContractControl, ContractFault, ContractView, HistoryEntry, ReloadView,
    RevisionResult, SinceView,
};
pub use readiness::{Readiness, ReadinessGuard};
pub use server::{AdminState, ProtectionSource, serve};
pub use traffic_view::TrafficSource;
