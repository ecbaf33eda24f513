//! Parameters: what a contract declares, and reading them from a request as it was sent.
//!
//! Text is split by its delimiters first and percent-decoded afterwards, once (OpenAPI 3.0.4 and
//! 3.1.1, Appendix C): `a%2Cb,c` is two items.

mod declaration;
mod raw_pairs;
mod pair_ownership;
mod split_delimited;
mod read_parameter;
mod escapes;

pub use declaration::{Parameter, ParameterStyle};
pub(crate) use declaration::{ParameterReading, header, parameter, readings};
pub(super) use escapes::decode_form;
pub(super) use pair_ownership::{decoded_query_name, owns_pair};
pub(super) use raw_pairs::{PairScratch, RawPairs};
pub(super) use read_parameter::{ParameterReadError, ParameterSource, put_scalar, read, write};

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod tests;
