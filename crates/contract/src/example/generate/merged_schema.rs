//! Merges the keywords of several schemas that one value must satisfy.
//!
//! Merging follows `$ref` and `allOf`. It keeps `anyOf`, `oneOf` and `if` as open choices for the
//! generator.

use serde_json::{Map, Value};

use super::number_constraints::NumberConstraints;
use super::string_constraints::StringConstraints;
use super::structure_constraints::{ArrayConstraints, ObjectConstraints};
use super::text_pattern::PatternCache;

/// The JSON types in order of preference, for schemas that allow several.
const TYPES: [&str; 7] = [
    "object", "array", "string", "integer", "number", "boolean", "null",
];

/// Which of [`TYPES`] are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct AdmittedTypes([bool; 7]);

impl AdmittedTypes {
    fn named(value: &Value) -> Self {
        let named = |name: &str| match value {
            Value::String(only) => only == name || (only == "number" && name == "integer"),
            Value::Array(several) => several
                .iter()
                .any(|one| one == name || (one == "number" && name == "integer")),
            _ => true,
        };
        Self(TYPES.map(named))
    }

    fn has(self, name: &str) -> bool {
        TYPES
            .iter()
            .zip(self.0)
            .any(|(known, allowed)| *known == name && allowed)
    }

    fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        for (name, allowed) in TYPES.iter().zip(&mut self.0) {
            *allowed &= keep(name);
        }
    }

    /// Whether the type of a value is allowed.
    fn admit(self, value: &Value) -> bool {
        match value {
            Value::Null => self.has("null"),
            Value::Bool(_) => self.has("boolean"),
            Value::Number(number) => {
                let whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
                self.has("number") || (self.has("integer") && whole)
            }
            Value::String(_) => self.has("string"),
            Value::Array(_) => self.has("array"),
            Value::Object(_) => self.has("object"),
        }
    }
}

/// One alternative of an open choice.
#[derive(Debug, Clone)]
pub(super) struct SchemaAlternative<'s> {
    /// The schemas that the value must satisfy.
    pub(super) satisfied: Vec<&'s Value>,
    /// The schemas that the value must not satisfy.
    pub(super) avoided: Vec<&'s Value>,
}

/// The merged keywords of several schemas.

#[derive(Debug, Clone)]
pub(super) struct MergedSchema<'s> {
    root: &'s Value,
    patterns: &'s PatternCache,
    followed: Vec<&'s str>,
    /// Whether no value satisfies the schemas.
    pub(super) unsatisfiable: bool,
    types: AdmittedTypes,
    /// The types whose keywords occur. They are probably intended if `type` is absent.
    implied_types: Vec<&'static str>,
    pub(super) values: Option<Vec<&'s Value>>,
    excluded: Vec<&'s Value>,
    pub(super) hints: Vec<&'s Value>,
    pub(super) numbers: NumberConstraints<'s>,
    pub(super) texts: StringConstraints<'s>,
    pub(super) object: ObjectConstraints<'s>,
    pub(super) array: ArrayConstraints<'s>,
    pub(super) choices: Vec<Vec<SchemaAlternative<'s>>>,
}

impl<'s> MergedSchema<'s> {
    pub(super) fn new(root: &'s Value, patterns: &'s PatternCache) -> Self {
        Self {
            root,
            patterns,
            followed: Vec::new(),
            unsatisfiable: false,
            types: AdmittedTypes([true; 7]),
            implied_types: Vec::new(),
            values: None,
            excluded: Vec::new(),
            hints: Vec::new(),
            numbers: NumberConstraints::default(),
            texts: StringConstraints::default(),
            object: ObjectConstraints::default(),
            array: ArrayConstraints::default(),
            choices: Vec::new(),
        }
    }

    /// Adds a schema that the value must satisfy.
    pub(super) fn add(&mut self, schema: &'s Value) {
        match schema {
            Value::Bool(allowed) => self.unsatisfiable |= !allowed,
            Value::Object(keywords) => {
                for (keyword, operand) in keywords {
                    self.add_common(keyword, operand);
                    self.add_scalar(keyword, operand);
                    self.add_structure(keyword, operand, keywords);
                }
                self.add_condition(keywords);
                self.object.add_scope(keywords);
                self.array.add_scope(keywords);
            }
            _ => {}
        }
    }

