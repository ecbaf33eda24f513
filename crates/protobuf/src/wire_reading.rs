//! Reads messages in the wire format, as parsers of Protobuf do (Protocol Buffers, Encoding; Updating A
//! Message Type).
//!
//! - A field whose number or wire type is not known is skipped.
//! - An integer that does not fit is truncated, as a cast in C++ does.
//! - Of several values of a field that has one, the last counts; messages are merged.
//! - Lists are read packed and unpacked, whatever the schema says.
//! - An unknown number of a closed enumeration is an unknown field.
//!
//! A text that is not UTF-8, a missing required field and malformed bytes are errors.

use std::collections::BTreeMap;

use crate::protobuf_schema::{
    FieldCardinality, ProtobufField, ProtobufMessage, ProtobufSchema, ProtobufType, ScalarType,
    WireType,
};
use crate::wire_value::{WireMessage, WireValue};

/// How deep messages may be nested, as in most parsers.
const DEPTH_MAX: usize = 100;

/// Reads a message.
///
/// # Errors
/// Why the bytes are refused.
pub(crate) fn read_message(
    schema: &ProtobufSchema,
    message: usize,
    bytes: &[u8],
) -> Result<WireMessage, String> {
    let reading = WireReading { schema };
    reading.message(message, bytes, 0)
}

/// A field as it was written.
struct WrittenValue<'b> {
    number: u32,
    wire_type: WireType,
    /// The number, if it is one.
    integer: u64,
    /// What is between the lengths or the tags.
    bytes: &'b [u8],
}

struct WireReading<'s> {
    schema: &'s ProtobufSchema,
}

impl WireReading<'_> {
    fn message(&self, message: usize, bytes: &[u8], depth: usize) -> Result<WireMessage, String> {
        if depth > DEPTH_MAX {
            return Err(format!("more than {DEPTH_MAX} messages are nested"));
        }
        let message = &self.schema.messages[message];
        let mut values = WireMessage::new();
        // What is written of messages that a field has one of: together it is the merged message.
        let mut parts: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = next_value(&mut rest)?;
            let Some(field) = message.field(written.number) else {
                continue;
            };
            let is_part = self.add(field, &written, &mut values, &mut parts, depth)?;
            if is_part && let Some(oneof) = field.oneof {
                let others = message.fields.iter();
                let others = others.filter(|other| other.oneof == Some(oneof));
                for other in others.filter(|other| other.number != field.number) {
                    values.remove(&other.number);
                    parts.remove(&other.number);
                }
            }
        }
        for (number, bytes) in parts {
            let field = message.field(number).map(|field| field.value_type);
            if let Some(ProtobufType::Message(inner) | ProtobufType::Group(inner)) = field {
                let inner = self.message(inner, &bytes, depth + 1)?;
                values.insert(number, vec![WireValue::Message(inner)]);
            }
        }
        missing_field(message, &values)?;
        Ok(values)
    }

    /// Adds what was written of a field. Returns whether it is the field at all.
    fn add(
        &self,
        field: &ProtobufField,
        written: &WrittenValue<'_>,
        values: &mut WireMessage,
        parts: &mut BTreeMap<u32, Vec<u8>>,
        depth: usize,
    ) -> Result<bool, String> {
        let value_type = field.value_type;
        let is_packed = field.is_repeated()
            && value_type.is_packable()
            && written.wire_type == WireType::Delimited;
        if is_packed {
            let list = values.entry(field.number).or_default();
            let mut rest = written.bytes;
            while !rest.is_empty() {
                let integer = next_number(value_type.wire_type(), &mut rest)?;
                list.extend(self.number(value_type, integer));
            }
            return Ok(true);
        }
        if written.wire_type != value_type.wire_type() {
            return Ok(false);
        }
        let value = match value_type {
            ProtobufType::Message(inner) | ProtobufType::Group(inner) => {
                if !field.is_repeated() {
                    parts.entry(field.number).or_default().extend(written.bytes);
                    return Ok(true);
                }
                WireValue::Message(self.message(inner, written.bytes, depth + 1)?)
            }
            ProtobufType::Scalar(ScalarType::Bytes) => WireValue::Bytes(written.bytes.to_vec()),
            ProtobufType::Scalar(ScalarType::String) => {
                let text = std::str::from_utf8(written.bytes);
                text.map_err(|_| format!("{} is not UTF-8", field.name))?;
                WireValue::Bytes(written.bytes.to_vec())
            }
            ProtobufType::Scalar(_) | ProtobufType::Enum(_) => {
                match self.number(value_type, written.integer) {
                    Some(value) => value,
                    None => return Ok(false),
                }
            }
        };
        if field.is_repeated() {
            values.entry(field.number).or_default().push(value);
        } else {
            values.insert(field.number, vec![value]);
        }
        Ok(true)
    }

    /// What a number means. `None` if a closed enumeration does not have it.
    fn number(&self, value_type: ProtobufType, raw: u64) -> Option<WireValue> {
        let low = low_half(raw);
        let scalar = match value_type {
            ProtobufType::Enum(number) => {
                let known = &self.schema.enums[number];
                let value = i32::from_le_bytes(low.to_le_bytes());
                let is_known = known.values.iter().any(|(_, own)| *own == value);
                let is_taken = is_known || !known.is_closed;
                return is_taken.then_some(WireValue::Integer(i128::from(value)));
            }
            ProtobufType::Scalar(scalar) => scalar,
            ProtobufType::Message(_) | ProtobufType::Group(_) => return None,
        };
        let signed = i64::from_le_bytes(raw.to_le_bytes());
        let signed_low = i32::from_le_bytes(low.to_le_bytes());
        Some(match scalar {
            ScalarType::Double => WireValue::Float(f64::from_bits(raw)),
            ScalarType::Float => WireValue::Float(f64::from(f32::from_bits(low))),
            ScalarType::Int32 | ScalarType::Sfixed32 => WireValue::Integer(signed_low.into()),
            ScalarType::Int64 | ScalarType::Sfixed64 => WireValue::Integer(signed.into()),
            ScalarType::Uint32 | ScalarType::Fixed32 => WireValue::Integer(low.into()),
            ScalarType::Uint64 | ScalarType::Fixed64 => WireValue::Integer(raw.into()),
            ScalarType::Sint32 => WireValue::Integer(zigzag(low.into())),
            ScalarType::Sint64 => WireValue::Integer(zigzag(raw)),
            ScalarType::Bool => WireValue::Integer(i128::from(raw != 0)),
            ScalarType::String | ScalarType::Bytes => return None,
        })
    }
}

