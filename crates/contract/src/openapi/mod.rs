//! OpenAPI documents: read, linked by references, and named by the hash of their content.
//!
//! Files become documents with positions; a reference leads from one node to another. Nothing here
//! knows what a schema or a message means.

pub(crate) mod load_contract;
pub(crate) mod document;
pub(crate) mod yaml;
pub(crate) mod identifier;
pub(crate) mod reference;
pub(crate) mod revision;
pub(crate) mod dialect;
pub(crate) mod contract_problem;
