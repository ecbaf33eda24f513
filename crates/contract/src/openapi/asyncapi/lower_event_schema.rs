//! Lowers schemas of JSON Schema draft-07 and OpenAPI 3.0 to JSON Schema 2020-12.
//!
//! Draft-07 ignores what stands next to `$ref`, and keywords that later drafts added. Their effect must
//! not appear with the translation, so they are left out. `readOnly` and `writeOnly` are left out, too:
//! an event has no direction in which a property is not sent. `discriminator` names a property and
//! asserts nothing.

use portcullis_json::{JsonKind, JsonNode};

use super::event_layers::EventLayers;
use super::lower_events::{EventLowering, MERGES_MAX};
use super::schema_format::SchemaFormat;
use super::schema_roots::{KeywordShape, keyword_shape, of_one_format};
use crate::openapi::document::NodeRef;
use crate::openapi::reference::resolve;
use crate::openapi::written_node::WrittenNode;

/// The property under which a schema in another language is kept.
const OPAQUE: &str = "x-schema";

impl EventLowering<'_> {
    /// Writes a schema.
    pub(super) fn schema(&mut self, at: &WrittenNode, format: &SchemaFormat) {
        let node = self.node(at);
        if let Some(reason) = format.reason() {
            return self.opaque_schema(at, node, format, reason);
        }
        if node.kind() != JsonKind::Object {
            return self.out.copy(at.node_ref);
        }
        self.out.begin_object(at.node_ref);
        let is_reference = node.get("$ref").is_some_and(|text| text.as_str().is_some());
        let has_siblings = *format == SchemaFormat::Draft2020;
        for (name, value) in node.members() {
            // References may lead to definitions, even to those next to one.
            let is_container = matches!(name, "definitions" | "$defs");
            if is_reference && !has_siblings && name != "$ref" && !is_container {
                continue;
            }
            // A copy has no identity.
            if self.is_copying && matches!(name, "$id" | "$anchor") {
                continue;
            }
            self.keyword(at, name, &at.at(value), format);
        }
        self.copies_at(at);
        self.out.end();
    }

    /// A schema in a language that is not judged. Its text is kept, because equal texts have one
    /// meaning.
    fn opaque_schema(
        &mut self,
        at: &WrittenNode,
        node: JsonNode<'_>,
        format: &SchemaFormat,
        reason: String,
    ) {
        let reference = node.get("$ref").and_then(JsonNode::as_str);
        let resolved = reference.map(|text| resolve(self.documents, at.node_ref, text));
        if let Some(Err(error)) = &resolved {
            self.out.problem(error.to_string());
        }
        if let (Some(text), Some(Ok(_))) = (reference, resolved) {
            self.out.begin_object(at.node_ref);
            let text = self.schema_reference(at, text, format);
            self.out.text_member("$ref", &text, at.node_ref);
        } else {
            let place = self.out.position();
            let mut unjudged = self.unjudged.iter();
            let unjudged = unjudged.find(|(node_ref, _)| *node_ref == at.node_ref);
            self.opaque.push(match unjudged {
                Some((_, reason)) => (place, reason.clone(), false),
                None => (place, reason, format.is_apart()),
            });
            self.out.begin_object(at.node_ref);
            self.out.copy_member(OPAQUE, at.node_ref);
        }
        self.copies_at(at);
        self.out.end();
    }

    fn keyword(
        &mut self,
        schema: &WrittenNode,
        name: &str,
        value: &WrittenNode,
        format: &SchemaFormat,
    ) {
        let (node, owner) = (self.node(value), self.node(schema));
        let origin = value.node_ref;
        if name == "$ref" && node.as_str().is_some() {
            let text = self.schema_reference(schema, node.as_str().unwrap_or_default(), format);
            return self.out.text_member(name, &text, origin);
        }
        if *format != SchemaFormat::Draft2020 {
            if is_ignored(name, format) {
                self.ignored.push((schema.node_ref, name.to_owned()));
                return;
            }
            if self.older_keyword(owner, name, value, format) {
                return;
            }
        }
        match (keyword_shape(name), node.kind()) {
            _ if matches!(name, "readOnly" | "writeOnly" | "$schema") => {}
            (KeywordShape::Schemas, JsonKind::Array) => self.schema_list(name, value, format),
            (KeywordShape::Schemas, _) => {
                self.out.key(name, origin);
                self.schema(value, format);
            }
            (KeywordShape::Map, JsonKind::Object) => {
                self.out.key(name, origin);
                self.out.begin_object(origin);
                for (property, inner) in node.members() {
                    let inner = value.at(inner);
                    self.out.key(property, inner.node_ref);
                    self.schema(&inner, format);
                }
                self.out.end();
            }
            (KeywordShape::Map, _) | (KeywordShape::Data, _) => self.out.copy_member(name, origin),
        }
    }

    /// Writes a keyword that draft-07 or OpenAPI 3.0 defines differently. Returns whether it did.
    fn older_keyword(
        &mut self,
        owner: JsonNode<'_>,
        name: &str,
        value: &WrittenNode,
        format: &SchemaFormat,
    ) -> bool {
        let node = self.node(value);
        match name {
            "items" if node.is_array() => {
                if !node.is_empty() {
                    self.schema_list("prefixItems", value, format);
                }
            }
            "additionalItems" => {
                // Without a list of items it has no effect.
                if owner.get("items").is_some_and(JsonNode::is_array) {
                    self.out.key("items", value.node_ref);
                    self.schema(value, format);
                }
            }
            "dependencies" if node.is_object() => self.dependencies(value, format),
            "$id" if node.as_str().is_some_and(|id| id.starts_with('#')) => {
                let anchor = node.as_str().unwrap_or_default().trim_start_matches('#');
                self.out.text_member("$anchor", anchor, value.node_ref);
            }
            "discriminator" => {}
            _ if *format == SchemaFormat::OpenApi30 => {
                return self.openapi_keyword(owner, name, value);
            }
            _ => return false,
        }
        true
    }

    /// Writes a keyword that OpenAPI 3.0 defines differently. Returns whether it did.
    fn openapi_keyword(&mut self, owner: JsonNode<'_>, name: &str, value: &WrittenNode) -> bool {
        let is_true = |name: &str| owner.get(name).and_then(JsonNode::as_bool) == Some(true);
        let node = self.node(value);
        let origin = value.node_ref;
        match name {
            "nullable" => {}
            "type" if node.as_str().is_some() && is_true("nullable") => {
                self.out.key(name, origin);
                self.out.begin_array(origin);
                self.out.copy(origin);
                self.out.string("null", origin);
                self.out.end();
            }
            "minimum" if is_true("exclusiveMinimum") => {
                self.out.copy_member("exclusiveMinimum", origin);
            }
            "maximum" if is_true("exclusiveMaximum") => {
                self.out.copy_member("exclusiveMaximum", origin);
            }
            "exclusiveMinimum" | "exclusiveMaximum" if node.as_bool().is_some() => {}
            _ => return false,
        }
        true
    }

    fn schema_list(&mut self, name: &str, list: &WrittenNode, format: &SchemaFormat) {
        self.out.key(name, list.node_ref);
        self.out.begin_array(list.node_ref);
        for element in self.node(list).elements() {
            self.schema(&list.at(element), format);
        }
        self.out.end();
    }

    /// `dependencies`, whose values are lists of names or schemas.
    fn dependencies(&mut self, value: &WrittenNode, format: &SchemaFormat) {
        for (keyword, wants_lists) in [("dependentRequired", true), ("dependentSchemas", false)] {
            let members = self.node(value).members();
            let members: Vec<_> = members
                .filter(|(_, dependency)| dependency.is_array() == wants_lists)
                .collect();
            if members.is_empty() {
                continue;
            }
            self.out.key(keyword, value.node_ref);
            self.out.begin_object(value.node_ref);
            for (name, dependency) in members {
                let dependency = value.at(dependency);
                self.out.key(name, dependency.node_ref);
                if wants_lists {
                    self.out.copy(dependency.node_ref);
                } else {
                    self.schema(&dependency, format);
                }
            }
            self.out.end();
        }
    }

    /// A reference of a schema: to the schema of a Multi Format Schema Object if it leads to one, and to
    /// the reading in the language of the schema that refers.
    fn schema_reference(&self, schema: &WrittenNode, text: &str, format: &SchemaFormat) -> String {
        let written = schema.reference(text);
        let Ok(target) = resolve(self.documents, schema.node_ref, text) else {
            return written;
        };
        let meant = of_one_format(self.documents, target, format);
        let copy = self.roots.copy_of(meant.node_ref, &meant.format);
        match (copy, written.split_once('#')) {
            (Some(copy), Some((file, _))) => format!("{file}#{copy}"),
            (Some(copy), None) => format!("{written}#{copy}"),
            (None, _) if meant.node_ref == target => written,
            (None, Some(_)) => format!("{written}/schema"),
            (None, None) => format!("{written}#/schema"),
        }
    }

    /// Writes a schema that a message and its traits give together. The keywords of objects are merged
    /// one by one.
    pub(super) fn layered_schema(&mut self, layers: &EventLayers, near: NodeRef) {
        let format = SchemaFormat::Draft07;
        let [first, _, ..] = &layers.0[..] else {
            match layers.last() {
                Some(only) => self.schema(only, &format),
                None => {
                    self.out.begin_object(near);
                    self.out.end();
                }
            }
            return;
        };
        // Schemas that refer to themselves can be merged without end.
        let Some(left) = self.merges_left.checked_sub(1) else {
            self.out.problem(format!(
                "the message and its traits have more than {MERGES_MAX} schemas to merge: \
                 write them in one place"
            ));
            return self.out.copy(near);
        };
        self.merges_left = left;
        self.out.begin_object(first.node_ref);
        for name in layers.names(self.documents) {
            let field = layers.field(self.documents, name);
            let (Some(last), Some(owner)) = (field.last(), layers.last()) else {
                continue;
            };
            match (keyword_shape(name), &field.0[..]) {
                (KeywordShape::Map, [_, _, ..]) => {
                    self.out.key(name, last.node_ref);
                    self.out.begin_object(last.node_ref);
                    for property in field.names(self.documents) {
                        let inner = field.field(self.documents, property);
                        if let Some(last) = inner.last() {
                            self.out.key(property, last.node_ref);
                            self.layered_schema(&inner, last.node_ref);
                        }
                    }
                    self.out.end();
                }
                (KeywordShape::Schemas, [_, _, ..]) => {
                    self.out.key(name, last.node_ref);
                    self.layered_schema(&field, last.node_ref);
                }
                _ => self.keyword(owner, name, last, &format),
            }
        }
        self.out.end();
    }
}

/// Whether the language of a schema does not have a keyword that others have.
fn is_ignored(keyword: &str, format: &SchemaFormat) -> bool {
    match keyword {
        "prefixItems"
        | "minContains"
        | "maxContains"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "$anchor"
        | "$dynamicAnchor"
        | "$dynamicRef"
        | "$recursiveRef"
        | "$recursiveAnchor" => true,
        "nullable" => *format == SchemaFormat::Draft07,
        _ => false,
    }
}
