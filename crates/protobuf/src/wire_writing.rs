//! Writes messages in the wire format (Protocol Buffers, Encoding).

use crate::protobuf_schema::{ProtobufSchema, ProtobufType, ScalarType, WireType};
use crate::wire_value::{WireMessage, WireValue};

/// The bytes of a message. Values that do not fit their fields are left out.
pub(crate) fn write_message(
    schema: &ProtobufSchema,
    message: usize,
    values: &WireMessage,
) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, list) in values {
        let Some(field) = schema.messages[message].field(*number) else {
            continue;
        };
        let value_type = field.value_type;
        if field.is_packed {
            let mut packed = Vec::new();
            for value in list {
                write_value(schema, value_type, value, *number, &mut packed);
            }
            write_tag(*number, WireType::Delimited, &mut out);
            write_bytes(&packed, &mut out);
            continue;
        }
        for value in list {
            write_tag(*number, value_type.wire_type(), &mut out);
            write_value(schema, value_type, value, *number, &mut out);
        }
    }
    out
}

/// The number of a wire type in a tag.
const fn tag_bits(wire_type: WireType) -> u64 {
    match wire_type {
        WireType::Varint => 0,
        WireType::Fixed64 => 1,
        WireType::Delimited => 2,
        WireType::Group => 3,
        WireType::Fixed32 => 5,
    }
}

fn write_tag(number: u32, wire_type: WireType, out: &mut Vec<u8>) {
    write_varint(u64::from(number) << 3 | tag_bits(wire_type), out);
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// The lowest 64 bits of a number, in two's complement.
fn low_bits(value: i128) -> u64 {
    let bytes = value.to_le_bytes();
    let mut low = [0; 8];
    low.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(low)
}

fn write_value(
    schema: &ProtobufSchema,
    value_type: ProtobufType,
    value: &WireValue,
    number: u32,
    out: &mut Vec<u8>,
) {
    match (value_type, value) {
        (ProtobufType::Message(inner), WireValue::Message(values)) => {
            write_bytes(&write_message(schema, inner, values), out);
        }
        (ProtobufType::Group(inner), WireValue::Message(values)) => {
            out.extend(write_message(schema, inner, values));
            write_varint(u64::from(number) << 3 | 4, out);
        }
        (ProtobufType::Scalar(ScalarType::Float), WireValue::Float(float)) => {
            #[expect(clippy::cast_possible_truncation, reason = "a float has 32 bits")]
            let float = *float as f32;
            out.extend(float.to_le_bytes());
        }
        (_, WireValue::Float(float)) => out.extend(float.to_le_bytes()),
        (_, WireValue::Bytes(bytes)) => write_bytes(bytes, out),
        (
            ProtobufType::Scalar(ScalarType::Sint32 | ScalarType::Sint64),
            WireValue::Integer(integer),
        ) => write_varint(low_bits(integer << 1 ^ integer >> 127), out),
        (_, WireValue::Integer(integer)) => match value_type.wire_type() {
            WireType::Fixed64 => out.extend(low_bits(*integer).to_le_bytes()),
            WireType::Fixed32 => out.extend(&low_bits(*integer).to_le_bytes()[..4]),
            WireType::Varint | WireType::Delimited | WireType::Group => {
                write_varint(low_bits(*integer), out);
            }
        },
        (_, WireValue::Message(_)) => {}
    }
}
