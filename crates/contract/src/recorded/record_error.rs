//! Why a record cannot be read, and where.

use portcullis_json::{JsonNode, SyntaxError};

/// What is wrong with a record. Its words quote names, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RecordError {
    /// Line of the text that was read, from 1.
    pub line: u64,
    /// Column, from 1, in characters.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl RecordError {
    /// A fault of the value at `node`, which was read from `source`.
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

    /// The same fault in a text of which `lines` lines went before.
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
