//! `unevaluatedProperties` and `unevaluatedItems`, translated into formulas of the evaluated parts.
//!
//! Which properties the adjacent keywords evaluate depends on the alternatives that a value
//! satisfies (2020-12 core, section 11). There are few alternatives, so each combination becomes a
//! case: under its condition, its properties are evaluated and all others must satisfy the
//! unevaluated schema.

use serde_json::{Map, Value};

use super::super::formula::{ANY, FormulaId, NEVER, PropertyFormulas, StringId};
use super::super::formula_arena::FormulaArena;
use super::super::type_mask::TypeMask;
use super::formula_reader::FormulaReader;
use super::schema_keywords::{items, lacks};

const CASES_MAX: usize = 64;
const DEPTH_MAX: u8 = 24;

/// The parts that are evaluated under a condition.
#[derive(Clone, Debug, Default, PartialEq)]
struct EvaluatedCase {
    /// The condition: all of these must hold.
    when: Vec<FormulaId>,
    names: Vec<StringId>,
    patterns: Vec<StringId>,
    /// The number of evaluated items from the front.
    items: usize,
    /// Items that satisfy one of these are evaluated.
    like: Vec<FormulaId>,
    everything: bool,
}

impl EvaluatedCase {
    fn is_nothing(&self) -> bool {
        !self.everything
            && self.items == 0
            && self.names.is_empty()
            && self.patterns.is_empty()
            && self.like.is_empty()
    }

    fn and(&self, other: &Self) -> Self {
        let joined = |a: &[StringId], b: &[StringId]| [a, b].concat();
        Self {
            when: [&self.when[..], &other.when].concat(),
            names: joined(&self.names, &other.names),
            patterns: joined(&self.patterns, &other.patterns),
            items: self.items.max(other.items),
            like: [&self.like[..], &other.like].concat(),
            everything: self.everything || other.everything,
        }
    }
}

/// The keyword that is being resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum UnevaluatedKeyword {
    Properties,
    Items,
}

impl<'d> FormulaReader<'d> {
    pub(super) fn unevaluated_properties(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d Map<String, Value>,
        value: &'d Value,
    ) -> FormulaId {
        let Some(cases) = self.all_cases(arena, keywords, UnevaluatedKeyword::Properties) else {
            return self.opaque(arena, "unevaluatedProperties", value, TypeMask::OBJECT);
        };
        let rest = self.schema(arena, value);
        self.each_case(arena, cases, |arena, cover| {
            let listed = |mut strings: Vec<StringId>| {
                strings.sort_unstable();
                strings.dedup();
                strings.into_iter().map(|word| (word, ANY)).collect()
            };
            arena.members(PropertyFormulas {
                named: listed(cover.names),
                patterned: listed(cover.patterns),
                rest,
                declares_rest: rest != NEVER,
            })
        })
    }

    pub(super) fn unevaluated_items(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d Map<String, Value>,
        value: &'d Value,
    ) -> FormulaId {
        let Some(cases) = self.all_cases(arena, keywords, UnevaluatedKeyword::Items) else {
            return self.opaque(arena, "unevaluatedItems", value, TypeMask::ARRAY);
        };
        let rest = self.schema(arena, value);
        self.each_case(arena, cases, |arena, cover| {
            let rest = if cover.like.is_empty() {
                rest
            } else {
                arena.any_of(cover.like.into_iter().chain([rest]))
            };
            items(arena, vec![ANY; cover.items], rest)
        })
    }

    fn each_case(
        &mut self,
        arena: &mut FormulaArena,
        cases: Vec<EvaluatedCase>,
        formula_of: impl Fn(&mut FormulaArena, EvaluatedCase) -> FormulaId,
    ) -> FormulaId {
        let mut parts = Vec::new();
        for cover in cases {
            if cover.everything {
                continue;
            }
            let when = arena.all_of(cover.when.iter().copied());
            let judged = formula_of(arena, cover);
            if when == ANY {
                parts.push(judged);
            } else if judged != ANY {
                let otherwise = arena.not(when);
                parts.push(arena.any_of([otherwise, judged]));
            }
        }
        arena.all_of(parts)
    }

    /// The cases of a schema; `None` also for a schema that depends on itself.
    fn all_cases(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d Map<String, Value>,
        of: UnevaluatedKeyword,
    ) -> Option<Vec<EvaluatedCase>> {
        if self
            .resolving
            .iter()
            .any(|other| std::ptr::eq(*other, keywords))
        {
            return None;
        }
        self.resolving.push(keywords);
        let cases = self.cases(arena, keywords, of, 0);
        self.resolving.pop();
        cases
    }

