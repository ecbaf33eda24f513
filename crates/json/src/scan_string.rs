//! Scans strings eight bytes at a time and decodes their escapes.

use std::num::NonZeroU64;

use super::json_limits::SOURCE_BYTES_MAX;
use super::syntax_error::{SyntaxErrorKind, UnlocatedError, unexpected};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const SPACES: u64 = ONES * b' ' as u64;

/// The bytes of a document at `at`, if there are so many.
#[inline(always)]
pub fn chunk_at<const BYTES: usize>(bytes: &[u8], at: usize) -> Option<&[u8; BYTES]> {
    const { assert!(SOURCE_BYTES_MAX <= POSITION_MAX) };
    // Changes no position, and shows that the sum is one, so it costs no check.
    let at = at & POSITION_MAX;
    bytes.get(at..at + BYTES)?.first_chunk()
}

/// More than the position of any byte of a document.
const POSITION_MAX: usize = u32::MAX as usize;

/// The position of the first quote, backslash or control character at or after `from`; the length
/// of the text if there is no such byte.
#[inline(always)]
pub(super) fn string_stop(bytes: &[u8], from: usize) -> usize {
    // Many strings are short.
    match chunk_at(bytes, from) {
        Some(chunk) => match stops(u64::from_le_bytes(*chunk)) {
            0 => distant_stop(bytes, from + 8),
            stops => from + (stops.trailing_zeros() / 8) as usize,
        },
        None => distant_stop(bytes, from),
    }
}

/// The same after the quote at `at`, given the eight bytes from there.
#[inline(always)]
pub(super) fn stop_after_quote(bytes: &[u8], at: usize, word: u64) -> usize {
    // The quote itself does not count.
    if let Some(stops) = NonZeroU64::new(stops(word | 0x80)) {
        return at + (stops.trailing_zeros() / 8) as usize;
    }
    string_stop(bytes, at + 8)
}

#[inline(never)]
fn distant_stop(bytes: &[u8], from: usize) -> usize {
    let (chunks, rest) = bytes.get(from..).unwrap_or_default().as_chunks::<16>();
    let mut at = from;
    for chunk in chunks {
        // Without branches, so all bytes are looked at together.
        let has_stop = chunk
            .iter()
            .fold(false, |has_stop, byte| has_stop | is_stop(*byte));
        if has_stop {
            return at + chunk.iter().take_while(|byte| !is_stop(**byte)).count();
        }
        at += 16;
    }
    at + rest.iter().take_while(|byte| !is_stop(**byte)).count()
}

/// Whether a byte ends a run of plain characters.
#[inline(always)]
const fn is_stop(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// The high bit of each byte that ends a run of plain characters. Only the lowest set bit is exact,
/// because borrows may set bits above it.
#[inline]
fn stops(word: u64) -> u64 {
    // The quote is the first character after the control characters but one, so that with this bit
    // changed it and they are the bytes up to 0x20.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGHS
}

/// Skips the four whitespace characters of RFC 8259 section 2.
#[inline]
pub(super) fn skip_space(bytes: &[u8], from: usize) -> usize {
    // Most bodies are minified, or have single spaces, or lines with an indentation.
    let mut at = match bytes.get(from) {
        Some(byte) if *byte > b' ' => return from,
        Some(b' ' | b'\n') => from + 1,
        _ => return skip_some_space(bytes, from),
    };
    if let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>)
        && let Some(others) = NonZeroU64::new(u64::from_le_bytes(*chunk) ^ SPACES)
    {
        at += (others.trailing_zeros() / 8) as usize;
        if bytes.get(at).is_some_and(|byte| *byte > b' ') {
            return at;
        }
    }
    skip_some_space(bytes, at)
}