    /// Adds a schema that the value must not satisfy. Only simple schemas are supported; the validator
    /// checks the rest.
    pub(super) fn avoid(&mut self, schema: &'s Value) {
        let keywords = match schema {
            Value::Bool(allowed) => return self.unsatisfiable |= allowed,
            Value::Object(keywords) => keywords,
            _ => return,
        };
        let [(keyword, operand)] = keywords.iter().collect::<Vec<_>>()[..] else {
            self.unsatisfiable |= keywords.is_empty();
            return;
        };
        match (keyword.as_str(), operand) {
            ("type", _) => {
                let named = AdmittedTypes::named(operand);
                self.types.retain(|name| !named.has(name));
            }
            ("const", _) => self.excluded.push(operand),
            ("enum", Value::Array(values)) => self.excluded.extend(values),
            ("required", Value::Array(names)) => {
                if let Some(first) = names.first() {
                    self.object.forbidden.extend(first.as_str());
                }
            }
            ("not", inner) => self.add(inner),
            ("minimum", Value::Number(bound)) => self.numbers.upper.push((bound, true)),
            ("maximum", Value::Number(bound)) => self.numbers.lower.push((bound, true)),
            ("anyOf", Value::Array(all)) => all.iter().for_each(|one| self.avoid(one)),
            ("$ref", Value::String(reference)) => {
                if let Some(target) = self.follow(reference) {
                    self.avoid(target);
                }
            }
            _ => {}
        }
    }

    /// Whether a value may satisfy the schemas, without checking nested values.
    pub(super) fn admits(&self, value: &Value) -> bool {
        self.types.admit(value)
            && !self.excluded.contains(&value)
            && self
                .values
                .as_ref()
                .is_none_or(|values| values.contains(&value))
            && match value {
                Value::Number(number) => self.numbers.admit(number),
                Value::String(text) => self.texts.admit(text),
                Value::Object(members) => self
                    .object
                    .required
                    .iter()
                    .all(|name| members.contains_key(*name)),
                Value::Array(items) => items.len() >= self.array.count_min,
                Value::Null | Value::Bool(_) => true,
            }
    }

