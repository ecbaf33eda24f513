//! Runs a pattern with references over a text.
//!
//! Every change of a register is kept on the stack of choices, so that going back to a choice takes
//! it back. A look-around runs by itself and leaves no choices behind.

use super::backtrack_program::{
    BacktrackInstruction, BacktrackLoop, BacktrackProgram, registers_of,
};
use super::match_budget::{MatchBudget, position_holds};

/// How many instructions are run in the time of one step of a validator.
const INSTRUCTIONS_PER_STEP: u64 = 4;

/// The most choices and changes that are kept.
const STACK_MAX: usize = 1 << 20;

/// The value of a register that is not set.
const UNSET: usize = usize::MAX;

impl BacktrackProgram {
    /// Whether the pattern matches some part of the text; `None` if that takes too many steps.
    pub(super) fn is_match(&self, text: &str, budget: &mut MatchBudget<'_>) -> Option<bool> {
        let mut run = BacktrackRun {
            program: self,
            text,
            registers: vec![UNSET; self.registers],
            stack: Vec::new(),
            instructions: 0,
            budget,
        };
        let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        for start in starts {
            if run.matches(0, start)?.is_some() {
                return Some(true);
            }
            if self.is_anchored {
                break;
            }
        }
        run.pay()?;
        Some(false)
    }
}

/// What is taken back on the way back to a choice.
enum BacktrackEntry {
    /// Another way to continue.
    Choice { instruction: usize, position: usize },
    /// The value that a register had.
    Register { number: usize, value: usize },
}

struct BacktrackRun<'r, 'b> {
    program: &'r BacktrackProgram,
    text: &'r str,
    registers: Vec<usize>,
    stack: Vec<BacktrackEntry>,
    /// The instructions that no steps were taken for yet.
    instructions: u64,
    budget: &'r mut MatchBudget<'b>,
}

impl BacktrackRun<'_, '_> {
    /// Where a match ends that starts here, if there is one. `None` if it takes too many steps.
    fn matches(&mut self, instruction: usize, position: usize) -> Option<Option<usize>> {
        let base = self.stack.len();
        let mut here = Some((instruction, position));
        loop {
            let Some((instruction, position)) = here.or_else(|| self.last_choice(base)) else {
                return Some(None);
            };
            self.instructions += 1;
            if self.instructions >= 256 {
                self.pay()?;
            }
            if self.stack.len() > STACK_MAX {
                return None;
            }
            if let BacktrackInstruction::Match = self.program.instructions[instruction] {
                self.forget_choices(base);
                return Some(Some(position));
            }
            here = self.step(instruction, position)?;
        }
    }

    fn pay(&mut self) -> Option<()> {
        let instructions = std::mem::take(&mut self.instructions);
        self.budget
            .take(instructions.div_ceil(INSTRUCTIONS_PER_STEP))
    }

    /// Runs one instruction. Returns the next one and its position, or nothing if it fails.
    fn step(&mut self, instruction: usize, position: usize) -> Option<Option<(usize, usize)>> {
        let next = instruction + 1;
        let program = self.program;
        Some(match &program.instructions[instruction] {
            BacktrackInstruction::Read {
                class,
                is_backwards,
            } => {
                let character = self.character(position, *is_backwards);
                character
                    .filter(|c| program.classes[*class].contains(*c))
                    .map(|c| (next, moved(position, c.len_utf8(), *is_backwards)))
            }
            BacktrackInstruction::Split { one, other } => {
                self.choice(*other, position);
                Some((*one, position))
            }
            BacktrackInstruction::Jump(target) => Some((*target, position)),
            BacktrackInstruction::Save(register) => {
                self.set(*register, position);
                Some((next, position))
            }
            BacktrackInstruction::Clear(from, upto) => {
                for register in *from..*upto {
                    self.set(register, UNSET);
                }
                Some((next, position))
            }
            BacktrackInstruction::BeginLoop(repeat) => {
                self.set(repeat.count, 0);
                Some((next, position))
            }
            BacktrackInstruction::Repeat { repeat, exit } => {
                Some(self.repeat(*repeat, next, *exit, position))
            }
            BacktrackInstruction::EndRepeat { repeat, again } => {
                let count = self.registers[repeat.count];
                let is_empty = self.registers[repeat.start] == position;
                // A repetition that is not required must read something.
                (!is_empty || count < repeat.least as usize).then(|| {
                    self.set(repeat.count, count + 1);
                    (*again, position)
                })
            }
            BacktrackInstruction::Check(check) => {
                let before = self.character(position, true);
                let after = self.character(position, false);
                position_holds(*check, before, after).then_some((next, position))
            }
            BacktrackInstruction::Refer {
                groups,
                is_backwards,
            } => self
                .referred(groups, position, *is_backwards)
                .map(|position| (next, position)),
            BacktrackInstruction::Look {
                is_negated,
                next: after,
            } => {
                let base = self.stack.len();
                let holds = self.matches(next, position)?.is_some();
                if *is_negated {
                    self.take_back(base);
                }
                (holds != *is_negated).then_some((*after, position))
            }
            BacktrackInstruction::Match => None,
        })
    }

