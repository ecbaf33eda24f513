//! Lowers schemas (Swagger 2.0, Schema Object).
//!
//! Swagger takes `type` from JSON Schema, where it may be a list; OpenAPI 3.0 has `nullable` and
//! `anyOf`. `x-nullable` is what most tools read as `nullable`. The keywords `anyOf`, `oneOf`, `not`
//! and `nullable` do not belong to Swagger; where a document has them, they mean what they mean in
//! OpenAPI 3.0.

use portcullis_json::{JsonKind, JsonNode};

use super::lower_document::SwaggerLowering;
use crate::openapi::document::NodeRef;
use crate::openapi::written_node::WrittenNode;

/// Which other fields of an object may contain schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FieldScope {
    /// Only those of the Schema Object: the object is a schema.
    Schema,
    /// All but data: the object may be anything.
    Structure,
}

impl SwaggerLowering<'_> {
    /// Writes a schema.
    pub(super) fn schema(&mut self, at: &WrittenNode) {
        self.lowered(at, FieldScope::Schema);
    }

    /// Writes an object that may contain schemas anywhere.
    pub(super) fn structure(&mut self, at: &WrittenNode) {
        self.lowered(at, FieldScope::Structure);
    }

    fn lowered(&mut self, at: &WrittenNode, scope: FieldScope) {
        let node = self.node(at);
        match node.kind() {
            JsonKind::Object if is_nullable(node) && has_schemas(node) => {
                self.nullable_schemas(at, scope);
            }
            JsonKind::Object => {
                self.out.begin_object(at.node_ref);
                self.schema_fields(at, scope, &|_| true);
                self.out.end();
            }
            JsonKind::Array => {
                self.out.begin_array(at.node_ref);
                for element in node.elements() {
                    self.lowered(&at.at(element), scope);
                }
                self.out.end();
            }
            JsonKind::Null | JsonKind::Boolean | JsonKind::Number | JsonKind::String => {
                self.out.copy(at.node_ref);
            }
        }
    }

    /// `x-nullable` next to a reference or other schemas, which refuse null: a further alternative.
    fn nullable_schemas(&mut self, at: &WrittenNode, scope: FieldScope) {
        let nullable = at.get(self.documents, "x-nullable");
        let origin = nullable.map_or(at.node_ref, |nullable| nullable.node_ref);
        self.out.begin_object(at.node_ref);
        self.out.key("anyOf", origin);
        self.out.begin_array(origin);
        self.out.begin_object(at.node_ref);
        self.schema_fields(at, scope, &|name| name != "x-nullable");
        self.out.end();
        self.out.begin_object(origin);
        self.out.text_member("type", "string", origin);
        self.nullable(origin);
        self.out.key("enum", origin);
        self.out.begin_array(origin);
        self.out.null(origin);
        self.out.end();
        self.out.end();
        self.out.end();
        self.out.end();
    }

    /// Writes the fields of a schema that `is_wanted` selects.
    pub(super) fn schema_members(&mut self, at: &WrittenNode, is_wanted: &dyn Fn(&str) -> bool) {
        self.schema_fields(at, FieldScope::Schema, is_wanted);
    }

    fn schema_fields(
        &mut self,
        at: &WrittenNode,
        scope: FieldScope,
        is_wanted: &dyn Fn(&str) -> bool,
    ) {
        let node = self.node(at);
        for (name, value) in node.members().filter(|(name, _)| is_wanted(name)) {
            let field = at.at(value);
            let origin = field.node_ref;
            match name {
                "x-nullable" if value.as_bool().is_some() => {
                    if is_nullable(node) && !has_type_list(node) {
                        self.nullable(origin);
                    }
                }
                "$ref" if value.as_str().is_some() => {
                    let text = field.reference(value.as_str().unwrap_or_default());
                    self.out.text_member("$ref", &text, origin);
                }
                "type" if value.as_str() == Some("file") => {
                    self.out.text_member("type", "string", origin);
                    if node.get("format").is_none() {
                        self.out.text_member("format", "binary", origin);
                    }
                }
                "type" if has_type_list(node) => self.type_list(at, &field),
                "enum" if is_nullable(node) && value.is_array() => self.nullable_enum(&field),
                "discriminator" if value.as_str().is_some() => {
                    self.out.key(name, origin);
                    self.out.begin_object(origin);
                    self.out.copy_member("propertyName", origin);
                    self.out.end();
                }
                "properties" | "definitions" if value.is_object() => {
                    self.out.key(name, origin);
                    self.out.begin_object(origin);
                    for (property, schema) in value.members() {
                        let schema = field.at(schema);
                        self.out.key(property, schema.node_ref);
                        self.lowered(&schema, scope);
                    }
                    self.out.end();
                }
                "items" | "additionalProperties" | "not" | "allOf" | "anyOf" | "oneOf" => {
                    self.out.key(name, origin);
                    self.lowered(&field, scope);
                }
                _ if scope == FieldScope::Schema || is_data(name) => {
                    self.out.copy_member(name, origin);
                }
                _ => {
                    self.out.key(name, origin);
                    self.lowered(&field, scope);
                }
            }
        }
    }

    /// A list of types: one type and null, or alternatives.
    fn type_list(&mut self, schema: &WrittenNode, list: &WrittenNode) {
        let origin = list.node_ref;
        let elements = || self.node(list).elements();
        let types: Vec<&str> = elements().filter_map(JsonNode::as_str).collect();
        let has_null = types.contains(&"null") || is_nullable(self.node(schema));
        let types: Vec<&str> = types.into_iter().filter(|name| *name != "null").collect();
        match types[..] {
            [] => {
                self.out.text_member("type", "string", origin);
                self.nullable(origin);
                self.out.key("enum", origin);
                self.out.begin_array(origin);
                self.out.null(origin);
                self.out.end();
            }
            [one] => {
                self.out.text_member("type", one, origin);
                if has_null {
                    self.nullable(origin);
                }
            }
            [_, ..] => {
                // The lists that the schema has itself stay where they are.
                let has_own = self.node(schema).get("anyOf").is_some();
                if has_own {
                    self.out.key("allOf", origin);
                    self.out.begin_array(origin);
                    self.out.begin_object(origin);
                }
                self.out.key("anyOf", origin);
                self.out.begin_array(origin);
                for name in types {
                    self.out.begin_object(origin);
                    self.out.text_member("type", name, origin);
                    if has_null {
                        self.nullable(origin);
                    }
                    self.out.end();
                }
                self.out.end();
                if has_own {
                    self.out.end();
                    self.out.end();
                }
            }
        }
    }

    fn nullable(&mut self, origin: NodeRef) {
        self.out.key("nullable", origin);
        self.out.boolean(true, origin);
    }

    /// The values of an `enum`, and null.
    fn nullable_enum(&mut self, list: &WrittenNode) {
        let origin = list.node_ref;
        let elements = self.node(list).elements();
        self.out.key("enum", origin);
        self.out.begin_array(origin);
        let mut has_null = false;
        for element in elements {
            has_null |= element.is_null();
            self.out.copy(list.at(element).node_ref);
        }
        if !has_null {
            self.out.null(origin);
        }
        self.out.end();
    }
}

fn is_nullable(node: JsonNode<'_>) -> bool {
    node.get("x-nullable").and_then(JsonNode::as_bool) == Some(true)
}

/// Whether a schema refers to others or is composed of others, which decide about null.
fn has_schemas(node: JsonNode<'_>) -> bool {
    ["$ref", "allOf", "anyOf", "oneOf"]
        .iter()
        .any(|keyword| node.get(keyword).is_some())
}

fn has_type_list(node: JsonNode<'_>) -> bool {
    let list = node.get("type").filter(|list| list.is_array());
    list.is_some_and(|list| {
        let mut names = list.elements();
        names.all(|name| name.as_str().is_some())
    })
}

/// Whether a field contains data.
fn is_data(name: &str) -> bool {
    matches!(name, "example" | "examples" | "default" | "enum") || name.starts_with("x-")
}
