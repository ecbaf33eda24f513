//! The integration tests in one binary: a folder for each domain of `src` and `crates`, and
//! `support` for shared code.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed, wherever that happens"
)]

mod support;

mod admin;
mod app;
mod breaker;
mod cli;
mod compat;
mod config;
mod contract;
mod control;
mod docs;
mod egress;
mod http2;
mod identity;
mod install;
mod manifests;
mod proxy;
mod schema;
mod source;
mod telemetry;
mod tls;
