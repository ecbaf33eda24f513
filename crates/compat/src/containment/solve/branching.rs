//! Decides which alternatives to try, and when.

use serde_json::Value;

use super::super::formula::{FormulaId, FormulaNode};
use super::super::formula_evaluator::FormulaEvaluator;
use super::super::truth_value::{all, not};
use super::super::type_mask::TypeMask;
use super::alternative_literals::{
    ChoiceBranch, RemainingChoice, branches, combined, remaining_choice, width,
};
use super::goal_state::GoalState;
use super::search_goal::{AnswerTally, Literal, SearchAnswer, SearchGoal};
use super::solver::Solver;

/// The reason if a value is needed and none was found.
pub(crate) const NO_VALUE: &str = "no value could be constructed";

impl Solver<'_> {
    pub(super) fn start_goal(&mut self, goal: &SearchGoal) -> SearchAnswer {
        match GoalState::of(self.arena, goal) {
            Some(state) => self.search(goal, state),
            None => SearchAnswer::Empty,
        }
    }

    pub(super) fn search(&mut self, goal: &SearchGoal, mut state: GoalState) -> SearchAnswer {
        self.count_work(state.size());
        if !self.spend(1) {
            return SearchAnswer::Unsure;
        }
        if !self.take_forced_choices(&mut state) {
            return SearchAnswer::Empty;
        }
        let is_listing = |unit: &&Literal| {
            unit.is_positive() && matches!(self.arena.node(unit.id), FormulaNode::Values(_))
        };
        if let Some(listing) = state.units.iter().find(is_listing) {
            return self.try_listed_values(goal, listing.id, &state);
        }
        if let Some(at) = self.fewest(&state) {
            let choice = state.eager.swap_remove(at);
            let single = branches(self.arena, &state, choice, |_| false);
            let branches = combined(self.arena, choice, single);
            return self.each_branch(goal, state, choice, branches);
        }
        if !state.mask.is_single() {
            return self.each_type(goal, &state);
        }
        let answer = self.of_one_type(&state);
        self.check_alternatives(goal, state, answer)
    }

    /// Assumes alternatives without a choice. Returns whether each choice has an alternative left.
    fn take_forced_choices(&mut self, state: &mut GoalState) -> bool {
        loop {
            let mut changed = false;
            for is_eager in [true, false] {
                let mut at = 0;
                loop {
                    let list = if is_eager { &state.eager } else { &state.lazy };
                    let Some(choice) = list.get(at).copied() else {
                        break;
                    };
                    match remaining_choice(self.arena, state, choice) {
                        RemainingChoice::None => return false,
                        RemainingChoice::Several => {
                            at += 1;
                            continue;
                        }
                        RemainingChoice::Satisfied => {}
                        RemainingChoice::Partly(literal) => {
                            changed = true;
                            if !state.assume(self.arena, &[literal]) {
                                return false;
                            }
                            continue;
                        }
                        RemainingChoice::One(only) => {
                            changed = true;
                            if !state.assume(self.arena, &only) {
                                return false;
                            }
                        }
                    }
                    if is_eager {
                        state.eager.remove(at);
                    } else {
                        state.lazy.remove(at);
                    }
                }
            }
            if !changed {
                return true;
            }
        }
    }

    fn fewest(&self, state: &GoalState) -> Option<usize> {
        let width = |choice: &Literal| width(self.arena, state, *choice);
        let widths = state.eager.iter().map(width).enumerate();
        widths.min_by_key(|(_, width)| *width).map(|(at, _)| at)
    }

    fn each_branch(
        &mut self,
        goal: &SearchGoal,
        mut state: GoalState,
        choice: Literal,
        branches: Vec<ChoiceBranch>,
    ) -> SearchAnswer {
        let mut tally = AnswerTally::default();
        for branch in branches {
            let mut next = state.clone();
            if branch.is_open {
                next.lazy.push(choice);
            }
            let answer = if next.assume(self.arena, &branch.literals) {
                self.search(goal, next)
            } else {
                SearchAnswer::Empty
            };
            let is_empty = answer == SearchAnswer::Empty;
            if let Some(done) = tally.take(answer) {
                return done;
            }
            if self.is_spent() {
                tally.mark_unsure();
                break;
            }
            // All values that are left are outside of the branch.
            let otherwise = branch.otherwise.filter(|_| is_empty);
            if !state.assume(self.arena, otherwise.as_slice()) {
                break;
            }
        }
        tally.end()
    }

    fn each_type(&mut self, goal: &SearchGoal, state: &GoalState) -> SearchAnswer {
        let mut tally = AnswerTally::default();
        for mask in TypeMask::EACH
            .into_iter()
            .filter(|mask| state.mask.has(*mask))
        {
            let mut next = state.clone();
            next.mask = mask;
            let answer = self.search(goal, next);
            if let Some(done) = tally.take(answer) {
                return done;
            }
            if self.is_spent() {
                tally.mark_unsure();
                break;
            }
        }
        tally.end()
    }

    /// Tries each listed value.
    fn try_listed_values(
        &mut self,
        goal: &SearchGoal,
        listing: FormulaId,
        state: &GoalState,
    ) -> SearchAnswer {
        let FormulaNode::Values(constants) = self.arena.node(listing) else {
            return SearchAnswer::Unsure;
        };
        let values: Vec<Value> = constants
            .iter()
            .map(|one| self.arena.constant(*one).clone())
            .collect();
        let mut tally = AnswerTally::default();
        for value in values
            .into_iter()
            .filter(|value| state.mask.has(TypeMask::of(value)))
        {
            let answer = match self.fulfils(goal, &value) {
                Some(true) => SearchAnswer::Found(value, true),
                Some(false) => match self.listed_otherwise(goal, state, &value, &mut tally) {
                    Some(other) => SearchAnswer::Found(other, true),
                    None => SearchAnswer::Empty,
                },
                None => SearchAnswer::Found(value, false),
            };
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    fn of_one_type(&mut self, state: &GoalState) -> SearchAnswer {
        match state.mask {
            TypeMask::NULL => self.plain(state, &[Value::Null]),
            TypeMask::BOOLEAN => self.plain(state, &[Value::Bool(true), Value::Bool(false)]),
            TypeMask::INTEGER | TypeMask::FRACTION => self.number(state),
            TypeMask::STRING => self.string(state),
            TypeMask::ARRAY => self.array(state),
            _ => self.object(state),
        }
    }

    fn plain(&mut self, state: &GoalState, values: &[Value]) -> SearchAnswer {
        let mut tally = AnswerTally::default();
        for value in values {
            let truth = self.units_hold(&state.units, value);
            let answer = match truth {
                Some(true) => SearchAnswer::Found(value.clone(), true),
                Some(false) => SearchAnswer::Empty,
                None => SearchAnswer::Found(value.clone(), false),
            };
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        tally.end()
    }

    /// Evaluates the literals for a value.
    pub(super) fn units_hold(&mut self, units: &[Literal], value: &Value) -> Option<bool> {
        let mut evaluator = FormulaEvaluator::of_one_value(self.arena, self.matchers);
        all(units.iter().map(|unit| {
            let holds = evaluator.holds(unit.id, value);
            if unit.is_positive() {
                holds
            } else {
                not(holds)
            }
        }))
    }

    /// Checks whether the postponed alternatives affect the value that was found.
    fn check_alternatives(
        &mut self,
        goal: &SearchGoal,
        state: GoalState,
        answer: SearchAnswer,
    ) -> SearchAnswer {
        let value = match answer {
            SearchAnswer::Empty => return SearchAnswer::Empty,
            SearchAnswer::Found(value, _) => Some(value),
            SearchAnswer::Unsure => None,
        };
        let truth = value.as_ref().map(|value| self.fulfils(goal, value));
        if let (Some(value), Some(Some(true))) = (&value, truth) {
            return SearchAnswer::Found(value.clone(), true);
        }
        let Some(at) = self.deciding_choice(&state, value.as_ref()) else {
            return match (value, truth) {
                (Some(value), Some(None)) => SearchAnswer::Found(value, false),
                _ => self.give_up(NO_VALUE),
            };
        };
        let mut state = state;
        let choice = state.lazy.remove(at);
        if self.is_readable(choice) {
            return self.other_reading(goal, &state, choice, value);
        }
        let mut evaluator = FormulaEvaluator::of_one_value(self.arena, self.matchers);
        let mut holds = |part| {
            let value = value.as_ref();
            value.is_some_and(|value| evaluator.holds(part, value) == Some(true))
        };
        let branches = branches(self.arena, &state, choice, &mut holds);
        self.each_branch(goal, state, choice, branches)
    }

    /// The narrowest postponed choice that the value does not satisfy; without a value, the
    /// narrowest of all.
    fn deciding_choice(&mut self, state: &GoalState, value: Option<&Value>) -> Option<usize> {
        let mut evaluator = FormulaEvaluator::of_one_value(self.arena, self.matchers);
        let mut is_open = |literal: &Literal| match value {
            None => !matches!(evaluator.arena.node(literal.id), FormulaNode::Readable(_)),
            Some(value) => {
                let holds = evaluator.holds(literal.id, value);
                let truth = if literal.is_positive() {
                    holds
                } else {
                    not(holds)
                };
                truth != Some(true)
            }
        };
        let open: Vec<usize> = (0..state.lazy.len())
            .filter(|at| is_open(&state.lazy[*at]))
            .collect();
        open.into_iter()
            .min_by_key(|at| width(self.arena, state, state.lazy[*at]))
    }

    fn is_readable(&self, literal: Literal) -> bool {
        matches!(self.arena.node(literal.id), FormulaNode::Readable(_))
    }

    pub(super) fn is_spent(&self) -> bool {
        self.reason.is_some() && !self.has_steps()
    }
}
