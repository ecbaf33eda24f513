//! Values that text carries: one that another reading makes acceptable is none that is sought.

use serde_json::Value;

use super::super::formula::{Id, Items, Node};
use super::super::mask::Mask;
use super::goal::{Answer, Goal, Literal, Mode};
use super::search::Solver;
use super::state::State;

impl Solver<'_> {
    /// A value was found that another reading of its text makes acceptable: looks for others.
    pub(super) fn other_reading(
        &mut self,
        goal: &Goal,
        state: &State,
        choice: Literal,
        value: Option<Value>,
    ) -> Answer {
        const TRIES_MAX: usize = 8;
        let Some(value) = value else {
            return Answer::Unsure;
        };
        if choice.mode == Mode::Fails && self.is_always_read(choice.id, state) {
            return Answer::Empty;
        }
        let is_excluded = |unit: &&Literal| {
            !unit.is_positive() && matches!(self.arena.node(unit.id), Node::Values(_))
        };
        if state.units.iter().filter(is_excluded).count() >= TRIES_MAX {
            return self.give_up("a text that can be read in several ways");
        }
        let listing = self.arena.values([&value]);
        let mut next = state.clone();
        next.lazy.push(choice);
        match next.assume(self.arena, &[Literal::fails(listing)]) {
            true => self.search(goal, next),
            false => Answer::Empty,
        }
    }

    /// Whether the text of every value that is left is acceptable in another reading: as a string,
    /// or as a list of one item.
    fn is_always_read(&mut self, readable: Id, state: &State) -> bool {
        let Node::Readable(schema) = *self.arena.node(readable) else {
            return false;
        };
        let mut items = vec![self.left_over(state)];
        let pattern = match state.mask {
            Mask::NULL | Mask::BOOLEAN => Some("^(true|false|null|)$"),
            Mask::INTEGER => Some("^-?(0|[1-9][0-9]*)$"),
            Mask::FRACTION => Some("^-?(0|[1-9][0-9]*)[.][0-9]*[1-9]$"),
            _ => None,
        };
        let text = pattern.map(|pattern| {
            let pattern = self.arena.intern(pattern);
            let parts = [
                self.arena.types(Mask::STRING),
                self.arena.add(Node::Pattern(pattern)),
            ];
            self.arena.all(parts)
        });
        items.extend(text);
        let lists: Vec<Id> = items.into_iter().map(|item| self.list_of(item)).collect();
        text.into_iter().chain(lists).any(|reading| {
            let literals = vec![Literal::holds(reading), Literal::fails(schema)];
            self.solve(&Goal::new(literals, true)) == Answer::Empty
        })
    }

    /// A formula of all values that keywords leave.
    fn left_over(&mut self, state: &State) -> Id {
        let mut parts = vec![self.arena.types(state.mask)];
        for unit in &state.units {
            parts.push(if unit.is_positive() {
                unit.id
            } else {
                self.arena.not(unit.id)
            });
        }
        self.arena.all(parts)
    }

    /// A formula of lists of one such item.
    fn list_of(&mut self, item: Id) -> Id {
        let parts = [
            self.arena.types(Mask::ARRAY),
            self.arena.add(Node::ItemsMin(1)),
            self.arena.add(Node::ItemsMax(1)),
            self.arena.items(Items {
                prefix: Box::new([]),
                rest: item,
            }),
        ];
        self.arena.all(parts)
    }
}
