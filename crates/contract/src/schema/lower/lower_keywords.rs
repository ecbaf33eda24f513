//! Lowers one schema, keyword by keyword.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use portcullis_json::{JsonKind, JsonNode};

use super::definitions::SchemaLowering;
use super::repaired_keywords::{bound_of, exclusive_of};
use super::required_exemptions::ExemptNames;
use super::unknown_schema::remove_dependents;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

/// The prefix of keywords that compare exactly what the keyword of the same name would round.
pub(crate) const EXACT: &str = "x-exact-";

impl<'d> SchemaLowering<'d> {
    /// Lowers the schema at `node_ref` as a definition.
    pub(super) fn definition(&mut self, node_ref: NodeRef, exempt: ExemptNames) -> Value {
        let mut schema = self.schema(node_ref, exempt);
        if let (Some(name), Value::Object(schema)) = (self.dynamic_anchor(node_ref), &mut schema) {
            schema.insert("$dynamicAnchor".to_owned(), json!(name));
        }
        schema
    }

    pub(super) fn inner(
        &mut self,
        near: NodeRef,
        node: JsonNode<'d>,
        exempt: ExemptNames,
    ) -> Value {
        let node_ref = DocumentSet::node_ref(near, node);
        if self.starts_dynamic_resource(node_ref) {
            let number = self.define_exactly(node_ref, exempt);
            return json!({ "$ref": self.name(number) });
        }
        self.schema(node_ref, exempt)
    }

    fn schema(&mut self, node_ref: NodeRef, exempt: ExemptNames) -> Value {
        if let Some(unknown) = self.unknown_schema(node_ref) {
            return unknown;
        }
        let node = self.documents.node(node_ref);
        match node.kind() {
            JsonKind::Object => self.object(node_ref, node, exempt),
            JsonKind::Boolean => Value::Bool(node.as_bool().unwrap_or(true)),
            kind @ (JsonKind::Null | JsonKind::Number | JsonKind::String | JsonKind::Array) => {
                let message = "a schema must be an object, such as `{ type: string }`".to_owned();
                let problem = ContractProblemKind::MalformedSchema;
                if kind == JsonKind::Null {
                    let places = (node_ref, node_ref, node_ref);
                    self.flaw(ContractRepair::EmptyValue, problem, places, message);
                } else {
                    self.problem(problem, node_ref, node_ref, message);
                }
                Value::Bool(true)
            }
        }
    }

    fn object(&mut self, node_ref: NodeRef, node: JsonNode<'d>, exempt: ExemptNames) -> Value {
        let mut out = Map::new();
        if let Some(reference) = node.get("$ref") {
            let is_unknown = self.mark_unknown(&mut out, node_ref, "$ref", reference);
            if is_unknown {
                // Nothing is known about the target.
            } else if let Some(foreign) = self.meta_schema_reference(reference) {
                out.insert("$ref".to_owned(), foreign);
            } else if let Some(number) = self.reference(node_ref, reference, exempt) {
                out.insert("$ref".to_owned(), json!(self.name(number)));
            }
            if self.dialect == Dialect::V30 {
                return Value::Object(out);
            }
        }
        for (keyword, value) in node.members() {
            if self.is_empty_keyword(node_ref, keyword, value) {
                continue;
            }
            if keyword == "$ref" || !self.mark_unknown(&mut out, node_ref, keyword, value) {
                self.keyword(&mut out, node_ref, exempt, keyword, value);
            }
        }
        remove_dependents(&mut out);
        Value::Object(out)
    }

