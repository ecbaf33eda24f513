//! Read access to the active services for the admin port and the metrics.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::admin::{ProtectionSource, TrafficSource};
use portcullis_breaker::{BreakerId, BreakerState, ServiceProtection};
use portcullis_config::Config;
use portcullis_contract::CompiledContract;
use portcullis_proxy::ActiveService;
use portcullis_telemetry::{
    DeprecatedOperation, HealthView, Metrics, OwnedContract, OwnerView, ServiceDescription,
    SquadHealth, TrafficInventory,
};
use portcullis_vocabulary::Catalog;

use super::reload::LiveStateWriter;

/// The active services, and the health of the squads that call them.
#[derive(Clone, Debug)]
pub(super) struct LiveStateReader {
    writer: Arc<LiveStateWriter>,
    health: Arc<Mutex<SquadHealth>>,
}

impl LiveStateReader {
    pub(super) fn new(writer: &Arc<LiveStateWriter>) -> Self {
        Self {
            writer: Arc::clone(writer),
            health: Arc::default(),
        }
    }

    /// Updates the gauges of all services. Call it every second.
    pub(super) fn observe(&self, metrics: &Metrics) {
        let (protection, catalog) = self.protection();
        for service in &protection {
            metrics.observe_protection(service, &catalog);
        }
        metrics.show_cost_centers(&catalog);
        let live = self.live();
        for service in &live {
            service.inventory.observe();
            metrics.observe_drift(&service.inventory);
        }
        let services: Vec<_> = live.iter().map(|service| with_provider(service)).collect();
        let mut health = self.health();
        health.observe(&services, &squads_cut_off(&protection, &catalog));
        metrics.observe_health(&health);
        drop(health);
        self.writer.maintain();
    }

    /// The memory of all bodies, in bytes.
    pub(super) fn body_memory(&self) -> u64 {
        self.writer.published().load().body_budget.used()
    }

    /// The active configuration.
    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.writer.published().load().config)
    }

    fn live(&self) -> Vec<Arc<ActiveService>> {
        self.writer.published().load().services.clone()
    }

    fn health(&self) -> MutexGuard<'_, SquadHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProtectionSource for LiveStateReader {
    fn protection(&self) -> (Vec<ServiceProtection>, Arc<Catalog>) {
        self.writer.protection()
    }
}

impl TrafficSource for LiveStateReader {
    fn inventories(&self) -> Vec<(Arc<TrafficInventory>, ServiceDescription)> {
        let active = self.writer.published().load();
        let catalog = &active.config.catalog;
        let described = |service: &Arc<ActiveService>| {
            let inventory = Arc::clone(&service.inventory);
            (inventory, described(service, catalog))
        };
        active.services.iter().map(described).collect()
    }

    fn health(&self) -> Vec<HealthView> {
        self.health().views()
    }

    fn owners(&self) -> Vec<OwnerView> {
        let config = self.config();
        let live = self.live();
        let owners = live.iter().map(|service| owner(service, &config.catalog));
        owners.collect()
    }
}

fn with_provider(service: &ActiveService) -> (&TrafficInventory, Option<&str>) {
    let provider = service.provider.as_ref().map(|squad| squad.name.as_str());
    (&service.inventory, provider)
}

/// The squads that an open breaker keeps from calling a service.
fn squads_cut_off(protection: &[ServiceProtection], catalog: &Catalog) -> BTreeSet<String> {
    let now = Instant::now();
    let states = protection.iter().flat_map(|service| {
        let limits = &service.limits;
        limits.breaker_states(&service.policy, catalog, limits.at(now))
    });
    let open = states.filter(|view| view.state == BreakerState::Open);
    let squads = open.filter_map(|view| match view.breaker {
        BreakerId::Service => None,
        BreakerId::Squad(consumer, _) => Some(catalog.consumer_name(consumer).to_owned()),
    });
    squads.collect()
}

fn described(service: &ActiveService, catalog: &Catalog) -> ServiceDescription {
    let contract = service.compiled();
    ServiceDescription {
        provider: service
            .provider
            .as_ref()
            .map(|squad| squad.name.to_string()),
        contract: contract.map(|contract| {
            (
                Arc::clone(&contract.version),
                Arc::clone(&contract.revision),
            )
        }),
        operations: contract.map_or_else(Vec::new, |contract| {
            let operations = contract.operations.iter();
            operations.map(|operation| operation.name.clone()).collect()
        }),
        deprecated: contract.map_or_else(Vec::new, |contract| deprecated_operations(contract)),
        objectives: contract
            .and_then(|contract| catalog.objectives_of(&service.config.name, &contract.objectives)),
    }
}

fn deprecated_operations(contract: &CompiledContract) -> Vec<DeprecatedOperation> {
    let operations = contract.operations.iter();
    let deprecated = operations.filter_map(|operation| {
        let lifecycle = operation.lifecycle.as_ref()?;
        lifecycle.is_deprecated().then(|| DeprecatedOperation {
            operation: Arc::clone(&operation.name),
            sunset: lifecycle.sunset(),
            successor: lifecycle.successor().map(str::to_owned),
        })
    });
    deprecated.collect()
}

fn owner(service: &ActiveService, catalog: &Catalog) -> OwnerView {
    let contract = service.compiled().map(|contract| OwnedContract {
        title: Arc::clone(&contract.title),
        version: Arc::clone(&contract.version),
        revision: Arc::clone(&contract.revision),
    });
    OwnerView::new(
        &service.config,
        service.provider.as_ref(),
        contract,
        catalog,
    )
}
