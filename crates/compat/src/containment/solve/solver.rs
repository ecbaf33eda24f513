//! Solves goals, with memoization, cycle detection and a step budget.
//!
//! A goal that recurs inside itself has no value there, because a smallest value contains no other
//! value of the same goal. A goal found empty by this argument counts as empty while the goal that
//! it depends on is open. The result becomes permanent once that goal is found empty without
//! depending on another.

use hashbrown::HashMap;

use super::super::formula::FormulaId;
use super::super::formula_arena::FormulaArena;
use super::super::formula_evaluator::{FormulaEvaluator, NumberTexts};
use super::super::string_matchers::StringMatchers;
use super::super::truth_value::{TruthValue, and, not};
use super::search_goal::{LiteralMode, SearchAnswer, SearchGoal};
use serde_json::Value;

/// The reason for giving up if a search takes too many steps.
pub(crate) const STEP_BUDGET: &str = "the search exceeded its step budget";

/// The maximum nesting depth of goals.
const DEPTH_MAX: u32 = 120;

/// The maximum number of permanent answers.
const ANSWERS_MAX: usize = 200_000;

/// The units of work that take as long as a step.
const WORK_OF_A_STEP: u64 = 64;

#[derive(Debug)]
pub(crate) struct Solver<'a> {
    pub(crate) arena: &'a mut FormulaArena,
    pub(crate) matchers: &'a mut StringMatchers,
    memo: &'a mut SolverMemo,
    open: HashMap<SearchGoal, u32>,
    /// Goals that are empty while another goal is open, with the depth of that goal.
    provisional: HashMap<SearchGoal, u32>,
    order: Vec<SearchGoal>,
    /// The lowest open goal that the current goal depends on.
    touched: u32,
    pub(crate) steps: u64,
    /// Work that is not yet counted as a step.
    work: u64,
    steps_max: u64,
    /// The first reason for giving up.
    pub(crate) reason: Option<String>,
}

/// Permanent answers.
#[derive(Debug, Default)]
pub(crate) struct SolverMemo {
    answers: HashMap<SearchGoal, SearchAnswer>,
}

impl SolverMemo {
    /// Stores an answer. A full memo is emptied, so that its size is limited and the same questions
    /// get the same answers.
    fn remember(&mut self, goal: SearchGoal, answer: SearchAnswer) {
        if self.answers.len() >= ANSWERS_MAX {
            self.answers.clear();
        }
        self.answers.insert(goal, answer);
    }
}

impl<'a> Solver<'a> {
    pub(crate) fn new(
        arena: &'a mut FormulaArena,
        matchers: &'a mut StringMatchers,
        memo: &'a mut SolverMemo,
        steps_max: u64,
    ) -> Self {
        Self {
            arena,
            matchers,
            memo,
            open: HashMap::new(),
            provisional: HashMap::new(),
            order: Vec::new(),
            touched: u32::MAX,
            steps: 0,
            work: 0,
            steps_max,
            reason: None,
        }
    }

    /// Finds a value for a goal.
    pub(crate) fn solve(&mut self, goal: &SearchGoal) -> SearchAnswer {
        if let Some(known) = self.memo.answers.get(goal) {
            return known.clone();
        }
        if let Some(depth) = self.provisional.get(goal).or_else(|| self.open.get(goal)) {
            self.touched = self.touched.min(*depth);
            return SearchAnswer::Empty;
        }
        let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        if depth >= DEPTH_MAX {
            return self.give_up("deeply nested values");
        }
        let outer = std::mem::replace(&mut self.touched, u32::MAX);
        let mark = self.order.len();
        self.open.insert(goal.clone(), depth);
        let answer = self.start_goal(goal);
        self.open.remove(goal);
        let dependency = if self.touched < depth {
            self.touched
        } else {
            u32::MAX
        };
        self.touched = outer.min(dependency);
        self.settle_goal(goal, &answer, dependency, mark);
        answer
    }

