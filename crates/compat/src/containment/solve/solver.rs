//! One goal after another: what is known already, what is under way, and what it costs.
//!
//! A goal that comes up again inside itself has no value there: a smallest value of it holds no
//! other one. A goal that was found empty by that argument counts as empty as long as the goal it
//! leant on is under way, and for good once that one was found empty without leaning on another.

use std::collections::HashMap;

use super::super::formula::FormulaId;
use super::super::formula_arena::FormulaArena;
use super::super::formula_evaluator::{FormulaEvaluator, TruthValue, and, not};
use super::super::string_matchers::StringMatchers;
use super::search_goal::{LiteralMode, SearchAnswer, SearchGoal};
use serde_json::Value;

/// How deep goals are set within goals.
const DEPTH_MAX: u32 = 120;

#[derive(Debug)]
pub(crate) struct Solver<'a> {
    pub(crate) arena: &'a mut FormulaArena,
    pub(crate) library: &'a mut StringMatchers,
    memo: &'a mut SolverMemo,
    open: HashMap<SearchGoal, u32>,
    /// Goals that are empty as long as another is under way, and the depth of that one.
    provisional: HashMap<SearchGoal, u32>,
    order: Vec<SearchGoal>,
    /// The lowest goal under way that something leant on.
    touched: u32,
    pub(crate) steps: u64,
    steps_max: u64,
    /// Why the search gave up, the first reason.
    pub(crate) reason: Option<String>,
}

/// What is known for good.
#[derive(Debug, Default)]
pub(crate) struct SolverMemo {
    answers: HashMap<SearchGoal, SearchAnswer>,
}

impl<'a> Solver<'a> {
    pub(crate) fn new(
        arena: &'a mut FormulaArena,
        library: &'a mut StringMatchers,
        memo: &'a mut SolverMemo,
        steps_max: u64,
    ) -> Self {
        Self {
            arena,
            library,
            memo,
            open: HashMap::new(),
            provisional: HashMap::new(),
            order: Vec::new(),
            touched: u32::MAX,
            steps: 0,
            steps_max,
            reason: None,
        }
    }

    /// A value for a goal, or none.
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
            return self.give_up("values are nested too deeply");
        }
        let outer = std::mem::replace(&mut self.touched, u32::MAX);
        let mark = self.order.len();
        self.open.insert(goal.clone(), depth);
        let answer = self.start_goal(goal);
        self.open.remove(goal);
        let leant = if self.touched < depth {
            self.touched
        } else {
            u32::MAX
        };
        self.touched = outer.min(leant);
        self.settle_goal(goal, &answer, leant, mark);
        answer
    }

    /// Keeps what the answer proves, of the goal and of those that leant on it.
    fn settle_goal(&mut self, goal: &SearchGoal, answer: &SearchAnswer, leant: u32, mark: usize) {
        let is_empty = *answer == SearchAnswer::Empty;
        if is_empty && leant != u32::MAX {
            for leaning in &self.order[mark..] {
                if let Some(depth) = self.provisional.get_mut(leaning) {
                    *depth = (*depth).min(leant);
                }
            }
            self.provisional.insert(goal.clone(), leant);
            self.order.push(goal.clone());
            return;
        }
        for leaning in self.order.split_off(mark) {
            if self.provisional.remove(&leaning).is_some() && is_empty {
                self.memo.answers.insert(leaning, SearchAnswer::Empty);
            }
        }
        if self.steps < self.steps_max {
            self.memo.answers.insert(goal.clone(), answer.clone());
        }
    }

    /// Counts a step; whether there are any left.
    pub(super) fn spend(&mut self, steps: u64) -> bool {
        self.steps += steps;
        if self.steps >= self.steps_max {
            self.give_up("the search took more steps than the budget has");
            return false;
        }
        true
    }

    pub(super) fn has_steps(&self) -> bool {
        self.steps < self.steps_max
    }

    /// Notes a reason for not knowing.
    pub(super) fn give_up(&mut self, reason: &str) -> SearchAnswer {
        self.reason.get_or_insert_with(|| reason.to_owned());
        SearchAnswer::Unsure
    }

    pub(crate) fn judge(&mut self) -> FormulaEvaluator<'_> {
        FormulaEvaluator::new(self.arena, self.library)
    }

    /// Whether a value fulfils a goal.
    pub(super) fn fulfils(&mut self, goal: &SearchGoal, value: &Value) -> TruthValue {
        let mut sent: Vec<FormulaId> = Vec::new();
        let mut truth = Some(true);
        let mut judge = FormulaEvaluator::new(self.arena, self.library);
        for literal in &goal.literals {
            let this = match literal.mode {
                LiteralMode::Sent => {
                    sent.push(literal.id);
                    continue;
                }
                LiteralMode::Holds => judge.holds(literal.id, value),
                LiteralMode::Fails => not(judge.holds(literal.id, value)),
            };
            truth = and(truth, this);
            if truth == Some(false) {
                return truth;
            }
        }
        if !sent.is_empty() {
            truth = and(truth, judge.sends(&sent, value, goal.demanded));
        }
        truth
    }
}
