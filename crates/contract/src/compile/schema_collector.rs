//! The schemas that operations judge by, while they are collected.

use crate::openapi::contract_problem::ContractProblem;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::lower::SchemaLowering;
use crate::schema::schema_set::{SchemaKey, SchemaSet};

/// The schemas of one direction, while they are collected.
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

    pub(super) fn key(&mut self, place: NodeRef) -> SchemaKey {
        let number = self.lowering.define(place);
        self.roots.push(number);
        SchemaKey::new(number)
    }

    /// Builds the validator; where undeclared members are looked for, their validator too.
    pub(super) fn build(
        mut self,
        documents: &DocumentSet,
        is_closed: bool,
    ) -> Result<SchemaSet, Vec<ContractProblem>> {
        self.roots.sort_unstable();
        self.roots.dedup();
        let lowered = self.lowering.finish(&self.roots);
        match is_closed {
            true => SchemaSet::build_closed(lowered, documents),
            false => SchemaSet::build(lowered, documents),
        }
    }
}
