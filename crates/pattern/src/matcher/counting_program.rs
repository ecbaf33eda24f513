//! Compiles a pattern without references into automata.
//!
//! A backtracking engine looks ahead again at every character where a match may start, so
//! `(?=.*\d)(?=.*[a-z]).{8,}` takes time with the square of the text, and a repeated group around it
//! takes more. But look-around is regular: whether `(?=.*\d)` holds is a property of each position,
//! and one pass over the text finds it for all positions. So each look-around and the rest of the
//! pattern become automata, which `counting_match` runs one after another: those that look ahead
//! from the end of the text, the others from its start.
//!
//! A class that is repeated many times is one instruction with a counter, not a chain of states.

use crate::pattern_tree::{PatternNode, PatternPosition, PatternRepeat};

use super::character_set::CharacterSet;

/// The highest number of instructions of a pattern. Counted repetitions of groups are written out.
const INSTRUCTIONS_MAX: usize = 20_000;

/// From this many repetitions on, a class has a counter.
const COUNTED_FROM: u32 = 16;

/// A pattern as automata.
#[derive(Clone, Debug)]
pub(super) struct CountingProgram {
    /// The look-arounds; those inside another one come before it.
    pub(super) lookarounds: Vec<LookaroundAutomaton>,
    pub(super) main: PatternAutomaton,
    pub(super) classes: Vec<CharacterSet>,
    /// Whether the pattern can only match from the start of the text.
    pub(super) is_anchored: bool,
}

/// A look-around as an automaton that accepts at the positions where it holds.
#[derive(Clone, Debug)]
pub(super) struct LookaroundAutomaton {
    /// Whether the automaton reads the text from its end: it looks ahead.
    pub(super) is_reversed: bool,
    pub(super) automaton: PatternAutomaton,
}

/// A nondeterministic automaton.
#[derive(Clone, Debug, Default)]
pub(super) struct PatternAutomaton {
    pub(super) instructions: Vec<PatternInstruction>,
    pub(super) start: usize,
    /// How many counters it has.
    pub(super) counters: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum PatternInstruction {
    /// Reads one character of a class, by its number.
    Read {
        class: usize,
        next: usize,
    },
    /// Reads from `least` to `most` characters of a class.
    Count {
        class: usize,
        counter: usize,
        least: u32,
        most: Option<u32>,
        next: usize,
    },
    Split {
        one: usize,
        other: usize,
    },
    Check {
        position: PositionCheck,
        next: usize,
    },
    Match,
}

/// A condition on a position that reads nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PositionCheck {
    Text(PatternPosition),
    /// A look-around, by its number.
    Lookaround {
        number: usize,
        is_negated: bool,
    },
}

impl CountingProgram {
    /// `None` if the pattern has references or is too large.
    pub(super) fn new(root: &PatternNode) -> Option<Self> {
        let mut compiler = CountingCompiler {
            lookarounds: Vec::new(),
            classes: Vec::new(),
            instruction_count: 0,
        };
        let main = compiler.automaton(root, false)?;
        Some(Self {
            lookarounds: compiler.lookarounds,
            main,
            classes: compiler.classes,
            is_anchored: is_anchored(root),
        })
    }
}

/// Whether a match can only start at the start of the text.
pub(super) fn is_anchored(node: &PatternNode) -> bool {
    match node {
        PatternNode::Position(position) => *position == PatternPosition::Start,
        PatternNode::Concat(parts) => parts.first().is_some_and(is_anchored),
        PatternNode::Alternation(parts) => parts.iter().all(is_anchored),
        PatternNode::Capture { node, .. } => is_anchored(node),
        PatternNode::Repeat(repeat) => repeat.least > 0 && is_anchored(&repeat.node),
        PatternNode::Empty
        | PatternNode::Class(_)
        | PatternNode::Lookaround { .. }
        | PatternNode::BackReference(_) => false,
    }
}

struct CountingCompiler {
    lookarounds: Vec<LookaroundAutomaton>,
    classes: Vec<CharacterSet>,
    instruction_count: usize,
}

impl CountingCompiler {
    fn automaton(&mut self, node: &PatternNode, is_reversed: bool) -> Option<PatternAutomaton> {
        let mut automaton = PatternAutomaton::default();
        let end = self.push(&mut automaton, PatternInstruction::Match)?;
        automaton.start = self.compile(&mut automaton, node, end, is_reversed)?;
        Some(automaton)
    }

    fn push(
        &mut self,
        automaton: &mut PatternAutomaton,
        instruction: PatternInstruction,
    ) -> Option<usize> {
        self.instruction_count += 1;
        automaton.instructions.push(instruction);
        (self.instruction_count <= INSTRUCTIONS_MAX).then(|| automaton.instructions.len() - 1)
    }

