//! The integration tests, one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod http1;
mod http1_corpus;
mod json_schema_suite;
mod relay;
mod requests;
mod tidy;
mod upstream;