    /// The allowed types, first those whose keywords occur. String comes first if there are no hints.
    pub(super) fn likely_types(&self) -> Vec<&'static str> {
        let mut allowed: Vec<_> = TYPES
            .into_iter()
            .filter(|name| self.types.has(name))
            .collect();
        let has_no_hint = allowed.len() == TYPES.len() && self.implied_types.is_empty();
        let likely = |name: &&str| {
            if has_no_hint {
                *name == "string"
            } else {
                self.implied_types.contains(name)
            }
        };
        allowed.sort_by_key(|name| !likely(name));
        allowed
    }

    fn follow(&mut self, reference: &'s str) -> Option<&'s Value> {
        if self.followed.contains(&reference) {
            return None;
        }
        self.followed.push(reference);
        self.root.pointer(reference.strip_prefix('#')?)
    }

    fn add_common(&mut self, keyword: &str, operand: &'s Value) {
        match (keyword, operand) {
            ("$ref" | "$dynamicRef", Value::String(reference)) => {
                if let Some(target) = self.follow(reference) {
                    self.add(target);
                }
            }
            ("allOf", Value::Array(all)) => all.iter().for_each(|one| self.add(one)),
            ("anyOf" | "oneOf", Value::Array(branches)) => {
                let alone = |one| SchemaAlternative {
                    satisfied: vec![one],
                    avoided: Vec::new(),
                };
                self.choices.push(branches.iter().map(alone).collect());
            }
            ("not", inner) => self.avoid(inner),
            ("type", named) => {
                let named = AdmittedTypes::named(named);
                self.types.retain(|name| named.has(name));
            }
            ("const", value) => self.limit_to(vec![value]),
            ("enum", Value::Array(values)) => self.limit_to(values.iter().collect()),
            ("example" | "default", value) => self.hints.push(value),
            ("examples", Value::Array(values)) => self.hints.extend(values),
            _ => {}
        }
    }

    fn limit_to(&mut self, mut values: Vec<&'s Value>) {
        if let Some(before) = &self.values {
            values.retain(|value| before.contains(value));
        }
        self.values = Some(values);
    }

    fn add_scalar(&mut self, keyword: &str, operand: &'s Value) {
        match (keyword, operand) {
            ("minimum" | "exclusiveMinimum", Value::Number(bound)) => {
                self.numbers.lower.push((bound, keyword != "minimum"));
                self.implied_types.push("number");
            }
            ("maximum" | "exclusiveMaximum", Value::Number(bound)) => {
                self.numbers.upper.push((bound, keyword != "maximum"));
                self.implied_types.push("number");
            }
            ("multipleOf", Value::Number(step)) => {
                self.numbers.multiples.push(step);
                self.implied_types.push("number");
            }
            ("minLength", bound) => {
                raise_minimum(&mut self.texts.characters_min, bound);
                self.implied_types.push("string");
            }
            ("maxLength", bound) => {
                lower_maximum(&mut self.texts.characters_max, bound);
                self.implied_types.push("string");
            }
            ("pattern", Value::String(pattern)) => {
                self.texts.patterns.push(self.patterns.compile(pattern));
                self.implied_types.push("string");
            }
            ("format", Value::String(format)) => {
                self.texts.format = Some(format);
                self.implied_types.push("string");
            }
            _ => {}
        }
    }

    fn add_structure(&mut self, keyword: &str, operand: &'s Value, all: &'s Map<String, Value>) {
        match (keyword, operand) {
            ("properties" | "additionalProperties" | "patternProperties", Value::Object(_)) => {
                self.implied_types.push("object");
            }
            ("required", Value::Array(names)) => {
                self.object
                    .required
                    .extend(names.iter().filter_map(Value::as_str));
                self.implied_types.push("object");
            }
            ("dependentRequired" | "dependentSchemas", Value::Object(dependent)) => {
                let pairs = dependent.iter().map(|(name, then)| (name.as_str(), then));
                self.object.dependent.extend(pairs);
            }
            ("propertyNames", schema) => self.object.names.push(schema),
            ("minProperties", bound) => {
                raise_minimum(&mut self.object.count_min, bound);
                self.implied_types.push("object");
            }
            ("maxProperties", bound) => lower_maximum(&mut self.object.count_max, bound),
            ("items" | "prefixItems", _) => self.implied_types.push("array"),
            ("minItems", bound) => {
                raise_minimum(&mut self.array.count_min, bound);
                self.implied_types.push("array");
            }
            ("maxItems", bound) => lower_maximum(&mut self.array.count_max, bound),
            ("uniqueItems", Value::Bool(unique)) => self.array.unique |= unique,
            ("contains", schema) => {
                let count = all
                    .get("minContains")
                    .map_or(1, |bound| count(bound).unwrap_or(1));
                self.array.contains.push((schema, count));
                self.implied_types.push("array");
            }
            _ => {}
        }
    }

    /// Adds `if` as a choice: the value satisfies `if` and `then`, or it avoids `if` and satisfies `else`.
    fn add_condition(&mut self, keywords: &'s Map<String, Value>) {
        let Some(condition) = keywords.get("if") else {
            return;
        };
        let branch = |name| keywords.get(name).into_iter();
        let holds = SchemaAlternative {
            satisfied: [condition].into_iter().chain(branch("then")).collect(),
            avoided: Vec::new(),
        };
        let fails = SchemaAlternative {
            satisfied: branch("else").collect(),
            avoided: vec![condition],
        };
        self.choices.push(vec![holds, fails]);
    }
}

fn count(bound: &Value) -> Option<usize> {
    let bound = bound.as_f64().filter(|bound| *bound >= 0.0)?;
    // Saturates: a count that large cannot be generated anyway.
    Some(bound as usize)
}

fn raise_minimum(least: &mut usize, bound: &Value) {
    *least = (*least).max(count(bound).unwrap_or(0));
}

fn lower_maximum(most: &mut Option<usize>, bound: &Value) {
    *most = match (*most, count(bound)) {
        (Some(before), Some(bound)) => Some(before.min(bound)),
        (before, bound) => before.or(bound),
    };
}
