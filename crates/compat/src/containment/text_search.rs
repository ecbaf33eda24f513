//! Searches for one value of a parameter by its text: a value whose text meets conditions, or one
//! that the other contract refuses.

use serde_json::Value;

use portcullis_contract::SchemaKey;
use portcullis_pattern::EcmaPattern;

use super::compared_schemas::ComparedSchemas;
use super::containment_verdict::{ProducerReading, ValueEncoding};
use super::formula::{FormulaId, FormulaNode, ItemFormulas, NEVER};
use super::formula_pair::{ContainmentSide, CounterexampleGoal};
use super::schema_comparison::{SchemaComparison, on_large_stack};
use super::solve::SearchAnswer;
use super::text_form::TextForm;
use super::text_readings::readings;
use super::type_mask::TypeMask;

/// The number of values to try if the validators do not confirm the first.
const TRIES_MAX: usize = 4;

/// Steps for one search.
const STEPS_MAX: u64 = 20_000;

/// The most references to follow to the properties of a schema.
const REFERENCES_MAX: usize = 16;

/// Keywords by which a schema describes properties that its other keywords do not.
const INDIRECT: [&str; 12] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "dependentSchemas",
    "propertyNames",
    "unevaluatedProperties",
    "enum",
    "const",
];

/// The text of numbers.
const NUMBER_TEXT: &str = "^-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?$";

/// Conditions on the text of a value.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextConditions {
    /// Texts of scalars; each is the only one.
    pub(crate) texts: Vec<String>,
    /// Patterns that strings match.
    pub(crate) matches: Vec<String>,
    /// Patterns that strings do not match.
    pub(crate) differs: Vec<String>,
    /// Values that are not wanted, in any reading of their text.
    pub(crate) excluded: Vec<Value>,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FoundText {
    Value(Value),
    /// No value meets the conditions.
    Empty,
    Unsure,
}

impl SchemaComparison<'_> {
    /// A value of a schema of the producer that meets the conditions. Without a schema, any text.
    pub(crate) fn find_text(
        &mut self,
        schema: Option<&SchemaKey>,
        form: TextForm,
        conditions: &TextConditions,
    ) -> FoundText {
        let compared = &mut self.compared;
        on_large_stack(|| compared.find_text(schema, form, conditions))
    }

    /// A text that a schema of the acceptor refuses. The text is one value, or `may_split` into
    /// several.
    pub(crate) fn find_refused_text(
        &mut self,
        schema: &SchemaKey,
        form: TextForm,
        may_split: bool,
    ) -> FoundText {
        let compared = &mut self.compared;
        on_large_stack(|| {
            let pair = &mut compared.pair;
            let mut producer = pair.arena.types(TypeMask::STRING);
            if may_split {
                let items = pair.arena.items(ItemFormulas {
                    prefix: Box::new([]),
                    rest: producer,
                });
                let parts = [
                    pair.arena.types(TypeMask::ARRAY),
                    pair.arena.add(FormulaNode::ItemsMin(1)),
                    items,
                ];
                let list = pair.arena.all_of(parts);
                producer = pair.arena.any_of([producer, list]);
            }
            let acceptor = pair.root(ContainmentSide::Acceptor, Some(schema.as_str()));
            let goal = goal(producer, acceptor, form, Vec::new());
            compared.find(goal, |compared, value| {
                let contract = compared.acceptor;
                let direction = compared.direction;
                let accepts =
                    |reading: &Value| contract.accepts(direction, schema, &reading.to_string());
                !readings(value).iter().any(accepts)
            })
        })
    }
}

/// The schema of a parameter, or of one property of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaPart<'k> {
    pub(crate) schema: &'k SchemaKey,
    pub(crate) property: Option<&'k str>,
}

impl SchemaComparison<'_> {
    /// A value of a part of the producer, or any text, that a part of the acceptor refuses in text.
    pub(crate) fn find_refused_part(
        &mut self,
        producer: Option<SchemaPart<'_>>,
        acceptor: SchemaPart<'_>,
        form: TextForm,
    ) -> FoundText {
        let compared = &mut self.compared;
        on_large_stack(|| {
            let producer = match producer {
                Some(part) => compared.part(ContainmentSide::Producer, part),
                None => Some(compared.pair.arena.types(TypeMask::STRING)),
            };
            let acceptor = compared.part(ContainmentSide::Acceptor, acceptor);
            let (Some(producer), Some(acceptor)) = (producer, acceptor) else {
                return FoundText::Unsure;
            };
            compared.find(goal(producer, acceptor, form, Vec::new()), |_, _| true)
        })
    }
}

fn goal(
    producer: FormulaId,
    acceptor: FormulaId,
    form: TextForm,
    also_holds: Vec<FormulaId>,
) -> CounterexampleGoal {
    CounterexampleGoal {
        producer,
        acceptor,
        reading: ProducerReading::Sent,
        encoding: ValueEncoding::Text(form),
        also_holds,
    }
}

