//! The values of one field that a message and its traits give, merged as JSON Merge Patch (RFC 7396)
//! does.
//!
//! In AsyncAPI 2 a trait replaces what the message says, because traits are merged into it
//! (2.6, Message Object, `traits`). In AsyncAPI 3 a trait must not replace it (3.0, Traits Merge
//! Mechanism). So the order of the layers is all that differs.

use portcullis_json::JsonNode;

use crate::openapi::document::DocumentSet;
use crate::openapi::written_node::WrittenNode;

/// Values of one place. A later one replaces an earlier one, and objects are merged.
#[derive(Clone, Debug, Default)]
pub(super) struct EventLayers(pub(super) Vec<WrittenNode>);

impl EventLayers {
    /// The values of a field. Only objects are merged, so any other value hides earlier ones; null
    /// removes them.
    pub(super) fn field(&self, documents: &DocumentSet, name: &str) -> Self {
        let mut values: Vec<WrittenNode> = Vec::new();
        for layer in &self.0 {
            let Some(value) = layer.get(documents, name) else {
                continue;
            };
            let node = documents.node(value.node_ref);
            if !node.is_object() {
                values.clear();
            }
            if !node.is_null() {
                values.push(value);
            }
        }
        if values.len() > 1 {
            // A reference stands for what it leads to. One that leads nowhere is reported later.
            let targets = values.into_iter();
            values = targets
                .map(|value| value.target(documents).unwrap_or(value))
                .collect();
            values.dedup_by_key(|value| value.node_ref);
        }
        Self(values)
    }

    /// The same with references followed, where they can be.
    pub(super) fn targets(self, documents: &DocumentSet) -> Self {
        let targets = self.0.into_iter();
        Self(
            targets
                .map(|value| value.target(documents).unwrap_or(value))
                .collect(),
        )
    }

    /// The value that counts if it is not an object.
    pub(super) fn last(&self) -> Option<&WrittenNode> {
        self.0.last()
    }

    /// The text of a field.
    pub(super) fn text<'d>(&self, documents: &'d DocumentSet, name: &str) -> Option<&'d str> {
        let value = self.field(documents, name).0.pop()?;
        documents.node(value.node_ref).as_str()
    }

    /// The names of all members, each once, in their order.
    pub(super) fn names<'d>(&self, documents: &'d DocumentSet) -> Vec<&'d str> {
        let mut names: Vec<&str> = Vec::new();
        for layer in &self.0 {
            let members = documents.node(layer.node_ref).members();
            for (name, _) in members {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The value that counts, as a node.
    pub(super) fn node<'d>(&self, documents: &'d DocumentSet) -> Option<JsonNode<'d>> {
        Some(documents.node(self.last()?.node_ref))
    }
}
