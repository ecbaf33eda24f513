//! `/upstreams`: the servers of services that have several, or health checks.

use std::fmt;

use serde::Serialize;

use portcullis_proxy::EndpointView;

use super::admin_response::{AdminResponse, json};

/// Gives access to the servers.
pub trait EndpointSource: Send + Sync + fmt::Debug {
    /// The servers of each service that has several, or health checks.
    fn endpoints(&self) -> Vec<(String, Vec<EndpointView>)>;
}

#[derive(Serialize)]
struct UpstreamList {
    services: Vec<UpstreamEntry>,
}

#[derive(Serialize)]
struct UpstreamEntry {
    service: String,
    servers: Vec<ServerEntry>,
}

#[derive(Serialize)]
struct ServerEntry {
    address: String,
    state: &'static str,
    since: Option<String>,
    fault: Option<String>,
    in_flight: usize,
    requests: u64,
    connect_failures: u64,
}

/// All servers.
pub(super) fn all(source: &dyn EndpointSource) -> AdminResponse {
    let entry = |(service, servers): (String, Vec<EndpointView>)| UpstreamEntry {
        service,
        servers: servers.into_iter().map(ServerEntry::of).collect(),
    };
    json(&UpstreamList {
        services: source.endpoints().into_iter().map(entry).collect(),
    })
}

impl ServerEntry {
    fn of(view: EndpointView) -> Self {
        let since = view.since.map(humantime::format_rfc3339_seconds);
        Self {
            address: view.address,
            state: view.state.as_str(),
            since: since.map(|since| since.to_string()),
            fault: view.fault,
            in_flight: view.in_flight,
            requests: view.requests,
            connect_failures: view.connect_failures,
        }
    }
}