    fn repeat(
        &mut self,
        repeat: BacktrackLoop,
        body: usize,
        exit: usize,
        position: usize,
    ) -> (usize, usize) {
        let count = self.registers[repeat.count];
        if repeat.most.is_some_and(|most| count >= most as usize) {
            return (exit, position);
        }
        let is_required = count < repeat.least as usize;
        if !is_required && repeat.is_lazy {
            // The choice restores the registers, so what it needs is set before.
            self.set(repeat.start, position);
            self.choice(body, position);
            return (exit, position);
        }
        if !is_required {
            self.choice(exit, position);
        }
        self.set(repeat.start, position);
        (body, position)
    }

    /// The position after the text of a group, if it comes next.
    fn referred(&self, groups: &[u32], position: usize, is_backwards: bool) -> Option<usize> {
        let mut texts = groups.iter().filter_map(|group| {
            let (start, end) = registers_of(*group);
            let (start, end) = (self.registers[start], self.registers[end]);
            (start != UNSET && end != UNSET).then(|| &self.text[start..end])
        });
        let Some(text) = texts.next_back() else {
            return Some(position);
        };
        let (before, after) = self.text.split_at(position);
        let is_there = if is_backwards {
            before.ends_with(text)
        } else {
            after.starts_with(text)
        };
        is_there.then(|| moved(position, text.len(), is_backwards))
    }

    fn character(&self, position: usize, is_backwards: bool) -> Option<char> {
        let (before, after) = self.text.split_at(position);
        if is_backwards {
            before.chars().next_back()
        } else {
            after.chars().next()
        }
    }

    fn choice(&mut self, instruction: usize, position: usize) {
        self.stack.push(BacktrackEntry::Choice {
            instruction,
            position,
        });
    }

    fn set(&mut self, number: usize, value: usize) {
        let value = std::mem::replace(&mut self.registers[number], value);
        self.stack.push(BacktrackEntry::Register { number, value });
    }

    /// Goes back to the last choice above a height of the stack.
    fn last_choice(&mut self, base: usize) -> Option<(usize, usize)> {
        while self.stack.len() > base {
            match self.stack.pop()? {
                BacktrackEntry::Choice {
                    instruction,
                    position,
                } => return Some((instruction, position)),
                BacktrackEntry::Register { number, value } => self.registers[number] = value,
            }
        }
        None
    }

    /// Takes back all changes above a height of the stack.
    fn take_back(&mut self, base: usize) {
        while self.last_choice(base).is_some() {}
    }

    /// Removes the choices above a height of the stack and keeps the changes.
    fn forget_choices(&mut self, base: usize) {
        let mut kept = base;
        for at in base..self.stack.len() {
            if matches!(self.stack[at], BacktrackEntry::Register { .. }) {
                self.stack.swap(kept, at);
                kept += 1;
            }
        }
        self.stack.truncate(kept);
    }
}

fn moved(position: usize, by: usize, is_backwards: bool) -> usize {
    if is_backwards {
        position - by
    } else {
        position + by
    }
}
