//! Compiles a pattern with references to groups (ECMA-262 2025, section 22.2.2).
//!
//! The instructions follow the specification closely: a repetition forgets what its groups have
//! matched and does not match the empty text again, a look-behind reads backwards, and a reference
//! to a group that has not matched is the empty text.

use crate::pattern_tree::{PatternNode, PatternPosition, PatternRepeat};

use super::character_set::CharacterSet;
use super::counting_program::is_anchored;

/// The highest number of instructions.
const INSTRUCTIONS_MAX: usize = 20_000;

#[derive(Clone, Debug)]
pub(super) struct BacktrackProgram {
    pub(super) instructions: Vec<BacktrackInstruction>,
    pub(super) classes: Vec<CharacterSet>,
    /// How many registers it has: two for each group, then those of the repetitions.
    pub(super) registers: usize,
    /// Whether the pattern can only match from the start of the text.
    pub(super) is_anchored: bool,
}

/// A repetition and its registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct BacktrackLoop {
    /// How many times it has matched.
    pub(super) count: usize,
    /// Where its current repetition started.
    pub(super) start: usize,
    pub(super) least: u32,
    pub(super) most: Option<u32>,
    pub(super) is_lazy: bool,
}

#[derive(Clone, Debug)]
pub(super) enum BacktrackInstruction {
    Read {
        class: usize,
        is_backwards: bool,
    },
    /// Tries `one` and then `other`.
    Split {
        one: usize,
        other: usize,
    },
    Jump(usize),
    /// Keeps the position in a register.
    Save(usize),
    /// Clears registers of groups, from the first up to before the second.
    Clear(usize, usize),
    BeginLoop(BacktrackLoop),
    /// Starts the next repetition, which follows, or continues at `exit`.
    Repeat {
        repeat: BacktrackLoop,
        exit: usize,
    },
    /// Ends a repetition; the next one starts at `again`.
    EndRepeat {
        repeat: BacktrackLoop,
        again: usize,
    },
    Check(PatternPosition),
    Refer {
        groups: Box<[u32]>,
        is_backwards: bool,
    },
    /// Looks around with the instructions that follow up to a match, and continues at `next`.
    Look {
        is_negated: bool,
        next: usize,
    },
    Match,
}

impl BacktrackProgram {
    /// `None` if the pattern is too large.
    pub(super) fn new(root: &PatternNode) -> Option<Self> {
        let groups = groups_of(root).map_or(0, |(_, last)| last);
        let mut compiler = BacktrackCompiler {
            instructions: Vec::new(),
            classes: Vec::new(),
            registers: 2 * groups as usize,
        };
        compiler.compile(root, false)?;
        compiler.push(BacktrackInstruction::Match)?;
        Some(Self {
            instructions: compiler.instructions,
            classes: compiler.classes,
            registers: compiler.registers,
            is_anchored: is_anchored(root),
        })
    }
}

/// The registers of the text of a group.
pub(super) fn registers_of(group: u32) -> (usize, usize) {
    let first = 2 * (group as usize - 1);
    (first, first + 1)
}

struct BacktrackCompiler {
    instructions: Vec<BacktrackInstruction>,
    classes: Vec<CharacterSet>,
    registers: usize,
}

impl BacktrackCompiler {
    fn push(&mut self, instruction: BacktrackInstruction) -> Option<usize> {
        self.instructions.push(instruction);
        (self.instructions.len() <= INSTRUCTIONS_MAX).then(|| self.instructions.len() - 1)
    }

    fn compile(&mut self, node: &PatternNode, is_backwards: bool) -> Option<()> {
        match node {
            PatternNode::Empty => {}
            PatternNode::Class(class) => {
                let class = self.class(CharacterSet::new(class));
                self.push(BacktrackInstruction::Read {
                    class,
                    is_backwards,
                })?;
            }
            PatternNode::Concat(parts) => {
                let mut compile = |part| self.compile(part, is_backwards);
                if is_backwards {
                    parts.iter().rev().try_for_each(&mut compile)?;
                } else {
                    parts.iter().try_for_each(&mut compile)?;
                }
            }
            PatternNode::Alternation(parts) => self.alternation(parts, is_backwards)?,
            PatternNode::Repeat(repeat) => self.repeat(repeat, is_backwards)?,
            PatternNode::Capture { number, node } => {
                let (start, end) = registers_of(*number);
                let (enter, leave) = if is_backwards {
                    (end, start)
                } else {
                    (start, end)
                };
                self.push(BacktrackInstruction::Save(enter))?;
                self.compile(node, is_backwards)?;
                self.push(BacktrackInstruction::Save(leave))?;
            }
            PatternNode::Lookaround {
                is_ahead,
                is_negated,
                node,
            } => {
                let is_negated = *is_negated;
                let look = BacktrackInstruction::Look {
                    is_negated,
                    next: 0,
                };
                let look = self.push(look)?;
                self.compile(node, !is_ahead)?;
                self.push(BacktrackInstruction::Match)?;
                let next = self.instructions.len();
                self.instructions[look] = BacktrackInstruction::Look { is_negated, next };
            }
            PatternNode::Position(position) => {
                self.push(BacktrackInstruction::Check(*position))?;
            }
            PatternNode::BackReference(groups) => {
                self.push(BacktrackInstruction::Refer {
                    groups: groups.clone(),
                    is_backwards,
                })?;
            }
        }
        Some(())
    }

    fn alternation(&mut self, parts: &[PatternNode], is_backwards: bool) -> Option<()> {
        let mut ends = Vec::new();
        let (last, before) = parts.split_last()?;
        for part in before {
            let split = self.push(BacktrackInstruction::Jump(0))?;
            self.compile(part, is_backwards)?;
            ends.push(self.push(BacktrackInstruction::Jump(0))?);
            self.instructions[split] = BacktrackInstruction::Split {
                one: split + 1,
                other: self.instructions.len(),
            };
        }
        self.compile(last, is_backwards)?;
        let after = self.instructions.len();
        for end in ends {
            self.instructions[end] = BacktrackInstruction::Jump(after);
        }
        Some(())
    }

    fn repeat(&mut self, part: &PatternRepeat, is_backwards: bool) -> Option<()> {
        let repeat = BacktrackLoop {
            count: self.registers,
            start: self.registers + 1,
            least: part.least,
            most: part.most,
            is_lazy: part.is_lazy,
        };
        self.registers += 2;
        self.push(BacktrackInstruction::BeginLoop(repeat))?;
        let again = self.push(BacktrackInstruction::Repeat { repeat, exit: 0 })?;
        if let Some((first, last)) = groups_of(&part.node) {
            let (from, _) = registers_of(first);
            let (_, upto) = registers_of(last);
            self.push(BacktrackInstruction::Clear(from, upto + 1))?;
        }
        self.compile(&part.node, is_backwards)?;
        self.push(BacktrackInstruction::EndRepeat { repeat, again })?;
        let exit = self.instructions.len();
        self.instructions[again] = BacktrackInstruction::Repeat { repeat, exit };
        Some(())
    }

    fn class(&mut self, class: CharacterSet) -> usize {
        let known = self.classes.iter().position(|known| *known == class);
        known.unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        })
    }
}

/// The first and the last group inside a part. They are numbered in a row.
fn groups_of(node: &PatternNode) -> Option<(u32, u32)> {
    let own = match node {
        PatternNode::Capture { number, .. } => Some((*number, *number)),
        _ => None,
    };
    let inner = node.parts().iter().filter_map(groups_of);
    own.into_iter()
        .chain(inner)
        .reduce(|(first, last), (one, other)| (first.min(one), last.max(other)))
}
