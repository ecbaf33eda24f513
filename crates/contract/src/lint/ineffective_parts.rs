//! The warnings about parts without effect, for comparisons: a change of such a part is not visible.
//!
//! Unlike a whole lint run, this builds no validators.

use super::contract_survey::survey;
use super::lint_findings::LintFindings;
use super::{ineffective_keywords, open_alternatives};
use crate::message::compiled_contract::CompiledContract;
use crate::openapi::contract_problem::ContractProblem;

/// The warnings about parts of a contract that have no effect.
pub fn ineffective_parts(contract: &CompiledContract) -> Vec<ContractProblem> {
    let survey = survey(contract);
    let mut findings = LintFindings::new(&contract.documents);
    ineffective_keywords::foreign_keywords(contract.dialect, &survey.schemas, &mut findings);
    open_alternatives::inspect(contract.dialect, &survey.schemas, &mut findings);
    let mut problems = contract.ineffective.clone();
    problems.extend(findings.into_problems());
    problems.sort_by(|left, right| {
        let place = |problem: &ContractProblem| (problem.at.file.clone(), problem.at.line);
        place(left).cmp(&place(right))
    });
    problems
}