    fn keyword(
        &mut self,
        out: &mut Map<String, Value>,
        node_ref: NodeRef,
        exempt: ExemptNames,
        keyword: &'d str,
        value: JsonNode<'d>,
    ) {
        let lowered = match keyword {
            "properties" => self.map_of_schemas(node_ref, value),
            "items" | "not" | "additionalProperties" => {
                self.inner(node_ref, value, ExemptNames::NONE)
            }
            "allOf" | "anyOf" | "oneOf" if self.is_empty_list(node_ref, keyword, value) => return,
            "allOf" | "anyOf" | "oneOf" => self.branches(node_ref, exempt, keyword, value),
            "pattern" => return self.pattern(out, node_ref, value),
            "maxLength" | "minLength" | "maxItems" | "minItems" | "uniqueItems"
            | "maxProperties" | "minProperties" => value.to_value(),
            // Comparisons and examples read the list, so only validators get it as text.
            "enum" if is_long_enum(value) && !self.with_access && !self.with_examples => {
                out.insert(format!("{EXACT}enum"), json!(value.to_string()));
                return;
            }
            "enum" | "multipleOf" => return insert_exactly(out, keyword, value),
            "format" if is_number_format(value) => {
                out.insert(format!("{EXACT}format"), value.to_value());
                return;
            }
            "format" => value.to_value(),
            "required" => self.required(node_ref, exempt, value),
            "example" | "examples" | "default" if self.with_examples => value.to_value(),
            "readOnly" | "writeOnly" if self.with_access => value.to_value(),
            _ => match self.dialect {
                Dialect::V30 => return self.keyword_30(out, node_ref, keyword, value),
                Dialect::V31 | Dialect::V32 => {
                    return self.keyword_31(out, node_ref, keyword, value);
                }
            },
        };
        out.insert(keyword.to_owned(), lowered);
    }

    /// Lowers keywords that OpenAPI 3.0 defines differently (3.0.4, Schema Object).
    fn keyword_30(
        &mut self,
        out: &mut Map<String, Value>,
        node_ref: NodeRef,
        keyword: &str,
        value: JsonNode<'d>,
    ) {
        let node = self.documents.node(node_ref);
        let is_true = |name| node.get(name).and_then(JsonNode::as_bool) == Some(true);
        let name = match keyword {
            "type" if value.kind() == JsonKind::Array => {
                let message = "in OpenAPI 3.0 `type` must be one name: use `nullable: true` for null, `oneOf` for alternatives, or OpenAPI 3.1";
                let at = DocumentSet::node_ref(node_ref, value);
                let kind = ContractProblemKind::MalformedSchema;
                return self.problem(kind, at, node_ref, message.to_owned());
            }
            "type" if is_true("nullable") => {
                out.insert(keyword.to_owned(), json!([value.to_value(), "null"]));
                return;
            }
            "type" => "type",
            "minimum" if is_true("exclusiveMinimum") => "exclusiveMinimum",
            "maximum" if is_true("exclusiveMaximum") => "exclusiveMaximum",
            "minimum" | "maximum" => keyword,
            "exclusiveMinimum" | "exclusiveMaximum" if value.kind() != JsonKind::Boolean => {
                let bound = bound_of(keyword);
                let family = if self.documents.is_swagger() {
                    "Swagger 2.0"
                } else {
                    "OpenAPI 3.0"
                };
                let message = format!(
                    "in {family} `{keyword}` is a boolean that modifies `{bound}`: write \
                     the number in `{bound}`, and `{keyword}: true`"
                );
                let at = DocumentSet::node_ref(node_ref, value);
                return self.problem(ContractProblemKind::MalformedSchema, at, node_ref, message);
            }
            _ => return,
        };
        insert_exactly(out, name, value);
    }

