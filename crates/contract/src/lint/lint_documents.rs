//! The rules that need only the documents, so they also apply to a contract that does not compile.

use super::lint_findings::{LintFindings, by_location};
use super::object_walk::contract_objects;
use super::{
    event_schemas, field_types, ineffective_constraints, ineffective_keywords, missing_fields,
    open_alternatives, unknown_fields,
};
use crate::openapi::contract_problem::ContractProblem;
use crate::openapi::dialect::Dialect;
use crate::openapi::document::DocumentSet;

/// Warns about unknown, missing and ineffective parts of all objects of a contract, sorted by file
/// and line. Documents of an unsupported version have no warnings.
pub fn lint_documents(documents: &DocumentSet) -> Vec<ContractProblem> {
    let Ok(dialect) = Dialect::of(documents.entry().root()) else {
        return Vec::new();
    };
    let objects = contract_objects(documents, dialect);
    let mut findings = LintFindings::new(documents);
    unknown_fields::inspect(dialect, &objects, &mut findings);
    missing_fields::inspect(dialect, &objects, &mut findings);
    field_types::inspect(dialect, &objects, &mut findings);
    event_schemas::inspect(&mut findings);
    ineffective_constraints::inspect(dialect, &objects, &mut findings);
    let schemas = objects.schemas();
    ineffective_keywords::inspect(dialect, &schemas, &mut findings);
    open_alternatives::inspect(dialect, &schemas, &mut findings);
    let mut problems = findings.into_problems();
    problems.sort_by(by_location);
    problems.dedup();
    problems
}
