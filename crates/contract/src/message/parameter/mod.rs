//! Parameters: their declarations, and reading their values from a request.
//!
//! - `declaration` compiles Parameter Objects and Header Objects.
//! - `raw_pairs`, `parameter_source` and `pair_ownership` find the text of a parameter.
//! - `read_parameter` and `parameter_writer` write its value to a tape, by style.
//! - `accept_parameter` accepts plain values without a tape.
//! - `split_delimited` and `escapes` split and decode text.
//!
//! Text is split at its delimiters first and percent-decoded once afterwards (OpenAPI 3.0.4 and
//! 3.1.1, Appendix C), so `a%2Cb,c` is two items.

mod declaration;
mod raw_pairs;
mod parameter_source;
mod pair_ownership;
mod read_parameter;
mod parameter_read_error;
mod parameter_writer;
mod split_delimited;
mod escapes;
mod accept_parameter;

pub use declaration::{Parameter, ParameterStyle};
pub(crate) use declaration::{ParameterReading, header, parameter, readings};
pub(super) use escapes::decode_form;
pub(super) use pair_ownership::{decoded_query_name, owns_pair};
pub(super) use parameter_read_error::ParameterReadError;
pub(super) use parameter_source::ParameterSource;
pub(super) use parameter_writer::put_scalar;
pub(super) use raw_pairs::{PairScratch, RawPairs};
pub(super) use read_parameter::{read, write};

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod tests;
