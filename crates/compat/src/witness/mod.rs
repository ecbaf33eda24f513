//! Witnesses: messages that were right by one contract and are wrong by the other.
//!
//! A value that the search for one came up with is written as a message (`serialise`, `message`)
//! and judged by the validators of both contracts (`judges`), which share no code with the
//! search. Only what passes is shown.

mod serialise;
mod contract_side;
mod witness_request;
mod curl;
mod confirmed_witness;

pub use confirmed_witness::{Witness, WitnessRequest};
pub(super) use contract_side::{ContractSide, ValueCarrier, verify};
pub(super) use witness_request::request;
