//! Witnesses: messages that were right by one contract and are wrong by the other.
//!
//! A value that the search for one came up with is written as a message (`serialise`, `message`)
//! and judged by the validators of both contracts (`judges`), which share no code with the
//! search. Only what passes is shown.

mod serialise;
mod judges;
mod request;
mod shell;
mod shown;

pub(super) use judges::{ContractSide, ValueCarrier, verify};
pub(super) use request::request;
pub use shown::{Witness, WitnessRequest};
