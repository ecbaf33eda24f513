//! The warnings of one lint run, while the rules report them.

use std::cmp::Ordering;

use crate::openapi::contract_problem::{ContractProblem, ContractProblemKind, Severity};
use crate::openapi::document::{DocumentSet, NodeRef, SourceLocation};

/// The warnings reported so far.
#[derive(Debug)]
pub(super) struct LintFindings<'d> {
    pub(super) documents: &'d DocumentSet,
    problems: Vec<ContractProblem>,
}

impl<'d> LintFindings<'d> {
    pub(super) fn new(documents: &'d DocumentSet) -> Self {
        Self {
            documents,
            problems: Vec::new(),
        }
    }

    pub(super) fn into_problems(self) -> Vec<ContractProblem> {
        self.problems
    }

    pub(super) fn warn(&mut self, kind: ContractProblemKind, node_ref: NodeRef, message: String) {
        let at = self.documents.location(node_ref);
        self.add(ContractProblem {
            severity: Severity::Warning,
            kind,
            at,
            message,
            repair: None,
        });
    }

    /// Adds a problem as a warning, whatever its severity.
    pub(super) fn add(&mut self, problem: ContractProblem) {
        self.problems.push(ContractProblem {
            severity: Severity::Warning,
            repair: problem
                .repair
                .filter(|_| problem.severity == Severity::Warning),
            ..problem
        });
    }
}

/// Orders warnings by file, line and column.
pub(super) fn by_location(left: &ContractProblem, right: &ContractProblem) -> Ordering {
    let SourceLocation {
        file,
        line,
        column,
        pointer,
    } = &left.at;
    let order = file.cmp(&right.at.file).then(line.cmp(&right.at.line));
    let order = order.then(column.cmp(&right.at.column));
    let order = order.then_with(|| pointer.cmp(&right.at.pointer));
    order.then_with(|| (left.kind, &left.message).cmp(&(right.kind, &right.message)))
}
