//! The values of an event, apart from how they are written.
//!
//! Types that share an encoding share a kind of value, so what two schemas read from the same bytes can
//! be compared.

use std::collections::BTreeMap;

use crate::protobuf_schema::{
    FieldCardinality, ProtobufField, ProtobufMessage, ProtobufSchema, ProtobufType, ScalarType,
};

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum WireValue {
    /// An integer, a truth value or the number of an enumeration.
    Integer(i128),
    /// A floating-point number.
    Float(f64),
    /// A text or bytes.
    Bytes(Vec<u8>),
    /// A message.
    Message(WireMessage),
}

/// The values of the fields of a message, by their numbers.
pub(crate) type WireMessage = BTreeMap<u32, Vec<WireValue>>;

/// The most messages of a sample. Messages that require themselves have no value.
const MESSAGES_MAX: usize = 500;

/// How deep samples go.
const DEPTH_MAX: usize = 32;

impl PartialEq for WireValue {
    /// Not a number is equal to itself.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(one), Self::Integer(two)) => one == two,
            (Self::Float(one), Self::Float(two)) => one.to_bits() == two.to_bits(),
            (Self::Bytes(one), Self::Bytes(two)) => one == two,
            (Self::Message(one), Self::Message(two)) => one == two,
            _ => false,
        }
    }
}

impl WireValue {
    /// The message, if it is one.
    pub(crate) fn as_message(&self) -> Option<&WireMessage> {
        match self {
            Self::Message(message) => Some(message),
            Self::Integer(_) | Self::Float(_) | Self::Bytes(_) => None,
        }
    }
}

impl ProtobufSchema {
    /// The smallest message: its required fields with ordinary values. The entry of a map has both parts.
    /// `None` if it does not exist or is large.
    pub(crate) fn sample_message(&self, message: usize) -> Option<WireMessage> {
        self.message_sample(&self.messages[message], 0, &mut 0)
    }

    /// An ordinary value of a type, which is not its default.
    pub(crate) fn sample_value(&self, value_type: ProtobufType) -> Option<WireValue> {
        self.value_sample(value_type, 0, &mut 0)
    }

    fn message_sample(
        &self,
        message: &ProtobufMessage,
        depth: usize,
        count: &mut usize,
    ) -> Option<WireMessage> {
        *count += 1;
        if depth > DEPTH_MAX || *count > MESSAGES_MAX {
            return None;
        }
        let is_written = |field: &&ProtobufField| {
            field.cardinality == FieldCardinality::Required || message.is_map_entry
        };
        let fields = message.fields.iter().filter(is_written);
        let values = fields.map(|field| {
            let value = self.value_sample(field.value_type, depth + 1, count)?;
            Some((field.number, vec![value]))
        });
        values.collect()
    }

    fn value_sample(
        &self,
        value_type: ProtobufType,
        depth: usize,
        count: &mut usize,
    ) -> Option<WireValue> {
        Some(match value_type {
            ProtobufType::Scalar(ScalarType::Double | ScalarType::Float) => WireValue::Float(1.0),
            ProtobufType::Scalar(ScalarType::String | ScalarType::Bytes) => {
                WireValue::Bytes(b"a".to_vec())
            }
            ProtobufType::Scalar(_) => WireValue::Integer(1),
            ProtobufType::Enum(number) => {
                let values = &self.enums[number].values;
                let other = values.iter().find(|(_, value)| *value != 0);
                let (_, value) = other.or(values.first())?;
                WireValue::Integer(i128::from(*value))
            }
            ProtobufType::Message(number) | ProtobufType::Group(number) => {
                WireValue::Message(self.message_sample(&self.messages[number], depth, count)?)
            }
        })
    }
}
