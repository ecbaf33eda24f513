//! Which values of one type a field of another type does not read as they were written.

use crate::evolution_search::{
    EvolutionSearch, ProtobufEncoding, ProtobufLoss, ProtobufMeaning, TypeBreak,
};
use crate::json_writing::special_empty;
use crate::protobuf_schema::{ProtobufEnum, ProtobufType, ScalarType, WireType};
use crate::wire_value::WireValue;

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NumberFamily {
    /// The integers, truth values and enumerations that the wire format reads alike.
    Varint,
    Zigzag,
    Fixed32,
    Fixed64,
    Float,
    Double,
}

impl EvolutionSearch<'_> {
    /// Compares the type that is written with the one that is read.
    pub(crate) fn types(&mut self, written: ProtobufType, read: ProtobufType) -> Vec<TypeBreak> {
        let is_json = self.encoding == ProtobufEncoding::Json;
        match (written, read) {
            (ProtobufType::Enum(own), ProtobufType::Enum(other)) => {
                let enums = (&self.writer.enums[own], &self.reader.enums[other]);
                return enum_evolution(self, enums.0, enums.1);
            }
            (ProtobufType::Message(own), ProtobufType::Message(other))
            | (ProtobufType::Group(own), ProtobufType::Group(other)) => {
                return message_evolution(self, own, other);
            }
            // JSON has no groups.
            (
                ProtobufType::Message(own) | ProtobufType::Group(own),
                ProtobufType::Message(other) | ProtobufType::Group(other),
            ) if is_json => return message_evolution(self, own, other),
            _ => {}
        }
        let found = if is_json {
            json_evolution(self, written, read)
        } else if written.wire_type() != read.wire_type() {
            Some((sample(self, written), ProtobufLoss::Unreadable))
        } else if written.wire_type() == WireType::Delimited {
            delimited_evolution(self, written, read)
        } else {
            number_evolution(self, written, read)
        };
        let Some((Some(value), loss)) = found else {
            return Vec::new();
        };
        let (one, other) = (self.writer.name_of(written), self.reader.name_of(read));
        let what = match loss {
            ProtobufLoss::Unreadable => "",
            ProtobufLoss::Narrowed => ", which does not have all its values",
        };
        vec![TypeBreak {
            reason: format!("{one} is written, and {other} is read{what}"),
            ..TypeBreak::of(vec![value], loss)
        }]
    }
}

/// A value that shows a break, if there is one, and how much is lost.
type ShownBreak = Option<(Option<WireValue>, ProtobufLoss)>;

fn sample(search: &EvolutionSearch<'_>, value_type: ProtobufType) -> Option<WireValue> {
    search.writer.sample_value(value_type)
}

fn message_evolution(search: &mut EvolutionSearch<'_>, own: usize, other: usize) -> Vec<TypeBreak> {
    let (writer, reader) = (search.writer, search.reader);
    let (one, two) = (&writer.messages[own], &reader.messages[other]);
    if search.encoding == ProtobufEncoding::Json {
        if one.is_map_entry != two.is_map_entry {
            let value = sample(search, ProtobufType::Message(own));
            return vec![TypeBreak {
                reason: "a map is written as an object, and a list of messages as a list"
                    .to_owned(),
                ..TypeBreak::of(value.into_iter().collect(), ProtobufLoss::Unreadable)
            }];
        }
        let is_special = |name: &str| special_empty(name).is_some();
        if is_special(&one.name) || is_special(&two.name) {
            if one.name != two.name {
                let names = format!("{} and {} in JSON", one.name, two.name);
                search.unknown.insert(names);
            }
            return Vec::new();
        }
    }
    let found = search.messages(own, other).into_iter();
    let found = found.map(|inner| TypeBreak {
        path: inner.path,
        pointer: inner.pointer,
        reason: inner.reason,
        ..TypeBreak::of(vec![WireValue::Message(inner.values)], inner.loss)
    });
    found.collect()
}

/// The values of an enumeration that a reader does not know, and those that it knows by other names.
fn enum_evolution(
    search: &mut EvolutionSearch<'_>,
    own: &ProtobufEnum,
    other: &ProtobufEnum,
) -> Vec<TypeBreak> {
    let mut found = Vec::new();
    for (name, number) in &own.values {
        let number = i128::from(*number);
        let names = other.names_of(number);
        let is_named = names
            .iter()
            .any(|known| own.names_of(number).contains(known));
        let is_refused = match search.encoding {
            ProtobufEncoding::Binary => names.is_empty() && other.is_closed,
            // An alias is written by the first name of its number.
            ProtobufEncoding::Json => {
                own.names_of(number).first() == Some(&name.as_str())
                    && !other.values.iter().any(|(known, _)| known == name)
            }
        };
        if is_refused {
            found.push(TypeBreak {
                reason: format!("the reader does not know the value {name}"),
                ..TypeBreak::of(vec![WireValue::Integer(number)], ProtobufLoss::Unreadable)
            });
        } else if !is_named && search.encoding == ProtobufEncoding::Binary {
            search.meanings.insert(ProtobufMeaning {
                place: own.name.clone(),
                written: format!("{number} is {name}"),
                read: match names.first() {
                    Some(known) => format!("{number} is {known}"),
                    None => format!("{number} has no name"),
                },
            });
        }
    }
    found
}

/// Texts, bytes and messages.
fn delimited_evolution(
    search: &EvolutionSearch<'_>,
    written: ProtobufType,
    read: ProtobufType,
) -> ShownBreak {
    const BYTES: ProtobufType = ProtobufType::Scalar(ScalarType::Bytes);
    if read == BYTES || written == read {
        return None;
    }
    let value = match written {
        // Neither a text in UTF-8 nor a message.
        BYTES => Some(WireValue::Bytes(vec![0xff])),
        _ => sample(search, written),
    };
    Some((value, ProtobufLoss::Unreadable))
}

