//! What is in force, as the admin port and telemetry ask for it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::admin::{ProtectionSource, TrafficSource};
use crate::proxy::ActiveService;
use crate::telemetry::{
    HealthView, Metrics, OwnedContract, OwnerView, ServiceDescription, SquadHealth,
    TrafficInventory,
};
use portcullis_breaker::{BreakerId, BreakerState, ServiceProtection};
use portcullis_vocabulary::Catalog;

use super::reload::LiveStateWriter;

/// What is in force, and what its squads have come to.
#[derive(Clone, Debug)]
pub(super) struct LiveStateReader {
    registrar: Arc<LiveStateWriter>,
    health: Arc<Mutex<SquadHealth>>,
}

impl LiveStateReader {
    pub(super) fn new(registrar: &Arc<LiveStateWriter>) -> Self {
        Self {
            registrar: Arc::clone(registrar),
            health: Arc::default(),
        }
    }

    /// Looks at everything and sets gauges. Call it every second.
    pub(super) fn observe(&self, metrics: &Metrics) {
        let (guards, catalog) = self.protection();
        for guarded in &guards {
            metrics.observe_protection(guarded, &catalog);
        }
        let live = self.live();
        for service in &live {
            service.inventory.observe();
            metrics.observe_drift(&service.inventory);
        }
        let services: Vec<_> = live.iter().map(|service| with_provider(service)).collect();
        let mut health = self.health();
        health.observe(&services, &squads_cut_off(&guards, &catalog));
        metrics.observe_health(&health);
        drop(health);
        self.registrar.maintain();
    }

    fn live(&self) -> Vec<Arc<ActiveService>> {
        self.registrar.published().load().services.clone()
    }

    fn health(&self) -> MutexGuard<'_, SquadHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProtectionSource for LiveStateReader {
    fn protection(&self) -> (Vec<ServiceProtection>, Arc<Catalog>) {
        self.registrar.guards()
    }
}

impl TrafficSource for LiveStateReader {
    fn inventories(&self) -> Vec<(Arc<TrafficInventory>, ServiceDescription)> {
        let live = self.live();
        let described =
            |service: &Arc<ActiveService>| (Arc::clone(&service.inventory), described(service));
        live.iter().map(described).collect()
    }

    fn health(&self) -> Vec<HealthView> {
        self.health().views()
    }

    fn owners(&self) -> Vec<OwnerView> {
        self.live().iter().map(|service| owner(service)).collect()
    }
}

fn with_provider(service: &ActiveService) -> (&TrafficInventory, Option<&str>) {
    let provider = service.provider.as_ref().map(|squad| squad.name.as_str());
    (&service.inventory, provider)
}

/// The squads of which an open breaker cuts traffic.
fn squads_cut_off(guards: &[ServiceProtection], catalog: &Catalog) -> BTreeSet<String> {
    let phases = guards
        .iter()
        .flat_map(|guarded| guarded.limits.breaker_states(&guarded.policy, catalog));
    let open = phases.filter(|view| view.state == BreakerState::Open);
    let squads = open.filter_map(|view| match view.breaker {
        BreakerId::Service => None,
        BreakerId::Squad(consumer, _) => Some(catalog.consumer_name(consumer).to_owned()),
    });
    squads.collect()
}

fn described(service: &ActiveService) -> ServiceDescription {
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
    }
}

fn owner(service: &ActiveService) -> OwnerView {
    let contract = service.compiled().map(|contract| OwnedContract {
        title: Arc::clone(&contract.title),
        version: Arc::clone(&contract.version),
        revision: Arc::clone(&contract.revision),
    });
    OwnerView::new(&service.config, service.provider.as_ref(), contract)
}
