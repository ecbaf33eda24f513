//! The integration tests, one binary.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what a test cannot do fails it, wherever that happens"
)]

mod command_line;
mod contracts;
mod http1;
mod http1_corpus;
mod relay;
mod requests;
mod tidy;
mod upstream;
