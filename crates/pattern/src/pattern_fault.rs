//! What is wrong with a pattern, and what was read although it is not ECMA-262.

use std::fmt;

/// Why a text is not a pattern of ECMA-262.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternFault {
    /// The number of the character where the fault is, from 1.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub reason: String,
}

impl fmt::Display for PatternFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.reason)
    }
}

/// A part of a pattern that is not ECMA-262 with Unicode, and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternNote {
    /// The number of the character where the part is, from 1.
    pub column: usize,
    /// How the part was read.
    pub kind: PatternNoteKind,
    /// What the part is, and what it was read as.
    pub message: String,
}

/// The kind of a part that is not ECMA-262 with Unicode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternNoteKind {
    /// An escape of a character that needs none, which ECMA-262 allows without Unicode.
    IdentityEscape,
    /// A hyphen next to a class inside a class, which ECMA-262 allows without Unicode (Annex B.1.2).
    ClassHyphen,
    /// Something of another dialect, which only a tolerant reading accepts.
    Foreign,
}
