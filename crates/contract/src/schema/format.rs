//! The formats that validators assert.
//!
//! These are `date`, `date-time`, `time`, `duration`, `email`, `idn-email`, `hostname`,
//! `idn-hostname`, `ipv4`, `ipv6`, `uri`, `uri-reference`, `iri`, `iri-reference`,
//! `uri-template`, `uuid`, `json-pointer`, `relative-json-pointer` and `regex` (JSON Schema
//! validation, section 7.3), and `byte` and `base64url` (OpenAPI format registry). [`super::exact`]
//! asserts `int32` and `int64`. `float` and `double` only name a storage format, so they assert
//! nothing. Every other format is an annotation.

use portcullis_pattern::{PatternNote, PatternNoteKind, PatternReading, read_pattern};
use portcullis_validator::TapeValidatorOptions;

use super::timestamp::{is_date, is_date_time, is_time};

/// The string formats that validators assert. All others are annotations.
pub const ASSERTED_FORMATS: [&str; 21] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uri-template",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "byte",
    "base64url",
];

/// Adds the formats that the `jsonschema` crate lacks or checks less strictly.
pub(super) fn with_formats(options: TapeValidatorOptions) -> TapeValidatorOptions {
    options
        .with_format("date", is_date)
        .with_format("time", is_time)
        .with_format("date-time", is_date_time)
        .with_format("regex", is_pattern)
        .with_format("byte", is_base64)
        .with_format("base64url", is_base64url)
}

/// Whether a text is a pattern of ECMA-262 with Unicode. An escape of a character that needs none is
/// allowed.
fn is_pattern(text: &str) -> bool {
    let is_escape = |note: &PatternNote| note.kind == PatternNoteKind::IdentityEscape;
    read_pattern(text, PatternReading::Strict).is_ok_and(|tree| tree.notes.iter().all(is_escape))
}

/// Whether a text is Base64 with padding (RFC 4648 section 4).
pub(super) fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - data.len() <= 2
        && data
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

/// Whether a text is Base64 with the URL-safe alphabet (RFC 4648 section 5), padded or not.
pub(super) fn is_base64url(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    let has_valid_padding = padding == 0 || padding <= 2 && text.len().is_multiple_of(4);
    has_valid_padding
        && data.len() % 4 != 1
        && data
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
