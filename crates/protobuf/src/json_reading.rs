//! Reads messages from ProtoJSON (Protocol Buffers, ProtoJSON Format), as parsers do by default.
//!
//! A field has its JSON name or the one in the file. Null stands for a missing value. A name that the message does not
//! have, a number that does not fit and an unknown name of an enumeration are refused. Of well-known
//! types with a form of their own, only the kind of value is judged.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use crate::json_writing::{map_entry, special_empty};
use crate::protobuf_schema::{
    FieldCardinality, ProtobufField, ProtobufMessage, ProtobufSchema, ProtobufType, ScalarType,
};
use crate::wire_value::{WireMessage, WireValue};

/// How deep values may be nested.
const DEPTH_MAX: usize = 100;

/// One way in which a value departs from its schema. Messages quote no values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtobufViolation {
    /// JSON Pointer into the value.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// What is wrong with an event in ProtoJSON; empty if it is valid.
pub fn judge_protobuf(schema: &ProtobufSchema, value: &Value) -> Vec<ProtobufViolation> {
    read_json(schema, value).err().unwrap_or_default()
}

/// Reads an event.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read_json(
    schema: &ProtobufSchema,
    value: &Value,
) -> Result<WireMessage, Vec<ProtobufViolation>> {
    let mut reading = JsonReading {
        schema,
        pointer: String::new(),
        depth: 0,
        found: Vec::new(),
    };
    let message = reading.message(schema.root, value);
    match message.and_then(WireMessageOf::message) {
        Some(message) if reading.found.is_empty() => Ok(message),
        _ => Err(reading.found),
    }
}

/// The message that a value is.
trait WireMessageOf {
    fn message(self) -> Option<WireMessage>;
}

impl WireMessageOf for WireValue {
    fn message(self) -> Option<WireMessage> {
        match self {
            Self::Message(message) => Some(message),
            Self::Integer(_) | Self::Float(_) | Self::Bytes(_) => None,
        }
    }
}

struct JsonReading<'s> {
    schema: &'s ProtobufSchema,
    pointer: String,
    depth: usize,
    found: Vec<ProtobufViolation>,
}

impl JsonReading<'_> {
    fn wrong(&mut self, message: impl Into<String>) {
        self.found.push(ProtobufViolation {
            pointer: self.pointer.clone(),
            message: message.into(),
        });
    }

    /// Reads a value one level below.
    fn below<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        portcullis_json::pointer::push(&mut self.pointer, name);
        let value = read(self);
        self.pointer.truncate(length);
        value
    }

    fn message(&mut self, number: usize, value: &Value) -> Option<WireValue> {
        let message = &self.schema.messages[number];
        if let Some(empty) = special_empty(&message.name) {
            return self.special(message, &empty, value);
        }
        let Some(object) = value.as_object() else {
            self.wrong(format!("expected an object, a message {}", message.name));
            return None;
        };
        self.depth += 1;
        let values = if self.depth > DEPTH_MAX {
            self.wrong(format!("more than {DEPTH_MAX} messages are nested"));
            WireMessage::new()
        } else {
            self.fields(message, object)
        };
        self.depth -= 1;
        Some(WireValue::Message(values))
    }

    fn fields(&mut self, message: &ProtobufMessage, object: &Map<String, Value>) -> WireMessage {
        let mut values = WireMessage::new();
        for (name, value) in object {
            let Some(field) = message.field_of_name(name) else {
                let text = format!("the message {} has no such field", message.name);
                self.below(name, |reading| reading.wrong(text));
                continue;
            };
            let list = self.below(name, |reading| reading.field(field, value));
            if let Some(list) = list {
                values.insert(field.number, list);
            }
        }
        for field in &message.fields {
            let is_missing = !values.contains_key(&field.number);
            if field.cardinality == FieldCardinality::Required && is_missing {
                self.wrong(format!("the field {} is required", field.json_name));
            }
            let others = message.fields.iter().filter(|other| {
                field.oneof.is_some() && other.oneof == field.oneof && other.number > field.number
            });
            for other in others {
                if !is_missing && values.contains_key(&other.number) {
                    let (one, two) = (&field.json_name, &other.json_name);
                    self.wrong(format!(
                        "{one} and {two} are alternatives, and both are set"
                    ));
                }
            }
        }
        values
    }

    /// The values of a field. `None` if it has none.
    fn field(&mut self, field: &ProtobufField, value: &Value) -> Option<Vec<WireValue>> {
        let is_null_value = match field.value_type {
            ProtobufType::Message(number) => {
                self.schema.messages[number].name == "google.protobuf.Value"
            }
            ProtobufType::Scalar(_) | ProtobufType::Enum(_) | ProtobufType::Group(_) => false,
        };
        if value.is_null() && !is_null_value {
            return None;
        }
        if let Some(entry) = map_entry(self.schema, field.value_type) {
            return self.map(entry, value);
        }
        if !field.is_repeated() {
            return self.value(field.value_type, value).map(|value| vec![value]);
        }
        let Some(elements) = value.as_array() else {
            self.wrong("expected a list");
            return None;
        };
        let mut list = Vec::with_capacity(elements.len());
        for (number, element) in elements.iter().enumerate() {
            let read = self.below(&number.to_string(), |reading| {
                reading.value(field.value_type, element)
            });
            list.extend(read);
        }
        Some(list)
    }

    fn map(&mut self, entry: usize, value: &Value) -> Option<Vec<WireValue>> {
        let Some(members) = value.as_object() else {
            self.wrong("expected an object, a map");
            return None;
        };
        let schema = self.schema;
        let types = |number| {
            schema.messages[entry]
                .field(number)
                .map(|field| field.value_type)
        };
        let (key_type, value_type) = (types(1)?, types(2)?);
        let mut list = Vec::new();
        for (key, member) in members {
            self.below(key, |reading| {
                let text = Value::String(key.clone());
                let read = match (key_type, key.as_str()) {
                    (ProtobufType::Scalar(ScalarType::Bool), "true") => Some(WireValue::Integer(1)),
                    (ProtobufType::Scalar(ScalarType::Bool), "false") => {
                        Some(WireValue::Integer(0))
                    }
                    _ => reading.value(key_type, &text),
                };
                let value = reading.value(value_type, member);
                if let (Some(key), Some(value)) = (read, value) {
                    let values = WireMessage::from([(1, vec![key]), (2, vec![value])]);
                    list.push(WireValue::Message(values));
                }
            });
        }
        Some(list)
    }

    fn value(&mut self, value_type: ProtobufType, value: &Value) -> Option<WireValue> {
        let read = match value_type {
            ProtobufType::Message(number) | ProtobufType::Group(number) => {
                return self.message(number, value);
            }
            ProtobufType::Enum(number) => {
                let known = &self.schema.enums[number];
                let named = value.as_str().and_then(|name| {
                    let mut values = known.values.iter();
                    values
                        .find(|(own, _)| own == name)
                        .map(|(_, value)| i128::from(*value))
                });
                let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
                let number = number.map(i128::from);
                let number =
                    number.filter(|number| !known.is_closed || !known.names_of(*number).is_empty());
                named.or(number).map(WireValue::Integer)
            }
            ProtobufType::Scalar(scalar) => scalar_value(scalar, value),
        };
        if read.is_none() {
            let name = self.schema.name_of(value_type).to_owned();
            self.wrong(format!("expected a value of the type {name}"));
        }
        read
    }

    /// A value of a well-known type, which is compared as it is written.
    fn special(
        &mut self,
        message: &ProtobufMessage,
        empty: &Value,
        value: &Value,
    ) -> Option<WireValue> {
        let is_number = |value: &Value| value.is_number() || value.is_string();
        let is_right = match empty {
            Value::Null => true,
            Value::Number(_) => is_number(value),
            Value::String(text) if text == "0" => is_number(value),
            Value::Bool(_) => value.is_boolean(),
            Value::String(_) => value.is_string(),
            Value::Array(_) => value.is_array(),
            Value::Object(_) => value.is_object(),
        };
        if !is_right {
            self.wrong(format!("expected a value of the type {}", message.name));
            return None;
        }
        let text = WireValue::Bytes(value.to_string().into_bytes());
        Some(WireValue::Message(WireMessage::from([(1, vec![text])])))
    }
}

