//! Example values: taken from the contract, or generated from its schemas.
//!
//! `contract_examples` chooses an example for a media type or a parameter; `generate` makes a value for
//! a schema.

pub(crate) mod contract_examples;
mod generate;
