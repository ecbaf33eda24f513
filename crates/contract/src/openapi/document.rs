//! The documents of one contract: text, tape and positions.
//!
//! A contract is one entry document and the files its references lead to. They are kept as
//! they were read, because the raw text is the truth: typed models drop keywords that they do
//! not know. A [`NodeRef`] is a node of one of them, small and `Copy`; a [`SourceLocation`] says where that
//! is in words a person can follow: file, line and JSON pointer.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use portcullis_json::{JsonLimits, JsonNode, Tape, pointer};

use super::identifier::SchemaIdentifiers;
use super::yaml::parse_yaml;

/// One file of a contract.
pub struct Document {
    /// The file's name as the user wrote it, or as reached from there.
    pub name: Arc<str>,
    /// Where it was read.
    pub path: PathBuf,
    /// The SHA-256 of the text.
    pub digest: [u8; 32],
    /// What the tape refers to: the text of JSON; a tape of YAML holds its own.
    source: String,
    tape: Tape,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why a file is neither JSON nor YAML.
#[derive(Debug, thiserror::Error)]
#[error("{name}:{line}:{column}: {message}")]
pub struct DocumentParseError {
    /// The file.
    pub name: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What was expected and found.
    pub message: String,
}

impl Document {
    /// Parses a file's bytes: JSON where the name ends in `.json` or the first character is `{`,
    /// YAML otherwise (every JSON document is YAML, but JSON is read faster and more strictly).
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
                .map_err(|error| at(error.line, error.column, error.message))?;
            (String::new(), tape)
        };
        tape.shrink_to_fit();
        Ok(Self {
            name,
            path,
            digest,
            source,
            tape,
        })
    }

    /// The document's root value.
    pub fn root(&self) -> JsonNode<'_> {
        self.tape.root(&self.source)
    }

    fn node(&self, index: u32) -> JsonNode<'_> {
        self.tape.node(index, &self.source)
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

/// A node of one of a contract's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeRef {
    /// Which document, in the order of loading; the entry document is 0.
    pub document: u32,
    /// Which node of its tape.
    pub node: u32,
}

/// Where something stands, for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    /// The file.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// JSON pointer (RFC 6901) within the file, as a fragment without `#`.
    pub pointer: String,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} #{}", self.file, self.line, self.pointer)
    }
}

/// All documents of one contract.
#[derive(Debug)]
pub struct DocumentSet {
    list: Vec<Document>,
    by_path: HashMap<PathBuf, u32>,
    /// Files that references name and that could not be loaded, with the reason. Reported at
    /// the reference, and only if the contract really needs it.
    missing: HashMap<PathBuf, String>,
    identifiers: OnceLock<SchemaIdentifiers>,
}

impl DocumentSet {
    /// A contract of one document; [`DocumentSet::add`] takes the others.
    pub fn new(entry: Document) -> Self {
        let by_path = HashMap::from([(entry.path.clone(), 0)]);
        Self {
            list: vec![entry],
            by_path,
            missing: HashMap::new(),
            identifiers: OnceLock::new(),
        }
    }

    /// Adds a file that a reference leads to, or the reason why it could not be had.
    pub fn add(&mut self, path: PathBuf, loaded: Result<Document, String>) {
        self.identifiers = OnceLock::new();
        match loaded {
            Ok(document) => {
                let index = u32::try_from(self.list.len()).expect("files are counted in limits");
                self.list.push(document);
                self.by_path.insert(path, index);
            }
            Err(reason) => {
                self.missing.insert(path, reason);
            }
        }
    }

    /// Whether this file was tried already.
    pub fn was_tried(&self, path: &Path) -> bool {
        self.by_path.contains_key(path) || self.missing.contains_key(path)
    }

    /// The document read from `path`.
    ///
    /// # Errors
    /// Why it could not be loaded.
    pub fn by_path(&self, path: &Path) -> Result<u32, &str> {
        match self.by_path.get(path) {
            Some(index) => Ok(*index),
            None => Err(self.missing.get(path).map_or(
                "this contract was given without its other files",
                String::as_str,
            )),
        }
    }

