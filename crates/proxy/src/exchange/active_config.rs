//! The active configuration: settings and one revision of each contract, published as one value.
//!
//! The control thread prepares a new [`ActiveConfig`], including everything that takes time, and
//! publishes it. A data core loads one pointer when a request arrives. The request keeps the value
//! that it found, so it sees one revision from routing to response.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use portcullis_breaker::ServiceProtection;
use portcullis_config::{Config, ServiceConfig};
use portcullis_contract::{CompiledContract, OperationPolicies};
use portcullis_telemetry::TrafficInventory;
use portcullis_vocabulary::Squad;
use portcullis_vocabulary::limits::Limits;

use super::service_routes::ServiceRoutes;
use super::shadow::ShadowSampler;
use crate::body::BodyBudget;
use crate::headers::{ViaProcess, ViaPseudonym};
use crate::limits::UpstreamLimits;
use crate::upstream::{EndpointSet, UpstreamEndpointStore};

/// The configuration and the services that are active together.
#[derive(Debug)]
pub struct ActiveConfig {
    /// The configuration.
    pub config: Arc<Config>,
    /// The services, in the order of the configuration.
    pub services: Vec<Arc<ActiveService>>,
    /// The memory of all bodies.
    pub body_budget: Arc<BodyBudget>,
    /// The name of the process in `Via`.
    pub(super) via: Arc<ViaProcess>,
    /// Which requests each service gets.
    pub(super) routes: Arc<ServiceRoutes>,
}

/// An active service.
#[derive(Debug)]
pub struct ActiveService {
    /// The service's configuration.
    pub config: ServiceConfig,
    /// The contract, with the enforcement policies of its operations; `None` until it is loaded.
    pub contract: Option<(Arc<CompiledContract>, OperationPolicies)>,
    /// The circuit breakers and limits that protect it.
    pub protection: ServiceProtection,
    /// The inventory of its traffic.
    pub inventory: Arc<TrafficInventory>,
    /// The squad that provides the service.
    pub provider: Option<Squad>,
    /// The limits of its messages.
    pub limits: Limits,
    /// Samples exchanges for a candidate contract, if there is one.
    pub shadow_sampler: Option<ShadowSampler>,
}

/// The place where the active configuration is published.
#[derive(Debug)]
pub struct PublishedConfig {
    active: ArcSwap<ActiveConfig>,
    changes: watch::Sender<()>,
}

impl ActiveConfig {
    /// The first configuration.
    pub fn new(config: Arc<Config>, services: Vec<Arc<ActiveService>>) -> Self {
        let bytes_max = config.limits.body_memory_max;
        Self {
            body_budget: BodyBudget::new(bytes_max, &config.catalog, &config.tiers),
            via: Arc::new(ViaProcess::new(&config.via)),
            routes: routes(&services),
            config,
            services,
        }
    }

    /// The configuration and services that replace these. Memory that is in use stays counted.
    #[must_use]
    pub fn replaced(&self, config: Arc<Config>, services: Vec<Arc<ActiveService>>) -> Self {
        let bytes_max = config.limits.body_memory_max;
        let (body_budget, routes) = if self.has_config(&config) {
            (Arc::clone(&self.body_budget), Arc::clone(&self.routes))
        } else {
            let before = &self.body_budget;
            let budget = before.replaced(bytes_max, &config.catalog, &config.tiers);
            (budget, routes(&services))
        };
        Self {
            config,
            services,
            body_budget,
            via: Arc::clone(&self.via),
            routes,
        }
    }

    /// The name of a part of this process in `Via`.
    pub(crate) fn pseudonym(&self, part: &str) -> ViaPseudonym {
        self.via.pseudonym(part)
    }

    /// Whether this is the active configuration, so that only contracts and candidates differ.
    pub(super) fn has_config(&self, config: &Arc<Config>) -> bool {
        Arc::ptr_eq(&self.config, config)
    }
}

fn routes(services: &[Arc<ActiveService>]) -> Arc<ServiceRoutes> {
    let services = services.iter().map(|service| &service.config);
    Arc::new(ServiceRoutes::new(services))
}

impl ActiveService {
    /// An active service.
    pub fn new(
        config: &Config,
        service: &ServiceConfig,
        contract: Option<Arc<CompiledContract>>,
        (protection, inventory): (ServiceProtection, Arc<TrafficInventory>),
        shadow_sampler: Option<ShadowSampler>,
    ) -> Self {
        let declared = contract
            .as_ref()
            .and_then(|contract| contract.provider.as_deref());
        let provider = config.provider_of(service, declared);
        Self {
            config: service.clone(),
            provider: provider.and_then(|id| config.catalog.squad(id).cloned()),
            contract: contract.map(|contract| {
                let policies = OperationPolicies::new(&service.enforcement, &contract);
                (contract, policies)
            }),
            protection,
            inventory,
            limits: config.limits.clone(),
            shadow_sampler,
        }
    }

    /// The servers of the upstream; `None` if it is one that is not watched.
    pub fn endpoints(
        &self,
        store: &UpstreamEndpointStore,
        limits: &UpstreamLimits,
    ) -> Option<Arc<EndpointSet>> {
        let is_watched = self.config.upstream.has_server() && self.config.servers.is_balanced();
        is_watched.then(|| store.find(&self.config, limits.clone()))
    }

    /// The limits of connections to the upstream. Those to a vendor go to no denied address.
    pub fn upstream_limits(&self, config: &Config) -> UpstreamLimits {
        let limits = &self.limits;
        let vendor = self.config.vendor.as_ref();
        UpstreamLimits {
            http: self.config.upstream_http.clone(),
            connect_timeout: limits.upstream_connect_timeout,
            idle_timeout: limits.upstream_idle_timeout,
            idle_max: limits.upstream_connections_idle_max,
            header_count_max: limits.response_header_count_max,
            header_bytes_max: limits.response_header_bytes_max,
            addresses: vendor.map(|_| Arc::new(config.egress.addresses.clone())),
        }
    }

    /// The compiled contract.
    pub fn compiled(&self) -> Option<&Arc<CompiledContract>> {
        self.contract.as_ref().map(|(contract, _)| contract)
    }
}

impl PublishedConfig {
    /// Publishes the first configuration.
    pub fn new(active: ActiveConfig) -> Arc<Self> {
        Arc::new(Self {
            active: ArcSwap::from_pointee(active),
            changes: watch::Sender::new(()),
        })
    }

    /// The active configuration.
    pub fn load(&self) -> Guard<Arc<ActiveConfig>> {
        self.active.load()
    }

    /// Publishes a configuration and returns the previous one.
    pub fn replace(&self, active: ActiveConfig) -> Arc<ActiveConfig> {
        let before = self.active.swap(Arc::new(active));
        self.changes.send_replace(());
        before
    }

    /// Notifies of each change, for cores that receive no request.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