    /// The cases of the keywords of a schema; `None` if they are unknown or too many. At depth 0
    /// the unevaluated keyword itself is skipped.
    fn cases(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d Map<String, Value>,
        of: UnevaluatedKeyword,
        depth: u8,
    ) -> Option<Vec<EvaluatedCase>> {
        if depth > DEPTH_MAX || keywords.contains_key("$dynamicRef") {
            return None;
        }
        let mut cases = vec![self.own(arena, keywords, of, depth)];
        for branch in elements(keywords, "allOf") {
            cases = product(&cases, &self.cases_of(arena, branch, of, depth)?)?;
        }
        if let Some(reference) = keywords.get("$ref") {
            let target = self.target(reference.as_str()?)?;
            cases = product(&cases, &self.cases_of(arena, target, of, depth)?)?;
        }
        for branch in elements(keywords, "anyOf").chain(elements(keywords, "oneOf")) {
            let condition = self.schema(arena, branch);
            cases = self.under(arena, &cases, (condition, branch), of, depth)?;
        }
        if let Some(condition) = keywords.get("if") {
            let (then, otherwise) = (keywords.get("then"), keywords.get("else"));
            let holds = self.schema(arena, condition);
            let covered = self.cases_of(arena, condition, of, depth)?;
            let with_then = match then {
                Some(then) => product(&covered, &self.cases_of(arena, then, of, depth)?)?,
                None => covered,
            };
            let without = match otherwise {
                Some(otherwise) => self.cases_of(arena, otherwise, of, depth)?,
                None => vec![EvaluatedCase::default()],
            };
            cases = split(arena, &cases, holds, &with_then, &without)?;
        }
        for (name, branch) in keywords
            .get("dependentSchemas")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let lacking = lacks(arena, name);
            let having = arena.not(lacking);
            cases = self.under(arena, &cases, (having, branch), of, depth)?;
        }
        Some(cases)
    }

    fn cases_of(
        &mut self,
        arena: &mut FormulaArena,
        schema: &'d Value,
        of: UnevaluatedKeyword,
        depth: u8,
    ) -> Option<Vec<EvaluatedCase>> {
        match schema {
            Value::Object(keywords) => self.cases(arena, keywords, of, depth + 1),
            _ => Some(vec![EvaluatedCase::default()]),
        }
    }

    /// Splits the cases by the condition of a branch.
    fn under(
        &mut self,
        arena: &mut FormulaArena,
        cases: &[EvaluatedCase],
        (condition, branch): (FormulaId, &'d Value),
        of: UnevaluatedKeyword,
        depth: u8,
    ) -> Option<Vec<EvaluatedCase>> {
        let covered = self.cases_of(arena, branch, of, depth)?;
        split(
            arena,
            cases,
            condition,
            &covered,
            &[EvaluatedCase::default()],
        )
    }

    /// The parts that the schema's own keywords evaluate.
    fn own(
        &mut self,
        arena: &mut FormulaArena,
        keywords: &'d Map<String, Value>,
        of: UnevaluatedKeyword,
        depth: u8,
    ) -> EvaluatedCase {
        let mut cover = EvaluatedCase::default();
        match of {
            UnevaluatedKeyword::Properties => {
                let mut strings = |keyword: &str| -> Vec<StringId> {
                    let named = keywords.get(keyword).and_then(Value::as_object);
                    named
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| arena.intern(name))
                        .collect()
                };
                cover.names = strings("properties");
                cover.patterns = strings("patternProperties");
                cover.everything = keywords.contains_key("additionalProperties")
                    || depth > 0 && keywords.contains_key("unevaluatedProperties");
            }
            UnevaluatedKeyword::Items => {
                cover.items = elements(keywords, "prefixItems").count();
                cover.everything = keywords.contains_key("items")
                    || depth > 0 && keywords.contains_key("unevaluatedItems");
                if let Some(contains) = keywords.get("contains") {
                    cover.like.push(self.schema(arena, contains));
                }
            }
        }
        cover
    }
}

fn elements<'d>(
    keywords: &'d Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = &'d Value> {
    keywords
        .get(keyword)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Splits cases by a condition, unless both sides evaluate nothing.
fn split(
    arena: &mut FormulaArena,
    cases: &[EvaluatedCase],
    condition: FormulaId,
    then: &[EvaluatedCase],
    otherwise: &[EvaluatedCase],
) -> Option<Vec<EvaluatedCase>> {
    let is_nothing = |covers: &[EvaluatedCase]| covers.iter().all(EvaluatedCase::is_nothing);
    if is_nothing(then) && is_nothing(otherwise) {
        return Some(cases.to_vec());
    }
    let opposite = arena.not(condition);
    let under = |condition: FormulaId, covers: &[EvaluatedCase]| -> Vec<EvaluatedCase> {
        let when = EvaluatedCase {
            when: vec![condition],
            ..EvaluatedCase::default()
        };
        covers.iter().map(|cover| cover.and(&when)).collect()
    };
    let mut parts = under(condition, then);
    parts.extend(under(opposite, otherwise));
    product(cases, &parts)
}

fn product(left: &[EvaluatedCase], right: &[EvaluatedCase]) -> Option<Vec<EvaluatedCase>> {
    if left.len() * right.len() > CASES_MAX {
        return None;
    }
    let pairs = left
        .iter()
        .flat_map(|one| right.iter().map(|other| one.and(other)));
    Some(pairs.collect())
}
