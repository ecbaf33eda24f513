//! What is wrong with a JSON text, and where, in enough words to fix it.
//!
//! Messages never quote values of the payload. They name members and single punctuation marks.

use std::fmt;

use super::number::NumberError;

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    #[error("no JSON value: the text is empty")]
    Empty,
    #[error("not UTF-8")]
    Utf8,
    #[error("starts with a byte order mark, which JSON does not allow (RFC 8259 section 8.1)")]
    ByteOrderMark,
    #[error("nested deeper than {depth_max} levels")]
    Depth { depth_max: u32 },
    #[error("member {0:?} is given twice in one object")]
    DuplicateKey(Box<str>),
    #[error(transparent)]
    Number(NumberError),
    #[error("a \\u escape is half of a surrogate pair")]
    Surrogate,
    #[error("something follows the JSON value: {0}")]
    Trailing(UnexpectedInput),
    #[error("expected {expected}, found {found}")]
    Unexpected {
        expected: &'static str,
        found: UnexpectedInput,
    },
    #[error("longer than {bytes_max} bytes")]
    TooLarge { bytes_max: usize },
}

/// An unexpected character, described without revealing payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnexpectedInput {
    End,
    Punctuation(char),
    Letter,
    Digit,
    Control,
    Other,
}

impl UnexpectedInput {
    fn at(bytes: &[u8], at: usize) -> Self {
        match bytes.get(at) {
            None => Self::End,
            Some(byte) if byte.is_ascii_punctuation() => Self::Punctuation(char::from(*byte)),
            Some(byte) if byte.is_ascii_alphabetic() => Self::Letter,
            Some(byte) if byte.is_ascii_digit() => Self::Digit,
            Some(byte) if byte.is_ascii_control() => Self::Control,
            Some(_) => Self::Other,
        }
    }
}

impl fmt::Display for UnexpectedInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("the end of the text"),
            Self::Punctuation(mark) => write!(f, "`{mark}`"),
            Self::Letter => f.write_str("a letter"),
            Self::Digit => f.write_str("a digit"),
            Self::Control => f.write_str("a control character"),
            Self::Other => f.write_str("another character"),
        }
    }
}

/// Why a JSON text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: SyntaxErrorKind,
    /// The byte offset of the error.
    pub offset: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The JSON pointer (RFC 6901) of the value with the error; empty for the document.
    pub pointer: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at line {}, column {}",
            self.kind, self.line, self.column
        )?;
        if !self.pointer.is_empty() {
            write!(f, ", in {}", self.pointer)?;
        }
        Ok(())
    }
}

impl std::error::Error for SyntaxError {}

/// An error whose line and column are not known yet; boxed, so that results stay small.
#[derive(Debug)]
pub(super) struct UnlocatedError(Box<(SyntaxErrorKind, usize)>);

#[cold]
pub(super) fn unexpected(expected: &'static str, bytes: &[u8], offset: usize) -> UnlocatedError {
    let found = UnexpectedInput::at(bytes, offset);
    UnlocatedError::new(SyntaxErrorKind::Unexpected { expected, found }, offset)
}

#[cold]
pub(super) fn trailing(bytes: &[u8], offset: usize) -> UnlocatedError {
    UnlocatedError::new(
        SyntaxErrorKind::Trailing(UnexpectedInput::at(bytes, offset)),
        offset,
    )
}

impl UnlocatedError {
    #[cold]
    pub(super) fn new(kind: SyntaxErrorKind, offset: usize) -> Self {
        Self(Box::new((kind, offset)))
    }

    /// Works out line and column in `source`, which may not be UTF-8 after the error.
    #[cold]
    pub(super) fn locate(self, source: &[u8], pointer: String) -> SyntaxError {
        let (kind, offset) = *self.0;
        let before = source.get(..offset).unwrap_or(source);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let is_first = |byte: &&u8| **byte & 0xC0 != 0x80;
        SyntaxError {
            kind,
            offset,
            line: memchr::memchr_iter(b'\n', before).count() as u32 + 1,
            column: before[line_start..].iter().filter(is_first).count() as u32 + 1,
            pointer,
        }
    }
}
