//! Lowers broken schemas and keywords as unknown.
//!
//! Validators ignore [`UNKNOWN`], so an unknown part accepts everything. A comparison of contracts
//! reads it: whether a value satisfies the part is neither true nor false. The other keywords of
//! the schema stay.

use serde_json::{Map, Value, json};

use portcullis_json::JsonNode;

use super::definitions::SchemaLowering;
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};

/// The keyword that lists the unknown parts of a schema: `[{"reason": …, "text": …}]`. Parts of two
/// revisions with an equal `text`, which includes the place, have the same meaning. It is null if
/// the meaning depends on other parts.
pub(crate) const UNKNOWN: &str = "x-unknown";

impl<'d> SchemaLowering<'d> {
    /// The lowered form of a schema that is broken as a whole; `None` for any other.
    pub(super) fn unknown_schema(&self, node_ref: NodeRef) -> Option<Value> {
        let reason = self.broken?.reasons.get(&node_ref)?;
        let text = self.text_of(node_ref);
        Some(json!({ UNKNOWN: [{ "reason": &**reason, "text": text }] }))
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
            if is_empty_enum {
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
        let mark = json!({ "keyword": keyword, "reason": &**reason, "text": text });
        let marks = out
            .entry(UNKNOWN.to_owned())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(marks) = marks {
            marks.push(mark);
        }
        true
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
