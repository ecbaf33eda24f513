//! A tower layer that checks requests by a contract, for any axum or hyper service.
//!
//! [`ContractLayer`] finds the operation of every request and checks its head and its body. An
//! invalid request is answered with `application/problem+json` (RFC 9457) and the status of its
//! first violation: 404 for an unknown path, 405 for an unknown method, 400, 401, 413, 415 or 422.
//! Any other request reaches the inner service with the same bytes. With
//! [`ContractLayer::report_only`] no request is refused.
//!
//! The inner service and outer layers find the result as a [`ContractVerdict`] in the extensions of
//! the request and of the response.
//!
//! ```
//! use axum::{Router, routing::post};
//! use portcullis_contract::layer::ContractLayer;
//! use portcullis_contract::{CompileOptions, compile, parse_single_file};
//!
//! let text = r#"
//! openapi: 3.1.1
//! info: {title: Orders, version: "1"}
//! paths:
//!   /orders:
//!     post:
//!       requestBody:
//!         required: true
//!         content: {application/json: {schema: {type: object, required: [quantity]}}}
//!       responses: {"201": {description: created}}
//! "#;
//! let documents = parse_single_file("orders.yaml", text.into(), &Default::default())?;
//! let contract = compile(documents, &CompileOptions::default()).expect("a valid contract");
//! let app: Router = Router::new()
//!     .route("/orders", post(async || "created"))
//!     .layer(ContractLayer::new(contract));
//! # let _ = app;
//! # Ok::<(), portcullis_contract::ContractLoadError>(())
//! ```
//!
//! - `contract_layer` and `layer_settings`: the configuration.
//! - `contract_service`: the service, and the order of its steps.
//! - `request_check`: the check of one request, without I/O.
//! - `read_body` and `checked_request_body`: buffering a body, and passing it on unchanged.
//! - `contract_verdict` and `problem_response`: the result, for the program and for the client.

mod contract_layer;
mod layer_settings;
mod contract_service;
mod request_check;
mod read_body;
mod checked_request_body;
mod contract_verdict;
mod problem_response;

pub use checked_request_body::CheckedRequestBody;
pub use contract_layer::ContractLayer;
pub use contract_service::{ContractService, ResponseFuture};
pub use contract_verdict::ContractVerdict;
pub use problem_response::ProblemOr;

pub use portcullis_vocabulary::enforcement::{Enforcement, EnforcementCeilings, EnforcementPolicy};