    /// Adds the instructions of a part that continue at `next`, and returns the first one. The
    /// reader limits the depth.
    fn compile(
        &mut self,
        automaton: &mut PatternAutomaton,
        node: &PatternNode,
        next: usize,
        is_reversed: bool,
    ) -> Option<usize> {
        match node {
            PatternNode::Empty => Some(next),
            PatternNode::Class(class) => {
                let class = self.class(CharacterSet::new(class));
                self.push(automaton, PatternInstruction::Read { class, next })
            }
            PatternNode::Concat(parts) => {
                let add = |next, part| self.compile(automaton, part, next, is_reversed);
                if is_reversed {
                    parts.iter().try_fold(next, add)
                } else {
                    parts.iter().rev().try_fold(next, add)
                }
            }
            PatternNode::Alternation(alternatives) => {
                let mut entry = None;
                for alternative in alternatives.iter().rev() {
                    let one = self.compile(automaton, alternative, next, is_reversed)?;
                    entry = Some(match entry {
                        None => one,
                        Some(other) => {
                            self.push(automaton, PatternInstruction::Split { one, other })?
                        }
                    });
                }
                entry
            }
            PatternNode::Capture { node, .. } => self.compile(automaton, node, next, is_reversed),
            PatternNode::Repeat(repeat) => self.repeat(automaton, repeat, next, is_reversed),
            PatternNode::Position(position) => {
                let position = PositionCheck::Text(*position);
                self.push(automaton, PatternInstruction::Check { position, next })
            }
            PatternNode::Lookaround {
                is_ahead,
                is_negated,
                node,
            } => {
                let number = self.lookaround(node, *is_ahead)?;
                let is_negated = *is_negated;
                let position = PositionCheck::Lookaround { number, is_negated };
                self.push(automaton, PatternInstruction::Check { position, next })
            }
            PatternNode::BackReference(_) => None,
        }
    }

    /// A look-ahead is found from its end, in reverse.
    fn lookaround(&mut self, inner: &PatternNode, is_reversed: bool) -> Option<usize> {
        let automaton = self.automaton(inner, is_reversed)?;
        self.lookarounds.push(LookaroundAutomaton {
            is_reversed,
            automaton,
        });
        Some(self.lookarounds.len() - 1)
    }

    fn class(&mut self, class: CharacterSet) -> usize {
        let known = self.classes.iter().position(|known| *known == class);
        known.unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        })
    }

    fn repeat(
        &mut self,
        automaton: &mut PatternAutomaton,
        repeat: &PatternRepeat,
        next: usize,
        is_reversed: bool,
    ) -> Option<usize> {
        let (least, most) = (repeat.least, repeat.most);
        let is_long = least.max(most.unwrap_or(0)) >= COUNTED_FROM;
        if let (PatternNode::Class(class), true) = (&repeat.node, is_long) {
            let class = self.class(CharacterSet::new(class));
            let counter = automaton.counters;
            automaton.counters += 1;
            let count = PatternInstruction::Count {
                class,
                counter,
                least,
                most,
                next,
            };
            return self.push(automaton, count);
        }
        self.written_out(automaton, repeat, next, is_reversed)
    }

    /// The required repetitions, then the optional ones, or a loop.
    fn written_out(
        &mut self,
        automaton: &mut PatternAutomaton,
        repeat: &PatternRepeat,
        next: usize,
        is_reversed: bool,
    ) -> Option<usize> {
        let mut entry = next;
        match repeat.most {
            None => {
                // The targets are known once the repeated part is compiled.
                let split = PatternInstruction::Split {
                    one: next,
                    other: next,
                };
                entry = self.push(automaton, split)?;
                let one = self.compile(automaton, &repeat.node, entry, is_reversed)?;
                let other = next;
                automaton.instructions[entry] = PatternInstruction::Split { one, other };
            }
            Some(most) => {
                for _ in repeat.least..most {
                    let one = self.compile(automaton, &repeat.node, entry, is_reversed)?;
                    let split = PatternInstruction::Split { one, other: next };
                    entry = self.push(automaton, split)?;
                }
            }
        }
        for _ in 0..repeat.least {
            // Even an empty repetition counts, so that the count has a bound.
            self.instruction_count += 1;
            if self.instruction_count > INSTRUCTIONS_MAX {
                return None;
            }
            entry = self.compile(automaton, &repeat.node, entry, is_reversed)?;
        }
        Some(entry)
    }
}
