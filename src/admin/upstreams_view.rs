//! `/upstreams`: the servers of services that have several, or health checks.

use std::fmt;

use serde::Serialize;

use super::admin_response::{AdminResponse, json};

/// A server.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamServerView {
    /// Its `host:port`, or `unix:` and a path.
    pub address: String,
    /// What is known of it.
    pub state: &'static str,
    /// When its checks changed their result, as RFC 3339 has it.
    pub since: Option<String>,
    /// Why it is not healthy.
    pub fault: Option<String>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Requests that it was chosen for.
    pub requests: u64,
    /// Connections that it did not accept.
    pub connect_failures: u64,
}

/// Gives access to the servers.
pub trait EndpointSource: Send + Sync + fmt::Debug {
    /// The servers of each service that has several, or health checks.
    fn endpoints(&self) -> Vec<(String, Vec<UpstreamServerView>)>;
}

#[derive(Serialize)]
struct UpstreamList {
    services: Vec<UpstreamEntry>,
}

#[derive(Serialize)]
struct UpstreamEntry {
    service: String,
    servers: Vec<UpstreamServerView>,
}

/// All servers.
pub(super) fn all(source: &dyn EndpointSource) -> AdminResponse {
    let entry = |(service, servers)| UpstreamEntry { service, servers };
    json(&UpstreamList {
        services: source.endpoints().into_iter().map(entry).collect(),
    })
}