    /// Whether a goal has a value; `None` if that is unknown.
    pub(super) fn has_value(&mut self, goal: &SearchGoal) -> Option<bool> {
        let answer = match self.memo.answers.get(goal) {
            Some(known) => known,
            None => &self.solve(goal),
        };
        match answer {
            SearchAnswer::Found(..) => Some(true),
            SearchAnswer::Empty => Some(false),
            SearchAnswer::Unsure => None,
        }
    }

    /// Stores what the answer proves about the goal and the goals that depend on it.
    fn settle_goal(
        &mut self,
        goal: &SearchGoal,
        answer: &SearchAnswer,
        dependency: u32,
        mark: usize,
    ) {
        let is_empty = *answer == SearchAnswer::Empty;
        if is_empty && dependency != u32::MAX {
            for dependent in &self.order[mark..] {
                if let Some(depth) = self.provisional.get_mut(dependent) {
                    *depth = (*depth).min(dependency);
                }
            }
            self.provisional.insert(goal.clone(), dependency);
            self.order.push(goal.clone());
            return;
        }
        for dependent in self.order.split_off(mark) {
            if self.provisional.remove(&dependent).is_some() && is_empty {
                self.memo.remember(dependent, SearchAnswer::Empty);
            }
        }
        if self.steps < self.steps_max {
            self.memo.remember(goal.clone(), answer.clone());
        }
    }

    /// Counts steps. Returns whether any are left.
    pub(super) fn spend(&mut self, steps: u64) -> bool {
        self.steps += steps;
        if self.steps >= self.steps_max {
            self.give_up(STEP_BUDGET);
            return false;
        }
        true
    }

    /// Counts work that is cheaper than a step.
    pub(super) fn count_work(&mut self, units: usize) {
        self.work += units as u64;
        self.steps += self.work / WORK_OF_A_STEP;
        self.work %= WORK_OF_A_STEP;
    }

    pub(super) fn has_steps(&self) -> bool {
        self.steps < self.steps_max
    }

    /// Records a reason for giving up.
    pub(super) fn give_up(&mut self, reason: &str) -> SearchAnswer {
        self.reason.get_or_insert_with(|| reason.to_owned());
        SearchAnswer::Unsure
    }

    pub(crate) fn evaluator(&mut self) -> FormulaEvaluator<'_> {
        FormulaEvaluator::new(self.arena, self.matchers)
    }

    /// Whether a value satisfies a goal.
    pub(super) fn fulfils(&mut self, goal: &SearchGoal, value: &Value) -> TruthValue {
        self.fulfils_as(goal, value, NumberTexts::Own)
    }

    /// Whether a value does not satisfy a goal, in whichever way its numbers are written.
    pub(super) fn is_unfulfilled_in_any_text(&mut self, goal: &SearchGoal, value: &Value) -> bool {
        self.fulfils_as(goal, value, NumberTexts::Any) == Some(false)
    }

    fn fulfils_as(&mut self, goal: &SearchGoal, value: &Value, texts: NumberTexts) -> TruthValue {
        let mut sent: Vec<FormulaId> = Vec::new();
        let mut truth = Some(true);
        let mut evaluator = FormulaEvaluator::of_one_value(self.arena, self.matchers);
        evaluator.number_texts = texts;
        for literal in &goal.literals {
            let this = match literal.mode {
                LiteralMode::Sent => {
                    sent.push(literal.id);
                    continue;
                }
                LiteralMode::Holds => evaluator.holds(literal.id, value),
                LiteralMode::Fails => not(evaluator.holds(literal.id, value)),
            };
            truth = and(truth, this);
            if truth == Some(false) {
                return truth;
            }
        }
        if !sent.is_empty() {
            truth = and(truth, evaluator.sends(&sent, value, goal.demanded));
        }
        let evaluations = evaluator.total;
        self.count_work(evaluations);
        truth
    }
}
