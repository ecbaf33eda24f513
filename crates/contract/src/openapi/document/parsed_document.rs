//! One file of a contract: its text, parsed onto a tape with line numbers.
//!
//! The tape keeps every member of the file. Typed models of OpenAPI drop the keywords that they
//! do not know, so the compiler reads the tape instead.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use portcullis_json::{JsonLimits, JsonNode, SyntaxErrorKind, Tape};

use super::node_ref::NodeRef;
use super::repeated_key::{RepeatedKey, repeated_keys};
use crate::openapi::yaml::{REPEATED_KEY, parse_yaml};

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
    /// The file as it was written, if the tape is a translation of it.
    pub(super) written: Option<WrittenDocument>,
}

/// A file that was translated, with the way from the translation back to it.
pub(super) struct WrittenDocument {
    source: String,
    tape: Tape,
    /// By index on the tape of the translation.
    origins: Vec<NodeRef>,
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
    /// Whether only a repeated key is wrong, of which another reading may take the last value.
    pub is_repeated_key: bool,
}

impl Document {
    /// Parses a file as JSON if its name ends in `.json` or its text starts with `{`, as YAML
    /// otherwise. A file in Protobuf is one text. YAML includes JSON, but the JSON parser is faster and stricter. A text that starts
    /// with `{` may still be YAML, unless its name says JSON.
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
        let named = |known: &str| path.extension().is_some_and(|extension| extension == known);
        let is_json = named("json");
        let is_yaml = named("yaml") || named("yml");
        let digest = Sha256::digest(&text).into();
        let at = |line, column, message| DocumentParseError {
            name: Arc::clone(&name),
            line,
            column,
            message,
            is_repeated_key: false,
        };
        let yaml = |text: &str| {
            parse_yaml(text, limits).map_err(|error| DocumentParseError {
                is_repeated_key: error.message.starts_with(REPEATED_KEY),
                ..at(error.line, error.column, explained(error.message))
            })
        };
        let (source, mut tape) = if is_proto_file(&path) {
            (String::new(), text_tape(&text))
        } else if is_json || text.trim_start().starts_with('{') {
            let mut tape = Tape::new();
            let parsed = tape.parse("", text.as_bytes(), limits);
            let parsed = parsed.map(|_| ());
            match parsed.map_err(|error| DocumentParseError {
                is_repeated_key: matches!(error.kind, SyntaxErrorKind::DuplicateKey(_)),
                ..at(error.line, error.column, error.kind.to_string())
            }) {
                Ok(()) => (text, tape),
                Err(error) if is_json => return Err(error),
                Err(error) => match yaml(&text) {
                    Ok(tape) => (String::new(), tape),
                    Err(other) => return Err(if is_yaml { other } else { error }),
                },
            }
        } else {
            (String::new(), yaml(&text)?)
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
            written: None,
        })
    }

    /// Replaces the tape by a translation of it, which holds all its text itself. The file as it was
    /// written stays.
    pub(super) fn translate(&mut self, tape: Tape, origins: Vec<NodeRef>) {
        self.repeated = if tape.has_duplicates() {
            repeated_keys(tape.root(""))
        } else {
            Vec::new()
        };
        let source = std::mem::take(&mut self.source);
        let before = std::mem::replace(&mut self.tape, tape);
        let (source, before) = match self.written.take() {
            Some(written) => (written.source, written.tape),
            None => (source, before),
        };
        self.written = Some(WrittenDocument {
            source,
            tape: before,
            origins,
        });
    }

    /// The node of a file that a node of this document was translated from. `None` if it was not.
    pub(super) fn origin(&self, index: u32) -> Option<NodeRef> {
        self.written.as_ref()?.origins.get(index as usize).copied()
    }

    /// The root of the file as it was written, which differs from the document if the contract was
    /// translated from Swagger.
    pub fn written_root(&self) -> JsonNode<'_> {
        match &self.written {
            Some(written) => written.tape.root(&written.source),
            None => self.root(),
        }
    }

    /// A node of the file as it was written.
    pub(super) fn written_node(&self, index: u32) -> JsonNode<'_> {
        match &self.written {
            Some(written) => written.tape.node(index, &written.source),
            None => self.node(index),
        }
    }

    /// The document's root value.
    pub fn root(&self) -> JsonNode<'_> {
        self.tape.root(&self.source)
    }

    /// The column of a node of the file as it was written, if its text is one line of JSON.
    pub(super) fn written_column(&self, index: u32) -> Option<u32> {
        let offset = self.written_node(index).offset() as usize;
        let source = self
            .written
            .as_ref()
            .map_or(&self.source, |written| &written.source);
        let before = source.get(..offset).filter(|_| self.is_one_line)?;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        u32::try_from(before[line_start..].chars().count() + 1).ok()
    }

    pub(super) fn node(&self, index: u32) -> JsonNode<'_> {
        self.tape.node(index, &self.source)
    }
}

/// Whether a file is kept as one text.
pub(in crate::openapi) fn is_proto_file(path: &Path) -> bool {
    path.extension().is_some_and(|known| known == "proto")
}

/// A tape with one text.
fn text_tape(text: &str) -> Tape {
    let mut tape = Tape::new();
    tape.begin("");
    tape.string(text);
    let lines = vec![1; tape.len()];
    tape.set_lines(lines);
    tape
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
        is_repeated_key: false,
    }
}
