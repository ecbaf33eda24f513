//! Searches for choices that lead to a valid value.
//!
//! The first attempts include optional properties and the examples of the schema, which gives the most
//! useful values; later ones include less. Then the search changes single choices of the smallest
//! attempt, then pairs of choices, and so on. The number of attempts and the work of each are limited.

use std::mem;

use serde_json::Value;

use super::generation_choices::{GenerationChoices, GenerationMode};
use super::text_pattern::PatternCache;
use super::value_generator::ValueGenerator;

/// The maximum number of attempts for one schema.
const ATTEMPTS_MAX: usize = 600;
/// The maximum number of values generated in one attempt and in all attempts for one schema, including
/// nested values.
const VALUES_MAX: usize = 20_000;
const VALUES_TOTAL_MAX: usize = 200_000;

const MODES: [GenerationMode; 4] = [
    GenerationMode {
        hints: true,
        optional: true,
    },
    GenerationMode {
        hints: false,
        optional: true,
    },
    GenerationMode {
        hints: true,
        optional: false,
    },
    GenerationMode {
        hints: false,
        optional: false,
    },
];

/// A value that satisfies `schema`. `None` if the search finds none.
///
/// `root` is the document that every `$ref` points into (`#/$defs/<name>`). `is_valid` decides whether a
/// value satisfies `schema`.
pub(crate) fn generate(
    root: &Value,
    schema: &Value,
    is_valid: &dyn Fn(&Value) -> bool,
) -> Option<Value> {
    let mut search = ExampleSearch {
        root,
        patterns: &PatternCache::default(),
        schema,
        is_valid,
        attempts_left: ATTEMPTS_MAX,
        values_left: VALUES_TOTAL_MAX,
    };
    let mut richest = None;
    for mode in MODES {
        match search.attempt(mode, Vec::new()) {
            (Some(value), _) if is_valid(&value) => {
                return Some(enrich(value, richest, is_valid));
            }
            (Some(value), _) => richest = richest.or(Some(value)),
            (None, _) => {}
        }
    }
    let found = search.change_choices()?;
    Some(enrich(found, richest, is_valid))
}

struct ExampleSearch<'s> {
    root: &'s Value,
    patterns: &'s PatternCache,
    schema: &'s Value,
    is_valid: &'s dyn Fn(&Value) -> bool,
    attempts_left: usize,
    values_left: usize,
}

impl ExampleSearch<'_> {
    /// Generates a value. Also returns the number of options of each choice.
    fn attempt(
        &mut self,
        mode: GenerationMode,
        changed: Vec<(usize, usize)>,
    ) -> (Option<Value>, Vec<usize>) {
        let choices = GenerationChoices {
            overrides: changed,
            option_counts: Vec::new(),
        };
        let most = self.values_left.min(VALUES_MAX);
        let mut generator = ValueGenerator::new(self.root, self.patterns, mode, choices, most);
        let value = generator.value_of(vec![self.schema]);
        self.attempts_left = self.attempts_left.saturating_sub(1);
        self.values_left -= most - generator.values_left;
        (value, mem::take(&mut generator.choices.option_counts))
    }

    /// Changes one choice at a time, then one more in addition to each of those, and so on.
    fn change_choices(&mut self) -> Option<Value> {
        let mode = GenerationMode {
            hints: false,
            optional: false,
        };
        let mut pending = vec![Vec::new()];
        while !pending.is_empty() {
            let mut next = Vec::new();
            for changed in pending {
                if self.attempts_left == 0 || self.values_left == 0 {
                    return None;
                }
                let (value, option_counts) = self.attempt(mode, changed.clone());
                if let Some(value) = value.filter(|value| (self.is_valid)(value)) {
                    return Some(value);
                }
                next.extend(further_changes(&changed, &option_counts));
                next.truncate(ATTEMPTS_MAX);
            }
            pending = next;
        }
        None
    }
}

/// Every way to change one more choice after those that are already changed.
fn further_changes(
    changed: &[(usize, usize)],
    option_counts: &[usize],
) -> Vec<Vec<(usize, usize)>> {
    let from = changed.last().map_or(0, |(index, _)| index + 1);
    let one_more = |index: usize| {
        (1..option_counts[index]).map(move |option| [changed, &[(index, option)]].concat())
    };
    (from..option_counts.len())
        .flat_map(one_more)
        .take(ATTEMPTS_MAX)
        .collect()
}

/// Adds properties of a richer but invalid value as long as the result stays valid.
fn enrich(value: Value, richer: Option<Value>, is_valid: &dyn Fn(&Value) -> bool) -> Value {
    let (Value::Object(mut members), Some(Value::Object(richer))) = (value.clone(), richer) else {
        return value;
    };
    let mut best = value;
    for (name, member) in richer {
        if members.contains_key(&name) {
            continue;
        }
        members.insert(name.clone(), member);
        let candidate = Value::Object(members);
        let accepted = is_valid(&candidate);
        if accepted {
            best = candidate.clone();
        }
        let Value::Object(mut back) = candidate else {
            return best;
        };
        if !accepted {
            back.remove(&name);
        }
        members = back;
    }
    best
}
