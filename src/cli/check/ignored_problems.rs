//! The kinds of warnings that `--ignore` leaves out of the report.
//!
//! Errors are never left out: a proxy refuses the contract whatever the report says.

use std::str::FromStr;

use portcullis_config::nearest;
use portcullis_contract::{ContractProblem, ContractProblemKind, Severity};

/// One `--ignore`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IgnoredKind(ContractProblemKind);

impl FromStr for IgnoredKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let kinds = ContractProblemKind::ALL;
        if let Some(kind) = kinds.into_iter().find(|kind| kind.as_str() == name) {
            return Ok(Self(kind));
        }
        let advice = match nearest(name, kinds.into_iter().map(ContractProblemKind::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => "docs/check.md lists the ids".to_owned(),
        };
        Err(format!("no problem has the id {name:?}: {advice}"))
    }
}

/// Removes the warnings of these kinds, and returns how many there were.
pub(super) fn remove_ignored(
    problems: &mut Vec<ContractProblem>,
    ignored: &[IgnoredKind],
) -> usize {
    let before = problems.len();
    problems.retain(|problem| {
        problem.severity == Severity::Error || !ignored.contains(&IgnoredKind(problem.kind))
    });
    before - problems.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_can_be_ignored_and_others_are_named() {
        for kind in ContractProblemKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(IgnoredKind(kind)));
        }
        let refused = |name: &str| name.parse::<IgnoredKind>().unwrap_err();
        assert_eq!(
            refused("mispelt-keyword"),
            "no problem has the id \"mispelt-keyword\": did you mean misspelt-keyword?"
        );
        assert_eq!(
            refused("x"),
            "no problem has the id \"x\": docs/check.md lists the ids"
        );
    }
}
