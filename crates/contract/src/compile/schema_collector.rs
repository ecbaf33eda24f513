//! Collects the schemas that operations validate against.

use crate::openapi::contract_problem::ContractProblem;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::lower::SchemaLowering;
use crate::schema::schema_set::{SchemaKey, SchemaSet};

/// Collects the schemas of one direction.
pub(super) struct SchemaCollector<'d> {
    lowering: SchemaLowering<'d>,
    roots: Vec<u32>,
}

impl<'d> SchemaCollector<'d> {
    pub(super) fn new(
        documents: &'d DocumentSet,
        dialect: Dialect,
        direction: MessageDirection,
    ) -> Self {
        Self {
            lowering: SchemaLowering::new(documents, dialect, direction),
            roots: Vec::new(),
        }
    }

    /// Adds a schema and returns its key.
    pub(super) fn key(&mut self, node_ref: NodeRef) -> SchemaKey {
        let number = self.lowering.define(node_ref);
        self.roots.push(number);
        SchemaKey::new(number)
    }

    /// Builds the validator. With `is_closed`, also the one that detects undeclared properties.
    pub(super) fn build(
        mut self,
        documents: &DocumentSet,
        is_closed: bool,
    ) -> Result<SchemaSet, Vec<ContractProblem>> {
        self.roots.sort_unstable();
        self.roots.dedup();
        let lowered = self.lowering.finish(&self.roots);
        if is_closed {
            SchemaSet::build_closed(lowered, documents)
        } else {
            SchemaSet::build(lowered, documents)
        }
    }
}
