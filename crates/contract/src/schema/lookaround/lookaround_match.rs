//! Runs the automata of a pattern over a text.

use portcullis_json::take_steps;

use super::lookaround_program::{
    LookaroundPattern, PatternAutomaton, PatternInstruction, PositionCheck,
};

/// How many states are visited in the time of one step of a validator.
const STATES_PER_STEP: u64 = 4;

impl LookaroundPattern {
    /// Whether the pattern matches some part of the text. Takes steps of the message's limit.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        let characters: Vec<char> = text.chars().collect();
        let mut subject = MatchSubject {
            pattern: self,
            characters: &characters,
            held: Vec::with_capacity(self.lookarounds.len()),
        };
        for lookaround in &self.lookarounds {
            let mut held = vec![false; characters.len() + 1];
            let run = AutomatonRun::new(&subject, &lookaround.automaton);
            run.each_match(lookaround.is_reversed, |position| {
                held[position] = true;
                true
            });
            subject.held.push(held);
        }
        let mut is_match = false;
        AutomatonRun::new(&subject, &self.main).each_match(false, |_| {
            is_match = true;
            false
        });
        is_match
    }
}

/// A text, and what is known about its positions.
struct MatchSubject<'m> {
    pattern: &'m LookaroundPattern,
    characters: &'m [char],
    /// By look-around: the positions where its expression matches.
    held: Vec<Vec<bool>>,
}

impl MatchSubject<'_> {
    fn holds(&self, check: PositionCheck, position: usize) -> bool {
        let is_word = |at: Option<usize>| {
            let character = at.and_then(|at| self.characters.get(at));
            character.is_some_and(|c| self.pattern.word.contains(*c))
        };
        match check {
            PositionCheck::TextStart => position == 0,
            PositionCheck::TextEnd => position == self.characters.len(),
            PositionCheck::WordBoundary { is_negated } => {
                let is_boundary = is_word(position.checked_sub(1)) != is_word(Some(position));
                is_boundary != is_negated
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
}

impl<'r> AutomatonRun<'r> {
    fn new(subject: &'r MatchSubject<'r>, automaton: &'r PatternAutomaton) -> Self {
        Self {
            subject,
            automaton,
            reached: vec![0; automaton.instructions.len()],
            open: Vec::new(),
        }
    }

    /// Calls `see` with each position where a match ends that started anywhere before, in the order
    /// of reading, until it returns false.
    fn each_match(mut self, is_reversed: bool, mut see: impl FnMut(usize) -> bool) {
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
            next.push(self.automaton.start);
            reading.clear();
            let is_match = self.follow(&mut next, count + 1, position, &mut reading);
            if is_match && !see(position) {
                return;
            }
            let at = if is_reversed {
                position.checked_sub(1)
            } else {
                Some(position)
            };
            let Some(character) = at.and_then(|at| characters.get(at)) else {
                return;
            };
            for instruction in &reading {
                if let PatternInstruction::Read {
                    class,
                    next: target,
                } = self.automaton.instructions[*instruction]
                    && self.subject.pattern.classes[class].contains(*character)
                {
                    next.push(target);
                }
            }
        }
    }

    /// Follows instructions that read nothing, each once for a position, and collects those that
    /// read. Returns whether one of them is the end.
    fn follow(
        &mut self,
        from: &mut Vec<usize>,
        mark: usize,
        position: usize,
        reading: &mut Vec<usize>,
    ) -> bool {
        let mut is_match = false;
        let mut visited = 0_u64;
        self.open.append(from);
        while let Some(at) = self.open.pop() {
            if std::mem::replace(&mut self.reached[at], mark) == mark {
                continue;
            }
            visited += 1;
            match self.automaton.instructions[at] {
                PatternInstruction::Read { .. } => reading.push(at),
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
        take_steps(visited.div_ceil(STATES_PER_STEP));
        is_match
    }
}
