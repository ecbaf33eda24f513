//! Solves numbers exactly: an interval, a step, and excluded values.

use serde_json::Value;

use portcullis_json::ExactFraction;

use super::super::canonical_text::canonical;
use super::super::formula::FormulaNode;
use super::super::formula_evaluator::number_holds;
use super::super::type_mask::TypeMask;
use super::goal_state::GoalState;
use super::search_goal::{Literal, SearchAnswer};
use super::solver::Solver;

/// The maximum number of multiples to try, starting closest to zero.
const CANDIDATES_MAX: u64 = 4_000;
/// The maximum number of multiples to try that JSON parsers round.
const ROUNDED_MAX: u64 = 64;
/// The maximum number of decimal places of a candidate.
const DIGITS_MAX: u32 = 30;

/// The constraints on a number.
#[derive(Debug, Default)]
struct NumberGoal {
    /// The lower and upper bound, each with whether it is inclusive.
    low: Option<(ExactFraction, bool)>,
    high: Option<(ExactFraction, bool)>,
    /// The number must be a multiple of each of these.
    steps: Vec<ExactFraction>,
    /// The number must not be a multiple of any of these.
    holes: Vec<ExactFraction>,
    /// Excluded values.
    excluded: Vec<String>,
}

impl Solver<'_> {
    pub(super) fn number(&mut self, state: &GoalState) -> SearchAnswer {
        let is_integer = state.mask == TypeMask::INTEGER;
        let numbers = self.numbers(&state.units);
        let one = ExactFraction::integer(1);
        let mut step = numbers
            .steps
            .iter()
            .cloned()
            .reduce(|one, other| one.common_multiple(&other));
        if is_integer {
            step = Some(step.map_or_else(|| one.clone(), |step| step.common_multiple(&one)));
        }
        let mut holes = numbers.holes.clone();
        if !is_integer {
            holes.push(one);
        }
        match step {
            Some(step) => self.on_steps(state, &numbers, &step, &holes),
            None => self.between(state, &numbers),
        }
    }

    fn numbers(&self, units: &[Literal]) -> NumberGoal {
        let mut numbers = NumberGoal::default();
        for unit in units {
            let number_id = |number_id| self.arena.number(number_id).clone();
            let holds = unit.is_positive();
            match *self.arena.node(unit.id) {
                FormulaNode::AtLeast(bound) if holds => numbers.raise(number_id(bound), true),
                FormulaNode::Above(bound) if holds => numbers.raise(number_id(bound), false),
                FormulaNode::AtMost(bound) if holds => numbers.lower(number_id(bound), true),
                FormulaNode::Below(bound) if holds => numbers.lower(number_id(bound), false),
                FormulaNode::AtLeast(bound) => numbers.lower(number_id(bound), false),
                FormulaNode::Above(bound) => numbers.lower(number_id(bound), true),
                FormulaNode::AtMost(bound) => numbers.raise(number_id(bound), false),
                FormulaNode::Below(bound) => numbers.raise(number_id(bound), true),
                FormulaNode::MultipleOf(step) if holds => numbers.steps.push(number_id(step)),
                FormulaNode::MultipleOf(step) => numbers.holes.push(number_id(step)),
                FormulaNode::Values(ref constants) if !holds => {
                    let values = constants
                        .iter()
                        .map(|one| canonical(self.arena.constant(*one)));
                    numbers.excluded.extend(values);
                }
                _ => {}
            }
        }
        numbers
    }

    /// Tries multiples of a step, starting closest to zero.
    fn on_steps(
        &mut self,
        state: &GoalState,
        numbers: &NumberGoal,
        step: &ExactFraction,
        holes: &[ExactFraction],
    ) -> SearchAnswer {
        if holes.iter().any(|hole| step.is_multiple_of(hole)) {
            return SearchAnswer::Empty;
        }
        let (first, last) = numbers.ends(step);
        let zero = ExactFraction::integer(0);
        // Start at zero if the interval contains it, otherwise at the end closest to zero.
        let (start, is_up) = match (&first, &last) {
            (Some(first), _) if *first > zero => (first.clone(), true),
            (_, Some(last)) if *last < zero => (last.clone(), false),
            _ => (zero, true),
        };
        if let (Some(first), Some(last)) = (&first, &last)
            && first > last
        {
            return SearchAnswer::Empty;
        }
        let wanted = CANDIDATES_MAX.min(
            self.period(step, holes)
                .saturating_add(numbers.excluded.len() as u64 + 1),
        );
        let is_whole = wanted < CANDIDATES_MAX;
        let mut sides = vec![(is_up, 0)];
        if start == ExactFraction::integer(0) {
            sides.push((false, 1));
        }
        let (mut ended, mut rounded) = (0, 0);
        for (is_up, skipped) in &sides {
            for index in *skipped..wanted {
                if rounded == ROUNDED_MAX {
                    break;
                }
                if !self.spend(1) {
                    return SearchAnswer::Unsure;
                }
                let offset = ExactFraction::integer(i64::try_from(index).unwrap_or(i64::MAX));
                let at = if *is_up {
                    start.plus(&offset)
                } else {
                    start.minus(&offset)
                };
                let is_past = if *is_up {
                    last.as_ref().is_some_and(|last| at > *last)
                } else {
                    first.as_ref().is_some_and(|first| at < *first)
                };
                if is_past {
                    ended += 1;
                    break;
                }
                let number = at.times(step);
                match self.kept(state, numbers, holes, &number) {
                    NumberCandidate::Value(value) => return SearchAnswer::Found(value, true),
                    NumberCandidate::Rounded => rounded += 1,
                    NumberCandidate::Excluded => {}
                }
            }
        }
        if rounded > 0 {
            return self.give_up("a number that JSON parsers round");
        }
        // If one whole period contains no solution, no other period does.
        if is_whole || ended == sides.len() {
            SearchAnswer::Empty
        } else {
            self.give_up("the excluded multiples repeat too rarely to try all numbers")
        }
    }

    /// The number of steps after which the excluded multiples repeat.
    fn period(&self, step: &ExactFraction, holes: &[ExactFraction]) -> u64 {
        let common = holes
            .iter()
            .fold(step.clone(), |common, hole| common.common_multiple(hole));
        common.steps(step, true).to_count().unwrap_or(u64::MAX)
    }

    /// Finds a number in an interval without a step.
    fn between(&mut self, state: &GoalState, numbers: &NumberGoal) -> SearchAnswer {
        if let (Some((low, is_low_in)), Some((high, is_high_in))) = (&numbers.low, &numbers.high) {
            if low > high || low == high && !(*is_low_in && *is_high_in) {
                return SearchAnswer::Empty;
            }
            if low == high {
                let holes = [&numbers.holes[..], &[ExactFraction::integer(1)]].concat();
                return match self.kept(state, numbers, &holes, low) {
                    NumberCandidate::Value(value) => SearchAnswer::Found(value, true),
                    NumberCandidate::Rounded => self.give_up("a number that JSON parsers round"),
                    NumberCandidate::Excluded => SearchAnswer::Empty,
                };
            }
        }
        let holes = [&numbers.holes[..], &[ExactFraction::integer(1)]].concat();
        let zero = ExactFraction::integer(0);
        let start = match (&numbers.low, &numbers.high) {
            (Some((low, _)), _) if *low >= zero => low.clone(),
            (_, Some((high, _))) if *high <= zero => high.clone(),
            (Some((low, _)), Some(_)) => low.clone(),
            _ => zero,
        };
        let is_up = numbers.high.as_ref().is_none_or(|(high, _)| *high > start);
        for digits in 1..DIGITS_MAX {
            if !self.spend(1) {
                return SearchAnswer::Unsure;
            }
            let grid = ExactFraction::integer(1).over(&ExactFraction::power_of_ten(digits));
            let nearest = start.steps(&grid, is_up);
            for offset in [5, 1, 2, 3, 7, 0, 9, 4, 11, 13] {
                let offset = ExactFraction::integer(offset);
                let at = if is_up {
                    nearest.plus(&offset)
                } else {
                    nearest.minus(&offset)
                };
                let number = at.times(&grid);
                if let NumberCandidate::Value(value) = self.kept(state, numbers, &holes, &number) {
                    return SearchAnswer::Found(value, true);
                }
            }
        }
        self.give_up("a number with many decimal places")
    }

    /// The number as a value, unless it is excluded.
    fn kept(
        &self,
        state: &GoalState,
        numbers: &NumberGoal,
        holes: &[ExactFraction],
        number: &ExactFraction,
    ) -> NumberCandidate {
        let fits = state.units.iter().all(|unit| {
            let node = self.arena.node(unit.id);
            !is_numeric(node) || number_holds(self.arena, node, number) == unit.is_positive()
        });
        if !fits || holes.iter().any(|hole| number.is_multiple_of(hole)) {
            return NumberCandidate::Excluded;
        }
        match number.to_number().map(Value::Number) {
            None => NumberCandidate::Rounded,
            Some(value) if numbers.excluded.contains(&canonical(&value)) => {
                NumberCandidate::Excluded
            }
            Some(value) => NumberCandidate::Value(value),
        }
    }
}

