//! The servers of one service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use portcullis_config::{ServiceConfig, UpstreamServersConfig, UpstreamTarget, UpstreamTlsConfig};

use super::upstream_endpoint::{EndpointAddress, EndpointView, UpstreamEndpoint};
use crate::limits::UpstreamLimits;

/// The most servers of one service. A name may have more addresses; the first ones count.
const ENDPOINTS_MAX: usize = 64;

/// What is configured. Services with the same plan have the same servers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EndpointPlan {
    pub(super) service: String,
    pub(super) target: UpstreamTarget,
    pub(super) servers: UpstreamServersConfig,
    pub(super) tls: UpstreamTlsConfig,
    pub(super) limits: UpstreamLimits,
}

/// The servers of one service, shared by all data cores.
#[derive(Debug)]
pub struct EndpointSet {
    pub(super) plan: EndpointPlan,
    started: Instant,
    endpoints: ArcSwap<Vec<Arc<UpstreamEndpoint>>>,
    /// Notified when there are other servers.
    changed: Notify,
}

impl EndpointPlan {
    pub(super) fn of(service: &ServiceConfig, limits: UpstreamLimits) -> Self {
        Self {
            service: service.name.clone(),
            target: service.upstream.clone(),
            servers: service.servers.clone(),
            tls: service.upstream_tls.clone(),
            limits,
        }
    }

    /// Every configured address.
    pub(super) fn targets(&self) -> impl Iterator<Item = &UpstreamTarget> {
        std::iter::once(&self.target).chain(&self.servers.others)
    }
}

impl EndpointSet {
    /// The servers as they are configured: names are not resolved yet, and each is one server.
    pub(super) fn new(plan: EndpointPlan) -> Arc<Self> {
        let addresses = plan.targets().filter_map(EndpointAddress::of);
        let endpoints = addresses.map(UpstreamEndpoint::new).collect();
        Arc::new(Self {
            plan,
            started: Instant::now(),
            endpoints: ArcSwap::from_pointee(endpoints),
            changed: Notify::new(),
        })
    }

    /// The name of the service.
    pub fn service(&self) -> &str {
        &self.plan.service
    }

    /// The servers, for the admin port and metrics.
    pub fn views(&self) -> Vec<EndpointView> {
        let now = self.now();
        let endpoints = self.endpoints();
        endpoints.iter().map(|of| of.view(now)).collect()
    }

    /// Ready when there are other servers than at the last call.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The present servers; never empty.
    pub(super) fn endpoints(&self) -> Arc<Vec<Arc<UpstreamEndpoint>>> {
        self.endpoints.load_full()
    }

    /// The time in milliseconds since the set was created.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Replaces the servers; those whose address stays keep their state. Returns whether any changed.
    pub(super) fn replace(&self, mut addresses: Vec<EndpointAddress>) -> bool {
        addresses.truncate(ENDPOINTS_MAX);
        let before = self.endpoints();
        let is_same = before.len() == addresses.len()
            && before
                .iter()
                .all(|endpoint| addresses.contains(&endpoint.address));
        if addresses.is_empty() || is_same {
            return false;
        }
        let endpoint = |address| {
            let known = before.iter().find(|known| known.address == address);
            known.map_or_else(|| UpstreamEndpoint::new(address.clone()), Arc::clone)
        };
        let endpoints = addresses.into_iter().map(endpoint).collect();
        self.endpoints.store(Arc::new(endpoints));
        self.changed.notify_one();
        true
    }
}

impl EndpointAddress {
    /// The address of a server as it is configured.
    pub(super) fn of(target: &UpstreamTarget) -> Option<Self> {
        match target {
            UpstreamTarget::Http(address)
            | UpstreamTarget::H2c(address)
            | UpstreamTarget::Https(address) => Some(Self {
                name: address.to_string(),
                host: address.to_string(),
                socket: None,
            }),
            UpstreamTarget::Unix(path) => Some(Self {
                name: target.to_string(),
                host: "localhost".to_owned(),
                socket: Some(path.clone()),
            }),
            UpstreamTarget::Mock | UpstreamTarget::Verdict(_) => None,
        }
    }

    /// One address of a name.
    pub(super) fn resolved(host: &str, address: SocketAddr) -> Self {
        Self {
            name: address.to_string(),
            host: host.to_owned(),
            socket: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> Arc<EndpointSet> {
        let plan = EndpointPlan {
            service: "orders".to_owned(),
            target: UpstreamTarget::Unix("/a".into()),
            servers: UpstreamServersConfig::default(),
            tls: UpstreamTlsConfig::default(),
            limits: UpstreamLimits::default(),
        };
        let set = EndpointSet::new(plan);
        set.replace(addresses(names));
        set
    }

    fn addresses(names: &[&str]) -> Vec<EndpointAddress> {
        let address = |name: &&str| EndpointAddress::resolved("orders:80", name.parse().unwrap());
        names.iter().map(address).collect()
    }

    #[test]
    fn servers_that_stay_keep_their_state() {
        let set = set(&["10.0.0.1:80", "10.0.0.2:80"]);
        let before = set.endpoints();
        before[1].note_connect_failure(set.now(), "refused");
        assert!(!set.replace(addresses(&["10.0.0.2:80", "10.0.0.1:80"])));
        assert!(set.replace(addresses(&["10.0.0.2:80", "10.0.0.3:80"])));
        let after = set.endpoints();
        assert!(Arc::ptr_eq(&before[1], &after[0]));
        assert_eq!(set.views()[0].connect_failures, 1);
        // A name that cannot be resolved takes no server away.
        assert!(!set.replace(Vec::new()));
        assert_eq!(set.endpoints().len(), 2);
    }

    #[test]
    fn the_number_of_servers_is_bounded() {
        let names: Vec<String> = (1..=200).map(|of| format!("10.0.0.{of}:80")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(set(&names).endpoints().len(), ENDPOINTS_MAX);
    }
}
