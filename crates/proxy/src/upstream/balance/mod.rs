//! Several servers behind one service.
//!
//! Each request goes to the server with the fewest requests in flight, counted by all data cores
//! together. All servers are looked at, because they are few and the choice is exact. A server that
//! does not accept a connection rests, and the request tries another one; one whose checks fail gets
//! no requests. If no server is good, all of them are tried: checks can be wrong, and circuit breakers
//! protect what is overloaded.
//!
//! Servers are shared by the process: `endpoint_store` finds those of a service, `endpoint_watch`
//! resolves names again and checks the servers on the control thread, and `balanced_upstream` chooses
//! on each data core, which has its own connections.

mod endpoint_health;
mod upstream_endpoint;
mod endpoint_set;
mod endpoint_store;
mod balanced_upstream;
mod health_probe;
mod endpoint_watch;

pub(crate) use balanced_upstream::{BalancedUpstream, UpstreamRouting};
pub use endpoint_set::EndpointSet;
pub use endpoint_store::UpstreamEndpointStore;
pub(crate) use upstream_endpoint::EndpointLease;
pub use upstream_endpoint::{EndpointState, EndpointView};
