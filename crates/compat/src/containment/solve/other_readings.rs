//! Values carried as text. A value is not a counterexample if another reading of its text is accepted.

use serde_json::Value;

use super::super::formula::{FormulaId, FormulaNode, ItemFormulas};
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

    /// Whether the text of every remaining value is accepted in another reading: as a string, or as
    /// an array of one item.
    fn is_always_read(&mut self, readable: FormulaId, state: &GoalState) -> bool {
        let FormulaNode::Readable(schema) = *self.arena.node(readable) else {
            return false;
        };
        let mut items = vec![self.left_over(state)];
        let pattern = match state.mask {
            TypeMask::NULL | TypeMask::BOOLEAN => Some("^(true|false|null|)$"),
            TypeMask::INTEGER => Some("^-?(0|[1-9][0-9]*)$"),
            TypeMask::FRACTION => Some("^-?(0|[1-9][0-9]*)[.][0-9]*[1-9]$"),
            _ => None,
        };
        let text = pattern.map(|pattern| {
            let pattern = self.arena.intern(pattern);
            let parts = [
                self.arena.types(TypeMask::STRING),
                self.arena.add(FormulaNode::Pattern(pattern)),
            ];
            self.arena.all_of(parts)
        });
        items.extend(text);
        let lists: Vec<FormulaId> = items.into_iter().map(|item| self.list_of(item)).collect();
        text.into_iter().chain(lists).any(|reading| {
            let literals = vec![Literal::holds(reading), Literal::fails(schema)];
            self.solve(&SearchGoal::new(literals, true)) == SearchAnswer::Empty
        })
    }

    /// A formula for all values that satisfy the literals.
    fn left_over(&mut self, state: &GoalState) -> FormulaId {
        let mut parts = vec![self.arena.types(state.mask)];
        for unit in &state.units {
            parts.push(if unit.is_positive() {
                unit.id
            } else {
                self.arena.not(unit.id)
            });
        }
        self.arena.all_of(parts)
    }

    /// A formula for arrays with one such item.
    fn list_of(&mut self, item: FormulaId) -> FormulaId {
        let parts = [
            self.arena.types(TypeMask::ARRAY),
            self.arena.add(FormulaNode::ItemsMin(1)),
            self.arena.add(FormulaNode::ItemsMax(1)),
            self.arena.items(ItemFormulas {
                prefix: Box::new([]),
                rest: item,
            }),
        ];
        self.arena.all_of(parts)
    }
}
