//! Parameters: their declarations, and reading their values from a request.
//!
//! - `declaration` compiles Parameter Objects and Header Objects.
//! - `parameter_fields` reads their fields, except the schema.
//! - `raw_pairs`, `parameter_source` and `named_values` and `pair_ownership` find the text of a parameter.
//! - `read_parameter` and `parameter_writer` write its value to a tape, by style.
//! - `delimited_list` is the division of lists in Swagger 2.0.
//! - `accept_parameter` accepts plain values without a tape.
//! - `split_delimited` and `escapes` split and decode text.
//!
//! Text is split at its delimiters first and percent-decoded once afterwards (OpenAPI 3.0.4 and
//! 3.1.1, Appendix C), so `a%2Cb,c` is two items.

mod declaration;
mod parameter_style;
mod parameter_fields;
mod raw_pairs;
mod parameter_source;
mod pair_ownership;
mod named_values;
mod read_parameter;
mod parameter_read_error;
mod parameter_writer;
mod split_delimited;
mod put_scalar;
mod delimited_list;
mod escapes;
mod accept_parameter;

pub use declaration::Parameter;
pub(crate) use declaration::{ParameterReading, content_media, header, parameter, readings};
pub(crate) use delimited_list::{DelimitedList, delimited_list};
pub(super) use escapes::{decode_form, decode_percent};
pub(super) use pair_ownership::{decoded_query_name, owns_pair};
pub(super) use parameter_read_error::ParameterReadError;
pub(super) use parameter_source::ParameterSource;
pub use parameter_style::ParameterStyle;
pub(super) use put_scalar::put_scalar;
pub(super) use raw_pairs::{PairScratch, RawPairs};
pub(super) use read_parameter::{read, read_with_strings, write};

#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod tests;
