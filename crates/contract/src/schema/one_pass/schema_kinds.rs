//! Which kinds of JSON value a schema admits.

use serde_json::{Map, Value};

/// The keywords of one schema.
pub(super) type SchemaKeywords<'s> = &'s Map<String, Value>;

/// A set of kinds of JSON value. Integers are numbers here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KindSet(u8);

impl KindSet {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(2);
    pub(super) const NUMBER: Self = Self(4);
    pub(super) const STRING: Self = Self(8);
    pub(super) const ARRAY: Self = Self(16);
    pub(super) const OBJECT: Self = Self(32);
    pub(super) const NONE: Self = Self(0);
    pub(super) const ALL: Self = Self(63);
    pub(super) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    pub(super) fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    fn of_type_name(name: &Value) -> Option<Self> {
        Some(match name.as_str()? {
            "null" => Self::NULL,
            "boolean" => Self::BOOLEAN,
            "number" | "integer" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => return None,
        })
    }

    /// The kinds that the keyword `type` names. `None` if it is malformed.
    pub(super) fn of_type(value: &Value) -> Option<Self> {
        match value {
            Value::Array(names) => names.iter().try_fold(Self::NONE, |kinds, name| {
                Some(kinds.union(Self::of_type_name(name)?))
            }),
            name => Self::of_type_name(name),
        }
    }
}

/// The definition that a reference names, and nothing for any other reference.
pub(super) fn referenced<'s>(
    definitions: &'s Map<String, Value>,
    reference: &Value,
) -> Option<&'s Value> {
    definitions.get(reference.as_str()?.strip_prefix("#/$defs/")?)
}

/// The most schemas that are looked at to answer one question about a schema.
const SCHEMAS_MAX: u32 = 256;

/// The kinds that a schema may admit: never fewer than it does.
pub(super) fn admitted_kinds(definitions: &Map<String, Value>, schema: &Value) -> KindSet {
    let mut schemas_left = SCHEMAS_MAX;
    kinds_within(definitions, schema, &mut schemas_left)
}

fn kinds_within(
    definitions: &Map<String, Value>,
    schema: &Value,
    schemas_left: &mut u32,
) -> KindSet {
    let keywords = match schema {
        Value::Bool(false) => return KindSet::NONE,
        Value::Object(keywords) if *schemas_left > 0 => keywords,
        _ => return KindSet::ALL,
    };
    *schemas_left -= 1;
    let mut kinds = KindSet::ALL;
    for (keyword, value) in keywords {
        let admitted = match (keyword.as_str(), value) {
            ("type", value) => KindSet::of_type(value).unwrap_or(KindSet::ALL),
            ("const", value) => KindSet::of_value(value),
            ("enum", Value::Array(values)) => union(values.iter().map(KindSet::of_value)),
            ("$ref", reference) => referenced(definitions, reference)
                .map_or(KindSet::ALL, |target| {
                    kinds_within(definitions, target, schemas_left)
                }),
            ("allOf", Value::Array(schemas)) => {
                schemas.iter().fold(KindSet::ALL, |kinds, schema| {
                    kinds.intersection(kinds_within(definitions, schema, schemas_left))
                })
            }
            ("anyOf" | "oneOf", Value::Array(schemas)) => union(
                schemas
                    .iter()
                    .map(|schema| kinds_within(definitions, schema, schemas_left)),
            ),
            _ => KindSet::ALL,
        };
        kinds = kinds.intersection(admitted);
    }
    kinds
}

fn union(kinds: impl Iterator<Item = KindSet>) -> KindSet {
    kinds.fold(KindSet::NONE, KindSet::union)
}
