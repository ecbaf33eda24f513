//! Reads the lines of a response: of its head, and of the trailers of its body. No I/O.
//!
//! A line may end with a single LF (RFC 9112 section 2.2). Folded fields and spaces before the colon are
//! refused.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use memchr::memchr;

use super::response_fault::MalformedPart;
use crate::headers::FieldNameCache;

/// Takes the next line, without its end. Nothing if it is not complete.
pub(super) fn take_line<'s>(rest: &mut &'s [u8]) -> Option<&'s [u8]> {
    let end = memchr(b'\n', rest)?;
    let (line, after) = rest.split_at(end);
    *rest = &after[1..];
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

/// Reads a line of `section` as the field in this place, counted from 0.
pub(super) fn read_field(
    section: &Bytes,
    line: &[u8],
    place: usize,
    names: &mut FieldNameCache,
) -> Result<(HeaderName, HeaderValue), MalformedPart> {
    let colon = line.iter().position(|byte| *byte == b':');
    let colon = colon.ok_or(MalformedPart::FieldName)?;
    let name = names.read(place, &line[..colon]);
    let name = name.map_err(|_| MalformedPart::FieldName)?;
    // Refuses control characters, and so a CR that does not end the line.
    let value = HeaderValue::from_maybe_shared(section.slice_ref(trim(&line[colon + 1..])));
    Ok((name, value.map_err(|_| MalformedPart::FieldValue)?))
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
