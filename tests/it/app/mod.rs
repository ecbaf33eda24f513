//! Start, reload and the life of the process.

pub(crate) mod reload;
