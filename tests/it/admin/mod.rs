//! The admin port.

pub(crate) mod breakers_admin;
pub(crate) mod contracts_admin;
pub(crate) mod dashboard;
pub(crate) mod dashboard_outage;
pub(crate) mod metrics;
