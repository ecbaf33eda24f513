//! Contracts: an OpenAPI document compiled into something that judges messages.
//!
//! `load` reads the files, `compile` walks them once and builds a [`CompiledContract`]; `route`
//! finds the operation of a request, `check` judges it. Schemas of both dialects are lowered to
//! one JSON Schema 2020-12 document for each direction, and values are judged on a JSON tape.
//! What is wrong with a contract is a [`ContractProblem`], what is wrong with a message a [`Violation`].

mod load;
mod document;
mod yaml;
mod identifier;
mod reference;
mod revision;
mod dialect;
mod problem;
mod compile;
mod compiled;
mod listing;
mod operation;
mod server;
mod media;
mod shape;
mod lower;
mod exact;
mod timestamp;
mod format;
mod schema;
mod malformed;
pub mod route;
mod parameter;
mod body;
mod check;
mod explain;
mod security;
mod alternatives;
mod expected;
mod violation;
mod sample;
mod sampling;
pub mod satisfiable;
mod lowered;
mod lint;
pub mod recorded;

pub use body::FormData;
pub use check::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, OperationPolicies, RequestHead,
    ResponseHead, ResponsePlan, UnmatchedTarget, body_too_large, check_body, check_form_data,
    check_head, check_response_body, check_response_head, find_operation,
};
pub use compile::{CompileOptions, compile};
pub use compiled::CompiledContract;
pub use dialect::{Dialect, MessageDirection};
pub use document::{Document, DocumentParseError, DocumentSet, NodeRef, SourceLocation};
pub use lint::lint;
pub use load::{ContractLoadError, ReadFile, UnreadableFile, load, parse_single_file};
pub use lowered::{ASSERTED_FORMATS, LoweredSchemas, SchemaRefusal, SchemaValidator};
pub use media::MediaRange;
pub use operation::{
    BodyDeclaration, DeclaredBody, DeclaredResponse, MediaType, Operation, OperationEnforcement,
    OutboundKind, OutboundOperation, StatusPattern,
};
pub use parameter::{Parameter, ParameterStyle};
pub use problem::{ContractProblem, ContractProblemKind, Severity};
pub use revision::ContractIdentity;
pub use sampling::ResponseExample;
pub use schema::SchemaKey;
pub use violation::{MessagePart, Violation, ViolationClass, ViolationRecord};

#[cfg(test)]
mod schema_tests;
