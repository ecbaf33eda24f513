//! Schemas: lowering them to JSON Schema 2020-12 and building one validator for each direction.
//!
//! `lower` translates the schemas of OpenAPI 3.0, 3.1 and 3.2 into one JSON Schema 2020-12 document.
//! `schema_set` holds the validator of that document; `schema_validator` builds it, with the
//! keywords of `exact` and `pattern_keyword` and the formats of `format` and
//! `timestamp`. `malformed_schema` explains
//! schemas that are not valid, and `application_bounds` refuses schemas that cost too much, and
//! `self_application` those that apply themselves without end.
//! `one_pass` accepts most valid JSON texts in the pass that reads them.
//! `schema_surface` reads what a schema declares without validating a
//! value, `item_types` and `object_shape` those of items and properties, and
//! `contradiction` finds schemas that no value satisfies.

pub(crate) mod lower;
pub(crate) mod schema_verdict;
mod unknown_keyword;
pub(crate) mod schema_set;
pub(crate) mod exact;
pub(crate) mod schema_validator;
mod format;
mod timestamp;
mod schema_path;
mod malformed_schema;
mod application_bounds;
mod self_application;
mod one_pass;
pub(crate) mod pattern_keyword;
pub(crate) mod schema_surface;
pub(crate) mod item_types;
pub(crate) mod object_shape;
pub(crate) mod contradiction;

pub use format::ASSERTED_FORMATS;
pub use schema_validator::SchemaValidator;
