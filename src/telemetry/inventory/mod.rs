//! What passes each service, counted for people who ask the program itself.
//!
//! Prometheus keeps series and forgets instances; here the newest violations, what departs from
//! the contract and what nobody calls can be seen at once, without another server. Every count is
//! made where the metric of the same name is made, so that they agree.
//!
//! Data cores count in places of their own: what every request touches has one writer and no
//! lock; what only a violation touches has a lock that nobody else holds but a reader, shortly.

mod tally;
mod latency;
mod finding;
mod drift;
mod series;
mod health;
mod service;
mod view;

pub use drift::DriftEvent;
pub use finding::MaskedViolation;
pub use health::SquadHealth;
pub use service::{ServiceDescription, TrafficInventory};
pub(in crate::telemetry) use tally::ExchangeTally;
pub use tally::ViolatedParts;
pub use view::{HealthView, InventoryView, ViolationView};
