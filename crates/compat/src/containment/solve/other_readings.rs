//! Values carried as text. A value is not a counterexample if another reading of its text is accepted.

use serde_json::Value;

use super::super::formula::{FormulaId, FormulaNode};
use super::super::type_mask::TypeMask;
use super::goal_state::GoalState;
use super::search_goal::{Literal, LiteralMode, SearchAnswer, SearchGoal};
use super::solver::Solver;

impl Solver<'_> {
    /// Continues the search after a value whose text is accepted in another reading.
    pub(super) fn other_reading(
        &mut self,
        goal: &SearchGoal,
        state: &GoalState,
        choice: Literal,
        value: Option<Value>,
    ) -> SearchAnswer {
        const TRIES_MAX: usize = 8;
        let Some(value) = value else {
            return SearchAnswer::Unsure;
        };
        if choice.mode == LiteralMode::Fails && self.is_always_read(choice.id, state) {
            return SearchAnswer::Empty;
        }
        let is_excluded = |unit: &&Literal| {
            !unit.is_positive() && matches!(self.arena.node(unit.id), FormulaNode::Values(_))
        };
        if state.units.iter().filter(is_excluded).count() >= TRIES_MAX {
            return self.give_up("a text with several readings");
        }
        let listing = self.arena.values([&value]);
        let mut next = state.clone();
        next.lazy.push(choice);
        if next.assume(self.arena, &[Literal::fails(listing)]) {
            self.search(goal, next)
        } else {
            SearchAnswer::Empty
        }
    }

    /// Whether the text of every remaining value is accepted as a string.
    fn is_always_read(&mut self, readable: FormulaId, state: &GoalState) -> bool {
        let FormulaNode::Readable(schema) = *self.arena.node(readable) else {
            return false;
        };
        let pattern = match state.mask {
            TypeMask::BOOLEAN => "^(true|false)$",
            TypeMask::INTEGER => "^-?(0|[1-9][0-9]*)$",
            TypeMask::FRACTION => "^-?(0|[1-9][0-9]*)[.][0-9]*[1-9]$",
            _ => return false,
        };
        let pattern = self.arena.intern(pattern);
        let parts = [
            self.arena.types(TypeMask::STRING),
            self.arena.add(FormulaNode::Pattern(pattern)),
        ];
        let text = self.arena.all_of(parts);
        let literals = vec![Literal::holds(text), Literal::fails(schema)];
        self.solve(&SearchGoal::new(literals, true)) == SearchAnswer::Empty
    }
}
