//! Finds every schema of an AsyncAPI contract: those that messages use, and those that they refer to.
//!
//! A schema is read in the language of the message that uses it, so one that messages of different
//! languages share has several readings. It is written in one of them where it stands, and each other
//! reading is a copy in the same document.

use std::collections::{HashMap, HashSet};

use portcullis_json::JsonNode;

use super::kept_parts::kept_members;
use super::schema_format::{SchemaFormat, SchemaUse};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::reference::resolve;

/// The member of the root of a document under which its copies are.
pub(super) const COPIES: &str = "x-readings";

/// The schemas of a contract, with their languages.
#[derive(Debug, Default)]
pub(super) struct SchemaRoots {
    /// The schemas that are not nested in others, with the language in which they are written.
    formats: HashMap<NodeRef, SchemaFormat>,
    /// The same with the schemas nested in them.
    written: HashMap<NodeRef, SchemaFormat>,
    /// What is read in another language than the one in which it is written.
    copies: Vec<SchemaUse>,
}

impl SchemaRoots {
    /// Follows the references of schemas, first of those that messages use, then of others that are
    /// shared.
    pub(super) fn of(documents: &DocumentSet, used: &[SchemaUse], shared: &[SchemaUse]) -> Self {
        let mut search = SchemaSearch {
            documents,
            seen: HashSet::new(),
            in_order: Vec::new(),
            formats: HashMap::new(),
        };
        search.follow(used, false);
        search.follow(shared, true);
        let SchemaSearch {
            in_order, formats, ..
        } = search;
        let mut roots = Self {
            formats,
            ..Self::default()
        };
        roots.note_written(documents);
        let copies = in_order.into_iter();
        roots.copies = copies
            .filter(|found| roots.written.get(&found.node_ref) != Some(&found.format))
            .collect();
        roots
    }

    /// The language of a schema that is not nested in another one.
    pub(super) fn format(&self, node_ref: NodeRef) -> Option<&SchemaFormat> {
        self.formats.get(&node_ref)
    }

    /// The pointer to the copy of a schema in a language, if it is not written in that language.
    pub(super) fn copy_of(&self, node_ref: NodeRef, format: &SchemaFormat) -> Option<String> {
        let mut copies = self.copies.iter();
        let is_it = |copy: &SchemaUse| copy.node_ref == node_ref && copy.format == *format;
        let number = copies.position(is_it)?;
        Some(format!("/{COPIES}/{number}"))
    }

    /// The copies of a document, with their numbers.
    pub(super) fn copies(&self, document: u32) -> Vec<(usize, &SchemaUse)> {
        let copies = self.copies.iter().enumerate();
        copies
            .filter(|(_, copy)| copy.node_ref.document == document)
            .collect()
    }

    /// Notes the language in which each schema of the translations will be written.
    fn note_written(&mut self, documents: &DocumentSet) {
        let count = u32::try_from(documents.list().len()).expect("files are counted in limits");
        for document in 0..count {
            let root = documents.root_ref(document);
            let mut open = vec![documents.node(root)];
            if document == 0 {
                open = kept_members(open[0]);
            }
            while let Some(node) = open.pop() {
                match self.formats.get(&DocumentSet::node_ref(root, node)) {
                    Some(format) => self.note_schema(root, node, &format.clone()),
                    None => {
                        open.extend(node.members().map(|(_, value)| value));
                        open.extend(node.elements());
                    }
                }
            }
        }
    }

    fn note_schema(&mut self, near: NodeRef, schema: JsonNode<'_>, format: &SchemaFormat) {
        let mut open = vec![schema];
        while let Some(schema) = open.pop() {
            let node_ref = DocumentSet::node_ref(near, schema);
            self.written.insert(node_ref, format.clone());
            if !format.is_opaque() {
                open.extend(subschemas(schema));
            }
        }
    }
}

struct SchemaSearch<'d> {
    documents: &'d DocumentSet,
    seen: HashSet<SchemaUse>,
    in_order: Vec<SchemaUse>,
    formats: HashMap<NodeRef, SchemaFormat>,
}

impl SchemaSearch<'_> {
    /// Follows references. If `is_secondary`, a schema with a language keeps it.
    fn follow(&mut self, used: &[SchemaUse], is_secondary: bool) {
        let mut open: Vec<SchemaUse> = used.iter().rev().cloned().collect();
        while let Some(found) = open.pop() {
            let SchemaUse { node_ref, format } = &found;
            let is_left = is_secondary && self.formats.contains_key(node_ref);
            if is_left || !self.seen.insert(found.clone()) {
                continue;
            }
            self.formats
                .entry(*node_ref)
                .or_insert_with(|| format.clone());
            self.in_order.push(found.clone());
            let mut below = vec![self.documents.node(*node_ref)];
            while let Some(schema) = below.pop() {
                let reference = schema.get("$ref").and_then(JsonNode::as_str);
                let target =
                    reference.and_then(|text| resolve(self.documents, *node_ref, text).ok());
                open.extend(target.map(|target| of_one_format(self.documents, target, format)));
                if !format.is_opaque() {
                    below.extend(subschemas(schema));
                }
            }
        }
    }
}

/// The schema that a reference means: of a Multi Format Schema Object its schema.
pub(super) fn of_one_format(
    documents: &DocumentSet,
    target: NodeRef,
    format: &SchemaFormat,
) -> SchemaUse {
    let node = documents.node(target);
    let own = node.get("schemaFormat").and_then(JsonNode::as_str);
    match own.zip(node.get("schema")) {
        Some((own, schema)) => SchemaUse {
            node_ref: DocumentSet::node_ref(target, schema),
            format: SchemaFormat::of(own),
        },
        None => SchemaUse {
            node_ref: target,
            format: format.clone(),
        },
    }
}

/// How a keyword contains schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeywordShape {
    /// Its value is a schema or a list of schemas.
    Schemas,
    /// Its value is an object of schemas.
    Map,
    /// Anything else.
    Data,
}

/// How a keyword of any of the languages contains schemas.
pub(super) fn keyword_shape(keyword: &str) -> KeywordShape {
    match keyword {
        "items"
        | "additionalItems"
        | "additionalProperties"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "prefixItems"
        | "allOf"
        | "anyOf"
        | "oneOf" => KeywordShape::Schemas,
        "properties" | "patternProperties" | "definitions" | "$defs" | "dependencies"
        | "dependentSchemas" => KeywordShape::Map,
        _ => KeywordShape::Data,
    }
}

fn subschemas(schema: JsonNode<'_>) -> Vec<JsonNode<'_>> {
    let mut found = Vec::new();
    for (keyword, value) in schema.members() {
        match keyword_shape(keyword) {
            KeywordShape::Schemas if value.is_array() => found.extend(value.elements()),
            KeywordShape::Schemas => found.push(value),
            KeywordShape::Map => found.extend(value.members().map(|(_, schema)| schema)),
            KeywordShape::Data => {}
        }
    }
    found
}
