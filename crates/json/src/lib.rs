//! JSON as a flat tape: what request bodies, decoded parameters and contract documents are
//! read into, and what the validators judge.
//!
//! A tape is one vector of 16-byte entries beside the source text. Building a tree of
//! `serde_json::Value` costs four fifths of judging a typical body; a tape costs a fraction of
//! that, and nothing at all is allocated once its buffers are warm.

mod arithmetic;
mod build;
mod equal;
mod error;
mod members;
mod meter;
mod node;
mod number;
mod parse;
mod read;
mod scan;
mod schema;
mod tape;
mod write;

pub use self::arithmetic::{compare_numbers, is_multiple};
pub use self::error::{SyntaxError, SyntaxErrorKind, UnexpectedInput};
pub use self::members::DuplicateMember;
pub use self::meter::with_errors_at_most;
pub use self::node::{JsonElements, JsonKind, JsonMembers, JsonNode};
pub use self::number::NumberError;
pub use self::parse::{DuplicateKeys, JsonLimits, SOURCE_BYTES_MAX};
pub use self::read::JsonReadError;
pub use self::schema::{PreparedKey, TapeArray, TapeJson, TapeNumber, TapeObject};
pub use self::tape::Tape;

#[cfg(test)]
mod tests;
