//! The syntax of header fields: names, values, lists and numbers.

use std::ops::Range;

use memchr::memchr;

use super::http_refusal::HttpRefusal;
use super::message_lines::has_control;

/// A field line, as parts of it (RFC 9112 section 5).
pub(super) struct FieldLine {
    pub(super) name_length: usize,
    /// The trimmed value.
    pub(super) value: Range<usize>,
}

/// Splits a field line.
pub(super) fn split_field(line: &[u8]) -> Result<FieldLine, HttpRefusal> {
    let is_token = |byte: &&u8| IN_TOKENS[usize::from(**byte)];
    let name_length = line.iter().take_while(is_token).count();
    if name_length == 0 || line.get(name_length) != Some(&b':') {
        return Err(name_refusal(line));
    }
    split_known_field(line, name_length)
}

/// Splits a field line whose name is known to be one, and to have this length.
pub(super) fn split_known_field(line: &[u8], name_length: usize) -> Result<FieldLine, HttpRefusal> {
    let value = &line[name_length + 1..];
    if has_control(value) {
        return Err(HttpRefusal::ControlCharacter);
    }
    let value = trim_start(value);
    let value_at = line.len() - value.len();
    Ok(FieldLine {
        name_length,
        value: value_at..value_at + trim_end(value).len(),
    })
}

/// Why a line does not begin with the name of a field and a colon.
#[cold]
fn name_refusal(line: &[u8]) -> HttpRefusal {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return HttpRefusal::FoldedField;
    }
    let name = &line[..memchr(b':', line).unwrap_or_default()];
    match trim(name) {
        bare if bare.len() < name.len() && is_token(bare) => HttpRefusal::SpaceBeforeColon,
        _ => HttpRefusal::MalformedFieldName,
    }
}

/// The elements of a comma-separated list (RFC 9110 section 5.6.1), empty ones included.
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|b| *b == b',').map(trim)
}

fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// A decimal number that fits into 63 bits, so that sums do not overflow.
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut number = 0_u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number
            .checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))?;
    }
    (number <= i64::MAX as u64).then_some(number)
}

/// Whether the bytes are a token (RFC 9110 section 5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| IN_TOKENS[usize::from(*b)])
}

/// The characters of tokens.
const IN_TOKENS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(
            byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#' | b'$' | b'%' | b'&' | b'\''
                | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        );
        byte += 1;
    }
    table
};
