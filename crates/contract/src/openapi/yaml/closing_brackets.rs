//! Closing brackets in the column of the key whose value they end:
//!
//! ```yaml
//! example: {
//!   "size": {}
//! }
//! ```
//!
//! By the letter of YAML 1.2.2 (section 7.4) the last line must be indented more, but other readers
//! accept it, and so does saphyr-parser if the last value is a plain scalar. Otherwise its scanner
//! (0.3.3, `fetch_next_token`) refuses the bracket, because `fetch_value` has raised the indentation
//! by one column and `roll_indent` lowers it only for some tokens. So the bracket is moved by one
//! column, and the text is read again. White space there is not part of any value.

use super::yaml_error::YamlError;

/// The error of the scanner for a line with too few spaces.
const INVALID_INDENTATION: &str = "invalid indentation";

/// How much text is read again, in bytes. Texts that would need more are refused.
pub(super) const AGAIN_BYTES_MAX: usize = 64 << 20;

/// The brackets of one text that were moved.
#[derive(Debug, Default)]
pub(super) struct ClosingBrackets {
    /// The line of the last one, from 1.
    last_line: u32,
    again_bytes: usize,
}

impl ClosingBrackets {
    /// The text with the bracket moved by which reading it failed. `None` for other errors.
    pub(super) fn moved(&mut self, text: &str, error: &YamlError) -> Option<String> {
        let at = offset_of(text, error).filter(|_| error.message == INVALID_INDENTATION)?;
        let line_start = text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let is_first = text[line_start..at].bytes().all(|byte| byte == b' ');
        let is_movable = text[at..].starts_with([']', '}']);
        if !is_first || !is_movable || error.line == self.last_line {
            return None;
        }
        self.last_line = error.line;
        self.again_bytes += at;
        if self.again_bytes > AGAIN_BYTES_MAX {
            return None;
        }
        Some(format!("{} {}", &text[..at], &text[at..]))
    }

    /// The position of an error in the text as it was written.
    pub(super) fn original(&self, mut error: YamlError) -> YamlError {
        if error.line == self.last_line {
            error.column = error.column.saturating_sub(1);
        }
        if error.message == INVALID_INDENTATION {
            error.message.push_str(
                ": indent this line more than the key or the `-` that its value belongs to",
            );
        }
        error
    }
}

/// The index of the character that an error names.
pub(super) fn offset_of(text: &str, error: &YamlError) -> Option<usize> {
    let mut rest = text;
    for _ in 1..error.line {
        let end = rest.find(['\n', '\r'])?;
        let length = if rest[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = &rest[end + length..];
    }
    let start = text.len() - rest.len();
    let column = error.column.checked_sub(1)? as usize;
    let (offset, _) = rest.char_indices().nth(column)?;
    Some(start + offset)
}
