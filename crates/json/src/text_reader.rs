//! Reading JSON text without a tape, by the same rules as [`Tape::parse`](super::Tape::parse).
//!
//! These functions say whether a text is right and where it ends. To learn what is wrong, parse the
//! text onto a tape.

pub use super::plain_number::PlainNumber;
pub use super::scan_string::chunk_at;

use super::json_limits::SOURCE_BYTES_MAX;
use super::number;
use super::scan_string::{self, unescape};

/// The text of a document, unless it is too large, not UTF-8, or starts with a byte order mark.
pub fn document_text(source: &[u8]) -> Option<&str> {
    if source.len() > SOURCE_BYTES_MAX || source.starts_with(b"\xEF\xBB\xBF") {
        return None;
    }
    simdutf8::basic::from_utf8(source).ok()
}

/// The position of the first byte at or after `from` that is not whitespace.
#[inline]
pub fn skip_space(bytes: &[u8], from: usize) -> usize {
    scan_string::skip_space(bytes, from)
}

/// The position of the first quote, backslash or control character at or after `from`; the length
/// of the text if there is no such byte.
#[inline(always)]
pub fn string_stop(bytes: &[u8], from: usize) -> usize {
    scan_string::string_stop(bytes, from)
}

/// The same after the quote at `at`, given the eight bytes from there, the first one lowest. There are
/// zeros after the end of the text.
#[inline(always)]
pub fn stop_after_quote(bytes: &[u8], at: usize, word: u64) -> usize {
    scan_string::stop_after_quote(bytes, at, word)
}

/// Appends the characters from the escape at `from` to the closing quote. Returns the position
/// after that quote, or nothing if the string is wrong.
pub fn unescape_string(text: &str, from: usize, out: &mut String) -> Option<usize> {
    unescape(text, from, out).ok()
}

/// The position after the number at `from`, or nothing if it is wrong or no `f64` can hold it.
#[inline]
pub fn number_end(text: &str, from: usize) -> Option<usize> {
    number::scan(text, from).ok()
}
