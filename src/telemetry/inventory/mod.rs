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

pub use drift::Departure;
pub use finding::Finding;
pub use health::Health;
pub use service::{Described, Inventory};
pub use tally::Departed;
pub(in crate::telemetry) use tally::Tally;
pub use view::{FindingView, HealthView, InventoryView};
