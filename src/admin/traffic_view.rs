//! The routes `/traffic`, `/deprecations`, `/slo` and `/owners`.

use std::sync::Arc;

use serde::Serialize;

use portcullis_telemetry::{
    DeprecationView, EscalationView, HealthView, InventoryView, ObjectiveView, OwnerView,
    ServiceDescription, TrafficInventory,
};
use portcullis_vocabulary::{Catalog, Squad};

use super::admin_response::{AdminRefusal, AdminResponse, json};
use super::name_lookup::unknown_name;

/// The traffic and the owners of the active services.
pub trait TrafficSource: Send + Sync + std::fmt::Debug {
    /// The traffic inventories, in the order of the configuration.
    fn inventories(&self) -> Vec<(Arc<TrafficInventory>, ServiceDescription)>;

    /// The health of squads.
    fn health(&self) -> Vec<HealthView>;

    /// The owners of services, in the order of the configuration.
    fn owners(&self) -> Vec<OwnerView>;
}

#[derive(Serialize)]
struct TrafficView {
    services: Vec<InventoryView>,
    squads: Vec<HealthView>,
}

#[derive(Serialize)]
struct DeprecationsView {
    operations: Vec<DeprecationView>,
}

#[derive(Serialize)]
struct ObjectivesView {
    objectives: Vec<ObjectiveView>,
}

#[derive(Serialize)]
struct OwnersView<'a> {
    services: Vec<OwnerView>,
    squads: Vec<SquadContact<'a>>,
}

/// How to reach a squad. Squads that provide no service are listed too, because a consumer that
/// breaks a contract has to be contacted.
#[derive(Serialize)]
struct SquadContact<'a> {
    squad: &'a str,
    email: Option<&'a str>,
    chat: Option<&'a str>,
    oncall: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    escalation: Vec<EscalationView>,
}

/// The traffic of all services, and the health of all squads.
pub(super) fn all(traffic: &dyn TrafficSource) -> AdminResponse {
    let services = traffic.inventories();
    let services = services.iter();
    json(&TrafficView {
        services: services
            .map(|(inventory, described)| inventory.view(described))
            .collect(),
        squads: traffic.health(),
    })
}

/// The traffic of one service.
pub(super) fn one(
    traffic: &dyn TrafficSource,
    service: &str,
) -> Result<AdminResponse, AdminRefusal> {
    let services = traffic.inventories();
    let found = services
        .iter()
        .find(|(inventory, _)| inventory.service() == service);
    let (inventory, described) = found.ok_or_else(|| {
        let known = services.iter().map(|(inventory, _)| inventory.service());
        unknown_name("service", service, known)
    })?;
    Ok(json(&inventory.view(described)))
}

/// The deprecated operations of all services, and who calls them.
pub(super) fn deprecations(traffic: &dyn TrafficSource) -> AdminResponse {
    let services = traffic.inventories();
    let services = services.iter();
    json(&DeprecationsView {
        operations: services
            .flat_map(|(inventory, described)| inventory.deprecations(described))
            .collect(),
    })
}

/// The objectives of all services, with the requests that this process saw.
pub(super) fn objectives(traffic: &dyn TrafficSource) -> AdminResponse {
    let services = traffic.inventories();
    let services = services.iter();
    json(&ObjectivesView {
        objectives: services
            .flat_map(|(inventory, described)| inventory.objective_views(described))
            .collect(),
    })
}

/// The owners of all services, and the contacts of all squads.
pub(super) fn owners(traffic: &dyn TrafficSource, catalog: &Catalog) -> AdminResponse {
    json(&OwnersView {
        services: traffic.owners(),
        squads: catalog
            .squads()
            .iter()
            .map(|squad| SquadContact::of(squad, catalog))
            .collect(),
    })
}

impl<'a> SquadContact<'a> {
    fn of(squad: &'a Squad, catalog: &Catalog) -> Self {
        Self {
            squad: squad.name.as_str(),
            email: squad.email.as_deref(),
            chat: squad.chat.as_deref(),
            oncall: squad.oncall.as_deref(),
            escalation: EscalationView::of(squad, catalog),
        }
    }
}
