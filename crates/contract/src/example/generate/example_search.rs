//! Looks for decisions that lead to an accepted value.
//!
//! First everything optional is drawn, with the schema's own examples, since that makes the best
//! answer; then less. Then single decisions are changed, then pairs of them, on the smallest
//! drawing. The number of drawings is bounded, and so is the work of each.

use std::mem;

use serde_json::Value;

use super::generation_choices::{GenerationChoices, GenerationMode};
use super::text_pattern::PatternCache;
use super::value_generator::ValueGenerator;

/// Most values drawn for one schema.
const DRAWINGS_MAX: usize = 600;
/// Most values made in one drawing, and in all drawings of one schema, parts included.
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

/// An instance of `schema`, or `None` if none was found.
///
/// `root` holds the `$defs` that every `$ref` points into (`#/$defs/<name>`); `is_valid` says
/// whether a value is an instance of `schema` and has the last word.
pub(crate) fn sample(
    root: &Value,
    schema: &Value,
    is_valid: &dyn Fn(&Value) -> bool,
) -> Option<Value> {
    let mut search = ExampleSearch {
        root,
        patterns: &PatternCache::default(),
        schema,
        is_valid,
        drawings: DRAWINGS_MAX,
        values: VALUES_TOTAL_MAX,
    };
    let mut richest = None;
    for mode in MODES {
        match search.draw(mode, Vec::new()) {
            (Some(value), _) if is_valid(&value) => {
                return Some(enrich(value, richest, is_valid));
            }
            (Some(value), _) => richest = richest.or(Some(value)),
            (None, _) => {}
        }
    }
    let found = search.change_decisions()?;
    Some(enrich(found, richest, is_valid))
}

struct ExampleSearch<'s> {
    root: &'s Value,
    patterns: &'s PatternCache,
    schema: &'s Value,
    is_valid: &'s dyn Fn(&Value) -> bool,
    drawings: usize,
    values: usize,
}

impl ExampleSearch<'_> {
    /// A value, and how many options each decision on the way had.
    fn draw(
        &mut self,
        mode: GenerationMode,
        changed: Vec<(usize, usize)>,
    ) -> (Option<Value>, Vec<usize>) {
        let decisions = GenerationChoices {
            overrides: changed,
            option_counts: Vec::new(),
        };
        let most = self.values.min(VALUES_MAX);
        let mut draw = ValueGenerator::new((self.root, self.patterns), mode, decisions, most);
        let value = draw.value_of(vec![self.schema]);
        self.drawings = self.drawings.saturating_sub(1);
        self.values -= most - draw.values_left;
        (value, mem::take(&mut draw.decisions.option_counts))
    }

    /// Changes one decision at a time, then one more on top of each of those.
    fn change_decisions(&mut self) -> Option<Value> {
        let mode = GenerationMode {
            hints: false,
            optional: false,
        };
        let mut pending = vec![Vec::new()];
        while !pending.is_empty() {
            let mut next = Vec::new();
            for changed in pending {
                if self.drawings == 0 || self.values == 0 {
                    return None;
                }
                let (value, asked) = self.draw(mode, changed.clone());
                if let Some(value) = value.filter(|value| (self.is_valid)(value)) {
                    return Some(value);
                }
                next.extend(further_changes(&changed, &asked));
                next.truncate(DRAWINGS_MAX);
            }
            pending = next;
        }
        None
    }
}

/// Every way to change one more decision, to the right of those already changed.
fn further_changes(changed: &[(usize, usize)], asked: &[usize]) -> Vec<Vec<(usize, usize)>> {
    let from = changed.last().map_or(0, |(index, _)| index + 1);
    let one_more =
        |index: usize| (1..asked[index]).map(move |option| [changed, &[(index, option)]].concat());
    (from..asked.len())
        .flat_map(one_more)
        .take(DRAWINGS_MAX)
        .collect()
}

/// Adds members of a richer value that was refused, as far as the verdict stands.
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
