//! Runs the automata of a pattern over a text.
//!
//! Each run visits every state at most once for a character. A counter holds the positions where
//! its class began to be read, the earliest first; all of them advance together.

use std::collections::VecDeque;

use super::counting_program::{
    CountingProgram, PatternAutomaton, PatternInstruction, PositionCheck,
};
use super::match_budget::{MatchBudget, position_holds};

/// How many states are visited in the time of one step of a validator.
const STATES_PER_STEP: u64 = 4;

/// After how many states steps are taken.
const STATES_PER_PAYMENT: u64 = 256;

impl CountingProgram {
    /// Whether the pattern matches some part of the text; `None` if that takes too many steps.
    pub(super) fn is_match(&self, text: &str, budget: &mut MatchBudget<'_>) -> Option<bool> {
        let characters: Vec<char> = text.chars().collect();
        let mut subject = MatchSubject {
            pattern: self,
            characters: &characters,
            held: Vec::with_capacity(self.lookarounds.len()),
        };
        for lookaround in &self.lookarounds {
            let mut held = vec![false; characters.len() + 1];
            let run = AutomatonRun::new(&subject, &lookaround.automaton);
            run.each_match(lookaround.is_reversed, false, budget, |position| {
                held[position] = true;
                true
            })?;
            subject.held.push(held);
        }
        let mut is_match = false;
        let run = AutomatonRun::new(&subject, &self.main);
        run.each_match(false, self.is_anchored, budget, |_| {
            is_match = true;
            false
        })?;
        Some(is_match)
    }
}

/// A text, and what is known about its positions.
struct MatchSubject<'m> {
    pattern: &'m CountingProgram,
    characters: &'m [char],
    /// By look-around: the positions where its expression matches.
    held: Vec<Vec<bool>>,
}

impl MatchSubject<'_> {
    fn holds(&self, check: PositionCheck, position: usize) -> bool {
        match check {
            PositionCheck::Text(check) => {
                let at = |at: Option<usize>| self.characters.get(at?).copied();
                position_holds(check, at(position.checked_sub(1)), at(Some(position)))
            }
            PositionCheck::Lookaround { number, is_negated } => {
                self.held[number][position] != is_negated
            }
        }
    }
}

/// One pass of an automaton over the text.
struct AutomatonRun<'r> {
    subject: &'r MatchSubject<'r>,
    automaton: &'r PatternAutomaton,
    /// By instruction: the number of the position that it was last reached at.
    reached: Vec<usize>,
    open: Vec<usize>,
    /// By counter: how many characters had been read when its class began to be read.
    counters: Vec<VecDeque<usize>>,
    /// The instructions with a counter that is not empty.
    counting: Vec<usize>,
    /// The states that no steps were taken for yet.
    visited: u64,
}

impl<'r> AutomatonRun<'r> {
    fn new(subject: &'r MatchSubject<'r>, automaton: &'r PatternAutomaton) -> Self {
        Self {
            subject,
            automaton,
            reached: vec![0; automaton.instructions.len()],
            open: Vec::new(),
            counters: vec![VecDeque::new(); automaton.counters],
            counting: Vec::new(),
            visited: 0,
        }
    }

    /// Calls `see` with each position where a match ends, in the order of reading, until it returns
    /// false. A match starts anywhere before, or only where reading starts if it is anchored.
    fn each_match(
        mut self,
        is_reversed: bool,
        is_anchored: bool,
        budget: &mut MatchBudget<'_>,
        mut see: impl FnMut(usize) -> bool,
    ) -> Option<()> {
        let characters = self.subject.characters;
        // The instructions that read the next character.
        let mut reading: Vec<usize> = Vec::new();
        let mut next: Vec<usize> = Vec::new();
        for count in 0..=characters.len() {
            let position = if is_reversed {
                characters.len() - count
            } else {
                count
            };
            if count == 0 || !is_anchored {
                next.push(self.automaton.start);
            } else if next.is_empty() && self.counting.is_empty() {
                return Some(());
            }
            reading.clear();
            let is_match = self.follow(&mut next, count, position, &mut reading, budget)?;
            if is_match && !see(position) {
                return self.pay(budget);
            }
            let at = if is_reversed {
                position.checked_sub(1)
            } else {
                Some(position)
            };
            let Some(character) = at.and_then(|at| characters.get(at)) else {
                return self.pay(budget);
            };
            self.read(*character, count, &reading, &mut next);
        }
        Some(())
    }

    /// Reads a character and collects the instructions that follow.
    fn read(&mut self, character: char, count: usize, reading: &[usize], next: &mut Vec<usize>) {
        let classes = &self.subject.pattern.classes;
        for instruction in reading {
            if let PatternInstruction::Read {
                class,
                next: target,
            } = self.automaton.instructions[*instruction]
                && classes[class].contains(character)
            {
                next.push(target);
            }
        }
        let (automaton, counters) = (self.automaton, &mut self.counters);
        self.counting.retain(|instruction| {
            let PatternInstruction::Count {
                class,
                counter,
                least,
                most,
                next: target,
            } = automaton.instructions[*instruction]
            else {
                return false;
            };
            let starts = &mut counters[counter];
            if !classes[class].contains(character) {
                starts.clear();
                return false;
            }
            let read = |start: &usize| count + 1 - start;
            while most.is_some_and(|most| {
                starts
                    .front()
                    .is_some_and(|start| read(start) > most as usize)
            }) {
                starts.pop_front();
            }
            let Some(earliest) = starts.front() else {
                return false;
            };
            if read(earliest) >= least as usize {
                next.push(target);
            }
            if most.is_none() {
                // The earliest one decides alone.
                starts.truncate(1);
            }
            true
        });
    }

    /// Follows instructions that read nothing, each once for a position, and collects those that
    /// read. Returns whether one of them is the end.
    fn follow(
        &mut self,
        from: &mut Vec<usize>,
        count: usize,
        position: usize,
        reading: &mut Vec<usize>,
        budget: &mut MatchBudget<'_>,
    ) -> Option<bool> {
        let mark = count + 1;
        let mut is_match = false;
        let mut visited = self.counting.len() as u64;
        self.open.append(from);
        while let Some(at) = self.open.pop() {
            if std::mem::replace(&mut self.reached[at], mark) == mark {
                continue;
            }
            visited += 1;
            match self.automaton.instructions[at] {
                PatternInstruction::Read { .. } => reading.push(at),
                PatternInstruction::Count {
                    counter,
                    least,
                    next,
                    ..
                } => {
                    if self.counters[counter].is_empty() {
                        self.counting.push(at);
                    }
                    self.counters[counter].push_back(count);
                    if least == 0 {
                        self.open.push(next);
                    }
                }
                PatternInstruction::Split { one, other } => self.open.extend([one, other]),
                PatternInstruction::Check {
                    position: check,
                    next,
                } => {
                    if self.subject.holds(check, position) {
                        self.open.push(next);
                    }
                }
                PatternInstruction::Match => is_match = true,
            }
        }
        self.visited += visited;
        if self.visited >= STATES_PER_PAYMENT {
            self.pay(budget)?;
        }
        Some(is_match)
    }

    fn pay(&mut self, budget: &mut MatchBudget<'_>) -> Option<()> {
        let visited = std::mem::take(&mut self.visited);
        budget.take(visited.div_ceil(STATES_PER_STEP))
    }
}