impl ComparedSchemas<'_> {
    /// The formula of a part; `None` if the schema does not describe the property directly: by its
    /// name, by patterns, or as one of the others.
    fn part(&mut self, side: ContainmentSide, part: SchemaPart<'_>) -> Option<FormulaId> {
        let Some(property) = part.property else {
            return Some(self.pair.root(side, Some(part.schema.as_str())));
        };
        let number = usize::from(side == ContainmentSide::Acceptor);
        let document = &self.lowered[number].document;
        let mut schema = document.get("properties")?.get(part.schema.as_str())?;
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            schema = document.pointer(reference.strip_prefix('#')?)?;
        }
        let named = schema.get("properties").and_then(|all| all.get(property));
        if let Some(named) = named {
            return Some(self.pair.schema(side, document, named));
        }
        let keywords = schema.as_object()?;
        let is_direct = |keyword: &String| !INDIRECT.contains(&keyword.as_str());
        if !keywords.keys().all(is_direct) {
            return None;
        }
        let mut described = Vec::new();
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        for (pattern, schema) in patterns.into_iter().flatten() {
            let pattern = EcmaPattern::new(pattern).ok()?;
            if pattern.is_match(property, &|_| {})? {
                described.push(schema);
            }
        }
        if described.is_empty() {
            described.extend(keywords.get("additionalProperties"));
        }
        let mut formulas = Vec::new();
        for schema in described {
            formulas.push(self.pair.schema(side, document, schema));
        }
        Some(self.pair.arena.all_of(formulas))
    }

    fn find_text(
        &mut self,
        schema: Option<&SchemaKey>,
        form: TextForm,
        conditions: &TextConditions,
    ) -> FoundText {
        let key = schema.map(SchemaKey::as_str);
        let producer = self.pair.root(ContainmentSide::Producer, key);
        let text = self.pair.arena.types(TypeMask::STRING);
        let mut also_holds = Vec::new();
        if schema.is_none() {
            also_holds.push(text);
        }
        for only in &conditions.texts {
            let values = readings(&Value::from(only.as_str()));
            let this = self.pair.arena.values(&values);
            let others = self.pair.arena.types(TypeMask::ARRAY.or(TypeMask::OBJECT));
            also_holds.push(self.pair.arena.any_of([this, others]));
        }
        for pattern in &conditions.matches {
            let matching = self.pattern(pattern);
            also_holds.push(matching);
            also_holds.extend(self.without_other_scalars(matching, form));
        }
        for pattern in &conditions.differs {
            let matching = self.pattern(pattern);
            let matching = self.pair.arena.all_of([text, matching]);
            also_holds.push(self.pair.not(matching));
        }
        for value in conditions.excluded.iter().flat_map(readings) {
            let this = self.pair.exactly(&value);
            also_holds.push(self.pair.not(this));
        }
        self.find(
            goal(producer, NEVER, form, also_holds),
            |compared, value| {
                schema.is_none_or(|schema| {
                    let contract = compared.producer;
                    contract.accepts(compared.direction, schema, &value.to_string())
                })
            },
        )
    }

    /// Excludes numbers, or booleans, if none of their texts match.
    fn without_other_scalars(&mut self, matching: FormulaId, form: TextForm) -> Vec<FormulaId> {
        let scalars = [
            (TypeMask::NUMBER, NUMBER_TEXT),
            (TypeMask::BOOLEAN, "^(true|false)$"),
        ];
        let mut excluded = Vec::new();
        for (mask, text) in scalars {
            let producer = self.pair.arena.types(TypeMask::STRING);
            let also_holds = vec![matching, self.pattern(text)];
            let goal = goal(producer, NEVER, form, also_holds);
            let mut steps_left = STEPS_MAX;
            if self.refute(&goal, &mut steps_left).0 == SearchAnswer::Empty {
                let types = self.pair.arena.types(mask);
                excluded.push(self.pair.not(types));
            }
        }
        excluded
    }

    fn pattern(&mut self, pattern: &str) -> FormulaId {
        let word = self.pair.arena.intern(pattern);
        self.pair.arena.add(FormulaNode::Pattern(word))
    }

    /// A value for a goal that the validators confirm.
    fn find(
        &mut self,
        mut goal: CounterexampleGoal,
        is_confirmed: impl Fn(&Self, &Value) -> bool,
    ) -> FoundText {
        let mut steps_left = STEPS_MAX;
        for _ in 0..TRIES_MAX {
            match self.refute(&goal, &mut steps_left).0 {
                SearchAnswer::Found(value, _) if is_confirmed(self, &value) => {
                    return FoundText::Value(value);
                }
                SearchAnswer::Found(value, _) => {
                    let this = self.pair.exactly(&value);
                    let others = self.pair.not(this);
                    goal.also_holds.push(others);
                }
                SearchAnswer::Empty => return FoundText::Empty,
                SearchAnswer::Unsure => break,
            }
        }
        FoundText::Unsure
    }
}
