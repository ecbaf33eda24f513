//! Generates one value in one walk through a schema.
//!
//! If a branch has no value, the generator tries the next option at once. Choices that only the validator
//! can reject are left to the search. The depth and the number of values are limited, and optional parts
//! are omitted in deep values, so recursive schemas terminate.

use std::mem;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::generation_choices::{GenerationChoices, GenerationMode};
use super::merged_schema::{MergedSchema, SchemaAlternative};
use super::number_constraints::NumberKind;
use super::text_pattern::PatternCache;

/// Beyond this depth, and after this number of values, optional properties and elements are omitted.
const OPTIONAL_DEPTH: usize = 4;
const OPTIONAL_VALUES: usize = 400;
const DEPTH_MAX: usize = 24;
const NUMBERS_TRIED: usize = 4;
/// The cost of generating and matching a pattern, counted in plain values.
const PATTERN_COST: usize = 200;
/// The maximum number of properties or elements of one value.
const COUNT_MAX: usize = 1_024;

/// Property names are strings, even if `propertyNames` allows other types.
static ANY_TEXT: LazyLock<Value> = LazyLock::new(|| json!({ "type": "string" }));

#[derive(Debug)]
pub(super) struct ValueGenerator<'s> {
    root: &'s Value,
    patterns: &'s PatternCache,
    mode: GenerationMode,
    pub(super) choices: GenerationChoices,
    depth: usize,
    /// How many more values may be generated, including discarded ones.
    pub(super) values_left: usize,
    /// Optional parts are generated while at least this number of values is left.
    optional_until: usize,
    /// Varies the values, for arrays with unique elements.
    salt: usize,
}

impl<'s> ValueGenerator<'s> {
    pub(super) fn new(
        root: &'s Value,
        patterns: &'s PatternCache,
        mode: GenerationMode,
        choices: GenerationChoices,
        left: usize,
    ) -> Self {
        let optional_until = left.saturating_sub(OPTIONAL_VALUES);
        Self {
            root,
            patterns,
            mode,
            choices,
            depth: 0,
            values_left: left,
            optional_until,
            salt: 0,
        }
    }

    /// A value that satisfies all of the schemas.
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

    /// Makes the open choices of a merged schema, then generates a value.
    fn resolve(&mut self, mut shape: MergedSchema<'s>) -> Option<Value> {
        self.values_left = self.values_left.checked_sub(1)?;
        if shape.unsatisfiable {
            return None;
        }
        if let Some(hint) = self.hint(&shape) {
            return Some(hint.clone());
        }
        let Some(mut alternatives) = shape.choices.pop() else {
            return self.without_choices(&shape);
        };
        alternatives.sort_by_key(|alternative| {
            let mut satisfied = alternative.satisfied.iter();
            satisfied.any(|schema| self.is_last_resort(schema))
        });
        self.try_each(alternatives.len(), |generator, index| {
            let SchemaAlternative { satisfied, avoided } = &alternatives[index];
            let mut branch = shape.clone();
            satisfied.iter().for_each(|schema| branch.add(schema));
            avoided.iter().for_each(|schema| branch.avoid(schema));
            generator.resolve(branch)
        })
    }

    /// An example of the schema; a different one for each unique element.
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

    /// Whether to try a branch last: near the root `null`, the least useful value, and in deep values a
    /// `$ref`, which may recurse.
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

    /// Chooses between options, and tries the next one if an option has no value.
    fn try_each(
        &mut self,
        options: usize,
        mut make: impl FnMut(&mut Self, usize) -> Option<Value>,
    ) -> Option<Value> {
        let first = self.choices.pick(options);
        (0..options).find_map(|turn| make(self, (first + turn) % options))
    }

    /// Generates a value of a merged schema without open choices.
    fn without_choices(&mut self, shape: &MergedSchema<'s>) -> Option<Value> {
        if let Some(values) = &shape.values {
            let admitted: Vec<&Value> = values
                .iter()
                .copied()
                .filter(|value| shape.admits(value))
                .collect();
            let salt = self.salt;
            return self.try_each(admitted.len(), |_, index| {
                Some(admitted[(index + salt) % admitted.len()].clone())
            });
        }
        let types = shape.likely_types();
        self.try_each(types.len(), |generator, index| {
            generator
                .of_type(types[index], shape)
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
                let nth = self.salt + self.choices.pick(NUMBERS_TRIED);
                shape
                    .numbers
                    .nth(nth, NumberKind::Integer)
                    .map(Value::Number)
            }
            "number" => {
                let kinds = [NumberKind::Number, NumberKind::Fraction];
                let nth = self.salt + self.choices.pick(NUMBERS_TRIED);
                self.try_each(kinds.len(), |_, index| {
                    shape.numbers.nth(nth, kinds[index]).map(Value::Number)
                })
            }
            "boolean" => {
                let turn = self.salt + self.choices.pick(2);
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

    /// The number of properties to generate in addition to the required minimum.
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

    /// Adds properties with undeclared names: as many as the schema requires, or one for a map.
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
        self.try_each(starts.len(), |generator, index| {
            // The elements for `contains` come first, or after those of `prefixItems`.
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
                match generator.element(&schemas, array.unique, &elements) {
                    Some(element) => elements.push(element),
                    None => break,
                }
            }
            (elements.len() >= least).then_some(Value::Array(elements))
        })
    }

    /// Generates an element, different from the previous ones if `unique`.
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

/// The names that `dependentRequired` requires because the property `name` is present.
fn names_depending_on<'s>(shape: &MergedSchema<'s>, name: &'s str) -> Vec<&'s str> {
    let of_name = shape.object.dependent.iter().filter(|(on, _)| *on == name);
    let lists = of_name.filter_map(|(_, then)| then.as_array());
    lists.flatten().filter_map(Value::as_str).collect()
}
