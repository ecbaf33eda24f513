//! The integration tests, one binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what a test cannot do fails it, wherever that happens"
)]

mod app;
mod bad_input;
mod bodies;
mod breakers_admin;
mod closed;
mod command_line;
mod contracts;
mod contracts_admin;
mod contracts_operate;
mod corpus;
mod dashboard;
mod deploy;
mod diff;
mod diff_corpora;
mod diff_refactor;
mod diff_rules;
mod drain;
mod edge;
mod failures;
mod faulty;
mod gate;
mod gate_measured;
mod gate_races;
mod http1;
mod http1_corpus;
mod identity;
mod json_schema_suite;
mod load;
mod metrics;
mod mock;
mod operate;
mod owner;
mod prometheus;
mod promql;
mod owners;
mod ownership_survey;
mod protection;
mod reference;
mod refusals;
mod relay;
mod replay;
mod reload;
mod reports;
mod requests;
mod responses;
mod semantics;
mod serve;
mod spawned;
mod steered;
mod sources;
mod stream;
mod tools;
mod tracing;
mod tracing_cost;
mod traffic;
mod upstream;
mod vocabulary;