    /// Lowers keywords that only OpenAPI 3.1 has: the rest of JSON Schema 2020-12. Unknown keywords
    /// are annotations.
    fn keyword_31(
        &mut self,
        out: &mut Map<String, Value>,
        node_ref: NodeRef,
        keyword: &str,
        value: JsonNode<'d>,
    ) {
        let lowered = match keyword {
            "exclusiveMinimum" | "exclusiveMaximum" if value.kind() == JsonKind::Boolean => {
                return self.boolean_bound(node_ref, keyword, value);
            }
            "minimum" | "maximum" if self.is_made_exclusive(node_ref, keyword) => {
                return insert_exactly(out, exclusive_of(keyword), value);
            }
            "const" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                return insert_exactly(out, keyword, value);
            }
            "type" | "dependentRequired" | "minContains" | "maxContains" => value.to_value(),
            "if" | "then" | "else" | "contains" | "propertyNames" => {
                self.inner(node_ref, value, ExemptNames::NONE)
            }
            "unevaluatedItems" | "unevaluatedProperties" => {
                if self.mark_unknown_part(out, node_ref) {
                    return;
                }
                self.inner(node_ref, value, ExemptNames::NONE)
            }
            "prefixItems" => self.list_of_schemas(node_ref, value),
            "patternProperties" => self.patterned_schemas(node_ref, value),
            "dependentSchemas" => self.map_of_schemas(node_ref, value),
            "$dynamicRef" => match self.dynamic_reference(node_ref, value) {
                Some(reference) => reference,
                None => return,
            },
            "$schema" => return self.check_dialect(node_ref, keyword, value),
            "$recursiveRef" => return self.recursive_reference(out, node_ref, value),
            _ => return,
        };
        out.insert(keyword.to_owned(), lowered);
    }

    fn map_of_schemas(&mut self, node_ref: NodeRef, value: JsonNode<'d>) -> Value {
        if value.kind() != JsonKind::Object {
            return value.to_value();
        }
        let documents = self.documents;
        let members = value.members().filter(|(_, schema)| {
            !documents.is_overridden(DocumentSet::node_ref(node_ref, *schema))
        });
        let lowered = members.map(|(name, schema)| {
            (
                name.to_owned(),
                self.inner(node_ref, schema, ExemptNames::NONE),
            )
        });
        Value::Object(lowered.collect())
    }

    fn list_of_schemas(&mut self, node_ref: NodeRef, value: JsonNode<'d>) -> Value {
        if value.kind() != JsonKind::Array {
            return value.to_value();
        }
        let lowered = value
            .elements()
            .map(|schema| self.inner(node_ref, schema, ExemptNames::NONE));
        Value::Array(lowered.collect())
    }

    fn branches(
        &mut self,
        node_ref: NodeRef,
        exempt: ExemptNames,
        keyword: &str,
        value: JsonNode<'d>,
    ) -> Value {
        if self.dialect != Dialect::V30 || value.kind() != JsonKind::Array {
            return self.list_of_schemas(node_ref, value);
        }
        let lowered = value.elements().map(|branch| {
            let at = DocumentSet::node_ref(node_ref, branch);
            let exempt = self.composition.of_branch(node_ref, exempt, keyword, at);
            self.inner(node_ref, branch, exempt)
        });
        Value::Array(lowered.collect())
    }

    /// Lowers `required`: omits the names that this direction does not require, and duplicates.
    fn required(&mut self, node_ref: NodeRef, exempt: ExemptNames, value: JsonNode<'d>) -> Value {
        if value.kind() != JsonKind::Array {
            return value.to_value();
        }
        let mut names: Vec<Value> = Vec::with_capacity(value.len());
        let mut seen = HashSet::with_capacity(value.len());
        for name in value.elements() {
            let text = name.as_str().unwrap_or_default();
            if self.dialect == Dialect::V30 && self.composition.is_exempt(node_ref, exempt, text) {
                continue;
            }
            // Other values are malformed and not compared.
            if name.as_str().is_some() && !seen.insert(text) {
                let at = DocumentSet::node_ref(node_ref, value);
                self.warn(
                    ContractProblemKind::MalformedSchema,
                    at,
                    format!("`required` lists `{text}` more than once"),
                );
            } else {
                names.push(name.to_value());
            }
        }
        Value::Array(names)
    }
}

/// The longest `enum` that validators compare value by value.
const ENUM_LENGTH_MAX: usize = 16;

/// Whether an `enum` is long and has other values than strings and null. Validators look up
/// strings, but compare everything else with each value of the list.
fn is_long_enum(value: JsonNode<'_>) -> bool {
    let is_text = |value: JsonNode<'_>| matches!(value.kind(), JsonKind::String | JsonKind::Null);
    value.is_array() && value.len() > ENUM_LENGTH_MAX && !value.elements().all(is_text)
}

/// Inserts a keyword with its value. If `serde_json` would round a number in the value, inserts the
/// exact keyword with the value as JSON text instead.
fn insert_exactly(out: &mut Map<String, Value>, keyword: &str, value: JsonNode<'_>) {
    let has_expected_type = match keyword {
        "const" => true,
        "enum" => value.kind() == JsonKind::Array,
        _ => value.kind() == JsonKind::Number,
    };
    if has_expected_type && !value.is_exact() {
        out.insert(format!("{EXACT}{keyword}"), json!(value.to_string()));
    } else {
        out.insert(keyword.to_owned(), value.to_value());
    }
}

/// Whether a `format` is `int32` or `int64`, which limit numbers (OpenAPI 3.0.4, Data Types). They
/// need a separate keyword, because the `format` of validators applies only to strings.
fn is_number_format(value: JsonNode<'_>) -> bool {
    matches!(value.as_str(), Some("int32" | "int64"))
}
