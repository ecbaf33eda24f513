//! Contracts: an OpenAPI document compiled into something that judges messages.
//!
//! `load` reads the files, `compile` walks them once and builds a [`CompiledContract`]; `route`
//! finds the operation of a request, `check` judges it. Schemas of both dialects are lowered to
//! one JSON Schema 2020-12 document for each direction, and values are judged on a JSON tape.
//! What is wrong with a contract is a [`ContractProblem`], what is wrong with a message a [`Violation`].

mod compile;
mod lint;
#[cfg(feature = "tower")]
pub mod layer;
pub mod recorded;

pub use compile::lowered_schemas::{
    ASSERTED_FORMATS, LoweredSchemas, SchemaRefusal, SchemaValidator,
};
pub use compile::{CompileOptions, compile};
pub use example::contract_examples::ResponseExample;
pub use lint::lint;
pub use message::body::FormData;
pub use message::check::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, OperationPolicies, RequestHead,
    ResponseHead, ResponsePlan, UnmatchedTarget, body_too_large, check_body, check_form_data,
    check_head, check_response_body, check_response_head, find_operation,
};
pub use message::compiled_contract::CompiledContract;
pub use message::media_range::MediaRange;
pub use message::operation::{
    BodyDeclaration, DeclaredBody, DeclaredResponse, MediaType, Operation, OperationEnforcement,
    OutboundKind, OutboundOperation, StatusPattern,
};
pub use message::parameter::{Parameter, ParameterStyle};
pub use message::refusal_status::RefusalStatus;
pub use message::route;
pub use message::violation::{MessagePart, Violation, ViolationClass, ViolationRecord};
pub use openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
pub use openapi::dialect::{Dialect, MessageDirection};
pub use openapi::document::{Document, DocumentParseError, DocumentSet, NodeRef, SourceLocation};
pub use openapi::load_contract::{
    ContractLoadError, ReadFile, UnreadableFile, load, parse_single_file,
};
pub use openapi::revision::ContractIdentity;
pub use schema::contradiction;
pub use schema::schema_set::SchemaKey;

#[cfg(test)]
mod schema_tests;
mod openapi;
mod message;
mod schema;
mod example;
