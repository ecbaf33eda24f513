//! The smallest value of a type, in the JSON encoding.

use serde_json::{Map, Value, json};

use crate::avro_schema::{AvroSchema, AvroType, NamedAvroShape};

/// A value of a type. `None` if every value would contain itself without end.
pub(crate) fn sample_value(schema: &AvroSchema, data_type: &AvroType) -> Option<Value> {
    sample(schema, data_type, &mut Vec::new())
}

fn sample(schema: &AvroSchema, data_type: &AvroType, open: &mut Vec<usize>) -> Option<Value> {
    Some(match data_type {
        AvroType::Null => Value::Null,
        AvroType::Boolean => json!(false),
        AvroType::Int | AvroType::Long => json!(0),
        AvroType::Float | AvroType::Double => json!(0.5),
        AvroType::Bytes(_) | AvroType::String => json!(""),
        AvroType::Array(_) => json!([]),
        AvroType::Map(_) => json!({}),
        AvroType::Union(branches) => {
            let mut values = branches.iter().filter_map(|branch| {
                let value = sample(schema, branch, open)?;
                Some(in_union(schema, branch, value))
            });
            values.next()?
        }
        AvroType::Named(number) => match &schema.named[*number].shape {
            NamedAvroShape::Enum { symbols, .. } => json!(symbols.first()?),
            NamedAvroShape::Fixed { size, .. } => {
                json!("\0".repeat(usize::try_from(*size).ok()?))
            }
            NamedAvroShape::Record(_) if open.contains(number) => return None,
            NamedAvroShape::Record(fields) => {
                open.push(*number);
                let values: Option<Map<String, Value>> = fields
                    .iter()
                    .map(|field| {
                        let value = sample(schema, &field.data_type, open)?;
                        Some((field.name.clone(), value))
                    })
                    .collect();
                open.pop();
                Value::Object(values?)
            }
        },
    })
}

/// A value of a branch, as a union writes it.
pub(crate) fn in_union(schema: &AvroSchema, branch: &AvroType, value: Value) -> Value {
    match branch {
        AvroType::Null => value,
        _ => json!({ schema.name_of(branch): value }),
    }
}
