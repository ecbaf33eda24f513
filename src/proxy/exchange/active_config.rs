//! What is in force: the configuration and one revision of each contract, published as one value.
//!
//! Whoever changes anything makes a new [`ActiveConfig`] on the control side, with everything that costs
//! time already done, and publishes it. Data cores notice by one load of a pointer when a request
//! arrives; the request keeps what it has found for as long as it lives, so that it sees one
//! revision from match to response.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;

use crate::config::{Config, ServiceConfig};
use crate::telemetry::TrafficInventory;
use portcullis_breaker::ServiceProtection;
use portcullis_contract::{CompiledContract, OperationPolicies};
use portcullis_vocabulary::Squad;
use portcullis_vocabulary::limits::Limits;

use super::shadow::ShadowSampler;

/// Everything that is in force at one time.
#[derive(Debug)]
pub struct ActiveConfig {
    /// The configuration.
    pub config: Arc<Config>,
    /// The services, in the order of the configuration.
    pub services: Vec<Arc<ActiveService>>,
}

/// One service in force.
#[derive(Debug)]
pub struct ActiveService {
    /// What the configuration says of it.
    pub config: ServiceConfig,
    /// Its contract, with what is done about violations of it; none until it could be read.
    pub contract: Option<(Arc<CompiledContract>, OperationPolicies)>,
    /// What guards it.
    pub protection: ServiceProtection,
    /// What passes it.
    pub inventory: Arc<TrafficInventory>,
    /// The squad that provides it.
    pub provider: Option<Squad>,
    /// How far its messages are judged.
    pub limits: Limits,
    /// Where exchanges go to be judged by a candidate, if there is one.
    pub shadow_sampler: Option<ShadowSampler>,
}

/// Where what is in force can be had.
#[derive(Debug)]
pub struct PublishedConfig {
    active: ArcSwap<ActiveConfig>,
    changes: watch::Sender<()>,
}

impl ActiveService {
    /// A service in force.
    pub fn new(
        config: &Config,
        service: &ServiceConfig,
        contract: Option<Arc<CompiledContract>>,
        (guarded, inventory): (ServiceProtection, Arc<TrafficInventory>),
        tap: Option<ShadowSampler>,
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
            protection: guarded,
            inventory,
            limits: config.limits.clone(),
            shadow_sampler: tap,
        }
    }

    /// Its contract.
    pub fn compiled(&self) -> Option<&Arc<CompiledContract>> {
        self.contract.as_ref().map(|(contract, _)| contract)
    }
}

impl PublishedConfig {
    /// Begins with this.
    pub fn new(live: ActiveConfig) -> Arc<Self> {
        Arc::new(Self {
            active: ArcSwap::from_pointee(live),
            changes: watch::Sender::new(()),
        })
    }

    /// What is in force now.
    pub fn load(&self) -> Guard<Arc<ActiveConfig>> {
        self.active.load()
    }

    /// Puts something else in force, and returns what was.
    pub fn replace(&self, live: ActiveConfig) -> Arc<ActiveConfig> {
        let before = self.active.swap(Arc::new(live));
        self.changes.send_replace(());
        before
    }

    /// Tells of each change, for those that no request tells.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }
}
