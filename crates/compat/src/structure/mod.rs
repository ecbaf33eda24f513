//! The structural comparison: what operations there are and what they take and give, apart from
//! what their schemas say.
//!
//! `comparing` collects changes and the places whose schemas are to be compared; each other file
//! compares one part of an operation. What a compiled contract does not keep is read from its
//! documents.

mod comparing;
mod operations;
mod lifecycle;
mod parameters;
mod wire;
mod bodies;
mod media;
mod responses;
mod security;
mod schemes;
mod servers;
mod document;

pub(super) use comparing::{ContractComparison, SchemaSite, sentence};
