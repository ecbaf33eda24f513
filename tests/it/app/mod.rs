//! Start, reload and the lifecycle of the process.

mod many_services;
pub(crate) mod reload;
