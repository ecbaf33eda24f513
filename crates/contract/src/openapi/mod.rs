//! The documents of a contract: loading, parsing and resolving references.
//!
//! `load_contract` reads the entry file and every local file that it references. Each becomes a
//! `document` with line numbers; `yaml` parses the YAML ones, and
//! `overlay` changes the entry document, `swagger` translates those of Swagger 2.0 to
//! OpenAPI 3.0, and `asyncapi` those of AsyncAPI to OpenAPI 3.1; `written_node` is what both translate.
//! `near_name` finds what a misspelt name means.
//! `reference` resolves `$ref`, with the
//! help of `identifier` where schemas have an `$id` or an anchor. `revision` computes the identity
//! of the contract, `dialect` its OpenAPI version. `contract_problem` is how every layer reports
//! what is wrong with a contract, `contract_bundle` a contract of several files as one value, `broken_part` what a tolerant compilation leaves out.
//!
//! This is the lowest layer of the crate: it does not interpret schemas or messages.

pub(crate) mod load_contract;
pub(crate) mod document;
mod yaml;
mod written_node;
pub(crate) mod near_name;
mod swagger;
mod proto_imports;
pub(crate) mod asyncapi;
mod overlay;
pub(crate) mod uri_reference;
pub(crate) mod reference;
pub(crate) mod path_item;
pub(crate) mod identifier;
pub(crate) mod revision;
pub(crate) mod dialect;
pub(crate) mod contract_problem;
pub(crate) mod contract_repair;
pub(crate) mod reading_advice;
pub(crate) mod broken_part;
pub(crate) mod contract_bundle;
