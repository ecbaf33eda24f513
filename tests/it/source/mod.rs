//! The sources of contracts.

pub(crate) mod sources;