/// Base64 with or without padding. The letters of URLs are replaced before.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn scalar_value(scalar: ScalarType, value: &Value) -> Option<WireValue> {
    match scalar {
        ScalarType::Bool => value.as_bool().map(|one| WireValue::Integer(one.into())),
        ScalarType::String => Some(WireValue::Bytes(value.as_str()?.as_bytes().to_vec())),
        ScalarType::Bytes => {
            let text = value.as_str()?.replace('-', "+").replace('_', "/");
            BASE64.decode(text).ok().map(WireValue::Bytes)
        }
        ScalarType::Double | ScalarType::Float => {
            let number = match value.as_str() {
                Some("NaN") => f64::NAN,
                Some("Infinity") => f64::INFINITY,
                Some("-Infinity") => f64::NEG_INFINITY,
                Some(text) => text
                    .parse()
                    .ok()
                    .filter(|number: &f64| number.is_finite())?,
                None => value.as_f64()?,
            };
            let is_large = number.is_finite() && number.abs() > f64::from(f32::MAX);
            (scalar == ScalarType::Double || !is_large).then_some(WireValue::Float(number))
        }
        ScalarType::Int32
        | ScalarType::Int64
        | ScalarType::Uint32
        | ScalarType::Uint64
        | ScalarType::Sint32
        | ScalarType::Sint64
        | ScalarType::Fixed32
        | ScalarType::Fixed64
        | ScalarType::Sfixed32
        | ScalarType::Sfixed64 => {
            let (first, last) = scalar.integers()?;
            let integer = integer_of(value)?;
            (first..=last)
                .contains(&integer)
                .then_some(WireValue::Integer(integer))
        }
    }
}

/// An integer, which may be written with an exponent or a fraction of zero, and as a text.
fn integer_of(value: &Value) -> Option<i128> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    if let Ok(integer) = text.parse() {
        return Some(integer).filter(|_| !text.starts_with('+'));
    }
    let number: f64 = text.parse().ok()?;
    let is_integer = number.fract() == 0.0 && number.abs() <= 2_f64.powi(63);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is an integer in the range"
    )]
    is_integer.then_some(number as i128)
}
