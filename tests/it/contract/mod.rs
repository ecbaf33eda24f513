//! Contracts compiled and enforced.

pub(crate) mod contract_problems;
pub(crate) mod json_schema_suite;
pub(crate) mod overlays;
pub(crate) mod reported_violations;
pub(crate) mod requests;
pub(crate) mod semantics;
pub(crate) mod undeclared_properties;
pub(crate) mod unreadable;
