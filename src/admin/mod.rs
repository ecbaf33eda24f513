//! The admin port: probes, metrics, the dashboard, and the routes by which operators read and
//! change breakers, deploy windows and contracts.
//!
//! It runs on the control runtime and never on a data core, so a scrape cannot delay a request.
//! Anyone who can reach the port can read. On a loopback address all routes but the probes require
//! a `Host` that a web page cannot forge. Changes must pass further checks of [`AdminAccess`].
//!
//! - `admin_listener` is the port or the Unix socket
//! - `server` accepts connections, checks access and calls the handler of the route
//! - `admin_tls` performs the handshakes of connections with TLS
//! - `admin_route` is the table of routes, `admin_state` what the handlers work with
//! - `breakers`, `deploy_windows`, `traffic_view`, `tls_view`, `upstreams_view`, `config_view`, `contracts` and `dashboard` are the handlers
//! - `admin_body`, `admin_response` and `name_lookup` are shared by the handlers

mod readiness;
mod admin_state;
mod admin_listener;
mod admin_tls;
mod server;
mod admin_access;
mod admin_route;
mod admin_body;
mod admin_response;
mod name_lookup;

mod breakers;
mod deploy_windows;
mod traffic_view;
mod dependency_view;
mod tls_view;
mod upstreams_view;
mod config_view;
mod contracts;
mod dashboard;

pub use admin_access::AdminAccess;
pub use admin_listener::AdminListener;
pub use admin_state::{AdminState, ProtectionSource};
pub use admin_tls::AdminTls;
pub use contracts::{
    CandidateRefusal, CandidateRevision, CandidateView, ChangeFuture, ConfigReloadView,
    ConfigResult, ContractControl, ContractFault, ContractUpload, ContractView, HistoryEntry,
    ReloadView, RevisionResult, SinceView, StaleView,
};
pub use dependency_view::{CalledHostsView, DependencySource};
pub use readiness::{Readiness, ReadinessGuard};
pub use server::serve;
pub use tls_view::{TlsCertificateView, TlsSectionView, TlsSource};
pub use traffic_view::TrafficSource;
pub use upstreams_view::{EndpointSource, UpstreamServerView};
