//! Compiles documents into operations, a routing table and validators.
//!
//! The compiler walks the parsed documents, so the same code handles OpenAPI 3.0, 3.1 and 3.2, and every
//! problem has a file, a line and a pointer. It collects all problems of a contract; one error
//! rejects the contract. A value of the wrong type is always an error, because treating unreadable
//! parameters like an empty list would disable checks silently.
//!
//! `compile_contract` is the entry point. [`ContractCompiler`](contract_compiler) carries the state
//! of the walk; the files below it compile paths, operations, parameters and bodies.
//! `left_out_parts` compiles around what is broken, if that is tolerated. `lowered_schemas`,
//! `listing` and `broken_aspects` extend the compiled contract with views for tools.

mod compile_options;
mod compile_contract;
mod contract_compiler;
mod typed_fields;
mod broken_parts;
mod left_out_parts;
mod schema_collector;
mod compile_paths;
mod base_paths;
mod server_hosts;
mod compile_operation;
mod compile_lifecycle;
mod compile_objectives;
mod document_objectives;
mod compile_parameters;
mod compile_content;
mod check_encodings;
mod outbound_operations;
pub(crate) mod listing;
pub(crate) mod server_paths;
pub(crate) mod lowered_schemas;
pub(crate) mod broken_aspects;

#[cfg(test)]
mod objectives_tests;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod unreadable_tests;
#[cfg(test)]
mod tests;

pub use compile_contract::compile;
pub use compile_options::CompileOptions;
