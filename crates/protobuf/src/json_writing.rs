//! Writes messages as ProtoJSON (Protocol Buffers, ProtoJSON Format).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::protobuf_schema::{ProtobufSchema, ProtobufType, ScalarType};
use crate::well_known::SPECIAL_MESSAGES;
use crate::wire_value::{WireMessage, WireValue};

/// A message as JSON.
pub(crate) fn json_of(schema: &ProtobufSchema, message: usize, values: &WireMessage) -> Value {
    let message = &schema.messages[message];
    if values.is_empty()
        && let Some(empty) = special_empty(&message.name)
    {
        return empty;
    }
    let mut object = Map::new();
    for field in &message.fields {
        let Some(list) = values.get(&field.number) else {
            continue;
        };
        let written = match (map_entry(schema, field.value_type), list.first()) {
            (Some(entry), _) => map_of(schema, entry, list),
            (None, _) if field.is_repeated() => {
                let elements = list.iter();
                let elements = elements.map(|value| json_value(schema, field.value_type, value));
                Value::Array(elements.collect())
            }
            (None, Some(value)) => json_value(schema, field.value_type, value),
            (None, None) => continue,
        };
        object.insert(field.json_name.clone(), written);
    }
    Value::Object(object)
}

/// What an empty message of a well-known type is in JSON. `None` for other messages.
pub(crate) fn special_empty(name: &str) -> Option<Value> {
    let mut special = SPECIAL_MESSAGES.iter();
    let (_, text) = special.find(|(own, _)| *own == name)?;
    serde_json::from_str(text).ok()
}

/// The number of the entry of a map, if a type is one.
pub(crate) fn map_entry(schema: &ProtobufSchema, value_type: ProtobufType) -> Option<usize> {
    match value_type {
        ProtobufType::Message(entry) if schema.messages[entry].is_map_entry => Some(entry),
        ProtobufType::Message(_)
        | ProtobufType::Group(_)
        | ProtobufType::Scalar(_)
        | ProtobufType::Enum(_) => None,
    }
}

fn map_of(schema: &ProtobufSchema, entry: usize, list: &[WireValue]) -> Value {
    let part = |values: &WireMessage, number: u32| {
        let field = schema.messages[entry].field(number)?;
        let value = values.get(&number)?.first()?;
        Some(json_value(schema, field.value_type, value))
    };
    let entries = list.iter().filter_map(WireValue::as_message);
    let members = entries.map(|values| {
        let key = match part(values, 1) {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        (key, part(values, 2).unwrap_or(Value::Null))
    });
    Value::Object(members.collect())
}

fn json_value(schema: &ProtobufSchema, value_type: ProtobufType, value: &WireValue) -> Value {
    match (value_type, value) {
        (
            ProtobufType::Message(number) | ProtobufType::Group(number),
            WireValue::Message(values),
        ) => json_of(schema, number, values),
        (_, WireValue::Message(_)) => Value::Null,
        (ProtobufType::Enum(number), WireValue::Integer(integer)) => {
            let names = schema.enums[number].names_of(*integer);
            names
                .first()
                .map_or_else(|| integer_of(*integer), |name| json!(name))
        }
        (ProtobufType::Scalar(ScalarType::Bool), WireValue::Integer(integer)) => {
            json!(*integer != 0)
        }
        (
            ProtobufType::Scalar(
                ScalarType::Int64
                | ScalarType::Uint64
                | ScalarType::Sint64
                | ScalarType::Fixed64
                | ScalarType::Sfixed64,
            ),
            WireValue::Integer(integer),
        ) => json!(integer.to_string()),
        (_, WireValue::Integer(integer)) => integer_of(*integer),
        (ProtobufType::Scalar(ScalarType::Bytes), WireValue::Bytes(bytes)) => {
            json!(STANDARD.encode(bytes))
        }
        (_, WireValue::Bytes(bytes)) => json!(String::from_utf8_lossy(bytes)),
        (_, WireValue::Float(float)) if float.is_nan() => json!("NaN"),
        (_, WireValue::Float(float)) if float.is_infinite() => {
            json!(if *float > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            })
        }
        (_, WireValue::Float(float)) => json!(float),
    }
}

fn integer_of(integer: i128) -> Value {
    i64::try_from(integer).map_or_else(|_| json!(integer.to_string()), |small| json!(small))
}
