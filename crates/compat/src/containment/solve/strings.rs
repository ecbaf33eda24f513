//! Solves strings: length, patterns, formats and excluded values.
//!
//! Patterns are searched together, as automata. A format is only a predicate. For some formats a
//! pattern is known that all their strings match; samples provide candidates for the others.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::formula::{FormulaNode, StringId};
use super::super::known_formats::{is_part_of, samples, wider_pattern};
use super::super::language::{WordOutcome, WordSearch, of_words};
use super::super::string_matchers::PatternAutomata;
use super::goal_state::GoalState;
use super::search_goal::{AnswerTally, Literal, SearchAnswer};
use super::solver::Solver;

const STEPS_MAX: usize = 400_000;
/// The maximum number of words to try if they can only be checked one by one.
const TRIES_MAX: usize = 12;

/// The constraints on a string.
#[derive(Debug, Default)]
struct StringGoal {
    length_min: u64,
    length_max: Option<u64>,
    matching: Vec<StringId>,
    failing: Vec<StringId>,
    formats: Vec<StringId>,
    /// The formats that the string does not have.
    other_formats: Vec<StringId>,
    excluded: BTreeSet<String>,
}

impl Solver<'_> {
    pub(super) fn string(&mut self, state: &GoalState) -> SearchAnswer {
        let mut strings = self.strings(&state.units);
        for format in strings.formats.clone() {
            let name = self.arena.string(format).to_owned();
            if let Some(pattern) = wider_pattern(&name) {
                let word = self.arena.intern(pattern);
                strings.matching.push(word);
            }
        }
        let is_part = |format: &StringId| {
            let name = |format: &StringId| self.arena.string(*format);
            let mut others = strings.other_formats.iter();
            others.any(|other| is_part_of(name(format), name(other)))
        };
        if strings.formats.iter().any(is_part) {
            return SearchAnswer::Empty;
        }
        let mut tally = AnswerTally::default();
        let tried = self.samples(&strings);
        for text in tried {
            let answer = self.word(state, &text);
            if let Some(done) = tally.take(answer) {
                return done;
            }
        }
        for _ in 0..TRIES_MAX {
            let word = match self.seek(&strings) {
                WordOutcome::Word(word) => word,
                WordOutcome::Empty => return tally.end(),
                WordOutcome::TooFar => {
                    tally.mark_unsure();
                    self.give_up("patterns and lengths that take too many steps to search");
                    return tally.end();
                }
            };
            let answer = self.word(state, &word);
            if let Some(done) = tally.take(answer) {
                return done;
            }
            strings.excluded.insert(word);
        }
        tally.mark_unsure();
        self.give_up("a pattern or format that can only be checked word by word");
        tally.end()
    }

    fn strings(&self, units: &[Literal]) -> StringGoal {
        let mut strings = StringGoal::default();
        for unit in units {
            match (self.arena.node(unit.id), unit.is_positive()) {
                (FormulaNode::LengthMin(min), true) => {
                    strings.length_min = strings.length_min.max(*min)
                }
                (FormulaNode::LengthMin(min), false) => strings.at_most(min.saturating_sub(1)),
                (FormulaNode::LengthMax(max), true) => strings.at_most(*max),
                (FormulaNode::LengthMax(max), false) => {
                    strings.length_min = strings.length_min.max(max.saturating_add(1));
                }
                (FormulaNode::Pattern(word), true) => strings.matching.push(*word),
                (FormulaNode::Pattern(word), false) => strings.failing.push(*word),
                (FormulaNode::Format(word), true) => strings.formats.push(*word),
                (FormulaNode::Format(word), false) => strings.other_formats.push(*word),
                (FormulaNode::Values(constants), false) => {
                    let values = constants
                        .iter()
                        .filter_map(|one| self.arena.constant(*one).as_str());
                    strings.excluded.extend(values.map(str::to_owned));
                }
                _ => {}
            }
        }
        strings
    }

    /// Sample strings of the required formats.
    fn samples(&mut self, strings: &StringGoal) -> Vec<String> {
        let formats = strings.formats.iter();
        formats
            .flat_map(|format| samples(self.arena.string(*format)))
            .map(|sample| (*sample).to_owned())
            .collect()
    }

    /// Checks one string.
    fn word(&mut self, state: &GoalState, text: &str) -> SearchAnswer {
        self.steps += 1;
        let value = Value::from(text);
        match self.units_hold(&state.units, &value) {
            Some(true) => SearchAnswer::Found(value, true),
            Some(false) => SearchAnswer::Empty,
            None => SearchAnswer::Found(value, false),
        }
    }

    fn seek(&mut self, strings: &StringGoal) -> WordOutcome {
        let mut patterns: Vec<StringId> = [&strings.matching[..], &strings.failing].concat();
        patterns.sort_unstable();
        patterns.dedup();
        let mut taken: Vec<(StringId, PatternAutomata)> = patterns
            .into_iter()
            .map(|word| (word, self.matchers.take(word, self.arena.string(word))))
            .collect();
        let found = self.seek_in(strings, &mut taken);
        for (word, pattern) in taken {
            self.matchers.give_back(word, pattern);
        }
        found
    }

    fn seek_in(
        &mut self,
        strings: &StringGoal,
        taken: &mut [(StringId, PatternAutomata)],
    ) -> WordOutcome {
        let mut excluded = if strings.excluded.is_empty() {
            None
        } else {
            of_words(strings.excluded.iter().map(String::as_str))
        };
        let (mut inside, mut outside) = (Vec::new(), Vec::from_iter(&mut excluded));
        for (word, pattern) in taken {
            let is_in = strings.matching.contains(word);
            if is_in && strings.failing.contains(word) {
                return WordOutcome::Empty;
            }
            // A pattern without an automaton is checked word by word.
            if let Some(exact) = &mut pattern.exact {
                if is_in { &mut inside } else { &mut outside }.push(exact);
            } else if let Some(wider) = pattern.wider.as_mut().filter(|_| is_in) {
                inside.push(wider);
            }
        }
        let search = WordSearch {
            inside,
            outside,
            length_min: strings.length_min,
            length_max: strings.length_max,
        };
        let mut spent = 0;
        let found = search.run(STEPS_MAX, &mut spent);
        self.steps += spent / 64;
        found
    }
}

impl StringGoal {
    fn at_most(&mut self, max: u64) {
        self.length_max = Some(self.length_max.map_or(max, |known| known.min(max)));
    }
}
