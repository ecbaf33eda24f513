//! Collects the schemas that operations validate against.

use portcullis_vocabulary::ContractReading;

use super::broken_parts::BrokenParts;
use crate::openapi::broken_part::BrokenPartPolicy;
use crate::openapi::contract_problem::ContractProblem;
use crate::openapi::contract_repair::ContractRepair;
use crate::openapi::dialect::{Dialect, MessageDirection};
use crate::openapi::document::{DocumentSet, NodeRef};
use crate::schema::lower::{LoweringOutput, SchemaFault, SchemaLowering};
use crate::schema::schema_set::{SchemaKey, SchemaSet, SchemaSetErrors};

/// Collects the schemas of one direction.
pub(super) struct SchemaCollector<'d> {
    dialect: Dialect,
    direction: MessageDirection,
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
            dialect,
            direction,
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

    /// Builds the validator. With `is_closed`, also the one that detects undeclared properties. The
    /// tolerant reading leaves references unknown that lead nowhere.
    pub(super) fn build(
        mut self,
        documents: &DocumentSet,
        is_closed: bool,
        broken: &mut BrokenParts,
    ) -> Result<SchemaSet, Vec<ContractProblem>> {
        self.sort_roots();
        let has_opaque = !documents.opaque_schemas().is_empty();
        let is_partial = has_opaque || documents.reading().is_tolerant();
        let defined = if is_partial {
            self.lowering.origins().to_vec()
        } else {
            Vec::new()
        };
        let mut lowered = self.lowering.finish(&self.roots);
        if is_partial {
            broken.schemas.is_enforced = true;
            let warnings = match documents.reading() {
                ContractReading::Strict => Vec::new(),
                ContractReading::Tolerant => take_unreadable(&mut lowered, broken),
            };
            if (has_opaque || !warnings.is_empty()) && lowered.faults.is_empty() {
                let mut lowering = SchemaLowering::new(documents, self.dialect, self.direction)
                    .with_broken(Some(&broken.schemas));
                // In the same order, so they get the same numbers.
                for node_ref in defined {
                    lowering.define(node_ref);
                }
                lowered = lowering.finish(&self.roots);
            }
            lowered.warnings.extend(warnings);
        }
        let built = if is_closed {
            SchemaSet::build_closed(lowered, documents)
        } else {
            SchemaSet::build(lowered, documents)
        };
        built.map_err(SchemaSetErrors::into_problems)
    }

    /// Builds the validator around broken schemas and adds them to `broken`.
    ///
    /// # Errors
    /// The problems, if one of them concerns all schemas.
    pub(super) fn build_tolerant(
        mut self,
        documents: &DocumentSet,
        policy: BrokenPartPolicy,
        broken: &mut BrokenParts,
    ) -> Result<SchemaSet, Vec<ContractProblem>> {
        self.sort_roots();
        let defined = self.lowering.origins();
        loop {
            let mut lowering = SchemaLowering::new(documents, self.dialect, self.direction)
                .with_broken(Some(&broken.schemas));
            // In the same order, so they get the same numbers.
            for node_ref in defined {
                lowering.define(*node_ref);
            }
            let errors = match SchemaSet::build(lowering.finish(&self.roots), documents) {
                Ok(built) => return Ok(built),
                Err(errors) => errors,
            };
            let mut learns = false;
            for fault in &errors.faults {
                // If a broken keyword is reported again, its whole schema is broken.
                let node_ref = [fault.node_ref, fault.schema]
                    .into_iter()
                    .find(|node_ref| !broken.schemas.reasons.contains_key(node_ref));
                if let Some(node_ref) = node_ref {
                    broken.add_schema(policy.part(fault.problem.clone(), node_ref));
                    learns = true;
                }
            }
            if !learns {
                return Err(errors.into_problems());
            }
        }
    }

    fn sort_roots(&mut self) {
        self.roots.sort_unstable();
        self.roots.dedup();
    }
}

/// Takes the references that lead nowhere out of the faults of schemas, and adds them to the parts
/// that are unknown. Returns the warnings about them.
fn take_unreadable(lowered: &mut LoweringOutput, broken: &mut BrokenParts) -> Vec<ContractProblem> {
    let faults = std::mem::take(&mut lowered.faults);
    let is_dangling =
        |fault: &SchemaFault| fault.problem.repair == Some(ContractRepair::DanglingReference);
    let (dangling, others): (Vec<_>, Vec<_>) = faults.into_iter().partition(is_dangling);
    lowered.faults = others;
    let warnings = dangling.into_iter().map(|fault| {
        let SchemaFault {
            node_ref, problem, ..
        } = fault;
        broken.add_schema(BrokenPartPolicy::Refuse.part(problem.clone(), node_ref));
        problem.repaired_by(ContractRepair::DanglingReference, ContractReading::Tolerant)
    });
    warnings.collect()
}
