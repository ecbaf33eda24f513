//! References to the nodes of a contract's documents, for the compiler and for the reader.

use std::fmt;
use std::sync::Arc;

/// A node of one of a contract's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeRef {
    /// Index of the document in loading order; the entry document is 0.
    pub document: u32,
    /// Index of the node on the document's tape.
    pub node: u32,
}

/// A location in a contract file, as messages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// Name of the file.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column of the value, from 1, if all of the file is in one line of JSON.
    pub column: Option<u32>,
    /// JSON Pointer (RFC 6901) into the file, without the `#` of the fragment form.
    pub pointer: String,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} #{}", self.file, self.line, self.pointer)
    }
}
