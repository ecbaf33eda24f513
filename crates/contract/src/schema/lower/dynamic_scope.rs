//! Dynamic scope: `$dynamicRef` refers to the outermost `$dynamicAnchor` of its name among the schema
//! resources on the evaluation path (JSON Schema 2020-12 core, section 8.2.3.2).
//!
//! The target of a `$dynamicRef` is known only during validation. So a resource with dynamic anchors
//! stays a resource in the lowered document: its definitions are grouped under an `$id`, and its root
//! is never lowered in place. Other resources do not affect dynamic scope and are dissolved. Contracts
//! without dynamic anchors are lowered without any `$id`.

use serde_json::{Map, Value, json};

use portcullis_json::JsonNode;

use super::definitions::SchemaLowering;
use super::required_exemptions::ExemptNames;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::identifier::SchemaResourceId;
use crate::openapi::reference::resolve;

/// The base URI of the lowered document, used if it embeds resources.
const ROOT: &str = "urn:portcullis:contract";

/// The meta-schema, which every validator knows.
const META_SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

impl<'d> SchemaLowering<'d> {
    /// The `$id` of the lowered document. It needs one only if it embeds other resources.
    pub(super) fn document_id(&self) -> Option<&'static str> {
        self.is_dynamic().then_some(ROOT)
    }

    /// Whether the lowered document embeds resources with an `$id`.
    fn is_dynamic(&self) -> bool {
        self.documents.identifiers().is_dynamic()
    }

    /// The resource with dynamic anchors that a schema belongs to, if any.
    pub(super) fn dynamic_resource(&self, node_ref: NodeRef) -> Option<SchemaResourceId> {
        let identifiers = self.documents.identifiers();
        identifiers
            .resource(node_ref, |node_ref| self.documents.node(node_ref))
            .filter(|resource| !identifiers.dynamic_anchors(*resource).is_empty())
    }

    /// Defines all dynamic anchors of a resource, because any `$dynamicRef` may reach them at validation
    /// time.
    pub(super) fn define_anchors(&mut self, home: Option<SchemaResourceId>) {
        let Some(home) = home else { return };
        let documents: &'d DocumentSet = self.documents;
        for (_, node_ref) in documents.identifiers().dynamic_anchors(home) {
            self.define_exactly(*node_ref, ExemptNames::NONE);
        }
    }

    /// The value of a `$ref` to a definition.
    pub(super) fn name(&self, number: u32) -> String {
        if !self.is_dynamic() {
            return format!("#/$defs/{number}");
        }
        let home = self
            .dynamic_resources
            .get(number as usize)
            .copied()
            .flatten();
        format!("{}#/$defs/{number}", address(home))
    }

    /// Whether a schema is the root of a resource with dynamic anchors.
    pub(super) fn starts_dynamic_resource(&self, node_ref: NodeRef) -> bool {
        let identifiers = self.documents.identifiers();
        identifiers
            .resource_at(node_ref)
            .is_some_and(|resource| !identifiers.dynamic_anchors(resource).is_empty())
    }

    /// The definitions by number. Those of a resource with dynamic anchors are grouped under its `$id`.
    pub(super) fn group_by_resource(&self, lowered: Vec<Value>) -> Map<String, Value> {
        let mut definitions = Map::new();
        let mut resources: Vec<(SchemaResourceId, Map<String, Value>)> = Vec::new();
        for (number, schema) in lowered.into_iter().enumerate() {
            let group = match self.dynamic_resources[number] {
                None => &mut definitions,
                Some(home) => {
                    let known = resources.iter().position(|(known, _)| *known == home);
                    let at = known.unwrap_or_else(|| {
                        resources.push((home, Map::new()));
                        resources.len() - 1
                    });
                    &mut resources[at].1
                }
            };
            group.insert(number.to_string(), schema);
        }
        for (home, group) in resources {
            let resource = json!({ "$id": address(Some(home)), "$defs": group });
            definitions.insert(format!("resource {}", home.number()), resource);
        }
        definitions
    }

    /// The `$dynamicAnchor` of a definition.
    pub(super) fn dynamic_anchor(&self, node_ref: NodeRef) -> Option<&'d str> {
        let home = self.dynamic_resource(node_ref)?;
        let documents: &'d DocumentSet = self.documents;
        let anchors = documents.identifiers().dynamic_anchors(home);
        let (name, _) = anchors.iter().find(|(_, known)| *known == node_ref)?;
        Some(name)
    }

    /// The lowered value of a `$ref` to the meta-schema.
    pub(super) fn meta_schema_reference(&self, reference: JsonNode<'d>) -> Option<Value> {
        let text = reference.as_str()?;
        (text.trim_end_matches('#') == META_SCHEMA).then(|| json!(META_SCHEMA))
    }

    /// Lowers `$dynamicRef`. It is an ordinary reference unless its initial target is a
    /// `$dynamicAnchor`.
    pub(super) fn dynamic_reference(
        &mut self,
        node_ref: NodeRef,
        reference: JsonNode<'d>,
    ) -> Option<Value> {
        let text = reference.as_str().unwrap_or_default();
        let name = text.split_once('#').map_or("", |(_, fragment)| fragment);
        let number = self.reference(node_ref, reference, ExemptNames::NONE)?;
        let start = resolve(self.documents, node_ref, text).ok()?;
        if self.dynamic_anchor(start) == Some(name) {
            let address = address(self.dynamic_resource(start));
            return Some(json!(format!("{address}#{name}")));
        }
        Some(json!(self.name(number)))
    }
}

fn address(home: Option<SchemaResourceId>) -> String {
    match home {
        None => ROOT.to_owned(),
        Some(home) => format!("urn:portcullis:resource:{}", home.number()),
    }
}
