//! The route `/dependencies`: the hosts that services call through the forward proxy.

use std::collections::BTreeMap;

use serde::Serialize;

use portcullis_telemetry::DependencyView;

use super::admin_response::{AdminResponse, json};

/// The hosts that services have called.
pub trait DependencySource: Send + Sync + std::fmt::Debug {
    /// The calls so far, and what is declared.
    fn called_hosts(&self) -> CalledHostsView;
}

/// The hosts that services have called since the start, and the hosts that the catalog declares.
#[derive(Clone, Debug, Serialize)]
pub struct CalledHostsView {
    /// Whether there is a forward proxy.
    pub is_on: bool,
    /// What happens to calls that are not declared: `open`, `report` or `enforce`.
    pub default: &'static str,
    /// The time over which calls were counted.
    pub since_seconds: f64,
    /// The calls by caller and host.
    pub calls: Vec<DependencyView>,
    /// Calls to hosts that are not listed, because there are too many of them.
    pub unlisted_calls: u64,
    /// The declared hosts of each service.
    pub declared: BTreeMap<String, Vec<String>>,
}

/// All calls.
pub(super) fn all(source: &dyn DependencySource) -> AdminResponse {
    json(&source.called_hosts())
}
