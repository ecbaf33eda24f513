//! The entry: one survey, then everything that looks at it.

use super::{contract_survey, coverage, ineffective_keywords, invalid_examples, parameter_styles};
use crate::message::compiled_contract::CompiledContract;
use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::document::{DocumentSet, NodeRef, SourceLocation};

/// Looks at all of a contract and says what is questionable; all of it warnings, in the
/// order of files and lines. Costs a second
/// build of all its schemas: for people who write contracts, not for those who serve them.
pub fn lint(contract: &CompiledContract) -> Vec<ContractProblem> {
    let survey = contract_survey::survey(contract);
    let mut findings = LintFindings {
        documents: &contract.documents,
        problems: Vec::new(),
    };
    coverage::inspect(contract, &mut findings);
    parameter_styles::inspect(contract, &survey, &mut findings);
    ineffective_keywords::inspect(contract.dialect, &survey, &mut findings);
    invalid_examples::inspect(contract, &survey, &mut findings);
    let mut problems = findings.problems;
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

/// What was found so far.
#[derive(Debug)]
pub(super) struct LintFindings<'d> {
    pub(super) documents: &'d DocumentSet,
    problems: Vec<ContractProblem>,
}

impl LintFindings<'_> {
    pub(super) fn warn(&mut self, kind: ContractProblemKind, place: NodeRef, message: String) {
        let at = self.documents.location(place);
        self.add(ContractProblem {
            severity: Severity::Warning,
            kind,
            at,
            message,
        });
    }

    /// Adds what another part found, as a warning.
    pub(super) fn add(&mut self, problem: ContractProblem) {
        self.problems.push(ContractProblem {
            severity: Severity::Warning,
            ..problem
        });
    }
}
