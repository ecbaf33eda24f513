//! JSON on a flat tape. Request bodies, decoded parameters and contract documents are read onto
//! tapes, and JSON Schema validators check them there.
//!
//! A tape is one vector of 16-byte entries and refers to the source text. Building a tree of
//! `serde_json::Value` takes four fifths of the time of checking a typical body. A tape takes a
//! fraction of that, and once its buffers have grown, it allocates nothing.
//!
//! The map:
//! - [`Tape`] is the document, [`JsonNode`] a handle to one of its values.
//! - [`Tape::parse`] reads JSON text; [`SyntaxError`] says what is wrong with a text, and where.
//!   `build_tape` adds values one by one, for other notations.
//! - `number` and `arithmetic` keep numbers exact: [`compare_numbers`], [`is_multiple`].
//! - [`text_reader`] reads text without a tape.
//! - `equality` compares and hashes values; [`ValueSet`] is the `enum` of a schema.
//! - `member_index` and `member_lookup` find members by name.
//! - `deserialize` reads typed models, `write` writes text.
//! - `schema_node` shows the tape to the `jsonschema` crate as [`TapeJson`], and `work_limit`
//!   limits what validators do with it: [`with_message_steps`], [`within_limit`].
//!
//! Invariants:
//! - A tape always holds `{"<key>": <document>}`, because validators check that wrapper.
//! - Numbers are kept as they are written and are never rounded unless the caller asks for a float.
//! - Parsing is strict and not recursive; the depth limit bounds everything that is recursive.

mod exact_fraction;
pub mod pointer;
mod tape_entry;
mod tape;
mod json_node;
mod json_limits;
mod parse;
mod scan_string;
mod plain_number;
mod syntax_error;
pub mod text_reader;
mod build_tape;
mod member_index;
mod member_lookup;
mod number;
mod arithmetic;
mod equality;
mod value_set;
mod deserialize;
mod write;
mod schema_node;
mod work_limit;

pub use self::arithmetic::{compare_numbers, is_multiple};
pub use self::deserialize::JsonReadError;
pub use self::exact_fraction::ExactFraction;
pub use self::json_limits::{DuplicateKeys, JsonLimits, SOURCE_BYTES_MAX};
pub use self::json_node::{JsonElements, JsonKind, JsonMembers, JsonNode};
pub use self::member_index::DuplicateMember;
pub use self::number::NumberError;
pub use self::schema_node::{
    CountedMembers, PreparedKey, TapeArray, TapeJson, TapeNumber, TapeObject,
};
pub use self::syntax_error::{SyntaxError, SyntaxErrorKind, UnexpectedInput};
pub use self::tape::Tape;
pub use self::value_set::ValueSet;
pub use self::work_limit::{
    WorkLimit, add_message_steps, take_steps, with_message_steps, within_limit,
};

#[cfg(test)]
mod tests;
