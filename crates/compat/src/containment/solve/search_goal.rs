//! Goals and answers.

use serde_json::Value;

use super::super::formula::FormulaId;

/// What is asked of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum LiteralMode {
    /// It fails.
    Fails,
    /// It holds.
    Holds,
    /// It holds, and the value is one that a producer sends.
    Sent,
}

/// A formula, and what is asked of it.
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

    /// The same of another formula.
    pub(super) fn of(self, id: FormulaId) -> Self {
        Self::new(id, self.mode)
    }

    pub(super) fn is_positive(self) -> bool {
        self.mode != LiteralMode::Fails
    }
}

/// What one value must fulfil.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SearchGoal {
    pub(super) literals: Box<[Literal]>,
    /// Whether the value is there in any case, in whichever direction it is declared to go.
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

    /// The same goal with one more literal.
    pub(crate) fn with(&self, literal: Literal) -> Self {
        let mut literals = self.literals.to_vec();
        literals.push(literal);
        Self::new(literals, self.demanded)
    }
}

/// What the search for a goal came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SearchAnswer {
    /// A value, and whether it surely fulfils the goal.
    Found(Value, bool),
    /// There is none.
    Empty,
    /// The search gave up.
    Unsure,
}

/// What several searches came to, of which any would do.
#[derive(Debug, Default)]
pub(super) struct AnswerTally {
    likely: Option<Value>,
    is_unsure: bool,
}

impl AnswerTally {
    /// Takes an answer; gives it back where nothing better can come.
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

    pub(super) fn doubt(&mut self) {
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
