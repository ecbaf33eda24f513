//! Numbers: an interval, a step, and what is left out of it. Exact.

use serde_json::Value;

use super::super::exact_fraction::{ExactFraction, canonical};
use super::super::formula::FormulaNode;
use super::super::formula_evaluator::number_holds;
use super::super::type_mask::TypeMask;
use super::goal_state::GoalState;
use super::search_goal::{Literal, SearchAnswer};
use super::solver::Solver;

/// How many steps from the nearest to zero are looked at.
const CANDIDATES_MAX: u64 = 4_000;
/// How many digits after the point a made-up fraction may have.
const DIGITS_MAX: u32 = 30;

/// What must hold of a number.
#[derive(Debug, Default)]
struct NumberGoal {
    /// The lowest and the highest bound, and whether it is itself in.
    low: Option<(ExactFraction, bool)>,
    high: Option<(ExactFraction, bool)>,
    /// Multiples of these only.
    steps: Vec<ExactFraction>,
    /// Multiples of these are left out.
    holes: Vec<ExactFraction>,
    /// Single values that are left out.
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
            let figure = |figure| self.arena.number(figure).clone();
            let holds = unit.is_positive();
            match *self.arena.node(unit.id) {
                FormulaNode::AtLeast(bound) if holds => numbers.raise(figure(bound), true),
                FormulaNode::Above(bound) if holds => numbers.raise(figure(bound), false),
                FormulaNode::AtMost(bound) if holds => numbers.lower(figure(bound), true),
                FormulaNode::Below(bound) if holds => numbers.lower(figure(bound), false),
                FormulaNode::AtLeast(bound) => numbers.lower(figure(bound), false),
                FormulaNode::Above(bound) => numbers.lower(figure(bound), true),
                FormulaNode::AtMost(bound) => numbers.raise(figure(bound), false),
                FormulaNode::Below(bound) => numbers.raise(figure(bound), true),
                FormulaNode::MultipleOf(step) if holds => numbers.steps.push(figure(step)),
                FormulaNode::MultipleOf(step) => numbers.holes.push(figure(step)),
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

    /// Looks along a progression, from what is nearest to zero.
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
        // From zero upwards where that is inside, else from the end that is nearer to it.
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
        let (mut ended, mut is_rounded) = (0, false);
        for (is_up, skipped) in &sides {
            for index in *skipped..wanted {
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
                    NumberCandidate::Rounded => is_rounded = true,
                    NumberCandidate::Excluded => {}
                }
            }
        }
        if is_rounded {
            return self.give_up("a number that no JSON parser keeps");
        }
        // What a whole period does not have, no other one has.
        match is_whole || ended == sides.len() {
            true => SearchAnswer::Empty,
            false => self
                .give_up("the multiples that are left out repeat too rarely to be looked through"),
        }
    }

    /// After how many steps the holes repeat.
    fn period(&self, step: &ExactFraction, holes: &[ExactFraction]) -> u64 {
        let common = holes
            .iter()
            .fold(step.clone(), |common, hole| common.common_multiple(hole));
        common.steps(step, true).to_count().unwrap_or(u64::MAX)
    }

    /// A number of an interval in which numbers are dense.
    fn between(&mut self, state: &GoalState, numbers: &NumberGoal) -> SearchAnswer {
        if let (Some((low, is_low_in)), Some((high, is_high_in))) = (&numbers.low, &numbers.high) {
            if low > high || low == high && !(*is_low_in && *is_high_in) {
                return SearchAnswer::Empty;
            }
            if low == high {
                let holes = [&numbers.holes[..], &[ExactFraction::integer(1)]].concat();
                return match self.kept(state, numbers, &holes, low) {
                    NumberCandidate::Value(value) => SearchAnswer::Found(value, true),
                    NumberCandidate::Rounded => self.give_up("a number that no JSON parser keeps"),
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
        self.give_up("a number with more digits than are tried")
    }

    /// The number as a value, if it is none of those that are left out.
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

/// What a number is as a value.
enum NumberCandidate {
    Value(Value),
    /// It is allowed, and a parser of JSON would round it.
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
    /// The first and the last number of steps that lie between the bounds.
    fn ends(&self, step: &ExactFraction) -> (Option<ExactFraction>, Option<ExactFraction>) {
        let one = ExactFraction::integer(1);
        let first = self.low.as_ref().map(|(low, is_in)| {
            let first = low.steps(step, true);
            match !is_in && first.times(step) == *low {
                true => first.plus(&one),
                false => first,
            }
        });
        let last = self.high.as_ref().map(|(high, is_in)| {
            let last = high.steps(step, false);
            match !is_in && last.times(step) == *high {
                true => last.minus(&one),
                false => last,
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
