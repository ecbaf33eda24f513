//! Reads a value that was written with one schema as another one, as a consumer does.

use serde_json::Value;

use crate::avro_schema::{AvroSchema, AvroType, NamedAvroShape};
use crate::json_encoding::branch_of;

/// Why a value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnreadableValue;

/// Reads a value of the writer's schema.
pub(crate) fn read_value(
    writer: &AvroSchema,
    reader: &AvroSchema,
    value: &Value,
) -> Result<(), UnreadableValue> {
    let reading = ValueReading { writer, reader };
    reading.value(&writer.root, &reader.root, value)
}

struct ValueReading<'s> {
    writer: &'s AvroSchema,
    reader: &'s AvroSchema,
}

impl ValueReading<'_> {
    fn value(
        &self,
        written: &AvroType,
        read: &AvroType,
        value: &Value,
    ) -> Result<(), UnreadableValue> {
        match (written, read) {
            (AvroType::Union(branches), _) => {
                let branch = branch_of(self.writer, branches, value);
                let (branch, inner) = branch.ok_or(UnreadableValue)?;
                self.value(branch, read, inner)
            }
            (_, AvroType::Union(branches)) => {
                let mut branches = branches.iter();
                let is_read = branches.any(|branch| self.value(written, branch, value).is_ok());
                is_read.then_some(()).ok_or(UnreadableValue)
            }
            (AvroType::Array(written), AvroType::Array(read)) => {
                let mut elements = value.as_array().ok_or(UnreadableValue)?.iter();
                elements.try_for_each(|element| self.value(written, read, element))
            }
            (AvroType::Map(written), AvroType::Map(read)) => {
                let mut members = value.as_object().ok_or(UnreadableValue)?.values();
                members.try_for_each(|member| self.value(written, read, member))
            }
            (AvroType::Named(written), AvroType::Named(read)) => self.named(*written, *read, value),
            _ => {
                let rank = |data_type: &AvroType| match data_type {
                    AvroType::Int => Some(0),
                    AvroType::Long => Some(1),
                    AvroType::Float => Some(2),
                    AvroType::Double => Some(3),
                    _ => None,
                };
                let is_read = match (written, read) {
                    (AvroType::Bytes(Some(one)), AvroType::Bytes(Some(other))) => one == other,
                    (
                        AvroType::Bytes(_) | AvroType::String,
                        AvroType::Bytes(_) | AvroType::String,
                    ) => true,
                    _ => match (rank(written), rank(read)) {
                        (Some(written), Some(read)) => written <= read,
                        _ => written == read,
                    },
                };
                is_read.then_some(()).ok_or(UnreadableValue)
            }
        }
    }

    fn named(&self, written: usize, read: usize, value: &Value) -> Result<(), UnreadableValue> {
        let (own, other) = (&self.writer.named[written], &self.reader.named[read]);
        if !other.is_named_as(own) {
            return Err(UnreadableValue);
        }
        let is_read = match (&own.shape, &other.shape) {
            (NamedAvroShape::Record(fields), NamedAvroShape::Record(wanted)) => {
                for field in wanted {
                    let names = std::iter::once(&field.name).chain(&field.aliases);
                    let mut names = names.filter_map(|name| {
                        let own = fields.iter().find(|own| own.name == *name)?;
                        Some((own, value.get(name)?))
                    });
                    match names.next() {
                        Some((own, member)) => {
                            self.value(&own.data_type, &field.data_type, member)?;
                        }
                        None if field.default.is_some() => {}
                        None => return Err(UnreadableValue),
                    }
                }
                true
            }
            (
                NamedAvroShape::Enum { .. },
                NamedAvroShape::Enum {
                    symbols, default, ..
                },
            ) => {
                let symbol = value.as_str().unwrap_or_default();
                default.is_some() || symbols.iter().any(|known| known == symbol)
            }
            (
                NamedAvroShape::Fixed { size, decimal },
                NamedAvroShape::Fixed {
                    size: other,
                    decimal: wanted,
                },
            ) => size == other && decimal.zip(*wanted).is_none_or(|(one, other)| one == other),
            _ => false,
        };
        is_read.then_some(()).ok_or(UnreadableValue)
    }
}
