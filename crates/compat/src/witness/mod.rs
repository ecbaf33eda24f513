//! Witnesses: messages that one contract allows and the other refuses.
//!
//! The containment search finds a value. `serialise` and `witness_request` write it as a message,
//! and `contract_side` checks it with the validators of both contracts, which share no code with
//! the search. Only confirmed messages are shown.

mod serialise;
mod contract_side;
mod witness_request;
mod curl;
mod confirmed_witness;

pub use confirmed_witness::Witness;
pub(super) use contract_side::{ContractSide, ValueCarrier, verify};
pub use curl::WitnessRequest;
pub(super) use witness_request::request;
