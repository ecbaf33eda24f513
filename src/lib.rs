//! Portcullis: a reverse proxy that validates requests and responses against OpenAPI contracts.
//!
//! # A request
//! A data core accepts the connection and parses the request strictly (`client` in
//! [`portcullis_proxy`]). One function (`exchange::handle` there) then finds the service, the
//! calling squad and the operation, asks the circuit breakers for admission, validates the head and
//! the body, sends the request to the upstream and validates the response. Its stages call
//! [`portcullis_contract`], which uses neither sockets nor clocks.
//!
//! # The map
//! The libraries, each a crate of the workspace:
//!
//! - [`portcullis_vocabulary`]: squads, tiers, the catalog, limits, violation classes
//! - [`portcullis_json`]: the JSON tape on which values are validated
//! - [`portcullis_contract`]: compiles contracts and validates messages, live or recorded
//! - [`portcullis_breaker`]: circuit breakers, concurrency shares and budgets
//! - [`portcullis_compat`]: finds breaking changes between two contracts
//! - [`portcullis_control`]: the deployment gate and the ownership rules
//! - [`portcullis_schema`]: judges what migrations do to tables that squads share
//!
//! The data plane and what it needs, also crates:
//!
//! - [`portcullis_config`]: the configuration file
//! - [`portcullis_identity`]: identifies the calling squad by header fields or tokens
//! - [`portcullis_telemetry`]: metrics, logs, traces and the traffic inventory
//! - [`portcullis_tls`]: the TLS cryptography of the process
//! - [`portcullis_proxy`]: the data plane
//!
//! The rest of the program, in this crate:
//!
//! - [`source`]: reads contracts from files, URLs and object storage, and watches for changes
//! - [`database`]: tries migrations in PostgreSQL
//! - [`admin`]: the admin port
//! - [`app`]: starts the threads, reloads contracts and configuration, drains
//! - [`cli`]: the commands
//!
//! # Invariants
//! - The upstream receives exactly the bytes that were validated.
//! - A request that two recipients could interpret differently is refused.
//! - A response that Portcullis generates is marked as such.
//! - No payload value is logged or used as a metric label. The raw request target is logged only if
//!   the configuration asks for it.
//! - Data cores share the breakers, the concurrency slots and the traffic inventory of each
//!   service, the keys of tokens and the active configuration. Everything else belongs to one core.
//! - Invalid input never causes a panic.

pub mod source;
pub mod database;
pub mod admin;
pub mod app;
pub mod cli;
