//! The entry point: runs the survey and then every rule.

use super::lint_findings::LintFindings;
use super::{
    contract_survey, coverage, ineffective_keywords, invalid_examples, open_alternatives,
    parameter_styles,
};
use crate::message::compiled_contract::CompiledContract;
use crate::openapi::contract_problem::ContractProblem;
use crate::openapi::document::SourceLocation;

/// Lints a whole contract. Returns warnings, sorted by file and line.
///
/// It builds validators for all schemas again, so it is meant for authors and pipelines, not for
/// the start of a proxy.
pub fn lint(contract: &CompiledContract) -> Vec<ContractProblem> {
    let survey = contract_survey::survey(contract);
    let mut findings = LintFindings::new(&contract.documents);
    coverage::inspect(contract, &mut findings);
    parameter_styles::inspect(contract, &survey, &mut findings);
    ineffective_keywords::inspect(contract.dialect, &survey, &mut findings);
    open_alternatives::inspect(contract.dialect, &survey, &mut findings);
    invalid_examples::inspect(contract, &survey, &mut findings);
    let mut problems = findings.into_problems();
    problems.sort_by(|left, right| {
        let SourceLocation {
            file,
            line,
            column,
            pointer,
        } = &left.at;
        let node_ref = file.cmp(&right.at.file).then(line.cmp(&right.at.line));
        let node_ref = node_ref.then(column.cmp(&right.at.column));
        let node_ref = node_ref.then_with(|| pointer.cmp(&right.at.pointer));
        node_ref.then_with(|| (left.kind, &left.message).cmp(&(right.kind, &right.message)))
    });
    problems.dedup();
    problems
}
