//! Contracts: an OpenAPI document compiled into something that judges messages.
//!
//! `load` reads the files, `compile` walks them once and builds a [`CompiledContract`]; `route`
//! finds the operation of a request, `check` judges it. Schemas of both dialects are lowered to
//! one JSON Schema 2020-12 document for each direction, and values are judged on a JSON tape.
//! What is wrong with a contract is a [`ContractProblem`], what is wrong with a message a [`Violation`].

mod load_contract;
mod document;
mod yaml;
mod identifier;
mod reference;
mod revision;
mod dialect;
mod contract_problem;
mod compile;
mod compiled_contract;
mod listing;
mod operation;
mod server_paths;
mod media_range;
mod schema_surface;
mod lower;
mod exact;
mod timestamp;
mod format;
mod schema_set;
mod malformed_schema;
pub mod route;
mod parameter;
mod body;
mod check;
mod explain_errors;
mod security_requirements;
mod closest_alternative;
mod expected_value;
mod violation;
mod generate;
mod contract_examples;
pub mod contradiction;
mod lowered_schemas;
mod lint;
pub mod recorded;

pub use body::FormData;
pub use check::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, OperationPolicies, RequestHead,
    ResponseHead, ResponsePlan, UnmatchedTarget, body_too_large, check_body, check_form_data,
    check_head, check_response_body, check_response_head, find_operation,
};
pub use compile::{CompileOptions, compile};
pub use compiled_contract::CompiledContract;
pub use contract_examples::ResponseExample;
pub use contract_problem::{ContractProblem, ContractProblemKind, Severity};
pub use dialect::{Dialect, MessageDirection};
pub use document::{Document, DocumentParseError, DocumentSet, NodeRef, SourceLocation};
pub use lint::lint;
pub use load_contract::{ContractLoadError, ReadFile, UnreadableFile, load, parse_single_file};
pub use lowered_schemas::{ASSERTED_FORMATS, LoweredSchemas, SchemaRefusal, SchemaValidator};
pub use media_range::MediaRange;
pub use operation::{
    BodyDeclaration, DeclaredBody, DeclaredResponse, MediaType, Operation, OperationEnforcement,
    OutboundKind, OutboundOperation, StatusPattern,
};
pub use parameter::{Parameter, ParameterStyle};
pub use revision::ContractIdentity;
pub use schema_set::SchemaKey;
pub use violation::{MessagePart, Violation, ViolationClass, ViolationRecord};

#[cfg(test)]
mod schema_tests;
