//! JSON as a flat tape: what request bodies, decoded parameters and contract documents are
//! read into, and what the validators judge.
//!
//! A tape is one vector of 16-byte entries beside the source text. Building a tree of
//! `serde_json::Value` costs four fifths of judging a typical body; a tape costs a fraction of
//! that, and nothing at all is allocated once its buffers are warm.

mod arithmetic;
mod exact_fraction;
mod build_tape;
mod equality;
mod syntax_error;
mod member_index;
mod error_limit;
mod json_node;
mod number;
mod parse;
pub mod pointer;
mod deserialize;
mod scan_string;
mod schema_node;
mod tape;
mod write;

pub use self::arithmetic::{compare_numbers, is_multiple};
pub use self::deserialize::JsonReadError;
pub use self::error_limit::with_errors_at_most;
pub use self::exact_fraction::ExactFraction;
pub use self::json_node::{JsonElements, JsonKind, JsonMembers, JsonNode};
pub use self::member_index::DuplicateMember;
pub use self::number::NumberError;
pub use self::parse::{DuplicateKeys, JsonLimits, SOURCE_BYTES_MAX};
pub use self::schema_node::{PreparedKey, TapeArray, TapeJson, TapeNumber, TapeObject};
pub use self::syntax_error::{SyntaxError, SyntaxErrorKind, UnexpectedInput};
pub use self::tape::Tape;

#[cfg(test)]
mod tests;
