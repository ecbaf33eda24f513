//! Counts the traffic of each service for operators who ask the program itself.
//!
//! Prometheus stores time series. The inventory shows, without another server, recent violations,
//! contract drift and operations that are never called. Each count is made where the matching
//! metric is recorded, so the two agree.
//!
//! Each data core has its own counters. Counters that every request updates have one writer and no
//! lock. Only violations take a lock, which they share with the occasional reader.
//!
//! - `traffic_inventory` owns the counters of a service: `exchange_tally`, `objective_tally`, `latency_histogram` and
//!   `drift` for each data core, and `traffic_series` over time
//! - `inventory_key` names a row; `caller_versions` counts calls of deprecated operations by the caller's version
//! - `squad_health` computes the health of squads, `inventory_view` the JSON of an inventory,
//!   `deprecation_view` that of deprecated operations and their callers, `objective_view` that of
//!   objectives and their error budgets
//! - `masked_violation` is a violation without payload values

mod masked_violation;
mod exchange_tally;
mod latency_histogram;
mod objective_tally;
mod drift;
mod traffic_series;
mod service_description;
mod inventory_key;
mod caller_versions;
mod traffic_inventory;
mod squad_health;
mod inventory_view;
mod deprecation_view;
mod objective_view;

pub use deprecation_view::DeprecationView;
pub use drift::DriftEvent;
pub use exchange_tally::ViolatedParts;
pub(super) use exchange_tally::{ExchangeTally, ExchangeUsage, add, bump};
pub use inventory_view::{InventoryView, ViolationView};
pub use masked_violation::MaskedViolation;
pub(super) use objective_tally::ObjectiveTally;
pub use objective_view::ObjectiveView;
pub use service_description::{DeprecatedOperation, ServiceDescription};
pub use squad_health::{HealthView, SquadHealth};
pub use traffic_inventory::TrafficInventory;
