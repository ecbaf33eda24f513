//! One walk through a schema, making one value.
//!
//! A decision that leads nowhere is taken back at once where that shows locally (a branch without
//! a value); what only the verdict can tell is left to the search. Depth and the number of values
//! made are bounded, so recursive schemas end: optional parts are left out when deep.

use std::mem;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::generation_choices::{GenerationChoices, GenerationMode};
use super::merged_schema::MergedSchema;
use super::number_constraints::NumberKind;
use super::text_pattern::PatternCache;

/// Below this depth, and after so many values, optional members and elements are left out.
const OPTIONAL_DEPTH: usize = 4;
const OPTIONAL_VALUES: usize = 400;
const DEPTH_MAX: usize = 24;
const NUMBERS_TRIED: usize = 4;
/// How many plain values writing and matching a pattern is worth.
const PATTERN_COST: usize = 200;
/// Most members or elements of one value.
const COUNT_MAX: usize = 1_024;

/// Names are strings whatever `propertyNames` leaves open.
static ANY_TEXT: LazyLock<Value> = LazyLock::new(|| json!({ "type": "string" }));

#[derive(Debug)]
pub(super) struct ValueGenerator<'s> {
    root: &'s Value,
    patterns: &'s PatternCache,
    mode: GenerationMode,
    pub(super) decisions: GenerationChoices,
    depth: usize,
    /// How many values may still be made, those taken back included.
    pub(super) values_left: usize,
    /// Optional parts are made while so many values are left.
    optional_until: usize,
    /// Makes values differ where an array wants them to.
    salt: usize,
}

impl<'s> ValueGenerator<'s> {
    pub(super) fn new(
        (root, patterns): (&'s Value, &'s PatternCache),
        mode: GenerationMode,
        decisions: GenerationChoices,
        left: usize,
    ) -> Self {
        let optional_until = left.saturating_sub(OPTIONAL_VALUES);
        Self {
            root,
            patterns,
            mode,
            decisions,
            depth: 0,
            values_left: left,
            optional_until,
            salt: 0,
        }
    }

    /// A value for all the schemas together.
    pub(super) fn value_of(&mut self, schemas: Vec<&'s Value>) -> Option<Value> {
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut shape = MergedSchema::new(self.root, self.patterns);
        schemas.into_iter().for_each(|schema| shape.add(schema));
        self.depth += 1;
        let value = self.resolve(shape);
        self.depth -= 1;
        value
    }

    /// Decides what a shape leaves open, then makes a value of it.
    fn resolve(&mut self, mut shape: MergedSchema<'s>) -> Option<Value> {
        self.values_left = self.values_left.checked_sub(1)?;
        if shape.unsatisfiable {
            return None;
        }
        if let Some(hint) = self.hint(&shape) {
            return Some(hint.clone());
        }
        let Some(mut alternatives) = shape.choices.pop() else {
            return self.settled(&shape);
        };
        alternatives
            .sort_by_key(|(fulfil, _)| fulfil.iter().any(|schema| self.is_last_resort(schema)));
        self.try_each(alternatives.len(), |draw, index| {
            let (fulfil, avoid) = &alternatives[index];
            let mut branch = shape.clone();
            fulfil.iter().for_each(|schema| branch.add(schema));
            avoid.iter().for_each(|schema| branch.avoid(schema));
            draw.resolve(branch)
        })
    }

