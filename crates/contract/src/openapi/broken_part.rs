//! Parts of a contract that cannot be compiled, where the contract is compiled around them.
//!
//! A revision that is already deployed cannot be corrected any more, but it can be compared. So the
//! rest of it is compiled, and each broken part is named.

use std::collections::HashMap;
use std::sync::Arc;

use super::contract_problem::{ContractProblem, ContractProblemKind};
use super::document::{NodeRef, SourceLocation};

/// What the compiler does with a part that it cannot compile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BrokenPartPolicy {
    /// It refuses the contract.
    #[default]
    Refuse,
    /// It compiles the rest. The contract is the older one of a comparison.
    TolerateInOlder,
    /// It compiles the rest. The contract is the newer one of a comparison.
    TolerateInNewer,
}

/// A part of a contract that could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenPart {
    /// The kind of the problem.
    pub kind: ContractProblemKind,
    /// Where the part is.
    pub at: SourceLocation,
    /// What is wrong with it.
    pub message: String,
    /// Why nothing that depends on the part can be decided.
    pub reason: Arc<str>,
    /// Whether the part is written twice, so that every finding about it is in doubt.
    pub is_ambiguous: bool,
    /// Whether it is a schema or a keyword of one.
    pub is_schema: bool,
    /// The node of the part.
    pub node_ref: NodeRef,
    /// The node that it contradicts.
    pub(crate) other: Option<NodeRef>,
}

/// The nodes of schemas and keywords that are broken, with the reason to give.
#[derive(Clone, Debug, Default)]
pub(crate) struct BrokenSchemas {
    pub(crate) reasons: HashMap<NodeRef, Arc<str>>,
    /// Whether messages are checked by the other schemas. Otherwise contracts are compared.
    pub(crate) is_enforced: bool,
}

impl BrokenPartPolicy {
    /// Whether the rest of a contract is compiled.
    pub fn tolerates(self) -> bool {
        self != Self::Refuse
    }

    /// The broken part that a problem describes.
    pub(crate) fn part(self, problem: ContractProblem, node_ref: NodeRef) -> BrokenPart {
        let ContractProblem {
            kind, at, message, ..
        } = problem;
        let what = match self {
            Self::TolerateInNewer => "the newer contract is broken",
            Self::TolerateInOlder => "the older contract is broken",
            // The tolerant reading leaves it unknown.
            Self::Refuse => "the contract cannot be read",
        };
        let reason = format!("{what} here: {}:{} {message}", at.file, at.line);
        BrokenPart {
            kind,
            at,
            message,
            reason: reason.into(),
            is_ambiguous: false,
            is_schema: false,
            node_ref,
            other: None,
        }
    }
}
