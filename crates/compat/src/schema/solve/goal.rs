//! Goals and answers.

use serde_json::Value;

use super::super::formula::Id;

/// What is asked of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) enum Mode {
    /// It fails.
    Fails,
    /// It holds.
    Holds,
    /// It holds, and the value is one that a producer sends.
    Sent,
}

/// A formula, and what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct Literal {
    pub(in super::super) id: Id,
    pub(in super::super) mode: Mode,
}

impl Literal {
    pub(in super::super) fn new(id: Id, mode: Mode) -> Self {
        Self { id, mode }
    }

    pub(in super::super) fn holds(id: Id) -> Self {
        Self::new(id, Mode::Holds)
    }

    pub(in super::super) fn fails(id: Id) -> Self {
        Self::new(id, Mode::Fails)
    }

    /// The same of another formula.
    pub(super) fn of(self, id: Id) -> Self {
        Self::new(id, self.mode)
    }

    pub(super) fn is_positive(self) -> bool {
        self.mode != Mode::Fails
    }
}

/// What one value must fulfil.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct Goal {
    pub(super) literals: Box<[Literal]>,
    /// Whether the value is there in any case, in whichever direction it is declared to go.
    pub(super) demanded: bool,
}

impl Goal {
    pub(in super::super) fn new(mut literals: Vec<Literal>, demanded: bool) -> Self {
        literals.sort_unstable();
        literals.dedup();
        Self {
            literals: literals.into(),
            demanded,
        }
    }

    /// The same goal with one more literal.
    pub(in super::super) fn with(&self, literal: Literal) -> Self {
        let mut literals = self.literals.to_vec();
        literals.push(literal);
        Self::new(literals, self.demanded)
    }
}

/// What the search for a goal came to.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Answer {
    /// A value, and whether it surely fulfils the goal.
    Found(Value, bool),
    /// There is none.
    Empty,
    /// The search gave up.
    Unsure,
}

/// What several searches came to, of which any would do.
#[derive(Debug, Default)]
pub(super) struct Tally {
    likely: Option<Value>,
    is_unsure: bool,
}

impl Tally {
    /// Takes an answer; gives it back where nothing better can come.
    pub(super) fn take(&mut self, answer: Answer) -> Option<Answer> {
        match answer {
            Answer::Found(_, true) => return Some(answer),
            Answer::Found(value, false) => {
                self.likely.get_or_insert(value);
            }
            Answer::Unsure => self.is_unsure = true,
            Answer::Empty => {}
        }
        None
    }

    pub(super) fn doubt(&mut self) {
        self.is_unsure = true;
    }

    pub(super) fn end(self) -> Answer {
        match self.likely {
            Some(value) => Answer::Found(value, false),
            None if self.is_unsure => Answer::Unsure,
            None => Answer::Empty,
        }
    }
}
