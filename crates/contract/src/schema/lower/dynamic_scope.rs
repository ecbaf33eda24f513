//! Dynamic scope: `$dynamicRef` means the outermost `$dynamicAnchor` of its name among the
//! resources that evaluation came through (JSON Schema 2020-12 core, section 8.2.3.2).
//!
//! What a `$dynamicRef` leads to is known only while a value is judged, so resources with
//! dynamic anchors stay resources in the lowered document: their definitions stand together
//! under an `$id`, and a schema that begins one is never lowered in place. All others have no
//! part in dynamic scope and need no resource of their own. A contract without dynamic anchors
//! has none of this.

use serde_json::{Map, Value, json};

use portcullis_json::JsonNode;

use super::definitions::SchemaLowering;
use super::required_exemptions::ExemptNames;
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::openapi::identifier::SchemaResourceId;
use crate::openapi::reference::resolve;

/// The base of the lowered document, where there are resources beside it.
const ROOT: &str = "urn:portcullis:contract";

/// The meta-schema, which validators bring along.
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

    /// The resource with dynamic anchors that a schema belongs to.
    pub(super) fn dynamic_resource(&self, place: NodeRef) -> Option<SchemaResourceId> {
        let identifiers = self.documents.identifiers();
        identifiers
            .resource(place, |place| self.documents.node(place))
            .filter(|resource| !identifiers.dynamic_anchors(*resource).is_empty())
    }

    /// A resource in scope offers all of its dynamic anchors, whoever refers to them.
    pub(super) fn define_anchors(&mut self, home: Option<SchemaResourceId>) {
        let Some(home) = home else { return };
        let documents: &'d DocumentSet = self.documents;
        for (_, place) in documents.identifiers().dynamic_anchors(home) {
            self.define_exactly(*place, ExemptNames::NONE);
        }
    }

    /// What a `$ref` to a definition says.
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

    /// Whether a schema begins a resource that has to stay one.
    pub(super) fn starts_dynamic_resource(&self, place: NodeRef) -> bool {
        let identifiers = self.documents.identifiers();
        identifiers
            .resource_at(place)
            .is_some_and(|resource| !identifiers.dynamic_anchors(resource).is_empty())
    }

    /// The definitions by number, those of a resource with dynamic anchors under its `$id`.
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

    /// The name under which a definition is a `$dynamicAnchor`.
    pub(super) fn dynamic_anchor(&self, place: NodeRef) -> Option<&'d str> {
        let home = self.dynamic_resource(place)?;
        let documents: &'d DocumentSet = self.documents;
        let anchors = documents.identifiers().dynamic_anchors(home);
        let (name, _) = anchors.iter().find(|(_, known)| *known == place)?;
        Some(name)
    }

    /// `$ref` where it leads to a schema that validators bring along.
    pub(super) fn meta_schema_reference(&self, reference: JsonNode<'d>) -> Option<Value> {
        let text = reference.as_str()?;
        (text.trim_end_matches('#') == META_SCHEMA).then(|| json!(META_SCHEMA))
    }

    /// `$dynamicRef`: an ordinary reference unless it starts at a `$dynamicAnchor`.
    pub(super) fn dynamic_reference(
        &mut self,
        place: NodeRef,
        reference: JsonNode<'d>,
    ) -> Option<Value> {
        let text = reference.as_str().unwrap_or_default();
        let name = text.split_once('#').map_or("", |(_, fragment)| fragment);
        let number = self.reference(place, reference, ExemptNames::NONE)?;
        let start = resolve(self.documents, place, text).ok()?;
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