    /// The documents in the order of loading, the entry first.
    pub fn list(&self) -> &[Document] {
        &self.list
    }

    /// The files of the documents, the entry first, and those that references name and that
    /// could not be had: all whose change may change the contract.
    pub fn paths(&self) -> Vec<PathBuf> {
        let mut missing: Vec<PathBuf> = self.missing.keys().cloned().collect();
        missing.sort();
        let there = self.list.iter().map(|document| document.path.clone());
        there.chain(missing).collect()
    }

    /// The entry document.
    pub fn entry(&self) -> &Document {
        &self.list[0]
    }

    /// What the schemas of all documents are called.
    pub(crate) fn identifiers(&self) -> &SchemaIdentifiers {
        self.identifiers
            .get_or_init(|| SchemaIdentifiers::of(&self.list))
    }

    /// The place of the entry document's root.
    pub fn entry_ref(&self) -> NodeRef {
        self.root_ref(0)
    }

    /// The place of a document's root.
    pub fn root_ref(&self, document: u32) -> NodeRef {
        NodeRef {
            document,
            node: self.list[document as usize].root().index(),
        }
    }

    /// The value at a place.
    pub fn node(&self, place: NodeRef) -> JsonNode<'_> {
        self.list[place.document as usize].node(place.node)
    }

    /// The place of a node in the same document as `near`.
    pub fn node_ref(near: NodeRef, node: JsonNode<'_>) -> NodeRef {
        NodeRef {
            document: near.document,
            node: node.index(),
        }
    }

    /// The place of a member of the object at `node_ref`.
    pub fn member(&self, place: NodeRef, name: &str) -> Option<NodeRef> {
        Some(Self::node_ref(place, self.node(place).get(name)?))
    }

    /// Where a place stands, for a person. Costs a walk from the root: not for hot paths.
    pub fn location(&self, place: NodeRef) -> SourceLocation {
        let document = &self.list[place.document as usize];
        SourceLocation {
            file: Arc::clone(&document.name),
            line: self.line(place),
            pointer: pointer_to(document.root(), place.node),
        }
    }

    /// The line of a place, from 1, where people look for it: that of a member's name, whichever
    /// line its value begins on, and of a reference itself where there is nothing else.
    pub fn line(&self, place: NodeRef) -> u32 {
        let node = self.node(place);
        node.get("$ref").unwrap_or(node).key_line()
    }

    /// Follows as much of `pointer` as exists below `node_ref`: a keyword that a reader can look
    /// up, even where the pointer leads into something that lowering made.
    pub fn deepest_existing(&self, place: NodeRef, pointer: &str) -> NodeRef {
        let mut node = self.node(place);
        for name in pointer::tokens(pointer) {
            let Some(next) = child(node, &name) else {
                break;
            };
            node = next;
        }
        Self::node_ref(place, node)
    }
}

fn child<'a>(node: JsonNode<'a>, token: &str) -> Option<JsonNode<'a>> {
    node.get(token)
        .or_else(|| node.elements().nth(token.parse().ok()?))
}

/// The JSON pointer from `root` to the node with this tape index.
fn pointer_to(root: JsonNode<'_>, index: u32) -> String {
    let mut pointer = String::new();
    let mut node = root;
    while node.index() != index {
        let next = node
            .members()
            .map(|(name, value)| (Ok(name), value))
            .chain(
                node.elements()
                    .enumerate()
                    .map(|(at, value)| (Err(at), value)),
            )
            .find(|(_, value)| value.contains_index(index));
        let Some((token, value)) = next else { break };
        match token {
            Ok(name) => pointer::push(&mut pointer, name),
            Err(position) => pointer::push(&mut pointer, &position.to_string()),
        }
        node = value;
    }
    pointer
}
