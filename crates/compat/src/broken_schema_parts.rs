//! The broken schemas of both contracts, and which edits depend on them.

use portcullis_contract::{BrokenPart, CompiledContract, NodeRef};

use super::containment::SchemaParts;
use super::schema_diff::SchemaEdit;

/// The broken schemas and keywords of two revisions.
pub(super) struct BrokenSchemaParts<'c> {
    /// Each contract with its broken parts, the older one first.
    revisions: [(&'c CompiledContract, Vec<&'c BrokenPart>); 2],
}

impl<'c> BrokenSchemaParts<'c> {
    pub(super) fn of(old: &'c CompiledContract, new: &'c CompiledContract) -> Self {
        let revisions = [old, new].map(|contract| {
            // A repeated key or a reference to itself can be a part of a schema, too.
            (contract, contract.broken_parts.iter().collect())
        });
        Self { revisions }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.revisions.iter().all(|(_, parts)| parts.is_empty())
    }

    /// Whether a broken part is the reason why a question has no answer.
    pub(super) fn is_reason(&self, reason: &str) -> bool {
        let mut parts = self.revisions.iter().flat_map(|(_, parts)| parts);
        parts.any(|part| *part.reason == *reason)
    }

    /// The reason not to trust a proof about an edit: the edited schemas have a broken keyword, or
    /// the edit is inside of a broken part.
    pub(super) fn reason_at(
        &self,
        schemas: &[SchemaParts; 2],
        edit: &SchemaEdit,
    ) -> Option<String> {
        let [(old, old_parts), (new, new_parts)] = &self.revisions;
        let older = EditedPlaces::of(old, &schemas[0], edit.old);
        let newer = EditedPlaces::of(new, &schemas[1], edit.new);
        // Without the keyword itself a proof holds, whatever the keyword means.
        let is_removed = |part: &BrokenPart| {
            let is_keyword = part.at.pointer.ends_with(&format!("/{}", edit.keyword));
            is_keyword && edit.old == Some(part.node_ref) && edit.after.is_none()
        };
        let mut old_parts = old_parts.iter().filter(|part| !is_removed(part));
        let reason = old_parts
            .find(|part| older.depend_on(part))
            .or_else(|| new_parts.iter().find(|part| newer.depend_on(part)));
        reason.map(|part| part.reason.to_string())
    }
}

/// Where an edit is in one revision.
struct EditedPlaces<'c> {
    contract: &'c CompiledContract,
    /// The edited schemas, by document and pointer.
    schemas: Vec<(u32, String)>,
    /// The edited node.
    node: Option<(u32, String)>,
}

impl<'c> EditedPlaces<'c> {
    fn of(contract: &'c CompiledContract, schemas: &SchemaParts, node: Option<NodeRef>) -> Self {
        let place = |node_ref: NodeRef| (node_ref.document, contract.location(node_ref).pointer);
        let schemas = schemas.roots.iter().chain(&schemas.parts);
        Self {
            contract,
            schemas: schemas.map(|node_ref| place(*node_ref)).collect(),
            node: node.map(place),
        }
    }

    /// Whether one of the schemas is broken or has a broken keyword, or the node is inside of the
    /// broken part.
    fn depend_on(&self, part: &BrokenPart) -> bool {
        let (document, broken) = (part.node_ref.document, part.at.pointer.as_str());
        let holder = broken.rsplit_once('/').map(|(holder, _)| holder);
        let own = [Some(broken), holder, local_target(self.contract, part)];
        let is_own =
            |schema: &(u32, String)| schema.0 == document && own.contains(&Some(schema.1.as_str()));
        let is_inside = |node: &(u32, String)| {
            let below = node.1.strip_prefix(broken);
            node.0 == document
                && below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        };
        self.schemas.iter().any(is_own) || self.node.as_ref().is_some_and(is_inside)
    }
}

/// The schema that a broken reference names, if it is in the same document.
fn local_target<'c>(contract: &'c CompiledContract, part: &BrokenPart) -> Option<&'c str> {
    let node = contract.documents().node(part.node_ref);
    let reference = node.get("$ref").unwrap_or(node);
    reference.as_str()?.strip_prefix('#')
}
