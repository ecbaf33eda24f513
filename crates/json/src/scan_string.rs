//! Scans strings eight bytes at a time and decodes their escapes.

use super::syntax_error::{SyntaxErrorKind, UnlocatedError, unexpected};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The position of the first quote, backslash or control character at or after `from`; the length
/// of the text if there is no such byte.
#[inline(always)]
pub(super) fn string_stop(bytes: &[u8], from: usize) -> usize {
    // Many strings are short.
    match bytes.get(from..).and_then(<[u8]>::first_chunk::<8>) {
        Some(chunk) => match stops(u64::from_le_bytes(*chunk)) {
            0 => distant_stop(bytes, from + 8),
            stops => from + (stops.trailing_zeros() / 8) as usize,
        },
        None => distant_stop(bytes, from),
    }
}

fn distant_stop(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let stops = stops(u64::from_le_bytes(*chunk));
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
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
    // Most bodies are minified, or have single spaces.
    match bytes.get(from) {
        Some(byte) if *byte > b' ' => from,
        Some(b' ') if bytes.get(from + 1).is_some_and(|byte| *byte > b' ') => from + 1,
        _ => skip_some_space(bytes, from),
    }
}

#[inline(never)]
fn skip_some_space(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    // Indentation is mostly a line feed and a run of spaces.
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*chunk);
        let others = unequal(word, b' ') & unequal(word, b'\n');
        if others == 0 {
            at += 8;
            continue;
        }
        at += (others.trailing_zeros() / 8) as usize;
        if bytes.get(at).is_some_and(|byte| *byte > b' ') {
            return at;
        }
        break;
    }
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The high bit of each byte of a word that is not this ASCII character.
#[inline]
const fn unequal(word: u64, character: u8) -> u64 {
    const LOWS: u64 = !HIGHS;
    let difference = word ^ (ONES * character as u64);
    // The sum of seven bits and 0x7f has the eighth bit unless they are 0, and carries no further.
    (((difference & LOWS) + LOWS) | difference) & HIGHS
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
