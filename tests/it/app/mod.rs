//! Start, reload and the lifecycle of the process.

mod live_services;
mod many_services;
pub(crate) mod reload;
