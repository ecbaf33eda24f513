//! Lowers patterns: `pattern` and the keys of `patternProperties`.
//!
//! A pattern is ECMA-262, and stays so: the keyword `pattern` is our own (`pattern_keyword`). Names of
//! properties are matched by the validators of `jsonschema`, so a pattern for names is written for
//! their engine, except where comparisons and examples read it.

use serde_json::{Map, Value};

use portcullis_json::{JsonKind, JsonNode};
use portcullis_pattern::{
    EcmaPattern, PatternFault, PatternNote, PatternNoteKind, PatternReading, PatternTree,
    name_pattern, read_pattern,
};

use super::definitions::SchemaLowering;
use super::required_exemptions::ExemptNames;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::document::{DocumentSet, NodeRef};

/// From this length on, in bytes, a pattern is compiled to find out whether it is too large.
const LONG_PATTERN_BYTES: usize = 1_000;

/// The longest pattern that a message shows whole, in characters.
const SHOWN_CHARS_MAX: usize = 200;

impl<'d> SchemaLowering<'d> {
    pub(super) fn pattern(
        &mut self,
        out: &mut Map<String, Value>,
        schema: NodeRef,
        value: JsonNode<'d>,
    ) {
        let Some(text) = value.as_str() else {
            out.insert("pattern".to_owned(), value.to_value());
            return;
        };
        let at = DocumentSet::node_ref(schema, value);
        match self.read(text) {
            Ok(tree) => {
                self.warn_foreign("pattern", &tree, at, schema);
                out.insert("pattern".to_owned(), tree.text.into());
            }
            Err(fault) => self.bad_pattern("pattern", text, &fault, (at, at, schema)),
        }
    }

    /// Lowers the schemas of `patternProperties`.
    pub(super) fn patterned_schemas(&mut self, schema: NodeRef, value: JsonNode<'d>) -> Value {
        if value.kind() != JsonKind::Object {
            return value.to_value();
        }
        let keyword = DocumentSet::node_ref(schema, value);
        let mut lowered = Map::new();
        for (pattern, inner) in value.members() {
            let entry = DocumentSet::node_ref(schema, inner);
            if self.documents.is_overridden(entry) {
                continue;
            }
            match self.key_of_names(pattern) {
                Ok((key, tree)) => {
                    self.warn_foreign("patternProperties", &tree, entry, schema);
                    let inner = self.inner(schema, inner, ExemptNames::NONE);
                    lowered.insert(key, inner);
                }
                Err(fault) => {
                    let places = (entry, keyword, schema);
                    self.bad_pattern("patternProperties", pattern, &fault, places);
                }
            }
        }
        Value::Object(lowered)
    }

    fn key_of_names(&mut self, pattern: &str) -> Result<(String, PatternTree), PatternFault> {
        let tree = self.read(pattern)?;
        let written = name_pattern(pattern, &tree)?;
        if self.with_access || self.with_examples {
            let is_foreign = foreign_parts(&tree).next().is_some();
            let key = if is_foreign { &tree.text } else { pattern };
            return Ok((key.to_owned(), tree));
        }
        self.backtracks_names |= written.backtracks;
        Ok((written.text, tree))
    }

    fn read(&self, pattern: &str) -> Result<PatternTree, PatternFault> {
        let reading = if self.documents.reading().is_tolerant() {
            PatternReading::Tolerant
        } else {
            PatternReading::Strict
        };
        read_as(pattern, reading)
    }

    /// Warns about what the tolerant reading accepts in a pattern.
    fn warn_foreign(&mut self, keyword: &str, tree: &PatternTree, at: NodeRef, schema: NodeRef) {
        let parts: Vec<String> = foreign_parts(tree)
            .map(|note| format!("column {}: {}", note.column, note.message))
            .collect();
        if !parts.is_empty() {
            let message = format!("`{keyword}` is not ECMA-262: {}", parts.join("; "));
            let kind = ContractProblemKind::MalformedPattern;
            let repair = ContractRepair::ForeignPattern;
            self.flaw(repair, kind, (at, at, schema), message);
        }
    }

    /// Reports a pattern that is not valid: where it is shown, what is unusable, and its schema.
    fn bad_pattern(
        &mut self,
        keyword: &str,
        pattern: &str,
        fault: &PatternFault,
        (shown, unusable, schema): (NodeRef, NodeRef, NodeRef),
    ) {
        let written = match pattern.char_indices().nth(SHOWN_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &pattern[..end]),
            None => pattern.to_owned(),
        };
        let message =
            format!("`{keyword}` is not a regular expression (ECMA-262): `{written}`, {fault}");
        let kind = ContractProblemKind::MalformedPattern;
        let places = (shown, unusable, schema);
        let is_tolerant = self.documents.reading().is_tolerant();
        if !is_tolerant && read_as(pattern, PatternReading::Tolerant).is_ok() {
            self.flaw(ContractRepair::ForeignPattern, kind, places, message);
        } else {
            self.problem_at(kind, places, message);
        }
    }
}

/// The parts of a pattern that only the tolerant reading accepts.
fn foreign_parts(tree: &PatternTree) -> impl Iterator<Item = &PatternNote> {
    let notes = tree.notes.iter();
    notes.filter(|note| note.kind == PatternNoteKind::Foreign)
}

fn read_as(pattern: &str, reading: PatternReading) -> Result<PatternTree, PatternFault> {
    let tree = read_pattern(pattern, reading)?;
    if pattern.len() >= LONG_PATTERN_BYTES {
        EcmaPattern::compile(&tree)?;
    }
    Ok(tree)
}
