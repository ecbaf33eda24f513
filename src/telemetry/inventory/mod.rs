//! What passes each service, counted for people who ask the program itself.
//!
//! Prometheus keeps series and forgets instances; here the newest violations, what departs from
//! the contract and what nobody calls can be seen at once, without another server. Every count is
//! made where the metric of the same name is made, so that they agree.
//!
//! Data cores count in places of their own: what every request touches has one writer and no
//! lock; what only a violation touches has a lock that nobody else holds but a reader, shortly.

mod exchange_tally;
mod latency_histogram;
mod masked_violation;
mod drift;
mod traffic_series;
mod squad_health;
mod traffic_inventory;
mod inventory_view;

pub use drift::DriftEvent;
pub(in crate::telemetry) use exchange_tally::ExchangeTally;
pub use exchange_tally::ViolatedParts;
pub use inventory_view::{HealthView, InventoryView, ViolationView};
pub use masked_violation::MaskedViolation;
pub use squad_health::SquadHealth;
pub use traffic_inventory::{ServiceDescription, TrafficInventory};
