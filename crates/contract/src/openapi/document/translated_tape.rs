//! Writes the tape of a translated document, and keeps where each entry was written.

use portcullis_json::{JsonKind, JsonNode, Tape};

use super::document_set::DocumentSet;
use super::document_translation::DocumentTranslation;
use super::node_ref::NodeRef;
use crate::openapi::contract_problem::ContractProblemKind;

/// Writes one translated document. The node in each call is where the value was written.
#[derive(Debug)]
pub(in crate::openapi) struct TranslatedTape<'d> {
    documents: &'d DocumentSet,
    tape: Tape,
    origins: Vec<NodeRef>,
    lines: Vec<u32>,
    problems: Vec<(u32, String)>,
    unknown: Vec<(u32, ContractProblemKind, String)>,
}

impl<'d> TranslatedTape<'d> {
    pub(in crate::openapi) fn new(documents: &'d DocumentSet, root: NodeRef) -> Self {
        let mut tape = Tape::new();
        tape.begin("");
        Self {
            documents,
            tape,
            origins: vec![root; 2],
            lines: vec![1; 2],
            problems: Vec::new(),
            unknown: Vec::new(),
        }
    }

    pub(in crate::openapi) fn finish(mut self) -> DocumentTranslation {
        self.tape.set_lines(self.lines);
        self.tape.shrink_to_fit();
        self.origins.shrink_to_fit();
        DocumentTranslation {
            tape: self.tape,
            origins: self.origins,
            problems: self.problems,
            unknown: self.unknown,
        }
    }

    /// The index on the tape of the value that is written next.
    pub(in crate::openapi) fn position(&self) -> u32 {
        u32::try_from(self.tape.len()).unwrap_or(u32::MAX)
    }

    /// Reports a mistake at the value that is written next.
    pub(in crate::openapi) fn problem(&mut self, message: impl Into<String>) {
        self.problems.push((self.position(), message.into()));
    }

    /// Warns about the value that is written next.
    pub(in crate::openapi) fn warn(&mut self, kind: ContractProblemKind, message: String) {
        self.unknown.push((self.position(), kind, message));
    }

    pub(in crate::openapi) fn begin_object(&mut self, origin: NodeRef) {
        self.note(origin);
        self.tape.begin_object();
    }

    pub(in crate::openapi) fn begin_array(&mut self, origin: NodeRef) {
        self.note(origin);
        self.tape.begin_array();
    }

    pub(in crate::openapi) fn end(&mut self) {
        self.tape.end();
    }

    pub(in crate::openapi) fn key(&mut self, name: &str, origin: NodeRef) {
        self.origins.push(origin);
        self.lines.push(self.documents.node(origin).key_line());
        self.tape.key(name);
    }

    pub(in crate::openapi) fn string(&mut self, text: &str, origin: NodeRef) {
        self.note(origin);
        self.tape.string(text);
    }

    pub(in crate::openapi) fn boolean(&mut self, value: bool, origin: NodeRef) {
        self.note(origin);
        self.tape.boolean(value);
    }

    pub(in crate::openapi) fn null(&mut self, origin: NodeRef) {
        self.note(origin);
        self.tape.null();
    }

    /// Writes `name: text`.
    pub(in crate::openapi) fn text_member(&mut self, name: &str, text: &str, origin: NodeRef) {
        self.key(name, origin);
        self.string(text, origin);
    }

    /// Writes a copy of a value.
    pub(in crate::openapi) fn copy(&mut self, origin: NodeRef) {
        let node = self.documents.node(origin);
        match node.kind() {
            JsonKind::Object => {
                self.begin_object(origin);
                for (name, value) in node.members() {
                    self.copy_member(name, DocumentSet::node_ref(origin, value));
                }
                self.end();
            }
            JsonKind::Array => {
                self.begin_array(origin);
                for element in node.elements() {
                    self.copy(DocumentSet::node_ref(origin, element));
                }
                self.end();
            }
            JsonKind::Null | JsonKind::Boolean | JsonKind::Number | JsonKind::String => {
                self.copy_scalar(node, origin);
            }
        }
    }

    /// Writes a member with a copy of its value.
    pub(in crate::openapi) fn copy_member(&mut self, name: &str, origin: NodeRef) {
        self.key(name, origin);
        self.copy(origin);
    }

    fn copy_scalar(&mut self, node: JsonNode<'_>, origin: NodeRef) {
        self.note(origin);
        self.tape.copy_value(node);
    }

    fn note(&mut self, origin: NodeRef) {
        self.origins.push(origin);
        self.lines.push(self.documents.node(origin).line());
    }
}
