//! Searches for a word with a given length that is in all of some languages and in none of others.

use hashbrown::{HashMap, HashSet};

use super::automaton::{Automaton, DEAD, MATCHED};

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum WordOutcome {
    Word(String),
    /// No such word exists.
    Empty,
    /// The search stopped before it found a word.
    TooFar,
}

/// The constraints on the word.
#[derive(Debug)]
pub(crate) struct WordSearch<'a> {
    pub(crate) inside: Vec<&'a mut Automaton>,
    pub(crate) outside: Vec<&'a mut Automaton>,
    pub(crate) length_min: u64,
    pub(crate) length_max: Option<u64>,
}

/// The combined states of all automata.
type JointState = Box<[u32]>;

/// A step of a path: the previous step, and the character from there.
struct WordStep {
    state: JointState,
    from: usize,
    character: char,
}

const LENGTH_MAX: u64 = 20_000;

impl WordSearch<'_> {
    /// Finds the shortest word within a number of steps.
    pub(crate) fn run(mut self, steps_max: usize, spent: &mut u64) -> WordOutcome {
        if self.length_max.is_some_and(|max| max < self.length_min) {
            return WordOutcome::Empty;
        }
        if self.length_min > LENGTH_MAX {
            return WordOutcome::TooFar;
        }
        if self.length_min == 0 && self.accepts_empty() {
            return WordOutcome::Word(String::new());
        }
        let symbols = self.symbols();
        let begin: JointState = self.automata().map(Automaton::begin).collect();
        let mut steps = vec![WordStep {
            state: begin,
            from: 0,
            character: '\0',
        }];
        let (mut level, mut next_level) = (0..1, 1);
        let mut seen: HashSet<JointState> = HashSet::new();
        let mut length = 0;
        while !level.is_empty() && self.length_max.is_none_or(|max| length < max) {
            // Up to the minimum length, a state counts separately for each length.
            if length < self.length_min {
                seen.clear();
            }
            length += 1;
            for at in level {
                for (character, classes) in &symbols {
                    *spent += 1;
                    let state = self.step(&steps[at].state.clone(), classes);
                    if self.is_hopeless(&state) || !seen.insert(state.clone()) {
                        continue;
                    }
                    let accepted = length >= self.length_min && self.accepts(&state);
                    steps.push(WordStep {
                        state,
                        from: at,
                        character: *character,
                    });
                    if accepted {
                        return WordOutcome::Word(word(&steps));
                    }
                }
                if steps.len() * symbols.len() > steps_max || self.size() > steps_max {
                    return WordOutcome::TooFar;
                }
            }
            level = next_level..steps.len();
            next_level = steps.len();
        }
        WordOutcome::Empty
    }

    fn automata(&mut self) -> impl Iterator<Item = &mut Automaton> {
        self.inside
            .iter_mut()
            .chain(self.outside.iter_mut())
            .map(|automaton| &mut **automaton)
    }

    fn size(&self) -> usize {
        self.inside
            .iter()
            .chain(&self.outside)
            .map(|automaton| automaton.size())
            .sum()
    }

    fn step(&mut self, state: &JointState, classes: &[u32]) -> JointState {
        let states = state.iter().zip(classes);
        self.automata()
            .zip(states)
            .map(|(automaton, (state, class))| automaton.step(*state, *class))
            .collect()
    }

    fn is_hopeless(&self, state: &JointState) -> bool {
        let (inside, outside) = state.split_at(self.inside.len());
        inside.contains(&DEAD) || outside.contains(&MATCHED)
    }

    fn accepts(&self, state: &JointState) -> bool {
        let (inside, outside) = state.split_at(self.inside.len());
        self.inside
            .iter()
            .zip(inside)
            .all(|(automaton, state)| automaton.accepts(*state))
            && !self
                .outside
                .iter()
                .zip(outside)
                .any(|(automaton, state)| automaton.accepts(*state))
    }

    fn accepts_empty(&self) -> bool {
        self.inside
            .iter()
            .all(|automaton| automaton.accepts_empty())
            && !self
                .outside
                .iter()
                .any(|automaton| automaton.accepts_empty())
    }

    /// One character for each combined class of all automata, the most readable first.
    fn symbols(&mut self) -> Vec<(char, Vec<u32>)> {
        let mut bounds: Vec<u32> = self
            .automata()
            .flat_map(|automaton| {
                automaton
                    .classes
                    .iter()
                    .map(|(from, _)| *from)
                    .collect::<Vec<_>>()
            })
            .chain(LEGIBLE.map(u32::from))
            .chain([0, 0xE000])
            .collect();
        bounds.sort_unstable();
        bounds.dedup();
        let mut best: HashMap<Vec<u32>, char> = HashMap::new();
        for bound in bounds {
            let Some(character) = char::from_u32(bound) else {
                continue;
            };
            let classes: Vec<u32> = self
                .automata()
                .map(|automaton| {
                    let at = automaton
                        .classes
                        .partition_point(|(from, _)| *from <= bound);
                    automaton.classes[at - 1].1
                })
                .collect();
            let known = best.entry(classes).or_insert(character);
            if legibility(character) < legibility(*known) {
                *known = character;
            }
        }
        let mut symbols: Vec<_> = best
            .into_iter()
            .map(|(classes, character)| (character, classes))
            .collect();
        symbols.sort_unstable_by_key(|(character, _)| (legibility(*character), *character));
        symbols
    }
}

/// Candidates for each character class; the first that belongs to the class is used.
const LEGIBLE: [char; 12] = ['a', 'A', '0', 'b', '1', '-', '_', ' ', '.', 'z', '9', '~'];

fn legibility(character: char) -> (u8, usize) {
    let listed = LEGIBLE.iter().position(|legible| *legible == character);
    match (listed, character) {
        (Some(at), _) => (0, at),
        (None, ' '..='~') => (1, 0),
        (None, other) if other.is_alphanumeric() => (2, 0),
        (None, '\t' | '\n') => (3, 0),
        (None, other) if !other.is_control() => (4, 0),
        _ => (5, 0),
    }
}

fn word(steps: &[WordStep]) -> String {
    let mut characters = Vec::new();
    let mut at = steps.len() - 1;
    while at != 0 {
        characters.push(steps[at].character);
        at = steps[at].from;
    }
    characters.iter().rev().collect()
}
