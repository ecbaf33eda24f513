//! Compiling: documents → operations, routing table and validators.
//!
//! The structure is walked on the raw documents, so that 3.0 and 3.1 are read by the same code
//! and every problem has a file, a line and a pointer. All problems of a contract are collected;
//! one error refuses it. What has the wrong shape is an error even where nothing would miss it:
//! an empty list of parameters and one that could not be read must not look alike.

mod compile_options;
mod compile_contract;
mod contract_compiler;
mod schema_collector;
mod compile_paths;
mod base_paths;
mod compile_operation;
mod compile_parameters;
mod compile_content;
mod outbound_operations;
pub(crate) mod listing;
pub(crate) mod server_paths;
pub(crate) mod lowered_schemas;

pub use compile_contract::compile;
pub use compile_options::CompileOptions;
