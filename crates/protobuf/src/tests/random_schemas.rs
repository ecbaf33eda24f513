//! Random schemas and events, by seed: this reader and another one agree about the bytes, and what the
//! comparison calls compatible is read as it was written.

use super::reference_reader;
use super::schema;
use crate::protobuf_schema::{FieldCardinality, ProtobufSchema, ProtobufType, ScalarType};
use crate::wire_reading::read_message;
use crate::wire_value::{WireMessage, WireValue};
use crate::wire_writing::write_message;
use crate::{ProtobufEncoding, compare_protobuf};

const TYPES: [&str; 18] = [
    "double",
    "float",
    "int32",
    "int64",
    "uint32",
    "uint64",
    "sint32",
    "sint64",
    "fixed32",
    "fixed64",
    "sfixed32",
    "sfixed64",
    "bool",
    "string",
    "bytes",
    "N",
    "E",
    "map<string, int32>",
];

/// Types that are replaced by others.
const EDITS: [(&str, &str); 8] = [
    (" int32 f", " int64 f"),
    (" string f", " bytes f"),
    (" bool f", " uint32 f"),
    (" E f", " int32 f"),
    (" N f", " bytes f"),
    (" uint64 f", " int32 f"),
    ("A = 1;", "A = 1; B = 2;"),
    ("{ string x", "{ bytes x"),
];

/// A file with a message `M` of a few fields.
fn random_file(random: &mut fastrand::Rng) -> String {
    let mut fields = String::new();
    let mut is_open = false;
    for number in 1..=random.u32(1..5) {
        let kind = TYPES[random.usize(..TYPES.len())];
        let is_map = kind.starts_with("map");
        if is_open && (is_map || random.bool()) {
            fields.push('}');
            is_open = false;
        } else if !is_open && !is_map && random.u8(0..5) == 0 {
            fields.push_str(&format!("oneof k{number} {{"));
            is_open = true;
        }
        let label = match random.u8(0..4) {
            _ if is_open || is_map => "",
            0 => "repeated ",
            1 => "optional ",
            _ => "",
        };
        fields.push_str(&format!("{label}{kind} f{number} = {number};"));
    }
    if is_open {
        fields.push('}');
    }
    let inner = ["int32", "int64", "string", "bytes"][random.usize(..4)];
    format!(
        "syntax = \"proto3\"; message M {{ {fields} message N {{ {inner} x = 1; }} enum E {{ Z = 0; A = 1; }} }}"
    )
}

fn random_message(
    schema: &ProtobufSchema,
    message: usize,
    random: &mut fastrand::Rng,
) -> WireMessage {
    let mut values = WireMessage::new();
    for field in &schema.messages[message].fields {
        if random.u8(0..4) == 0 && !schema.messages[message].is_map_entry {
            continue;
        }
        if let Some(oneof) = field.oneof {
            let others = schema.messages[message].fields.iter();
            let others = others.filter(|other| other.oneof == Some(oneof));
            others.for_each(|other| {
                values.remove(&other.number);
            });
        }
        let is_map = crate::json_writing::map_entry(schema, field.value_type).is_some();
        let count = if field.is_repeated() && !is_map {
            random.usize(1..4)
        } else {
            1
        };
        let list = (0..count).map(|_| random_value(schema, field.value_type, random));
        let list: Vec<_> = list.collect();
        // The zero value is not written without presence.
        let is_zero = field.cardinality == FieldCardinality::Implicit && is_default(&list[0]);
        if !is_zero {
            values.insert(field.number, list);
        }
    }
    values
}

fn is_default(value: &WireValue) -> bool {
    match value {
        WireValue::Integer(value) => *value == 0,
        WireValue::Float(value) => *value == 0.0,
        WireValue::Bytes(value) => value.is_empty(),
        WireValue::Message(_) => false,
    }
}

fn random_value(
    schema: &ProtobufSchema,
    value_type: ProtobufType,
    random: &mut fastrand::Rng,
) -> WireValue {
    match value_type {
        ProtobufType::Scalar(ScalarType::Double) => {
            WireValue::Float(f64::from(random.i32(..)) / 8.0)
        }
        ProtobufType::Scalar(ScalarType::Float) => {
            WireValue::Float(f64::from(random.i16(..)) / 8.0)
        }
        ProtobufType::Scalar(ScalarType::String) => {
            WireValue::Bytes(["", "a", "é", "\u{1}\u{2}"][random.usize(..4)].into())
        }
        ProtobufType::Scalar(ScalarType::Bytes) => {
            let length = random.usize(..4);
            WireValue::Bytes((0..length).map(|_| random.u8(..)).collect())
        }
        ProtobufType::Scalar(scalar) => {
            let (first, last) = scalar.integers().expect("it is an integer");
            let value = match random.u8(0..4) {
                0 => first,
                1 => last,
                _ => i128::from(random.i8(..)).clamp(first, last),
            };
            WireValue::Integer(value)
        }
        ProtobufType::Enum(_) => WireValue::Integer(i128::from(random.u8(0..3))),
        ProtobufType::Message(number) | ProtobufType::Group(number) => {
            WireValue::Message(random_message(schema, number, random))
        }
    }
}

