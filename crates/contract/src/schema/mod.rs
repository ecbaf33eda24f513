//! Schemas: lowered to JSON Schema 2020-12, and compiled into one validator for each direction.
//!
//! Numbers are compared exactly, formats and times are checked here, and `schema_surface` says
//! what a schema declares without judging a value.

pub(crate) mod schema_surface;
pub(crate) mod lower;
pub(crate) mod exact;
pub(crate) mod timestamp;
pub(crate) mod format;
pub(crate) mod schema_set;
pub(crate) mod malformed_schema;
pub mod contradiction;
