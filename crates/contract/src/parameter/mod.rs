//! Parameters: what a contract declares, and reading them from a request as it was sent.
//!
//! Text is split by its delimiters first and percent-decoded afterwards, once (OpenAPI 3.0.4 and
//! 3.1.1, Appendix C): `a%2Cb,c` is two items.

mod model;
mod pairs;
mod claim;
mod pieces;
mod read;
mod text;

pub(super) use claim::{decoded_query_name, owns_pair};
pub use model::{Parameter, ParameterStyle};
pub(super) use model::{ParameterReading, header, parameter, readings};
pub(super) use pairs::{PairScratch, RawPairs};
pub(super) use read::{ParameterReadError, ParameterSource, put_scalar, read, write};
pub(super) use text::decode_form;

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod tests;
