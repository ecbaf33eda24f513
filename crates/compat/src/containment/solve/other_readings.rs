//! Values carried as text. A value is not a counterexample if another reading of its text is accepted.
//!
//! A number has many texts: `1`, `1.0` and `10e-1` are equal. So a number whose usual text is
//! accepted is tried in another one, and a search that excludes numbers proves nothing unless every
//! text of them is accepted.

use portcullis_json::ExactFraction;
use serde_json::Value;

use super::super::formula::{FormulaId, FormulaNode, children};
use super::super::formula_arena::FormulaArena;
use super::super::text_readings::{ordinary_numbers, ordinary_strings, written_otherwise};
use super::super::type_mask::TypeMask;
use super::goal_state::GoalState;
use super::search_goal::{AnswerTally, Literal, LiteralMode, SearchAnswer, SearchGoal};
use super::solver::Solver;

/// The maximum number of values to exclude because their text is accepted.
const EXCLUDED_MAX: usize = 24;

/// All texts of JSON numbers.
const NUMBER_TEXT: &str = r"^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?$";

const BOOLEAN_TEXT: &str = "^(true|false)$";

/// Sets of values of other types, each with texts that are always in it: the types, and the least of
/// the values if there is one.
const TEXT_VALUES: [(TypeMask, Option<i64>, &str); 5] = [
    (TypeMask::BOOLEAN, None, BOOLEAN_TEXT),
    (TypeMask::NUMBER, None, NUMBER_TEXT),
    (TypeMask::INTEGER, None, "^-?(0|[1-9][0-9]*)$"),
    (TypeMask::INTEGER, Some(0), "^(0|[1-9][0-9]*)$"),
    (TypeMask::INTEGER, Some(1), "^[1-9][0-9]*$"),
];

/// The reason if only some texts of a number are known to be accepted.
const OTHER_TEXTS: &str = "a number that can be written in several ways";

