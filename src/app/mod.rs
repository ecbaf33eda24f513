//! The composition root: configuration in, running program out.
//!
//! One single-threaded runtime for each data core, with a listener and upstream connections of
//! its own, and one control runtime for the admin port, telemetry and signals: control work
//! never delays a request, and data cores share nothing.

mod build;
mod contracts;
mod control;
mod core;
mod error;
mod reload;
mod keys;
mod run;
mod running;
mod schedule;
mod watched;

pub use build::build;
pub use error::AppError;
pub use keys::KeysError;
pub use reload::ConfigReader;
pub use run::run;
pub use running::{RunningApp, ServedTotals};
