//! Bodies: judging what a message carries, in every notation that can be read.
//!
//! All of it is direction-neutral: from a media type of the contract, what the head says of the
//! body, and its bytes, to a value on the tape and the ways in which it departs from its schema.
//! A [`BodyFormat`] follows from the message's media type; a [`BodyShape`] is what the schema and
//! its encodings say of how such a body is read, compiled once.

mod notation;
mod model;
mod encoding;
mod judge;
mod entries;
mod desk;
mod form;
mod multipart;
mod disposition;
mod form_data;
mod text;
mod records;
mod coding;

pub(super) use coding::{ContentCoding, codings};
pub(super) use encoding::compile_body_shape;
pub use form_data::FormData;
pub(super) use judge::{BodyJudge, is_readable};
pub(super) use model::BodyShape;
pub(super) use notation::BodyFormat;
pub(super) use text::Charset;

#[cfg(test)]
mod coding_tests;
#[cfg(test)]
mod multipart_tests;
#[cfg(test)]
mod tests;
