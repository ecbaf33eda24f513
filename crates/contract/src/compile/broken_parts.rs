//! The broken parts of a contract that is compiled around them.

use std::sync::Arc;

use crate::message::left_out_operation::LeftOutOperation;
use crate::openapi::broken_part::{BrokenPart, BrokenSchemas};
use crate::openapi::document::{DocumentSet, OpaqueSchema};

/// The broken parts of a contract. Empty for a contract that is compiled strictly.
#[derive(Debug, Default)]
pub(super) struct BrokenParts {
    pub(super) parts: Vec<BrokenPart>,
    pub(super) operations: Vec<LeftOutOperation>,
    pub(super) schemas: BrokenSchemas,
    /// The reason of the part that was reported last.
    pub(super) last_reason: Option<Arc<str>>,
}

impl BrokenParts {
    /// The schemas in languages that are not judged, which are lowered as unknown.
    pub(super) fn of_opaque(documents: &DocumentSet) -> Self {
        let mut parts = Self::default();
        for OpaqueSchema {
            node_ref, reason, ..
        } in documents.opaque_schemas()
        {
            let reason = Arc::clone(reason);
            parts.schemas.reasons.insert(*node_ref, reason);
        }
        parts
    }

    /// Adds a part, unless it is known.
    pub(super) fn add(&mut self, part: BrokenPart) {
        self.last_reason = Some(Arc::clone(&part.reason));
        let is_same = |known: &BrokenPart| known.at == part.at && known.message == part.message;
        if !self.parts.iter().any(is_same) {
            self.parts.push(part);
        }
    }

    /// Adds a schema or keyword that is lowered as unknown.
    pub(super) fn add_schema(&mut self, part: BrokenPart) {
        let reason = part.reason.clone();
        self.schemas.reasons.insert(part.node_ref, reason);
        self.add(BrokenPart {
            is_schema: true,
            ..part
        });
    }
}