/// A number that was tried.
enum NumberCandidate {
    Value(Value),
    /// Allowed, but a JSON parser would round it.
    Rounded,
    Excluded,
}

fn is_numeric(node: &FormulaNode) -> bool {
    matches!(
        node,
        FormulaNode::AtLeast(_)
            | FormulaNode::Above(_)
            | FormulaNode::AtMost(_)
            | FormulaNode::Below(_)
            | FormulaNode::MultipleOf(_)
    )
}

impl NumberGoal {
    /// The first and the last multiple within the bounds, as numbers of steps.
    fn ends(&self, step: &ExactFraction) -> (Option<ExactFraction>, Option<ExactFraction>) {
        let one = ExactFraction::integer(1);
        let first = self.low.as_ref().map(|(low, is_in)| {
            let first = low.steps(step, true);
            if !is_in && first.times(step) == *low {
                first.plus(&one)
            } else {
                first
            }
        });
        let last = self.high.as_ref().map(|(high, is_in)| {
            let last = high.steps(step, false);
            if !is_in && last.times(step) == *high {
                last.minus(&one)
            } else {
                last
            }
        });
        (first, last)
    }

    fn raise(&mut self, bound: ExactFraction, is_in: bool) {
        let is_higher = match &self.low {
            None => true,
            Some((low, was_in)) => bound > *low || bound == *low && *was_in && !is_in,
        };
        if is_higher {
            self.low = Some((bound, is_in));
        }
    }

    fn lower(&mut self, bound: ExactFraction, is_in: bool) {
        let is_lower = match &self.high {
            None => true,
            Some((high, was_in)) => bound < *high || bound == *high && *was_in && !is_in,
        };
        if is_lower {
            self.high = Some((bound, is_in));
        }
    }
}