fn zigzag(raw: u64) -> i128 {
    let half = i128::from(raw >> 1);
    if raw & 1 == 0 { half } else { -half - 1 }
}

/// The lower 32 bits.
fn low_half(raw: u64) -> u32 {
    let [a, b, c, d, ..] = raw.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

fn missing_field(message: &ProtobufMessage, values: &WireMessage) -> Result<(), String> {
    let mut required = message.fields.iter();
    let missing = required.find(|field| {
        field.cardinality == FieldCardinality::Required && !values.contains_key(&field.number)
    });
    match missing {
        Some(field) => Err(format!("{} is required, and is missing", field.name)),
        None => Ok(()),
    }
}

fn next_varint(rest: &mut &[u8]) -> Result<u64, String> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let (byte, after) = rest.split_first().ok_or("the bytes end in a number")?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number has more than ten bytes".to_owned())
}

fn next_bytes<'b>(rest: &mut &'b [u8], length: u64) -> Result<&'b [u8], String> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let split = rest.split_at_checked(length);
    let (bytes, after) = split.ok_or("the bytes end before their length")?;
    *rest = after;
    Ok(bytes)
}

/// A number of a wire type.
fn next_number(wire_type: WireType, rest: &mut &[u8]) -> Result<u64, String> {
    let length = match wire_type {
        WireType::Fixed64 => 8,
        WireType::Fixed32 => 4,
        WireType::Varint | WireType::Delimited | WireType::Group => return next_varint(rest),
    };
    let mut bytes = [0; 8];
    bytes[..length].copy_from_slice(next_bytes(rest, length as u64)?);
    Ok(u64::from_le_bytes(bytes))
}

fn next_tag(rest: &mut &[u8]) -> Result<(u32, u64), String> {
    let tag = next_varint(rest)?;
    let number = u32::try_from(tag >> 3).unwrap_or(0);
    if number == 0 || number >= 1 << 29 {
        return Err("a field has no valid number".to_owned());
    }
    Ok((number, tag & 7))
}

fn next_value<'b>(rest: &mut &'b [u8]) -> Result<WrittenValue<'b>, String> {
    let (number, bits) = next_tag(rest)?;
    let wire_type = match bits {
        0 => WireType::Varint,
        1 => WireType::Fixed64,
        2 => WireType::Delimited,
        3 => WireType::Group,
        5 => WireType::Fixed32,
        _ => return Err("a field has a wire type that does not exist".to_owned()),
    };
    let (integer, bytes): (u64, &[u8]) = match wire_type {
        WireType::Varint | WireType::Fixed64 | WireType::Fixed32 => {
            (next_number(wire_type, rest)?, &[])
        }
        WireType::Delimited => {
            let length = next_varint(rest)?;
            (0, next_bytes(rest, length)?)
        }
        WireType::Group => (0, group_bytes(number, rest)?),
    };
    Ok(WrittenValue {
        number,
        wire_type,
        integer,
        bytes,
    })
}

/// What stands between the tags of a group.
fn group_bytes<'b>(number: u32, rest: &mut &'b [u8]) -> Result<&'b [u8], String> {
    let all = *rest;
    let mut open = vec![number];
    while let Some(innermost) = open.last().copied() {
        let inner = all.len() - rest.len();
        match next_tag(rest)? {
            (number, 4) if number == innermost => {
                open.pop();
                if open.is_empty() {
                    return Ok(&all[..inner]);
                }
            }
            (number, 3) if open.len() <= DEPTH_MAX => open.push(number),
            (_, 0) => {
                next_varint(rest)?;
            }
            (_, 1) => {
                next_bytes(rest, 8)?;
            }
            (_, 2) => {
                let length = next_varint(rest)?;
                next_bytes(rest, length)?;
            }
            (_, 5) => {
                next_bytes(rest, 4)?;
            }
            _ => return Err("a group does not end where it should".to_owned()),
        }
    }
    Err("a group does not end".to_owned())
}
