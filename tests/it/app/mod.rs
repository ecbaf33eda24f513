//! Start, reload and the lifecycle of the process.

pub(crate) mod reload;
