//! The schemas that operations judge by, while they are collected.

use super::super::dialect::{Dialect, Direction};
use super::super::document::{Documents, Place};
use super::super::lower::Lowering;
use super::super::problem::Problem;
use super::super::schema::{SchemaKey, SchemaSet};

/// The schemas of one direction, while they are collected.
pub(super) struct Schemas<'d> {
    lowering: Lowering<'d>,
    roots: Vec<u32>,
}

impl<'d> Schemas<'d> {
    pub(super) fn new(documents: &'d Documents, dialect: Dialect, direction: Direction) -> Self {
        Self {
            lowering: Lowering::new(documents, dialect, direction),
            roots: Vec::new(),
        }
    }

    pub(super) fn key(&mut self, place: Place) -> SchemaKey {
        let number = self.lowering.define(place);
        self.roots.push(number);
        SchemaKey::new(number)
    }

    /// Builds the validator; where undeclared members are looked for, their validator too.
    pub(super) fn build(
        mut self,
        documents: &Documents,
        is_closed: bool,
    ) -> Result<SchemaSet, Vec<Problem>> {
        self.roots.sort_unstable();
        self.roots.dedup();
        let lowered = self.lowering.finish(&self.roots);
        match is_closed {
            true => SchemaSet::build_closed(lowered, documents),
            false => SchemaSet::build(lowered, documents),
        }
    }
}