fn number_evolution(
    search: &EvolutionSearch<'_>,
    written: ProtobufType,
    read: ProtobufType,
) -> ShownBreak {
    if family(written) == family(read) {
        let value = cut_value(search, written, read)?;
        return Some((Some(value), ProtobufLoss::Narrowed));
    }
    let value = match family(written) {
        // Read as 1.
        Some(NumberFamily::Zigzag) => Some(WireValue::Integer(-1)),
        _ => sample(search, written),
    };
    // Zero is zero in every family.
    let value = value.filter(|value| *value != WireValue::Integer(0));
    Some((value, ProtobufLoss::Unreadable))
}

const fn family(value_type: ProtobufType) -> Option<NumberFamily> {
    let ProtobufType::Scalar(scalar) = value_type else {
        return match value_type {
            ProtobufType::Enum(_) => Some(NumberFamily::Varint),
            _ => None,
        };
    };
    match scalar {
        ScalarType::Int32
        | ScalarType::Int64
        | ScalarType::Uint32
        | ScalarType::Uint64
        | ScalarType::Bool => Some(NumberFamily::Varint),
        ScalarType::Sint32 | ScalarType::Sint64 => Some(NumberFamily::Zigzag),
        ScalarType::Fixed32 | ScalarType::Sfixed32 => Some(NumberFamily::Fixed32),
        ScalarType::Fixed64 | ScalarType::Sfixed64 => Some(NumberFamily::Fixed64),
        ScalarType::Float => Some(NumberFamily::Float),
        ScalarType::Double => Some(NumberFamily::Double),
        ScalarType::String | ScalarType::Bytes => None,
    }
}

/// The integers of a type.
fn integers(schema: &crate::ProtobufSchema, value_type: ProtobufType) -> Option<(i128, i128)> {
    match value_type {
        ProtobufType::Scalar(scalar) => scalar.integers(),
        ProtobufType::Enum(number) if schema.enums[number].is_closed => {
            let values = schema.enums[number].values.iter();
            let values: Vec<i128> = values.map(|(_, value)| i128::from(*value)).collect();
            Some((*values.iter().min()?, *values.iter().max()?))
        }
        ProtobufType::Enum(_) => ScalarType::Int32.integers(),
        ProtobufType::Message(_) | ProtobufType::Group(_) => None,
    }
}

/// An integer that can be written and cannot be read.
fn cut_value(
    search: &EvolutionSearch<'_>,
    written: ProtobufType,
    read: ProtobufType,
) -> Option<WireValue> {
    let (first, last) = integers(search.writer, written)?;
    let (least, most) = integers(search.reader, read)?;
    let is_written = |value: i128| {
        let is_known = match written {
            ProtobufType::Enum(number) if search.writer.enums[number].is_closed => {
                !search.writer.enums[number].names_of(value).is_empty()
            }
            _ => true,
        };
        (first..=last).contains(&value) && is_known
    };
    let is_read = |value: i128| {
        let is_known = match read {
            ProtobufType::Enum(number) if search.reader.enums[number].is_closed => {
                !search.reader.enums[number].names_of(value).is_empty()
            }
            _ => true,
        };
        (least..=most).contains(&value) && is_known
    };
    // A closed enumeration can have gaps; a number of it and the next ones are few.
    let near = |end: i128| (0..=1_i128).map(move |step| end + step);
    let own = match written {
        ProtobufType::Enum(number) => {
            let values = search.writer.enums[number].values.iter();
            values.map(|(_, value)| i128::from(*value)).collect()
        }
        _ => Vec::new(),
    };
    let mut values = near(most)
        .chain([least - 1, first, last])
        .chain(own)
        .chain(1..=64);
    let value = values.find(|value| is_written(*value) && !is_read(*value));
    value.map(WireValue::Integer)
}

/// Types without parts in ProtoJSON.
fn json_evolution(
    search: &EvolutionSearch<'_>,
    written: ProtobufType,
    read: ProtobufType,
) -> ShownBreak {
    let is_integer = |value_type| {
        matches!(value_type, ProtobufType::Scalar(scalar)
            if scalar.integers().is_some() && scalar != ScalarType::Bool)
    };
    let is_float = |value_type| {
        let family = family(value_type);
        matches!(family, Some(NumberFamily::Float | NumberFamily::Double))
    };
    let is_small = |value_type| {
        let integers = integers(search.writer, value_type);
        integers.is_some_and(|(first, last)| last - first <= i128::from(u32::MAX))
    };
    let value = match (written, read) {
        _ if written == read => return None,
        _ if is_integer(written) && is_integer(read) => cut_value(search, written, read)?,
        _ if is_integer(written) && is_float(read) => return None,
        _ if is_float(written) && is_integer(read) => WireValue::Float(0.5),
        (ProtobufType::Scalar(ScalarType::Double), ProtobufType::Scalar(ScalarType::Float)) => {
            WireValue::Float(1e300)
        }
        (ProtobufType::Scalar(ScalarType::Float), ProtobufType::Scalar(ScalarType::Double)) => {
            return None;
        }
        // Numbers of an enumeration may be written for its names.
        (_, ProtobufType::Enum(_)) if is_integer(written) && is_small(written) => {
            cut_value(search, written, read)?
        }
        _ => return Some((sample(search, written), ProtobufLoss::Unreadable)),
    };
    Some((Some(value), ProtobufLoss::Unreadable))
}
