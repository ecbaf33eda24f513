//! Lowering: schemas of a contract to one JSON Schema 2020-12 document.
//!
//! Both dialects are lowered to 2020-12. Each schema that is judged on its own or referred to
//! becomes a definition with a number; all references are rewritten to those. So one validator
//! build serves a whole document and direction, and everything inside is shared. Draft 4 would
//! be the wrong target for 3.0: there `1.0` is no integer.
//!
//! The lowered schema mirrors the structure of the original, so that the location of an error
//! is found again: the definition's number leads to a `Place`, the rest of the pointer is the
//! same. What only annotates is dropped; what is data (`enum`, `const`) is copied untouched.

mod definitions;
mod lower_keywords;
mod schema_dialect;
mod pattern_syntax;
mod required_exemptions;
mod dynamic_scope;
mod closed_schema;
mod schema_origin;

pub(super) use closed_schema::closed;
pub(crate) use definitions::{LoweringOutput, SchemaLowering};
pub(crate) use lower_keywords::EXACT;
pub(crate) use schema_origin::origin;