impl Solver<'_> {
    /// Continues the search after a value whose text is accepted in another reading.
    pub(super) fn other_reading(
        &mut self,
        goal: &SearchGoal,
        state: &GoalState,
        choice: Literal,
        value: Option<Value>,
    ) -> SearchAnswer {
        let Some(value) = value else {
            return SearchAnswer::Unsure;
        };
        let is_refusal = choice.mode == LiteralMode::Fails;
        if let FormulaNode::Readable(schema) = *self.arena.node(choice.id)
            && !is_one_text(&value)
        {
            let mut next = state.clone();
            return if next.assume(self.arena, &[choice.of(schema)]) {
                self.search(goal, next)
            } else {
                SearchAnswer::Empty
            };
        }
        let mut readings = state.lazy.clone();
        readings.push(choice);
        if self.has_no_text(&readings, state.mask) {
            return SearchAnswer::Empty;
        }
        let excluded = self.excluded_of_type(state);
        let answer = if excluded >= EXCLUDED_MAX {
            self.give_up("a text with several readings")
        } else {
            let accepted = self.accepted_texts(choice, &value);
            let mut next = state.clone();
            next.lazy.push(choice);
            if next.assume(self.arena, &[Literal::fails(accepted)]) {
                self.search(goal, next)
            } else {
                SearchAnswer::Empty
            }
        };
        let is_last = excluded >= EXCLUDED_MAX || answer == SearchAnswer::Empty;
        match answer {
            SearchAnswer::Found(..) => answer,
            _ if !is_refusal => answer,
            _ => match self.ordinary_text(goal, &value, is_last) {
                Some(found) => SearchAnswer::Found(found, true),
                None if value.is_number() => self.give_up(OTHER_TEXTS),
                None => answer,
            },
        }
    }

    /// Whether a schema accepts all values of these types that are not less than a bound.
    fn accepts_all(&mut self, schema: FormulaId, types: TypeMask, least: Option<i64>) -> bool {
        let mut literals = vec![
            Literal::holds(self.arena.types(types)),
            Literal::fails(schema),
        ];
        if let Some(least) = least {
            let bound = self.arena.intern_number(ExactFraction::integer(least));
            literals.push(Literal::holds(self.arena.add(FormulaNode::AtLeast(bound))));
        }
        self.solve(&SearchGoal::new(literals, true)) == SearchAnswer::Empty
    }

    /// The texts that are accepted for the reason for which the text of this value is: all integers
    /// if the schema accepts all of them, or the text alone.
    fn accepted_texts(&mut self, choice: Literal, value: &Value) -> FormulaId {
        if let FormulaNode::Readable(schema) = *self.arena.node(choice.id)
            && let Value::String(text) = value
            && !choice.is_positive()
        {
            for (types, least, pattern) in TEXT_VALUES {
                let word = self.arena.intern(pattern);
                if self.matchers.matches(word, pattern, text) == Some(true)
                    && self.accepts_all(schema, types, least)
                {
                    return self.arena.add(FormulaNode::Pattern(word));
                }
            }
        }
        self.arena.values([value])
    }

    /// The number of values of the type that were excluded before.
    fn excluded_of_type(&self, state: &GoalState) -> usize {
        let mut excluded = 0;
        for unit in state.units.iter().filter(|unit| !unit.is_positive()) {
            if let FormulaNode::Values(constants) = self.arena.node(unit.id) {
                let values = constants.iter().map(|one| self.arena.constant(*one));
                excluded += values.filter(|one| TypeMask::of(one) == state.mask).count();
            }
        }
        excluded
    }

    /// The value written otherwise, or an ordinary value of its type, that satisfies the goal.
    fn ordinary_text(&mut self, goal: &SearchGoal, value: &Value, is_last: bool) -> Option<Value> {
        let mut tried = match value {
            Value::Number(_) if is_last => ordinary_numbers(),
            Value::String(_) if is_last => ordinary_strings(),
            _ => Vec::new(),
        };
        tried.extend(written_otherwise(value));
        let mut tried = tried.into_iter();
        tried.find(|value| self.fulfils(goal, value) == Some(true))
    }

    /// Tries a listed value that does not satisfy the goal in other texts.
    pub(super) fn listed_otherwise(
        &mut self,
        goal: &SearchGoal,
        state: &GoalState,
        value: &Value,
        tally: &mut AnswerTally,
    ) -> Option<Value> {
        let is_text = |literal: &Literal| has_readings(self.arena, literal.id);
        let other = written_otherwise(value)?;
        if !goal.literals.iter().any(is_text) || self.is_unfulfilled_in_any_text(goal, value) {
            return None;
        }
        if self.has_no_text(&state.lazy, TypeMask::of(value)) {
            return None;
        }
        if self.fulfils(goal, &other) == Some(true) {
            return Some(other);
        }
        self.give_up(OTHER_TEXTS);
        tally.mark_unsure();
        None
    }

    /// Whether no text of a value of a type meets the choices about its readings: as a value of
    /// another type, it must be refused where no reading may be accepted, and accepted where the
    /// value itself is not.
    fn has_no_text(&mut self, choices: &[Literal], mask: TypeMask) -> bool {
        let (mut literals, mut needs_other) = (Vec::new(), mask != TypeMask::STRING);
        for choice in choices {
            let FormulaNode::Readable(schema) = *self.arena.node(choice.id) else {
                continue;
            };
            if !choice.is_positive() {
                literals.push(Literal::fails(schema));
            } else if !self.arena.holds(schema).has(mask) {
                literals.push(Literal::holds(schema));
                needs_other = true;
            }
        }
        // A string need not be the text of another value.
        if literals.is_empty() || !needs_other {
            return false;
        }
        let pattern = match mask {
            TypeMask::BOOLEAN => BOOLEAN_TEXT,
            TypeMask::INTEGER | TypeMask::FRACTION => NUMBER_TEXT,
            TypeMask::STRING => {
                let others = TypeMask::BOOLEAN.or(TypeMask::NUMBER);
                literals.push(Literal::holds(self.arena.types(others)));
                return self.solve(&SearchGoal::new(literals, true)) == SearchAnswer::Empty;
            }
            _ => return false,
        };
        let pattern = self.arena.intern(pattern);
        let text = self.arena.add(FormulaNode::Pattern(pattern));
        let string = self.arena.types(TypeMask::STRING);
        literals.extend([Literal::holds(string), Literal::holds(text)]);
        self.solve(&SearchGoal::new(literals, true)) == SearchAnswer::Empty
    }
}

/// Whether a value is one text, which can have several readings.
fn is_one_text(value: &Value) -> bool {
    value.is_string() || value.is_number() || value.is_boolean()
}

/// Whether a formula reads a value or a part of it as text.
fn has_readings(arena: &FormulaArena, id: FormulaId) -> bool {
    let (mut seen, mut open) = (Vec::new(), vec![id]);
    while let Some(id) = open.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        match arena.node(id) {
            FormulaNode::Readable(_) => return true,
            // Readings are written around the references, never inside of them.
            FormulaNode::Reference(_) => {}
            node => open.extend(children(node)),
        }
    }
    false
}
