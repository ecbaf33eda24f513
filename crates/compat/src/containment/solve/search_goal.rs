//! Goals and answers of the search.

use serde_json::Value;

use super::super::formula::FormulaId;
use super::super::formula_arena::FormulaArena;
use super::super::type_mask::TypeMask;

/// What a literal requires of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LiteralMode {
    /// The formula fails.
    Fails,
    /// The formula holds.
    Holds,
    /// The formula holds, and a producer sends the value.
    Sent,
}

/// A formula with a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Literal {
    pub(crate) id: FormulaId,
    pub(crate) mode: LiteralMode,
}

impl Literal {
    pub(crate) fn new(id: FormulaId, mode: LiteralMode) -> Self {
        Self { id, mode }
    }

    pub(crate) fn holds(id: FormulaId) -> Self {
        Self::new(id, LiteralMode::Holds)
    }

    pub(crate) fn fails(id: FormulaId) -> Self {
        Self::new(id, LiteralMode::Fails)
    }

    /// The same requirement for another formula.
    pub(super) fn of(self, id: FormulaId) -> Self {
        Self::new(id, self.mode)
    }

    pub(super) fn is_positive(self) -> bool {
        self.mode != LiteralMode::Fails
    }

    /// The types of values for which the literal can hold.
    pub(super) fn types(self, arena: &FormulaArena) -> TypeMask {
        match self.mode {
            LiteralMode::Fails => arena.fails(self.id),
            LiteralMode::Holds | LiteralMode::Sent => arena.holds(self.id),
        }
    }
}

/// A set of literals that one value must satisfy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SearchGoal {
    pub(super) literals: Box<[Literal]>,
    /// Whether the value is required, and so present regardless of its direction.
    pub(super) demanded: bool,
}

impl SearchGoal {
    pub(crate) fn new(mut literals: Vec<Literal>, demanded: bool) -> Self {
        literals.sort_unstable();
        literals.dedup();
        Self {
            literals: literals.into(),
            demanded,
        }
    }

    /// The goal with an additional literal.
    pub(crate) fn with(&self, literal: Literal) -> Self {
        let mut literals = self.literals.to_vec();
        literals.push(literal);
        Self::new(literals, self.demanded)
    }
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SearchAnswer {
    /// A value, and whether it certainly satisfies the goal.
    Found(Value, bool),
    /// No value exists.
    Empty,
    /// The search gave up.
    Unsure,
}

/// Combines the results of several searches, any of which is enough.
#[derive(Debug, Default)]
pub(super) struct AnswerTally {
    likely: Option<Value>,
    is_unsure: bool,
}

impl AnswerTally {
    /// Adds an answer. Returns it if no better one is possible.
    pub(super) fn take(&mut self, answer: SearchAnswer) -> Option<SearchAnswer> {
        match answer {
            SearchAnswer::Found(_, true) => return Some(answer),
            SearchAnswer::Found(value, false) => {
                self.likely.get_or_insert(value);
            }
            SearchAnswer::Unsure => self.is_unsure = true,
            SearchAnswer::Empty => {}
        }
        None
    }

    pub(super) fn mark_unsure(&mut self) {
        self.is_unsure = true;
    }

    pub(super) fn end(self) -> SearchAnswer {
        match self.likely {
            Some(value) => SearchAnswer::Found(value, false),
            None if self.is_unsure => SearchAnswer::Unsure,
            None => SearchAnswer::Empty,
        }
    }
}
