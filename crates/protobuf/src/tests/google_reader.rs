//! Google's own library reads the events that show breaks, and others that show none. It is the only
//! other reader that knows required fields and closed enumerations.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::reference_reader::compile;
use super::schema;
use crate::protobuf_schema::ProtobufSchema;
use crate::wire_value::WireMessage;
use crate::wire_writing::write_message;
use crate::{ProtobufEncoding, compare_protobuf};

const CLOSED: &str = "enum E { Z = 0; A = 1; } optional E a = 1;";

/// The syntax, and bodies of the event by its writer and by its reader.
const PAIRS: [(&str, &str, &str); 36] = [
    ("proto2", "optional int32 a = 1;", "required int32 a = 1;"),
    ("proto2", "required int32 a = 1;", "optional int32 a = 1;"),
    ("proto2", "optional int32 b = 2;", "required int32 a = 1;"),
    (
        "proto2",
        "message N { optional int32 x = 1; } optional N n = 1;",
        "message N { required int32 x = 1; } optional N n = 1;",
    ),
    ("proto2", CLOSED, "enum E { Z = 0; } optional E a = 1;"),
    (
        "proto2",
        CLOSED,
        "enum E { Z = 0; A = 1; B = 2; } optional E a = 1;",
    ),
    ("proto2", "optional int32 a = 1;", CLOSED),
    ("proto2", "repeated int32 a = 1;", "optional int32 a = 1;"),
    ("proto2", "optional int32 a = 1;", "repeated int32 a = 1;"),
    (
        "proto2",
        "optional group G = 1 { optional int32 x = 1; }",
        "optional group H = 1 { optional sint32 x = 1; }",
    ),
    (
        "proto2",
        "optional group G = 1 { optional int32 x = 1; }",
        "message N { optional int32 x = 1; } optional N g = 1;",
    ),
    ("proto3", "int32 a = 1;", "int64 a = 1;"),
    ("proto3", "int64 a = 1;", "int32 a = 1;"),
    ("proto3", "int32 a = 1;", "uint32 a = 1;"),
    ("proto3", "int64 a = 1;", "bool a = 1;"),
    ("proto3", "sint32 a = 1;", "int32 a = 1;"),
    ("proto3", "sint64 a = 1;", "sint32 a = 1;"),
    ("proto3", "fixed32 a = 1;", "sfixed32 a = 1;"),
    ("proto3", "fixed32 a = 1;", "float a = 1;"),
    ("proto3", "float a = 1;", "double a = 1;"),
    ("proto3", "string a = 1;", "int32 a = 1;"),
    ("proto3", "string a = 1;", "bytes a = 1;"),
    ("proto3", "bytes a = 1;", "string a = 1;"),
    (
        "proto3",
        "bytes a = 1;",
        "message N { int32 x = 1; } N a = 1;",
    ),
    ("proto3", "string a = 1;", "repeated string a = 1;"),
    ("proto3", "repeated string a = 1;", "string a = 1;"),
    ("proto3", "repeated int32 a = 1;", "int32 a = 1;"),
    (
        "proto3",
        "repeated int32 a = 1;",
        "repeated int32 a = 1 [packed = false];",
    ),
    ("proto3", "repeated int32 a = 1;", "repeated sint32 a = 1;"),
    (
        "proto3",
        "map<string, int32> a = 1;",
        "map<string, int64> a = 1;",
    ),
    (
        "proto3",
        "map<string, int32> a = 1;",
        "map<string, sint32> a = 1;",
    ),
    (
        "proto3",
        "map<string, int32> a = 1;",
        "message E { string key = 1; int32 value = 2; } repeated E a = 1;",
    ),
    (
        "proto3",
        "int32 a = 1; int32 b = 2;",
        "oneof k { int32 a = 1; int32 b = 2; }",
    ),
    (
        "proto3",
        "oneof k { int32 a = 1; int32 b = 2; }",
        "int32 a = 1; int32 b = 2;",
    ),
    (
        "proto3",
        "enum E { Z = 0; A = 1; } E a = 1;",
        "enum E { Z = 0; } E a = 1;",
    ),
    (
        "proto3",
        "enum E { Z = 0; A = 1; } E a = 1;",
        "int32 a = 1;",
    ),
];

/// An event with an ordinary value in every field.
fn whole_event(schema: &ProtobufSchema) -> Vec<u8> {
    let mut values = WireMessage::new();
    for field in &schema.messages[schema.root].fields {
        let value = schema
            .sample_value(field.value_type)
            .expect("it has values");
        let others = field.oneof.is_some();
        if !others || values.is_empty() {
            values.insert(field.number, vec![value]);
        }
    }
    write_message(schema, schema.root, &values)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
#[cfg_attr(
    not(has_python_protobuf),
    ignore = "SKIPPED: the library protobuf of Python is missing; .ci/run installs it"
)]
fn googles_library_reads_the_same() {
    let (mut cases, mut expected) = (String::new(), Vec::new());
    for (syntax, written, read) in PAIRS {
        let texts =
            [written, read].map(|body| format!("syntax = \"{syntax}\"; message M {{ {body} }}"));
        let [writer, reader] = [schema(&texts[0]), schema(&texts[1])];
        let [own, other] = [&texts[0], &texts[1]]
            .map(|text| hexadecimal(&compile(text).expect("it compiles").encode_to_vec()));
        let found = compare_protobuf(&writer, &reader, ProtobufEncoding::Binary);
        for one in &found.breaks {
            cases.push_str(&format!("{own} {other} {}\n", one.bytes));
            expected.push((format!("{written} → {read}: {one:?}"), true));
        }
        if found.breaks.is_empty() {
            let bytes = hexadecimal(&whole_event(&writer));
            cases.push_str(&format!("{own} {other} {bytes}\n"));
            expected.push((format!("{written} → {read}"), false));
        }
    }
    let tools = PathBuf::from(std::env::var("PORTCULLIS_TEST_TOOLS").expect("it is set"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/google_reader.py");
    let mut python = Command::new(tools.join("bin/python"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut input = python.stdin.take().expect("it is piped");
    input.write_all(cases.as_bytes()).expect("it reads");
    drop(input);
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).expect("it is text");
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), expected.len());
    for ((case, is_break), answer) in expected.iter().zip(&answers) {
        assert_eq!(*answer != "same", *is_break, "{answer}: {case}");
    }
    let same = answers.iter().filter(|answer| **answer == "same").count();
    assert!(same >= 8 && answers.len() - same >= 20, "{answers:?}");
}