    /// An example of the schema's own; another one for each element of a set.
    fn hint(&self, shape: &MergedSchema<'s>) -> Option<&'s Value> {
        let wanted = self.mode.hints && shape.values.is_none();
        let mut admitted = shape
            .hints
            .iter()
            .copied()
            .filter(|hint| shape.admits(hint));
        if wanted {
            admitted.nth(self.salt)
        } else {
            None
        }
    }

    /// Near the top `null` makes the poorest answer; deep inside a branch should end.
    fn is_last_resort(&self, schema: &Value) -> bool {
        if self.is_deep() {
            schema.get("$ref").is_some()
        } else {
            schema.get("type").is_some_and(|named| named == "null")
        }
    }

    fn is_deep(&self) -> bool {
        self.depth > OPTIONAL_DEPTH || self.values_left < self.optional_until
    }

    /// Decides between options, and goes on to the next where one has no value.
    fn try_each(
        &mut self,
        options: usize,
        mut make: impl FnMut(&mut Self, usize) -> Option<Value>,
    ) -> Option<Value> {
        let first = self.decisions.pick(options);
        (0..options).find_map(|turn| make(self, (first + turn) % options))
    }

    /// A value of a shape without open choices.
    fn settled(&mut self, shape: &MergedSchema<'s>) -> Option<Value> {
        if let Some(values) = &shape.values {
            let fitting: Vec<&Value> = values
                .iter()
                .copied()
                .filter(|value| shape.admits(value))
                .collect();
            let salt = self.salt;
            return self.try_each(fitting.len(), |_, index| {
                Some(fitting[(index + salt) % fitting.len()].clone())
            });
        }
        let types = shape.likely_types();
        self.try_each(types.len(), |draw, index| {
            draw.of_type(types[index], shape)
                .filter(|value| shape.admits(value))
        })
    }

    fn of_type(&mut self, name: &str, shape: &MergedSchema<'s>) -> Option<Value> {
        match name {
            "object" => self.object(shape),
            "array" => self.array(shape),
            "string" => {
                let cost = shape.texts.patterns.len() * PATTERN_COST;
                self.values_left = self.values_left.saturating_sub(cost);
                let texts = shape.texts.candidates(self.salt);
                self.try_each(texts.len(), |_, index| {
                    texts.get(index).cloned().map(Value::String)
                })
            }
            "integer" => {
                let nth = self.salt + self.decisions.pick(NUMBERS_TRIED);
                shape
                    .numbers
                    .nth(nth, NumberKind::Integer)
                    .map(Value::Number)
            }
            "number" => {
                let kinds = [NumberKind::Number, NumberKind::Fraction];
                let nth = self.salt + self.decisions.pick(NUMBERS_TRIED);
                self.try_each(kinds.len(), |_, index| {
                    shape.numbers.nth(nth, kinds[index]).map(Value::Number)
                })
            }
            "boolean" => {
                let turn = self.salt + self.decisions.pick(2);
                Some(Value::Bool(turn.is_multiple_of(2)))
            }
            _ => Some(Value::Null),
        }
    }

    fn object(&mut self, shape: &MergedSchema<'s>) -> Option<Value> {
        let object = &shape.object;
        let mut members = Map::new();
        let mut required = object.required.clone();
        let mut next = 0;
        while let Some(name) = required.get(next).copied() {
            next += 1;
            if !members.contains_key(name) {
                members.insert(name.to_owned(), self.member(shape, name)?);
                required.extend(names_depending_on(shape, name));
            }
        }
        let most = object.count_max.unwrap_or(COUNT_MAX);
        let wanted = object.count_min.max(self.wants_optional(shape));
        for name in object.declared() {
            let free = object.dependent.iter().all(|(on, _)| *on != name);
            if members.len() < wanted.min(most) && free && !members.contains_key(name) {
                let member = self.member(shape, name);
                members.extend(member.map(|value| (name.to_owned(), value)));
            }
        }
        self.fill(shape, &mut members)?;
        Some(Value::Object(members))
    }

    /// How many members to have although fewer would do.
    fn wants_optional(&self, shape: &MergedSchema<'s>) -> usize {
        let wanted = self.mode.optional && !self.is_deep();
        if wanted {
            shape.object.declared().count()
        } else {
            0
        }
    }

    fn member(&mut self, shape: &MergedSchema<'s>, name: &str) -> Option<Value> {
        self.value_of(shape.object.schemas_of(name, self.patterns)?)
    }

    /// Adds members of free names, as many as must be, or one to show what a map holds.
    fn fill(&mut self, shape: &MergedSchema<'s>, members: &mut Map<String, Value>) -> Option<()> {
        let object = &shape.object;
        let is_map = object.is_map() && object.declared().next().is_none();
        let show = self.mode.optional && !self.is_deep() && is_map;
        let wanted = object.count_min.max(usize::from(show));
        if wanted > COUNT_MAX {
            return None;
        }
        let mut turns = 0..wanted * 2 + 4;
        while members.len() < wanted
            && let Some(turn) = turns.next()
        {
            for name in self.free_names(shape, turn) {
                if members.len() < wanted && !members.contains_key(&name) {
                    let value = self.member(shape, &name);
                    members.extend(value.map(|value| (name, value)));
                }
            }
        }
        (members.len() >= object.count_min).then_some(())
    }

    fn free_names(&mut self, shape: &MergedSchema<'s>, turn: usize) -> Vec<String> {
        let mut names = Vec::new();
        for pattern in shape.object.patterns() {
            names.extend(self.patterns.compile(pattern).texts(turn).take(3));
        }
        if shape.object.names.is_empty() {
            names.push(format!("key{}", turn + 1));
            return names;
        }
        let salt = mem::replace(&mut self.salt, turn);
        let schemas = shape.object.names.iter().copied().chain([&*ANY_TEXT]);
        if let Some(Value::String(name)) = self.value_of(schemas.collect()) {
            names.push(name);
        }
        self.salt = salt;
        names
    }

    fn array(&mut self, shape: &MergedSchema<'s>) -> Option<Value> {
        let array = &shape.array;
        let show = array.is_described() && !self.is_deep();
        let shown = if show {
            array.prefix_length().max(1)
        } else {
            0
        };
        let most = array.count_max.unwrap_or(COUNT_MAX);
        let starts = [0, array.prefix_length()];
        self.try_each(starts.len(), |draw, index| {
            // What `contains` asks for comes first, or after the elements described one by one.
            let start = starts[index];
            let least = array.count_min.max(array.contained().saturating_add(start));
            if least > COUNT_MAX {
                return None;
            }
            let mut elements = Vec::new();
            for index in 0..least.max(shown).min(most) {
                let Some(mut schemas) = array.schemas_of(index) else {
                    break;
                };
                schemas.extend(array.contained_at(index.checked_sub(start)));
                match draw.element(&schemas, array.unique, &elements) {
                    Some(element) => elements.push(element),
                    None => break,
                }
            }
            (elements.len() >= least).then_some(Value::Array(elements))
        })
    }

    /// An element, different from those before if it has to be.
    fn element(&mut self, schemas: &[&'s Value], unique: bool, before: &[Value]) -> Option<Value> {
        if !unique {
            return self.value_of(schemas.to_vec());
        }
        let salt = self.salt;
        let found = (0..before.len() * 2 + 2).find_map(|turn| {
            self.salt = salt + turn;
            self.value_of(schemas.to_vec())
                .filter(|value| !before.contains(value))
        });
        self.salt = salt;
        found
    }
}

/// `dependentRequired` of a member that is there.
fn names_depending_on<'s>(shape: &MergedSchema<'s>, name: &'s str) -> Vec<&'s str> {
    let of_name = shape.object.dependent.iter().filter(|(on, _)| *on == name);
    let lists = of_name.filter_map(|(_, then)| then.as_array());
    lists.flatten().filter_map(Value::as_str).collect()
}
