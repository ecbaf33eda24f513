//! The way to one upstream: a pool of connections, and exchanges on them.
//!
//! A connection is driven by whoever waits for something from it, in the same task: there
//! is no task per upstream connection, no wake-up from one to the other, and nothing to
//! clean up when a request is cancelled. An unused connection is not driven at all; that
//! the upstream has closed it is found out when it is taken from the pool.

mod upstream_body;
mod upstream_client;
mod upstream_error;
mod upstream_connection;
mod connection_pool;

pub use upstream_body::UpstreamBody;
pub use upstream_client::UpstreamClient;
pub(super) use upstream_client::copy;
pub use upstream_error::{UpstreamError, UpstreamPhase};
