//! Bodies: judging what a message carries, in every notation that can be read.
//!
//! All of it is direction-neutral: from a media type of the contract, what the head says of the
//! body, and its bytes, to a value on the tape and the ways in which it departs from its schema.
//! A [`BodyFormat`] follows from the message's media type; a [`BodyShape`] is what the schema and
//! its encodings say of how such a body is read, compiled once.

mod body_format;
mod body_shape;
mod encoding;
mod body_judge;
mod form_entries;
mod field_writer;
mod url_encoded;
mod multipart_reader;
mod part_head;
mod form_data;
mod charset;
mod json_records;
mod content_coding;

pub(super) use body_format::BodyFormat;
pub(super) use body_judge::{BodyJudge, is_readable};
pub(super) use body_shape::BodyShape;
pub(super) use charset::Charset;
pub(super) use content_coding::{ContentCoding, codings};
pub(crate) use encoding::compile_body_shape;
pub use form_data::FormData;

#[cfg(test)]
mod content_coding_tests;
#[cfg(test)]
mod multipart_tests;
#[cfg(test)]
mod tests;
