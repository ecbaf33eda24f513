//! The client for one upstream: a connection pool, and exchanges on its connections.
//!
//! The task that waits for a response also drives the connection. So an upstream connection needs
//! no task, no wake-ups between tasks, and no cleanup when a request is cancelled. Idle connections
//! are not driven; a connection that the upstream has closed is detected when it is taken from the
//! pool.
//!
//! Connections of HTTP/2 are shared by requests, so each has its own task; see `http2`.
//!
//! HTTP/1.1 is written and read here, because an exchange with a general library costs three times
//! as many instructions: it passes each request through two channels and drives the connection as a
//! second future. Reading is at least as strict: a test compares heads with that library's parser,
//! and every fault of a response is in `response_fault`.

mod upstream_client;
mod idle_pools;
mod connection_pool;
mod upstream_connector;
mod pinned_addresses;
mod address_memory;
mod address_race;
mod upstream_socket;
mod upstream_connection;
mod request_framing;
mod request_writer;
mod kept_body;
mod upload_rest;
mod response_head;
mod field_lines;
mod hop_fields;
#[cfg(test)]
mod response_head_agreement;
mod accepted_head;
mod body_decoder;
mod response_fault;
mod http1_body;
mod http2;
mod upstream_body;
mod switched_connection;
mod upstream_error;
mod local_resource;
mod upstream_tls_store;
mod balance;

pub(crate) use balance::{BalancedUpstream, EndpointLease, UpstreamRouting};
pub use balance::{EndpointSet, EndpointState, EndpointView, UpstreamEndpointStore};
pub use local_resource::LocalResource;
pub(crate) use pinned_addresses::PinnedAddresses;
pub(crate) use switched_connection::SwitchedConnection;
pub(crate) use upload_rest::uploads_ended;
pub use upstream_body::UpstreamBody;
pub use upstream_client::UpstreamClient;
pub use upstream_error::{UpstreamError, UpstreamPhase};
pub use upstream_socket::UpstreamSecurity;
pub use upstream_tls_store::{UpstreamTlsKey, UpstreamTlsStore};
