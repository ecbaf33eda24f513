//! The composition root: configuration in, running program out.
//!
//! One single-threaded runtime for each data core, with a listener and upstream connections of
//! its own, and one control runtime for the admin port, telemetry and signals: control work
//! never delays a request, and data cores share nothing.

mod startup;
mod startup_contracts;
mod control_thread;
mod data_core;
mod app_error;
mod reload;
mod key_reader;
mod signals;
mod running_app;
mod refresh_schedule;
mod live_state_reader;

pub use app_error::AppError;
pub use key_reader::KeysError;
pub use reload::ConfigReader;
pub use running_app::{RunningApp, ServedTotals};
pub use signals::run;
pub use startup::build;