/// What both readers leave out or not: empty lists, zero values without presence.
fn plain(schema: &ProtobufSchema, message: usize, values: &WireMessage) -> WireMessage {
    let mut found = WireMessage::new();
    for (number, list) in values {
        let Some(field) = schema.messages[message].field(*number) else {
            continue;
        };
        let list = list
            .iter()
            .map(|value| match (field.value_type.message(), value) {
                (Some(inner), WireValue::Message(values)) => {
                    WireValue::Message(plain(schema, inner, values))
                }
                _ => value.clone(),
            });
        let list: Vec<_> = list.collect();
        let is_zero =
            field.cardinality == FieldCardinality::Implicit && list.iter().all(is_default);
        if !is_zero && !list.is_empty() {
            found.insert(*number, list);
        }
    }
    found
}

/// The other reader refuses another wire type, where most ignore the field. It accepts what is left.
#[track_caller]
fn known_fields_are_read(
    own: &ProtobufSchema,
    other: &prost_reflect::MessageDescriptor,
    values: &WireMessage,
) {
    let bytes = write_message(own, own.root, values);
    let read = reference_reader::read(other, &bytes);
    assert!(read.is_ok(), "{bytes:x?}: {read:?}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one population is counted")]
fn both_readers_agree_and_compatible_events_are_read() {
    let (mut compatible, mut refuted, mut refused) = (0, 0, 0);
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let first = random_file(&mut random);
        // Half of the readers differ in one type.
        let second = if random.bool() {
            let (one, other) = EDITS[random.usize(..EDITS.len())];
            first.replacen(one, other, 1)
        } else {
            random_file(&mut random)
        };
        let texts = [first, second];
        let [writer, reader] = [schema(&texts[0]), schema(&texts[1])];
        let [other_writer, other_reader] =
            [&texts[0], &texts[1]].map(|text| reference_reader::message(text, "M"));
        let found = compare_protobuf(&writer, &reader, ProtobufEncoding::Binary);
        for one in &found.breaks {
            assert!(one.outcome.is_some(), "seed {seed}: {one:?}\n{texts:?}");
        }
        for _ in 0..12 {
            let values = random_message(&writer, writer.root, &mut random);
            let bytes = write_message(&writer, writer.root, &values);
            let own = read_message(&writer, writer.root, &bytes).expect("what is written is read");
            assert_eq!(own, values, "seed {seed}\n{}", texts[0]);
            let other = reference_reader::read(&other_writer, &bytes).expect("it reads it");
            let is_map = texts[0].contains("map<");
            if !is_map {
                assert_eq!(
                    plain(&writer, 0, &own),
                    plain(&writer, 0, &other),
                    "seed {seed}"
                );
            }
            let read = read_message(&reader, reader.root, &bytes);
            let other = reference_reader::read(&other_reader, &bytes);
            let is_map = is_map || texts[1].contains("map<");
            match (&read, &other) {
                (Ok(read), Ok(other)) if !is_map => assert_eq!(
                    plain(&reader, 0, read),
                    plain(&reader, 0, other),
                    "seed {seed}\n{texts:?}"
                ),
                (Ok(read), Err(_)) => known_fields_are_read(&reader, &other_reader, read),
                (Err(reason), Ok(_)) => {
                    panic!("seed {seed}: only refused here: {reason}\n{texts:?}")
                }
                _ => {}
            }
            if found.breaks.is_empty() {
                compatible += 1;
                let read = read.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{texts:?}"));
                for field in &reader.messages[reader.root].fields {
                    let Some(source) = writer.messages[writer.root].field(field.number) else {
                        continue;
                    };
                    let is_alike = source.value_type.message().is_none()
                        && field.value_type.message().is_none();
                    let own = values.get(&field.number);
                    if is_alike && own.is_some() {
                        assert_eq!(read.get(&field.number), own, "seed {seed}\n{texts:?}");
                    }
                }
            } else if read.is_err() {
                refused += 1;
            } else {
                refuted += 1;
            }
        }
    }
    // Each kind of case occurs.
    assert!(
        compatible > 300 && refuted > 300 && refused > 20,
        "{compatible} {refuted} {refused}"
    );
}

/// Bytes from outside never make the reader panic, and both readers accept the same ones.
#[test]
fn no_bytes_panic() {
    let text = "syntax = \"proto3\"; message M { int32 a = 1; string b = 2; repeated sint64 c = 3; \
                M m = 4; repeated bytes d = 5; double e = 6; oneof k { bool f = 7; fixed32 g = 8; } }";
    let own = schema(text);
    let other = reference_reader::message(text, "M");
    let mut random = fastrand::Rng::with_seed(3);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let length = random.usize(..14);
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                if random.bool() {
                    random.u8(0..70)
                } else {
                    random.u8(..)
                }
            })
            .collect();
        let read = read_message(&own, own.root, &bytes);
        match reference_reader::read(&other, &bytes) {
            Ok(_) => assert!(read.is_ok(), "{bytes:x?}: {read:?}"),
            Err(_) => {
                if let Ok(values) = &read {
                    known_fields_are_read(&own, &other, values);
                }
            }
        }
        if read.is_ok() {
            accepted += 1;
        } else {
            refused += 1;
        }
    }
    assert!(accepted > 500 && refused > 500, "{accepted} {refused}");
}
