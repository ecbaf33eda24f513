//! One file of a contract: its text, parsed onto a tape with line numbers.
//!
//! The tape keeps every member of the file. Typed models of OpenAPI drop the keywords that they
//! do not know, so the compiler reads the tape instead.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use portcullis_json::{JsonLimits, JsonNode, Tape};

use super::repeated_key::{RepeatedKey, repeated_keys};
use crate::openapi::yaml::parse_yaml;

/// One file of a contract.
pub struct Document {
    /// The file name as the user wrote it; for referenced files, relative to that.
    pub name: Arc<str>,
    /// The path it was read from.
    pub path: PathBuf,
    /// The SHA-256 of the text.
    pub digest: [u8; 32],
    /// The text that the tape refers to. Empty for YAML, whose tape holds its own text.
    source: String,
    /// Whether the text is one line of JSON, in which a line number says nothing.
    is_one_line: bool,
    tape: Tape,
    /// The keys that objects repeat. Empty unless the limits allow them.
    pub(super) repeated: Vec<RepeatedKey>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A file that is neither valid JSON nor valid YAML.
#[derive(Debug, thiserror::Error)]
#[error("{name}:{line}:{column}: {message}")]
pub struct DocumentParseError {
    /// Name of the file.
    pub name: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl Document {
    /// Parses a file as JSON if its name ends in `.json` or its text starts with `{`, as YAML
    /// otherwise. YAML includes JSON, but the JSON parser is faster and stricter.
    ///
    /// # Errors
    /// [`DocumentParseError`] with line and column.
    pub fn parse(
        name: &str,
        path: PathBuf,
        bytes: Vec<u8>,
        limits: JsonLimits,
    ) -> Result<Self, DocumentParseError> {
        let name: Arc<str> = name.into();
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(&name, &error))?;
        let text = text
            .strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text);
        let looks_json = path
            .extension()
            .is_some_and(|extension| extension == "json")
            || text.trim_start().starts_with('{');
        let digest = Sha256::digest(&text).into();
        let at = |line, column, message| DocumentParseError {
            name: Arc::clone(&name),
            line,
            column,
            message,
        };
        let (source, mut tape) = if looks_json {
            let mut tape = Tape::new();
            tape.parse("", text.as_bytes(), limits)
                .map_err(|error| at(error.line, error.column, error.kind.to_string()))?;
            (text, tape)
        } else {
            let tape = parse_yaml(&text, limits)
                .map_err(|error| at(error.line, error.column, explained(error.message)))?;
            (String::new(), tape)
        };
        tape.shrink_to_fit();
        let is_one_line = !source.is_empty() && !source.trim().contains('\n');
        let repeated = if tape.has_duplicates() {
            repeated_keys(tape.root(&source))
        } else {
            Vec::new()
        };
        Ok(Self {
            name,
            path,
            digest,
            source,
            is_one_line,
            tape,
            repeated,
        })
    }

    /// The document's root value.
    pub fn root(&self) -> JsonNode<'_> {
        self.tape.root(&self.source)
    }

    /// The column of a node, if the text is one line of JSON.
    pub(super) fn column(&self, index: u32) -> Option<u32> {
        let offset = self.node(index).offset() as usize;
        let before = self.source.get(..offset).filter(|_| self.is_one_line)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        u32::try_from(before[line_start..].chars().count() + 1).ok()
    }

    pub(super) fn node(&self, index: u32) -> JsonNode<'_> {
        self.tape.node(index, &self.source)
    }
}

/// What the parser says about the first line of a text that is not YAML at all, in other words.
fn explained(message: String) -> String {
    if message.contains("<document start>") {
        "this is not YAML; a contract is an OpenAPI document in YAML or JSON".to_owned()
    } else {
        message
    }
}

fn not_utf8(name: &Arc<str>, error: &std::string::FromUtf8Error) -> DocumentParseError {
    let bytes = error.as_bytes();
    let upto = &bytes[..error.utf8_error().valid_up_to()];
    let line_start = memchr::memrchr(b'\n', upto).map_or(0, |at| at + 1);
    let line = memchr::memchr_iter(b'\n', upto).count() + 1;
    DocumentParseError {
        name: Arc::clone(name),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(upto.len() - line_start + 1).unwrap_or(u32::MAX),
        message: "not UTF-8: save the file as UTF-8".to_owned(),
    }
}
