//! Keywords of other versions of JSON Schema that the tolerant reading repairs.
//!
//! A repair keeps the meaning that the author had in mind, so the repaired schema is judged like any
//! other. What has no such meaning stays an error.

use serde_json::{Map, Value, json};

use portcullis_json::JsonNode;

use super::definitions::SchemaLowering;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> SchemaLowering<'d> {
    pub(super) fn boolean_bound(&mut self, node_ref: NodeRef, keyword: &str, value: JsonNode<'d>) {
        let bound = bound_of(keyword);
        let message = format!(
            "in OpenAPI 3.1 `{keyword}` is a number: write the bound there instead of in `{bound}`"
        );
        let at = DocumentSet::node_ref(node_ref, value);
        let kind = ContractProblemKind::MalformedSchema;
        self.flaw(
            ContractRepair::BooleanBound,
            kind,
            (at, at, node_ref),
            message,
        );
    }

    /// Whether the tolerant reading makes a bound exclusive, as draft 4 does.
    pub(super) fn is_made_exclusive(&self, node_ref: NodeRef, bound: &str) -> bool {
        let modifier = self.documents.node(node_ref).get(exclusive_of(bound));
        self.documents.reading().is_tolerant() && modifier.and_then(JsonNode::as_bool) == Some(true)
    }

    /// Whether a list of alternatives is empty, which is a flaw.
    pub(super) fn is_empty_list(
        &mut self,
        schema: NodeRef,
        keyword: &str,
        value: JsonNode<'d>,
    ) -> bool {
        if !value.is_array() || !value.is_empty() {
            return false;
        }
        let at = DocumentSet::node_ref(schema, value);
        let message = format!("`{keyword}` is empty, and must list at least one schema");
        let kind = ContractProblemKind::MalformedSchema;
        self.flaw(
            ContractRepair::EmptyAlternatives,
            kind,
            (at, at, schema),
            message,
        );
        true
    }

    /// Whether a keyword that validates has null instead of a value, which is a flaw.
    pub(super) fn is_empty_keyword(
        &mut self,
        schema: NodeRef,
        keyword: &str,
        value: JsonNode<'d>,
    ) -> bool {
        if !value.is_null() || !self.never_takes_null(keyword) {
            return false;
        }
        let at = DocumentSet::node_ref(schema, value);
        let advice = match keyword {
            "type" => "write \"null\" in quotes if it is the type, or remove it",
            _ => "write its value, or remove it",
        };
        let message = format!("`{keyword}` must not be null: {advice}");
        let kind = ContractProblemKind::MalformedSchema;
        self.flaw(ContractRepair::EmptyValue, kind, (at, at, schema), message);
        true
    }

    /// Whether a keyword validates in this dialect and has no use for null. An enumeration and a
    /// constant may have it as a value, annotations are not read.
    fn never_takes_null(&self, keyword: &str) -> bool {
        let in_31 = matches!(
            keyword,
            "if" | "then"
                | "else"
                | "contains"
                | "minContains"
                | "maxContains"
                | "dependentRequired"
                | "dependentSchemas"
                | "patternProperties"
                | "prefixItems"
                | "propertyNames"
                | "unevaluatedItems"
                | "unevaluatedProperties"
        );
        let everywhere = matches!(
            keyword,
            "type"
                | "enum"
                | "format"
                | "pattern"
                | "required"
                | "minimum"
                | "maximum"
                | "exclusiveMinimum"
                | "exclusiveMaximum"
                | "multipleOf"
                | "minLength"
                | "maxLength"
                | "minItems"
                | "maxItems"
                | "uniqueItems"
                | "minProperties"
                | "maxProperties"
                | "properties"
                | "additionalProperties"
                | "items"
                | "allOf"
                | "anyOf"
                | "oneOf"
                | "not"
        );
        everywhere || (in_31 && self.dialect != Dialect::V30)
    }

    /// Lowers `$recursiveRef`. The tolerant reading makes it a reference to the nearest enclosing
    /// schema with `$recursiveAnchor: true`.
    pub(super) fn recursive_reference(
        &mut self,
        out: &mut Map<String, Value>,
        schema: NodeRef,
        value: JsonNode<'d>,
    ) {
        let at = DocumentSet::node_ref(schema, value);
        let kind = ContractProblemKind::MalformedSchema;
        let message = "`$recursiveRef` belongs to JSON Schema 2019-09: write `$dynamicRef` and `$dynamicAnchor`, or `$ref`".to_owned();
        let has_other = self.documents.node(schema).get("$ref").is_some();
        let is_usual = value.as_str() == Some("#") && !has_other;
        let target = is_usual.then(|| self.recursive_anchor(schema)).flatten();
        let Some(target) = target else {
            return self.problem(kind, at, schema, message);
        };
        let repair = ContractRepair::RecursiveReference;
        if self.flaw(repair, kind, (at, at, schema), message) {
            let number = self.define(target);
            out.insert("$ref".to_owned(), json!(self.name(number)));
        }
    }

    /// The nearest schema around this one, or itself, with `$recursiveAnchor: true`.
    fn recursive_anchor(&self, schema: NodeRef) -> Option<NodeRef> {
        let mut here = self
            .documents
            .node(self.documents.root_ref(schema.document));
        let mut nearest = None;
        loop {
            let anchor = here.get("$recursiveAnchor");
            if anchor.and_then(JsonNode::as_bool) == Some(true) {
                nearest = Some(DocumentSet::node_ref(schema, here));
            }
            if here.index() == schema.node {
                return nearest;
            }
            let members = here.members().map(|(_, value)| value);
            let mut inside = members.chain(here.elements());
            here = inside.find(|value| value.contains_index(schema.node))?;
        }
    }
}

/// The exclusive keyword of an inclusive bound.
pub(super) fn exclusive_of(bound: &str) -> &'static str {
    match bound {
        "minimum" => "exclusiveMinimum",
        _ => "exclusiveMaximum",
    }
}

/// The inclusive keyword of an exclusive bound.
pub(super) fn bound_of(keyword: &str) -> &'static str {
    match keyword {
        "exclusiveMinimum" => "minimum",
        _ => "maximum",
    }
}
