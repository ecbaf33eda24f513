//! Swagger 2.0, lowered to OpenAPI 3.0 on tapes.
//!
//! Every document of a Swagger contract gets a second tape of OpenAPI 3.0. Each of its nodes knows
//! the node of the file that it was written from, so messages name the file, pointer and line as
//! they were written. The rest of the crate sees OpenAPI 3.0 only.
//!
//! - `lower_document` and `lower_paths` walk the document, `lower_operation` its operations.
//! - `lower_parameter`, `lower_body` and `lower_response` write what 3.0 declares differently.
//! - `swagger_object` and `swagger_fields` report fields that an object does not have.
//! - `lower_schema` translates schemas, which are in any document of the contract.
//!
//! `collectionFormat` has no counterpart in 3.0 for nested lists and tabs, so lowered schemas keep it
//! (`message/parameter/delimited_list.rs`).

mod lower_document;
mod swagger_object;
mod swagger_fields;
mod lower_paths;
mod lower_operation;
mod lower_parameter;
mod lower_body;
mod lower_response;
mod lower_schema;

pub(super) use lower_document::translated;

#[cfg(test)]
mod tests;
