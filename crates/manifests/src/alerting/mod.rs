//! Alertmanager: which squad gets which alert, and which one next.

mod alertmanager_routes;

pub use alertmanager_routes::{AlertmanagerSettings, alertmanager_config};
