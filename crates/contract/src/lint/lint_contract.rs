//! The rules that need a compiled contract: runs the survey and then each of them.

use super::lint_findings::{LintFindings, by_location};
use super::{contract_survey, coverage, invalid_examples, parameter_styles};
use crate::message::compiled_contract::CompiledContract;
use crate::openapi::contract_problem::ContractProblem;

/// Lints a compiled contract. Returns warnings, sorted by file and line.
/// [`lint_documents`](super::lint_documents()) has further ones.
///
/// It builds validators for all schemas again, so it is meant for authors and pipelines, not for
/// the start of a proxy.
pub fn lint(contract: &CompiledContract) -> Vec<ContractProblem> {
    let survey = contract_survey::survey(contract);
    let mut findings = LintFindings::new(&contract.documents);
    coverage::inspect(contract, &mut findings);
    parameter_styles::inspect(contract, &survey, &mut findings);
    invalid_examples::inspect(contract, &survey, &mut findings);
    let mut problems = findings.into_problems();
    problems.sort_by(by_location);
    problems.dedup();
    problems
}
