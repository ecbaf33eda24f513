//! The broken schemas of both contracts, and which edits depend on them.

use std::sync::Arc;

use portcullis_contract::{BrokenPart, CompiledContract, NodeRef};

use super::containment::SchemaParts;

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
        edited: [Option<NodeRef>; 2],
    ) -> Option<String> {
        let sides = self.revisions.iter().zip(schemas).zip(edited);
        let mut reasons = sides.filter_map(|((revision, schemas), edited)| {
            let (contract, parts) = revision;
            let targets = schemas
                .roots
                .iter()
                .filter_map(|root| contract.ref_target(*root));
            let targets: Vec<NodeRef> = targets.collect();
            let schemas = schemas.roots.iter().chain(&schemas.parts).chain(&targets);
            let schemas: Vec<(u32, String)> =
                schemas.map(|node_ref| place(contract, *node_ref)).collect();
            let edited = edited.map(|node_ref| place(contract, node_ref));
            let decides = |part: &&&BrokenPart| {
                let (document, broken) = (part.node_ref.document, &part.at.pointer);
                let target = local_target(contract, part);
                let is_own = |schema: &(u32, String)| {
                    let keyword = broken.rsplit_once('/').map(|(schema, _)| schema);
                    let own = [Some(broken.as_str()), keyword, target];
                    schema.0 == document && own.contains(&Some(&schema.1))
                };
                let is_inside = |at: &(u32, String)| {
                    let below = at.1.strip_prefix(broken.as_str());
                    at.0 == document
                        && below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
                };
                schemas.iter().any(is_own) || edited.as_ref().is_some_and(is_inside)
            };
            parts
                .iter()
                .find(decides)
                .map(|part| Arc::clone(&part.reason))
        });
        reasons.next().map(|reason| reason.to_string())
    }
}

/// The schema that a broken reference names, if it is in the same document.
fn local_target<'c>(contract: &'c CompiledContract, part: &BrokenPart) -> Option<&'c str> {
    let node = contract.documents().node(part.node_ref);
    let reference = node.get("$ref").unwrap_or(node);
    reference.as_str()?.strip_prefix('#')
}

fn place(contract: &CompiledContract, node_ref: NodeRef) -> (u32, String) {
    (node_ref.document, contract.location(node_ref).pointer)
}
