//! Lowering: translates the schemas of a contract into one JSON Schema 2020-12 document.
//!
//! Each schema that values are validated against or that a reference names becomes a numbered
//! definition, and references are rewritten to the numbers. So one validator serves a whole
//! contract and direction, and shares everything inside. Schemas of OpenAPI 3.0 are lowered to
//! 2020-12 too, not to Draft 4, in which `1.0` is not an integer.
//!
//! A lowered definition has the structure of the original, so the location of an error leads back
//! to the contract: the number identifies the node, and the rest of the pointer is unchanged.
//! Annotations are dropped; data (`enum`, `const`) is copied.

mod definitions;
mod lower_keywords;
mod schema_dialect;
mod lower_patterns;
mod repaired_keywords;
mod required_exemptions;
mod dynamic_scope;
mod unknown_schema;
mod without_unknown;
mod closed_schema;
mod schema_origin;
mod schema_target;

pub(super) use closed_schema::closed;
pub(crate) use definitions::{LoweringOutput, SchemaFault, SchemaLowering};
pub(crate) use lower_keywords::EXACT;
pub(crate) use schema_origin::origin;
pub(crate) use unknown_schema::{UNKNOWN, unknown_node};
pub(crate) use without_unknown::without_unknown;
