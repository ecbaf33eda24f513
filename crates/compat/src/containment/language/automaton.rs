//! A regular expression as an automaton, determinized lazily.

use hashbrown::HashMap;

/// A state of the nondeterministic automaton.
#[derive(Debug)]
pub(super) enum NfaState {
    /// Consumes a character of a class.
    Consume {
        ranges: Box<[(char, char)]>,
        next: u32,
    },
    Split(Vec<u32>),
    /// Passes only at the beginning of the text.
    Begin(u32),
    /// Passes only at the end of the text.
    End(u32),
    Match,
}

/// An automaton for unanchored search: it accepts a text that contains a match anywhere.
#[derive(Debug)]
pub(crate) struct Automaton {
    states: Vec<NfaState>,
    start: u32,
    /// The code points at which a character class begins, each with its class.
    pub(super) classes: Vec<(u32, u32)>,
    /// One character of each class.
    samples: Vec<char>,
    sets: Vec<Box<[u32]>>,
    ids: HashMap<Box<[u32]>, u32>,
    steps: HashMap<(u32, u32), u32>,
}

/// The state in which the expression has matched, whatever follows.
pub(super) const MATCHED: u32 = 0;
/// The state from which no match is possible.
pub(super) const DEAD: u32 = 1;

impl Automaton {
    pub(super) fn new(states: Vec<NfaState>, start: u32) -> Self {
        let (classes, samples) = classes(&states);
        let mut automaton = Self {
            states,
            start,
            classes,
            samples,
            sets: Vec::new(),
            ids: HashMap::new(),
            steps: HashMap::new(),
        };
        automaton.set(Box::new([u32::MAX]));
        automaton.set(Box::new([]));
        automaton
    }

    /// The state before the first character.
    pub(super) fn begin(&mut self) -> u32 {
        let mut open = Vec::new();
        self.close(&mut open, self.start, true, false);
        self.deterministic(open)
    }

    /// The state after a character of a class.
    pub(super) fn step(&mut self, state: u32, class: u32) -> u32 {
        if state == MATCHED {
            return MATCHED;
        }
        if let Some(known) = self.steps.get(&(state, class)) {
            return *known;
        }
        let sample = self.samples[class as usize];
        let mut open = Vec::new();
        let set = self.sets[state as usize].clone();
        for member in &set {
            if let NfaState::Consume { ranges, next } = &self.states[*member as usize]
                && ranges
                    .iter()
                    .any(|(from, upto)| (*from..=*upto).contains(&sample))
            {
                self.close(&mut open, *next, false, false);
            }
        }
        // A match may begin at any character.
        self.close(&mut open, self.start, false, false);
        let next = self.deterministic(open);
        self.steps.insert((state, class), next);
        next
    }

    /// Whether a text that ends in this state is accepted.
    pub(super) fn accepts(&self, state: u32) -> bool {
        if state == MATCHED {
            return true;
        }
        let mut open = Vec::new();
        for member in &self.sets[state as usize] {
            if let NfaState::End(next) = self.states[*member as usize] {
                self.close(&mut open, next, false, true);
            }
        }
        open.iter()
            .any(|at| matches!(self.states[*at as usize], NfaState::Match))
    }

    /// Whether a text contains a match.
    pub(crate) fn is_match(&mut self, text: &str) -> bool {
        let mut state = self.begin();
        // In the empty text, beginning and end coincide.
        if text.is_empty() {
            return self.accepts_empty();
        }
        for character in text.chars() {
            let class = self.class_of(character);
            state = self.step(state, class);
            if state == MATCHED {
                return true;
            }
        }
        self.accepts(state)
    }

    /// Whether the empty text is accepted.
    pub(super) fn accepts_empty(&self) -> bool {
        let mut open = Vec::new();
        self.close(&mut open, self.start, true, true);
        open.iter()
            .any(|at| matches!(self.states[*at as usize], NfaState::Match))
    }

    fn class_of(&self, character: char) -> u32 {
        let code = u32::from(character);
        let at = self.classes.partition_point(|(from, _)| *from <= code);
        self.classes[at - 1].1
    }

    /// Adds the states that are reachable without consuming a character.
    fn close(&self, open: &mut Vec<u32>, from: u32, at_begin: bool, at_end: bool) {
        let mut queue = vec![from];
        while let Some(at) = queue.pop() {
            if open.contains(&at) {
                continue;
            }
            open.push(at);
            match &self.states[at as usize] {
                NfaState::Split(next) => queue.extend(next),
                NfaState::Begin(next) if at_begin => queue.push(*next),
                NfaState::End(next) if at_end => queue.push(*next),
                NfaState::Begin(_)
                | NfaState::End(_)
                | NfaState::Consume { .. }
                | NfaState::Match => {}
            }
        }
    }

    fn deterministic(&mut self, mut open: Vec<u32>) -> u32 {
        let is_match = |at: &u32| matches!(self.states[*at as usize], NfaState::Match);
        if open.iter().any(is_match) {
            return MATCHED;
        }
        open.retain(|at| {
            matches!(
                self.states[*at as usize],
                NfaState::Consume { .. } | NfaState::End(_)
            )
        });
        open.sort_unstable();
        self.set(open.into())
    }

    fn set(&mut self, set: Box<[u32]>) -> u32 {
        if let Some(known) = self.ids.get(&set) {
            return *known;
        }
        let id = u32::try_from(self.sets.len()).expect("searches are bounded");
        self.sets.push(set.clone());
        self.ids.insert(set, id);
        id
    }

    /// The number of deterministic states so far.
    pub(super) fn size(&self) -> usize {
        self.sets.len()
    }
}

/// Partitions all characters into classes that every state treats alike.
fn classes(states: &[NfaState]) -> (Vec<(u32, u32)>, Vec<char>) {
    let mut distinct: Vec<&[(char, char)]> = states
        .iter()
        .filter_map(|state| match state {
            NfaState::Consume { ranges, .. } => Some(&**ranges),
            _ => None,
        })
        .collect();
    distinct.sort_unstable();
    distinct.dedup();
    let mut bounds = vec![0];
    for (from, upto) in distinct.iter().copied().flatten() {
        bounds.extend([u32::from(*from), u32::from(*upto) + 1]);
    }
    bounds.sort_unstable();
    bounds.dedup();
    let mut known: HashMap<Vec<bool>, u32> = HashMap::new();
    let (mut classes, mut samples) = (Vec::new(), Vec::new());
    for bound in bounds {
        // Surrogates are not characters; the previous class continues.
        let Some(sample) = char::from_u32(bound) else {
            continue;
        };
        let signature: Vec<bool> = distinct
            .iter()
            .map(|ranges| contains(ranges, sample))
            .collect();
        let next = u32::try_from(samples.len()).expect("expressions are bounded");
        let class = *known.entry(signature).or_insert(next);
        if class == next {
            samples.push(sample);
        }
        classes.push((bound, class));
    }
    (classes, samples)
}

/// Whether sorted ranges contain a character.
fn contains(ranges: &[(char, char)], character: char) -> bool {
    let at = ranges.partition_point(|(_, upto)| *upto < character);
    ranges.get(at).is_some_and(|(from, _)| *from <= character)
}
