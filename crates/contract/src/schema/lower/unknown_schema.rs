//! Lowers broken schemas and keywords as unknown.
//!
//! Whether a value satisfies [`UNKNOWN`] is neither true nor false. A comparison of contracts reads it
//! so; validators find out whether a verdict depends on it (`schema/unknown_keyword.rs`). The other
//! keywords of the schema stay.

use serde_json::{Map, Value, json};

use portcullis_json::JsonNode;

use super::definitions::SchemaLowering;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::schema_surface::SchemaSurface;

/// The keyword that lists the unknown parts of a schema: `[{"reason": …, "text": …}]`. Parts of two
/// revisions with an equal `text`, which includes the place, have the same meaning. It is null if
/// the meaning depends on other parts.
pub(crate) const UNKNOWN: &str = "x-unknown";

impl<'d> SchemaLowering<'d> {
    /// The lowered form of a schema that is broken as a whole; `None` for any other.
    pub(super) fn unknown_schema(&self, node_ref: NodeRef) -> Option<Value> {
        let reason = self.broken?.reasons.get(&node_ref)?;
        let text = self.text_of(node_ref);
        let mut mark = json!({ "reason": &**reason, "text": text });
        self.name_node(&mut mark, node_ref);
        Some(json!({ UNKNOWN: [mark] }))
    }

    /// Marks a keyword in `out` as unknown if it is broken. Returns whether it is.
    pub(super) fn mark_unknown(
        &mut self,
        out: &mut Map<String, Value>,
        schema: NodeRef,
        keyword: &str,
        value: JsonNode<'d>,
    ) -> bool {
        let node_ref = DocumentSet::node_ref(schema, value);
        if self.documents.is_overridden(node_ref) {
            // The last value of a repeated keyword is lowered, or marked.
            return true;
        }
        let Some(broken) = self.broken else {
            return false;
        };
        let is_empty_enum = keyword == "enum" && value.is_array() && value.is_empty();
        let Some(reason) = broken.reasons.get(&node_ref) else {
            // JSON Schema allows an empty list, which hides every other keyword of the schema.
            if is_empty_enum && !broken.is_enforced {
                let message = "`enum` is empty, so no value is valid".to_owned();
                self.problem(
                    ContractProblemKind::UnsatisfiableSchema,
                    node_ref,
                    schema,
                    message,
                );
            }
            return false;
        };
        let text = if is_empty_enum {
            // It has a meaning, wherever it is.
            Some("enum []".to_owned())
        } else {
            self.text_of(node_ref)
        };
        let mut mark = json!({ "keyword": keyword, "reason": &**reason, "text": text });
        self.name_node(&mut mark, node_ref);
        let marks = out
            .entry(UNKNOWN.to_owned())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(marks) = marks {
            marks.push(mark);
        }
        true
    }

    /// Names the node in the mark of an unknown part, for validators.
    fn name_node(&self, mark: &mut Value, node_ref: NodeRef) {
        let is_enforced = self.broken.is_some_and(|broken| broken.is_enforced);
        if is_enforced && !self.with_access {
            mark["node"] = json!([node_ref.document, node_ref.node]);
        }
    }

    /// Marks a schema as unknown if one of the parts that it is composed of is: what its unevaluated
    /// properties and items are depends on each of them. Returns whether it is.
    pub(super) fn mark_unknown_part(&self, out: &mut Map<String, Value>, schema: NodeRef) -> bool {
        let Some((node_ref, reason)) = self.unknown_part(schema) else {
            return false;
        };
        let mut mark = json!({ "reason": reason, "text": self.text_of(node_ref) });
        self.name_node(&mut mark, node_ref);
        let marks = out
            .entry(UNKNOWN.to_owned())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(marks) = marks {
            marks.push(mark);
        }
        true
    }

    fn unknown_part(&self, schema: NodeRef) -> Option<(NodeRef, &'d str)> {
        let broken = self.broken.filter(|broken| broken.is_enforced)?;
        let surface = SchemaSurface {
            documents: self.documents,
            dialect: self.dialect,
        };
        let is_unknown = |at: NodeRef| Some((at, &**broken.reasons.get(&at)?));
        surface.parts(schema).into_iter().find_map(|part| {
            let mut members = self.documents.node(part).members();
            is_unknown(part).or_else(|| {
                members.find_map(|(_, value)| is_unknown(DocumentSet::node_ref(part, value)))
            })
        })
    }

    /// The place and the text of a broken value, unless its meaning depends on other parts of the
    /// document.
    fn text_of(&self, node_ref: NodeRef) -> Option<String> {
        let text = self.documents.node(node_ref).to_string();
        let pointer = self.documents.pointer(node_ref);
        let place = format!("{}#{pointer}", node_ref.document);
        (!text.contains("$ref")).then(|| format!("{place} {text}"))
    }
}

/// The node of the first of these unknown parts. `None` if contracts are compared.
pub(crate) fn unknown_node(marks: &Value) -> Option<NodeRef> {
    let node = marks.get(0)?.get("node")?;
    let index = |at: usize| u32::try_from(node.get(at)?.as_u64()?).ok();
    Some(NodeRef {
        document: index(0)?,
        node: index(1)?,
    })
}

/// Removes the keywords whose meaning depends on an unknown keyword of the same schema.
pub(super) fn remove_dependents(out: &mut Map<String, Value>) {
    let Some(Value::Array(marks)) = out.get(UNKNOWN) else {
        return;
    };
    let has = |name: &str| marks.iter().any(|mark| mark["keyword"] == name);
    let has_properties = has("properties") || has("patternProperties");
    let has_items = has("prefixItems");
    out.remove("unevaluatedProperties");
    out.remove("unevaluatedItems");
    if has_properties {
        out.remove("additionalProperties");
    }
    if has_items {
        out.remove("items");
    }
}
