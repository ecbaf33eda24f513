//! The entry: one survey, then everything that looks at it.

use super::super::compiled::CompiledContract;
use super::super::document::{Documents, Place, Spot};
use super::super::problem::{Problem, ProblemKind, Severity};
use super::{coverage, keywords, styles, survey, values};

/// Looks at all of a contract and says what is questionable; all of it warnings, in the
/// order of files and lines. Costs a second
/// build of all its schemas: for people who write contracts, not for those who serve them.
pub fn lint(contract: &CompiledContract) -> Vec<Problem> {
    let survey = survey::survey(contract);
    let mut findings = Findings {
        documents: &contract.documents,
        problems: Vec::new(),
    };
    coverage::inspect(contract, &mut findings);
    styles::inspect(contract, &survey, &mut findings);
    keywords::inspect(contract.dialect, &survey, &mut findings);
    values::inspect(contract, &survey, &mut findings);
    let mut problems = findings.problems;
    problems.sort_by(|left, right| {
        let Spot {
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
pub(super) struct Findings<'d> {
    pub(super) documents: &'d Documents,
    problems: Vec<Problem>,
}

impl Findings<'_> {
    pub(super) fn warn(&mut self, kind: ProblemKind, place: Place, message: String) {
        let at = self.documents.spot(place);
        self.add(Problem {
            severity: Severity::Warning,
            kind,
            at,
            message,
        });
    }

    /// Adds what another part found, as a warning.
    pub(super) fn add(&mut self, problem: Problem) {
        self.problems.push(Problem {
            severity: Severity::Warning,
            ..problem
        });
    }
}
