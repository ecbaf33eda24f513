//! Judges values in Avro's JSON encoding (Avro 1.12, Encodings, JSON Encoding).
//!
//! A value of a union is null, or an object whose only member has the name of the branch. Bytes are a
//! text whose characters are the bytes.

use serde_json::Value;

use crate::avro_schema::{AvroSchema, AvroType, NamedAvroShape};

/// One way in which a value departs from its schema. Messages quote no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroViolation {
    /// JSON Pointer into the value.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// What is wrong with a value; empty if it is valid.
pub fn judge_avro(schema: &AvroSchema, value: &Value) -> Vec<AvroViolation> {
    let mut judge = AvroValueJudge {
        schema,
        pointer: String::new(),
        found: Vec::new(),
    };
    judge.value(&schema.root, value);
    judge.found
}

/// The branch of a union that a value has, and the value without its name.
pub(crate) fn branch_of<'t, 'v>(
    schema: &AvroSchema,
    branches: &'t [AvroType],
    value: &'v Value,
) -> Option<(&'t AvroType, &'v Value)> {
    if value.is_null() {
        let mut branches = branches.iter();
        let null = branches.find(|branch| **branch == AvroType::Null)?;
        return Some((null, value));
    }
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, inner) = members.iter().next()?;
    let mut branches = branches.iter();
    let branch = branches
        .find(|branch| **branch != AvroType::Null && schema.name_of(branch) == name.as_str())?;
    Some((branch, inner))
}

struct AvroValueJudge<'s> {
    schema: &'s AvroSchema,
    pointer: String,
    found: Vec<AvroViolation>,
}

impl AvroValueJudge<'_> {
    fn value(&mut self, data_type: &AvroType, value: &Value) {
        let is_right = match data_type {
            AvroType::Null => value.is_null(),
            AvroType::Boolean => value.is_boolean(),
            AvroType::Int => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
            AvroType::Long => value.as_i64().is_some(),
            AvroType::Float | AvroType::Double => {
                let special = ["NaN", "Infinity", "-Infinity", "INF", "-INF"];
                value.is_number() || value.as_str().is_some_and(|text| special.contains(&text))
            }
            AvroType::Bytes(_) => value.as_str().is_some_and(is_bytes),
            AvroType::String => value.is_string(),
            AvroType::Array(items) => return self.array(items, value),
            AvroType::Map(values) => return self.map(values, value),
            AvroType::Union(branches) => return self.union(branches, value),
            AvroType::Named(number) => return self.named(*number, value),
        };
        if !is_right {
            let kind = self.schema.name_of(data_type);
            self.wrong(&format!("expected a value of the type {kind}"), value);
        }
    }

    fn array(&mut self, items: &AvroType, value: &Value) {
        let Some(elements) = value.as_array() else {
            return self.wrong("expected an array", value);
        };
        for (number, element) in elements.iter().enumerate() {
            self.below(&number.to_string(), items, element);
        }
    }

    fn map(&mut self, values: &AvroType, value: &Value) {
        let Some(members) = value.as_object() else {
            return self.wrong("expected an object", value);
        };
        for (name, member) in members {
            self.below(name, values, member);
        }
    }

    fn union(&mut self, branches: &[AvroType], value: &Value) {
        match branch_of(self.schema, branches, value) {
            Some((AvroType::Null, _)) => {}
            Some((branch, inner)) => {
                let name = self.schema.name_of(branch).to_owned();
                self.below(&name, branch, inner);
            }
            None => {
                let names = branches.iter().map(|branch| match branch {
                    AvroType::Null => "null".to_owned(),
                    _ => format!("{{\"{}\": …}}", self.schema.name_of(branch)),
                });
                let names: Vec<String> = names.collect();
                self.wrong(&format!("expected one of {}", names.join(", ")), value);
            }
        }
    }

    fn named(&mut self, number: usize, value: &Value) {
        let named = &self.schema.named[number];
        let name = &named.name;
        match &named.shape {
            NamedAvroShape::Enum { symbols, .. } => {
                let symbol = value.as_str();
                if symbol.is_none_or(|symbol| !symbols.iter().any(|known| known == symbol)) {
                    self.wrong(&format!("expected a symbol of {name}"), value);
                }
            }
            NamedAvroShape::Fixed { size, .. } => {
                let bytes = value.as_str().filter(|text| is_bytes(text));
                if bytes.is_none_or(|text| text.chars().count() as u64 != *size) {
                    self.wrong(&format!("expected {size} bytes of {name}"), value);
                }
            }
            NamedAvroShape::Record(fields) => {
                let Some(members) = value.as_object() else {
                    return self.wrong(&format!("expected the record {name}"), value);
                };
                for field in fields {
                    match members.get(&field.name) {
                        Some(member) => self.below(&field.name, &field.data_type, member),
                        None => {
                            let message = format!("the field {} of {name} is missing", field.name);
                            self.add(message);
                        }
                    }
                }
                let is_known = |member: &String| fields.iter().any(|field| field.name == *member);
                let unknown = members.keys().filter(|member| !is_known(member)).count();
                if unknown > 0 {
                    self.add(format!("{unknown} members are unknown to {name}"));
                }
            }
        }
    }

    fn below(&mut self, name: &str, data_type: &AvroType, value: &Value) {
        let length = self.pointer.len();
        portcullis_json::pointer::push(&mut self.pointer, name);
        self.value(data_type, value);
        self.pointer.truncate(length);
    }

    fn wrong(&mut self, expected: &str, value: &Value) {
        self.add(format!("{expected}, found {}", kind_of(value)));
    }

    fn add(&mut self, message: String) {
        let pointer = self.pointer.clone();
        self.found.push(AvroViolation { pointer, message });
    }
}

fn is_bytes(text: &str) -> bool {
    text.chars().all(|c| u32::from(c) < 256)
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
