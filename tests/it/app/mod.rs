//! Start, reload and the lifecycle of the process.

mod live_services;
mod many_services;
mod operator_words;
mod reachability;
pub(crate) mod reload;
