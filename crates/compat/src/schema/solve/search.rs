//! One goal after another: what is known already, what is under way, and what it costs.
//!
//! A goal that comes up again inside itself has no value there: a smallest value of it holds no
//! other one. A goal that was found empty by that argument counts as empty as long as the goal it
//! leant on is under way, and for good once that one was found empty without leaning on another.

use std::collections::HashMap;

use super::super::arena::Arena;
use super::super::evaluate::{Judge, Truth, and, not};
use super::super::formula::Id;
use super::super::library::Library;
use super::goal::{Answer, Goal, Mode};
use serde_json::Value;

/// How deep goals are set within goals.
const DEPTH_MAX: u32 = 120;

#[derive(Debug)]
pub(in super::super) struct Solver<'a> {
    pub(in super::super) arena: &'a mut Arena,
    pub(in super::super) library: &'a mut Library,
    memo: &'a mut Memo,
    open: HashMap<Goal, u32>,
    /// Goals that are empty as long as another is under way, and the depth of that one.
    provisional: HashMap<Goal, u32>,
    order: Vec<Goal>,
    /// The lowest goal under way that something leant on.
    touched: u32,
    pub(in super::super) steps: u64,
    steps_max: u64,
    /// Why the search gave up, the first reason.
    pub(in super::super) reason: Option<String>,
}

/// What is known for good.
#[derive(Debug, Default)]
pub(in super::super) struct Memo {
    answers: HashMap<Goal, Answer>,
}

impl<'a> Solver<'a> {
    pub(in super::super) fn new(
        arena: &'a mut Arena,
        library: &'a mut Library,
        memo: &'a mut Memo,
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
    pub(in super::super) fn solve(&mut self, goal: &Goal) -> Answer {
        if let Some(known) = self.memo.answers.get(goal) {
            return known.clone();
        }
        if let Some(depth) = self.provisional.get(goal).or_else(|| self.open.get(goal)) {
            self.touched = self.touched.min(*depth);
            return Answer::Empty;
        }
        let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
        if depth >= DEPTH_MAX {
            return self.give_up("values are nested too deeply");
        }
        let outer = std::mem::replace(&mut self.touched, u32::MAX);
        let mark = self.order.len();
        self.open.insert(goal.clone(), depth);
        let answer = self.begin(goal);
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
    fn settle_goal(&mut self, goal: &Goal, answer: &Answer, leant: u32, mark: usize) {
        let is_empty = *answer == Answer::Empty;
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
                self.memo.answers.insert(leaning, Answer::Empty);
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
    pub(super) fn give_up(&mut self, reason: &str) -> Answer {
        self.reason.get_or_insert_with(|| reason.to_owned());
        Answer::Unsure
    }

    pub(in super::super) fn judge(&mut self) -> Judge<'_> {
        Judge::new(self.arena, self.library)
    }

    /// Whether a value fulfils a goal.
    pub(super) fn fulfils(&mut self, goal: &Goal, value: &Value) -> Truth {
        let mut sent: Vec<Id> = Vec::new();
        let mut truth = Some(true);
        let mut judge = Judge::new(self.arena, self.library);
        for literal in &goal.literals {
            let this = match literal.mode {
                Mode::Sent => {
                    sent.push(literal.id);
                    continue;
                }
                Mode::Holds => judge.holds(literal.id, value),
                Mode::Fails => not(judge.holds(literal.id, value)),
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
