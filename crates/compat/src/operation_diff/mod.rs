//! The structural comparison: what operations there are and what they take and give, apart from
//! what their schemas say.
//!
//! `comparing` collects changes and the places whose schemas are to be compared; each other file
//! compares one part of an operation. What a compiled contract does not keep is read from its
//! documents.

mod contract_comparison;
mod operations;
mod lifecycle_changes;
mod parameter_changes;
mod effective_style;
mod request_bodies;
mod media_types;
mod response_changes;
mod security_formula;
mod security_schemes;
mod servers;
mod document_changes;

pub(super) use contract_comparison::{ContractComparison, SchemaSite, sentence};
