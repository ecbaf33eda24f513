//! OpenAPI contracts, compiled into validators of HTTP messages, and AsyncAPI contracts, compiled into
//! validators of events.
//!
//! # From a document to a violation
//!
//! 1. [`load`] reads the entry document and the local files that it references. [`parse_single_file`]
//!    does the same for a contract in memory.
//! 2. [`compile`] turns the documents into a [`CompiledContract`]: operations, a routing table and one
//!    validator for each direction. It reports every [`ContractProblem`] with file, line and pointer.
//! 3. [`find_operation`] routes a request to its operation.
//! 4. [`check_head`] and [`check_body`] validate the request, [`check_response_head`] and
//!    [`check_response_body`] the response. Each mismatch is a [`Violation`].
//!
//! With the feature `tower`, `layer` does this in front of any axum or hyper service.
//!
//! [`lint_documents()`] and [`lint()`] warn the authors of a contract, [`recorded`] validates recorded exchanges, and
//! [`CompiledContract::response_example`] makes example bodies.
//!
//! The crate opens no files or sockets and knows no runtime: bytes come in as arguments.
//!
//! # Example
//!
//! ```
//! use portcullis_contract::route::PathCaptures;
//! use portcullis_contract::{CompileOptions, compile, find_operation, parse_single_file};
//! use portcullis_vocabulary::limits::Limits;
//!
//! let text = "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths: {/pets: {get: {}}}";
//! let documents = parse_single_file("pets.yaml", text.into(), &Limits::default()).unwrap();
//! let contract = compile(documents, &CompileOptions::default()).unwrap();
//!
//! let mut captures = PathCaptures::default();
//! let operation = find_operation(&contract, &http::Method::GET, "/pets", &mut captures).unwrap();
//! assert_eq!(&*contract.operation(operation).name, "GET /pets");
//! ```
//!
//! `examples/judge.rs` checks whole requests: `cargo run -p portcullis-contract --example judge`.
//!
//! # Layers
//!
//! `openapi` (documents and references) < `schema` (lowering and validators) < `message` (routes,
//! parameters, bodies, checks) < `compile` < `lint`, `example`. `recorded` and `layer` are built on the
//! public functions. A layer imports only lower ones.

mod openapi;
mod schema;
mod message;
mod compile;
mod lint;
mod example;
#[cfg(feature = "tower")]
pub mod layer;
pub mod recorded;

#[cfg(test)]
mod openapi_32_content_tests;
#[cfg(test)]
mod openapi_32_tests;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod pattern_tests;
#[cfg(test)]
mod bounded_work_tests;

pub use compile::broken_aspects::BrokenAspect;
pub use compile::lowered_schemas::{LoweredLocation, LoweredSchemas, SchemaRefusal};
pub use compile::{CompileOptions, compile};
pub use example::contract_examples::ResponseExample;
pub use lint::{ProblemRule, ineffective_parts, lint, lint_documents};
pub use message::body::{ContentDecodeError, ContentDecoder, FormData, RecordStream};
pub use message::check::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, OperationPolicies, RequestHead,
    ResponseHead, ResponsePlan, UnmatchedTarget, body_too_large, check_body, check_form_data,
    check_head, check_response_body, check_response_head, check_response_record,
    check_response_sequence, find_operation, report_undecodable_response,
};
pub use message::compiled_contract::CompiledContract;
pub use message::left_out_operation::LeftOutOperation;
pub use message::media_range::MediaRange;
pub use message::operation::{
    BodyDeclaration, DeclaredBody, DeclaredResponse, MediaType, Operation, OperationEnforcement,
    OperationTimeouts, OutboundKind, OutboundOperation, StatusPattern,
};
pub use message::operation_lifecycle::OperationLifecycle;
pub use message::parameter::{Parameter, ParameterStyle};
pub use message::refusal_status::RefusalStatus;
pub use message::route;
pub use message::security_requirements::CredentialSample;
pub use message::unread_path::UnreadPath;
pub use message::violation::{MessagePart, Violation, ViolationClass, ViolationRecord};
pub use openapi::asyncapi::event_contract::{
    EventAction, EventChannel, EventContract, EventMessage, EventOperation, PayloadSchema,
    essence_of,
};
pub use openapi::broken_part::{BrokenPart, BrokenPartPolicy};
pub use openapi::contract_bundle::{BUNDLE_MEDIA_TYPE, BundleError, ContractBundle, shared_folder};
pub use openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
pub use openapi::contract_repair::{ContractRepair, READING_KEY};
pub use openapi::dialect::{Dialect, MessageDirection};
pub use openapi::document::{Document, DocumentParseError, DocumentSet, NodeRef, SourceLocation};
pub use openapi::load_contract::{
    ContractLoadError, ContractLoadOptions, ReadFile, UnreadableFile, load, load_as, load_tolerant,
    parse_as, parse_single_file, parse_single_file_as,
};
pub use openapi::reading_advice::tolerant_reading_advice;
pub use openapi::revision::ContractIdentity;
pub use schema::schema_set::SchemaKey;
pub use schema::{ASSERTED_FORMATS, SchemaValidator};