#[inline(never)]
fn skip_some_space(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let others = u64::from_le_bytes(*chunk) ^ SPACES;
            if others != 0 {
                at += (others.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        match bytes.get(at) {
            Some(b' ' | b'\n' | b'\r' | b'\t') => at += 1,
            _ => return at,
        }
    }
}

/// Appends the text from the escape at `from` to the closing quote to `side`. Returns the position
/// after that quote.
pub(super) fn unescape(
    text: &str,
    from: usize,
    side: &mut String,
) -> Result<usize, UnlocatedError> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(bytes, at, side)?,
            _ => return Err(string_failure(bytes, at)),
        }
        let stop = string_stop(bytes, at);
        side.push_str(text.get(at..stop).unwrap_or_default());
        at = stop;
    }
}

/// The error of a string that ends without a quote.
#[cold]
pub(super) fn string_failure(bytes: &[u8], at: usize) -> UnlocatedError {
    unexpected(
        "the closing quote of a string (control characters must be escaped)",
        bytes,
        at,
    )
}

/// Appends the character of the escape at `at`. Returns the position after it.
fn escape(bytes: &[u8], at: usize, side: &mut String) -> Result<usize, UnlocatedError> {
    let plain = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(bytes, at, side),
        _ => {
            return Err(unexpected(
                "one of \" \\ / b f n r t u after a backslash",
                bytes,
                at + 1,
            ));
        }
    };
    side.push(plain);
    Ok(at + 2)
}

fn unicode_escape(bytes: &[u8], at: usize, side: &mut String) -> Result<usize, UnlocatedError> {
    let lone = || UnlocatedError::new(SyntaxErrorKind::Surrogate, at);
    let high = hex4(bytes, at + 2)?;
    let (code, past) = match high {
        0xD800..=0xDBFF => {
            if bytes.get(at + 6..at + 8) != Some(b"\\u") {
                return Err(lone());
            }
            let low = hex4(bytes, at + 8)?;
            if !(0xDC00..=0xDFFF).contains(&low) {
                return Err(lone());
            }
            (0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00), at + 12)
        }
        _ => (high, at + 6),
    };
    side.push(char::from_u32(code).ok_or_else(lone)?);
    Ok(past)
}

fn hex4(bytes: &[u8], from: usize) -> Result<u32, UnlocatedError> {
    let mut code = 0;
    for at in from..from + 4 {
        let digit = bytes
            .get(at)
            .and_then(|&byte| char::from(byte).to_digit(16));
        let digit =
            digit.ok_or_else(|| unexpected("four hexadecimal digits after \\u", bytes, at))?;
        code = code << 4 | digit;
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place of a word, after bytes that could carry into it.
    #[test]
    fn strings_stop_where_they_end() {
        for byte in 0..=u8::MAX {
            for at in 0..20 {
                for filling in [b' ', b'!', b'#', b'[', b']', b'a', 0x7f, 0x80, 0xa1, 0xff] {
                    let mut bytes = [filling; 24];
                    bytes[at] = byte;
                    bytes[20] = b'"';
                    let is_stop = matches!(byte, b'"' | b'\\' | 0..0x20);
                    let expected = if is_stop { at } else { 20 };
                    assert_eq!(string_stop(&bytes, 0), expected, "{byte} {at} {filling}");
                    assert_eq!(string_stop(&bytes[..at + 1], 0), at + usize::from(!is_stop));
                    bytes[0] = b'"';
                    let word = bytes.first_chunk().map(|word| u64::from_le_bytes(*word));
                    let expected = if is_stop && at > 0 { at } else { 20 };
                    assert_eq!(stop_after_quote(&bytes, 0, word.unwrap()), expected);
                }
            }
        }
    }

    #[test]
    fn space_ends_where_a_token_begins() {
        for (text, expected) in [
            ("", 0),
            ("1", 0),
            (" 1", 1),
            ("\r\n\t 1", 4),
            ("\n                  1", 19),
            ("          ", 10),
            ("\n\n\n\n        \n 1       ", 14),
            ("  \t     1        ", 8),
            ("\n    \u{1}          1", 5),
            ("\n    \u{a0}          1", 5),
            ("\n    \r\n \t        \n       ", 25),
            ("\n \u{b}        1", 2),
            (" \u{b}1", 1),
            ("\0", 0),
        ] {
            assert_eq!(skip_space(text.as_bytes(), 0), expected, "{text:?}");
        }
    }
}
