//! The entry: one survey, then everything that looks at it.

use super::lint_findings::LintFindings;
use super::{contract_survey, coverage, ineffective_keywords, invalid_examples, parameter_styles};
use crate::message::compiled_contract::CompiledContract;
use crate::openapi::contract_problem::ContractProblem;
use crate::openapi::document::SourceLocation;

/// Looks at all of a contract and says what is questionable; all of it warnings, in the
/// order of files and lines. Costs a second
/// build of all its schemas: for people who write contracts, not for those who serve them.
pub fn lint(contract: &CompiledContract) -> Vec<ContractProblem> {
    let survey = contract_survey::survey(contract);
    let mut findings = LintFindings::new(&contract.documents);
    coverage::inspect(contract, &mut findings);
    parameter_styles::inspect(contract, &survey, &mut findings);
    ineffective_keywords::inspect(contract.dialect, &survey, &mut findings);
    invalid_examples::inspect(contract, &survey, &mut findings);
    let mut problems = findings.into_problems();
    problems.sort_by(|left, right| {
        let SourceLocation {
            file,
            line,
            pointer,
        } = &left.at;
        let place = file.cmp(&right.at.file).then(line.cmp(&right.at.line));
        let place = place.then_with(|| pointer.cmp(&right.at.pointer));
        place.then_with(|| (left.kind, &left.message).cmp(&(right.kind, &right.message)))
    });
    problems.dedup();
    problems
}
