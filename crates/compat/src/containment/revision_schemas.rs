//! The lowered schemas of one revision, found by where they stand in the contract.

use std::sync::Arc;

use serde_json::Value;

use portcullis_contract::{CompiledContract, LoweredLocation, LoweredSchemas, NodeRef};

use super::schema_object_edits::SchemaObject;

/// The schemas of one revision.
#[derive(Clone, Copy)]
pub(super) struct RevisionSchemas<'s> {
    pub(super) contract: &'s CompiledContract,
    pub(super) lowered: &'s LoweredSchemas,
}

impl<'s> RevisionSchemas<'s> {
    pub(super) fn locations(&self, node_ref: NodeRef) -> Arc<[LoweredLocation]> {
        self.lowered.locations(self.contract, node_ref)
    }

    /// The lowered schema object at a node.
    pub(super) fn object(&self, node_ref: NodeRef) -> Option<&'s SchemaObject> {
        self.schema(node_ref)?.as_object()
    }

    pub(super) fn schema(&self, node_ref: NodeRef) -> Option<&'s Value> {
        let locations = self.locations(node_ref);
        let location = locations.first()?;
        let at = format!("{}{}", location.definition, location.below);
        self.lowered.document.pointer(&at)
    }
}
