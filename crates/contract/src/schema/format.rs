//! The formats that are asserted.
//!
//! Asserted: `date`, `date-time`, `time`, `duration`, `email`, `idn-email`, `hostname`,
//! `idn-hostname`, `ipv4`, `ipv6`, `uri`, `uri-reference`, `iri`, `iri-reference`,
//! `uri-template`, `uuid`, `json-pointer`, `relative-json-pointer` and `regex` (JSON Schema
//! validation, section 7.3); `byte` and `base64url` (OpenAPI format registry), here; `int32` and
//! `int64` with the numbers. `float` and `double` say how a number is stored, not which one it
//! may be, and assert nothing. All other names annotate.

use super::exact::TapeValidatorOptions;
use super::timestamp::{is_date, is_date_time, is_time};

/// Adds the formats that validators do not bring along, and those they read less strictly.
pub(crate) fn with_formats(options: TapeValidatorOptions) -> TapeValidatorOptions {
    options
        .with_format("date", is_date)
        .with_format("time", is_time)
        .with_format("date-time", is_date_time)
        .with_format("byte", is_base64)
        .with_format("base64url", is_base64url)
}

/// Base64 with padding (RFC 4648 section 4).
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - data.len() <= 2
        && data
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

/// Base64 with the alphabet for addresses (RFC 4648 section 5), padded or not.
fn is_base64url(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let padding = text.len() - data.len();
    let is_padded_rightly = padding == 0 || padding <= 2 && text.len().is_multiple_of(4);
    is_padded_rightly
        && data.len() % 4 != 1
        && data
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
