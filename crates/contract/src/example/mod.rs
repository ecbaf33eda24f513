//! Example values: generated from schemas, or taken from the contract.

pub(crate) mod generate;
pub(crate) mod contract_examples;
