//! Reads the lines of a response: of its head, and of the trailers of its body. No I/O.
//!
//! A line may end with a single LF (RFC 9112 section 2.2). Folded fields and spaces before the colon are
//! refused.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use super::response_fault::MalformedPart;
use crate::headers::FieldNameCache;

/// A line without its end.
pub(super) fn line_text(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Reads a line of `section`, up to its LF, as the field in this place, counted from 0.
pub(super) fn read_field(
    section: &Bytes,
    line: Range<usize>,
    place: usize,
    names: &mut FieldNameCache,
) -> Result<(HeaderName, HeaderValue), MalformedPart> {
    let start = line.start;
    let line = line_text(&section[line]);
    let (name, colon) = match names.expected(place, line) {
        Some(known) => (known.name.clone(), known.length()),
        None => {
            let colon = line.iter().position(|byte| *byte == b':');
            let colon = colon.ok_or(MalformedPart::FieldName)?;
            let known = names.read(place, &line[..colon]);
            (known.map_err(|_| MalformedPart::FieldName)?.0, colon)
        }
    };
    let value = trim_start(&line[colon + 1..]);
    let value_at = start + line.len() - value.len();
    let value = section.slice(value_at..value_at + trim_end(value).len());
    // Refuses control characters, and so a CR that does not end the line.
    let value = HeaderValue::from_maybe_shared(value);
    Ok((name, value.map_err(|_| MalformedPart::FieldValue)?))
}

fn trim_start(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    value
}

fn trim_end(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
