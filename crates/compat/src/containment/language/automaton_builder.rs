//! Compiles a pattern (ECMA-262) to an automaton.

use portcullis_pattern::{PatternNode, PatternPosition, PatternReading, read_pattern};

use super::automaton::{Automaton, NfaState};

/// The maximum number of states.
const STATES_MAX: usize = 20_000;

/// The automaton of a pattern, read as the validators do; `None` if the pattern has lookarounds,
/// word boundaries or backreferences, or is too large.
pub(crate) fn compile(pattern: &str) -> Option<Automaton> {
    let tree = read_pattern(pattern, PatternReading::Strict).ok()?;
    let mut building = AutomatonBuilder::default();
    let end = building.push(NfaState::Match)?;
    let start = building.add(&tree.root, end)?;
    Some(Automaton::new(building.states, start))
}

/// The automaton that accepts exactly the given words.
pub(crate) fn of_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Option<Automaton> {
    let mut building = AutomatonBuilder::default();
    let end = building.push(NfaState::Match)?;
    let end = building.push(NfaState::End(end))?;
    let mut starts = Vec::new();
    for word in words {
        starts.push(building.word(word, end)?);
    }
    let start = building.push(NfaState::Split(starts))?;
    let start = building.push(NfaState::Begin(start))?;
    Some(Automaton::new(building.states, start))
}

/// Builds backwards: each part knows its successor.
#[derive(Default)]
struct AutomatonBuilder {
    states: Vec<NfaState>,
}

impl AutomatonBuilder {
    fn push(&mut self, state: NfaState) -> Option<u32> {
        if self.states.len() >= STATES_MAX {
            return None;
        }
        self.states.push(state);
        u32::try_from(self.states.len() - 1).ok()
    }

    fn add(&mut self, node: &PatternNode, next: u32) -> Option<u32> {
        match node {
            PatternNode::Empty => Some(next),
            PatternNode::Class(class) => {
                let ranges = class.ranges().iter();
                let ranges = ranges.map(|range| (range.start(), range.end())).collect();
                self.push(NfaState::Consume { ranges, next })
            }
            PatternNode::Position(PatternPosition::Start) => self.push(NfaState::Begin(next)),
            PatternNode::Position(PatternPosition::End) => self.push(NfaState::End(next)),
            PatternNode::Position(_)
            | PatternNode::Lookaround { .. }
            | PatternNode::BackReference(_) => None,
            PatternNode::Capture { node, .. } => self.add(node, next),
            PatternNode::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(next, |next, part| self.add(part, next)),
            PatternNode::Alternation(branches) => {
                let starts: Option<Vec<u32>> = branches
                    .iter()
                    .map(|branch| self.add(branch, next))
                    .collect();
                self.push(NfaState::Split(starts?))
            }
            PatternNode::Repeat(repeat) => {
                self.repeat(&repeat.node, repeat.least, repeat.most, next)
            }
        }
    }

    fn repeat(&mut self, part: &PatternNode, min: u32, max: Option<u32>, next: u32) -> Option<u32> {
        let mut start = match max {
            None => {
                let again = self.push(NfaState::Split(vec![next]))?;
                let once = self.add(part, again)?;
                if let NfaState::Split(targets) = &mut self.states[again as usize] {
                    targets.push(once);
                }
                again
            }
            Some(max) => {
                let mut start = next;
                for _ in min..max {
                    let once = self.add(part, start)?;
                    start = self.push(NfaState::Split(vec![next, once]))?;
                }
                start
            }
        };
        for _ in 0..min {
            start = self.add(part, start)?;
        }
        Some(start)
    }

    fn word(&mut self, word: &str, next: u32) -> Option<u32> {
        word.chars().rev().try_fold(next, |next, character| {
            self.push(NfaState::Consume {
                ranges: Box::new([(character, character)]),
                next,
            })
        })
    }
}
