//! Checks bodies in every format that can be read, for requests and for responses.
//!
//! A body is decoded, read to a value on a tape by its format, and checked by its schema.
//!
//! - `body_format`: the format of a body, by its media type.
//! - `body_shape`, `form_fields`, `encoding` and `part_encoding`: how the bodies of a media type are read, compiled from its schema
//!   and its Encoding Objects.
//! - `body_judge` and `check_content`: the check of one body.
//! - `content_coding` and `charset`: decoding octets and text; `content_decoder`: as they arrive.
//! - `json_records`, `event_stream` and `record_boundaries`: sequences of values, whole or, by
//!   `record_stream`, as they arrive.
//! - `url_encoded`, `form_entries`, `form_value` and `field_writer`: the fields of a form.
//! - `form_data`, `multipart_reader`, `part_head`, `check_part_head` and `folded_names`: forms in parts;
//!   `part_layout`, `described_parts` and `ordered_parts`: parts in order; `nested_form`: forms in parts.
//! - `check_query`: the query as a whole.

mod body_format;
mod form_fields;
mod body_shape;
mod text_schema;
mod encoding;
mod body_judge;
mod check_content;
mod content_coding;
mod content_decoder;
mod charset;
mod event_stream;
mod record_boundaries;
mod json_records;
mod record_stream;
mod url_encoded;
mod form_entries;
mod form_value;
mod nested_form;
mod field_writer;
mod form_data;
mod check_part_head;
mod folded_names;
mod multipart_reader;
mod part_head;
mod part_layout;
mod part_encoding;
mod described_parts;
mod ordered_parts;
mod check_query;

pub(crate) use body_format::BodyFormat;
pub(super) use body_judge::{BodyJudge, BodySubject};
pub(super) use body_shape::BodyShape;
pub(super) use charset::{Charset, is_readable};
pub use content_coding::ContentDecodeError;
pub(super) use content_coding::{ContentCoding, codings};
pub use content_decoder::ContentDecoder;
pub(crate) use encoding::compile_body_shape;
pub use form_data::FormData;
pub use record_stream::RecordStream;

#[cfg(test)]
mod content_coding_tests;
#[cfg(test)]
mod differential_tests;
#[cfg(test)]
mod multipart_tests;
#[cfg(test)]
mod tests;
