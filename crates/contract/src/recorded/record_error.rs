//! The error of an unreadable record, with its position.

use portcullis_json::{JsonNode, SyntaxError};

/// A mistake in a record. The message may quote names but never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RecordError {
    /// The line in the text, from 1.
    pub line: u64,
    /// The column, from 1, in characters.
    pub column: u32,
    /// The description.
    pub message: String,
}

impl RecordError {
    /// An error of the value at `node`, which was parsed from `source`.
    #[cold]
    pub(super) fn at(node: JsonNode<'_>, source: &str, message: impl Into<String>) -> Self {
        let before = source.get(..node.offset() as usize).unwrap_or_default();
        let line_at = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: u64::from(node.line()),
            column: u32::try_from(before[line_at..].chars().count() + 1).unwrap_or(u32::MAX),
            message: message.into(),
        }
    }

    /// The same error in a text with `lines` lines before this one.
    #[must_use]
    pub fn offset_lines(self, lines: u64) -> Self {
        Self {
            line: self.line + lines,
            ..self
        }
    }
}

impl From<SyntaxError> for RecordError {
    fn from(error: SyntaxError) -> Self {
        let within = match &*error.pointer {
            "" => String::new(),
            pointer => format!(", in {pointer}"),
        };
        Self {
            line: u64::from(error.line),
            column: error.column,
            message: format!("{}{within}", error.kind),
        }
    }
}
