//! Files that are right or wrong, by this reader and by another compiler.

use super::reference_reader::compile;
use crate::{ProtobufReading, read_protobuf};

/// What is wrong with a file; empty if it is right.
fn faults(text: &str) -> Vec<String> {
    match read_protobuf(0, text, &mut |_, _| None) {
        ProtobufReading::Schema(_) => Vec::new(),
        ProtobufReading::Unknown(reason) => vec![format!("unknown: {reason}")],
        ProtobufReading::Faulty(faults) => faults.into_iter().map(|one| one.message).collect(),
    }
}

#[test]
fn right_files_are_read() {
    for text in [
        "syntax = \"proto3\"; message M { int32 a = 1; }",
        "message M { required int32 a = 1; optional string b = 2 [default = \"x;\"]; }",
        "syntax = 'proto3'; package a.b.c; option java_package = \"x\"; message M { .a.b.c.M m = 1; }",
        "syntax = \"proto3\"; // a comment\n/* another\n one */ message M { reserved 2, 4 to 6, 9 to max; reserved \"x\", \"y\"; }",
        "syntax = \"proto3\"; message M { message N { enum E { Z = 0; } } N.E e = 1; M.N n = 2; }",
        "syntax = \"proto3\"; message M { oneof k { string a = 1; bytes b = 2; } optional int32 c = 3; }",
        "syntax = \"proto3\"; message M { map<string, M> m = 1; map<sint64, bytes> n = 2; }",
        "message M { optional group G = 1 { optional int32 x = 1; } extensions 100 to 199; } extend M { optional int32 y = 100; }",
        "syntax = \"proto3\"; enum E { option allow_alias = true; Z = 0; A = 1; B = 1; N = -1; } message M { E e = 0x1; E f = 017; }",
        "syntax = \"proto3\"; import \"google/protobuf/timestamp.proto\"; message M { google.protobuf.Timestamp t = 1; }",
        "syntax = \"proto3\"; import public \"google/protobuf/struct.proto\"; message M { google.protobuf.Struct t = 1; }",
        "syntax = \"proto3\"; message M { int32 a = 1 [deprecated = true, json_name = \"aa\"]; ; }",
        "message M { optional double d = 1 [default = -1.5e3]; optional double i = 2 [default = inf]; optional float n = 3 [default = nan]; optional bool b = 4 [default = true]; }",
        "syntax = \"proto3\"; service S { rpc A (M) returns (stream M) { option deprecated = true; } } message M { int32 message = 1; int32 option = 2; string reserved = 3; int32 oneof = 4; }",
        "message M { optional string s = 1 [default = \"a\" 'b' \"\\x41\\101\\n\"]; }",
        "syntax = \"proto3\"; import \"google/protobuf/descriptor.proto\"; extend google.protobuf.FieldOptions { string note = 50000; } message M { int32 a = 1 [(note) = \"x\"]; }",
    ] {
        assert_eq!(faults(text), [""; 0], "{text}");
        assert!(compile(text).is_ok(), "{:?}\n{text}", compile(text));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of texts")]
fn wrong_files_are_refused_with_their_place() {
    for (text, expected) in [
        (
            "message M { int32 a = 1; }",
            "line 1, column 19: `a` needs `optional`",
        ),
        (
            "syntax = \"proto3\"; message M { required int32 a = 1; }",
            "cannot be `required`",
        ),
        (
            "syntax = \"proto3\";\nmessage M {\n  int32 a = 1;\n  int32 b = 1;\n}",
            "line 4, column 9: the number 1 has two fields",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a = 0; }",
            "cannot have the number 0",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a = 19500; }",
            "cannot have the number 19500",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a = 536870912; }",
            "cannot have the number",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a = 1; int32 a = 2; }",
            "`M.a` is declared twice",
        ),
        (
            "syntax = \"proto3\"; message M { reserved 1; int32 a = 1; }",
            "which is reserved",
        ),
        (
            "syntax = \"proto3\"; message M { Missing a = 1; }",
            "the type `Missing` is not declared",
        ),
        (
            "syntax = \"proto3\"; enum E { A = 1; } message M { E e = 1; }",
            "must be 0",
        ),
        (
            "syntax = \"proto3\"; enum E { A = 0; B = 0; } message M { E e = 1; }",
            "allow_alias",
        ),
        (
            "syntax = \"proto3\"; enum E { A = 0; } enum F { A = 0; } message M { E e = 1; }",
            "`A` is declared twice",
        ),
        (
            "syntax = \"proto3\"; message M { map<float, int32> m = 1; }",
            "the keys of a map",
        ),
        (
            "syntax = \"proto3\"; message M { repeated map<int32, int32> m = 1; }",
            "without a label",
        ),
        (
            "syntax = \"proto3\"; message M { oneof k { } }",
            "has no field",
        ),
        (
            "syntax = \"proto3\"; message M { oneof k { repeated int32 a = 1; } }",
            "expected",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a = 1 }",
            "expected `;`, found `}`",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a = 1;",
            "found the end of the text",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a_b = 1; int32 aB = 2; }",
            "are `aB` in JSON",
        ),
        (
            "syntax = \"proto4\"; message M { }",
            "expected `\"proto2\"` or `\"proto3\"`",
        ),
        (
            "{\"type\": \"record\"}",
            "line 1, column 1: expected `message`",
        ),
        (
            "syntax = \"proto3\"; /* message M {}",
            "the comment has no end",
        ),
        (
            "syntax = \"proto3\"; message M { string a = 1 [json_name = \"x]; }",
            "the text has no end",
        ),
        (
            "syntax = \"proto3\"; message M { int32 a = 1 [default = 3]; }",
            "cannot have a default",
        ),
        (
            "syntax = \"proto3\"; package a; package b; message M {}",
            "two packages",
        ),
    ] {
        let found = faults(text);
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{found:?}\n{text}"
        );
        assert!(compile(text).is_err(), "another compiler reads it: {text}");
    }
    // The other compiler does not check reserved names.
    let text = "syntax = \"proto3\"; message M { reserved \"a\"; int32 a = 1; }";
    assert_eq!(
        faults(text),
        ["Protobuf, line 1, column 52: `a` is a reserved name"]
    );
}

#[test]
fn what_is_not_read_is_unknown() {
    for (text, expected) in [
        (
            "edition = \"2023\"; message M { int32 a = 1; }",
            "unknown: Protobuf files with an `edition` are not compared",
        ),
        (
            "syntax = \"proto3\"; import \"other.proto\"; message M { Other a = 1; }",
            "unknown: it imports `other.proto`, which is not among the files of the contract",
        ),
    ] {
        assert_eq!(faults(text), [expected], "{text}");
    }
    // What is imported for options only is not needed.
    let text = "syntax = \"proto3\"; import \"validate/validate.proto\"; \
                message M { string a = 1 [(validate.rules).string = {min_len: 1}]; }";
    assert_eq!(faults(text), [""; 0]);
}

#[test]
fn the_event_is_the_message_that_no_other_contains() {
    let root = |text: &str| match read_protobuf(0, text, &mut |_, _| None) {
        ProtobufReading::Schema(schema) => schema.messages[schema.root].name.clone(),
        other => format!("{other:?}"),
    };
    let head = "syntax = \"proto3\"; package p; ";
    let check = |text: &str, expected: &str| {
        let found = root(&format!("{head}{text}"));
        assert!(found.contains(expected), "{found}\n{text}");
    };
    check("message A { B b = 1; } message B { int32 x = 1; }", "p.A");
    check("message A { A a = 1; }", "p.A");
    check(
        "message A { B b = 1; } message B { A a = 1; }",
        "it is not clear",
    );
    check(
        "message A { } message B { }",
        "it is not clear which message the event is (p.A, p.B)",
    );
    check("message A { } // @RootNode\nmessage B { }", "p.B");
    check(
        "/* @RootNode */ message A { B b = 1; } message B { A a = 1; }",
        "p.A",
    );
    check("enum E { Z = 0; }", "the file has no message");
}

#[test]
fn files_import_others() {
    let files = |_: u32, name: &str| match name {
        "a.proto" => Some((
            1,
            "syntax = \"proto3\"; package x; import \"b.proto\"; message A { x.y.B b = 1; }",
        )),
        "b.proto" => Some((
            2,
            "syntax = \"proto3\"; package x.y; import \"a.proto\"; message B { int32 n = 1; }",
        )),
        "wrong.proto" => Some((3, "syntax = \"proto3\";\nmessage { }")),
        _ => None,
    };
    let text =
        "syntax = \"proto3\"; package x; import \"a.proto\"; message M { A a = 1; y.B b = 2; }";
    let ProtobufReading::Schema(schema) = read_protobuf(0, text, &mut files.clone()) else {
        panic!("it is read");
    };
    let names = schema.messages.iter().map(|message| message.name.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["x.M", "x.A", "x.y.B"]);
    let text = "syntax = \"proto3\"; import \"wrong.proto\"; message M { }";
    let ProtobufReading::Faulty(faults) = read_protobuf(0, text, &mut files.clone()) else {
        panic!("it is wrong");
    };
    assert_eq!(faults[0].document, 3);
    assert_eq!(
        faults[0].message,
        "Protobuf, line 2, column 9: expected the name of a message, found `{`"
    );
}

/// Texts from outside never make the reader panic.
#[test]
fn no_text_panics() {
    let seed = "syntax = \"proto3\"; package a.b; import \"x\"; message M { oneof k { string a = 1; } \
                map<string, int32> m = 2 [json_name = \"q\\n\"]; reserved 4 to max; } enum E { Z = -0; } \
                extend M { E e = 9; } // é";
    let mut random = fastrand::Rng::with_seed(7);
    let bytes = seed.as_bytes();
    for _ in 0..3000 {
        let mut text = bytes.to_vec();
        for _ in 0..random.usize(1..4) {
            let (from, to) = (random.usize(..text.len()), random.usize(..text.len()));
            match random.u8(0..4) {
                0 => text[from] = text[to],
                1 => text.truncate(from.max(1)),
                2 => text.insert(from, b"{}[]()<>=;,.\"'\\/*-+0x9"[random.usize(..22)]),
                _ => {
                    text.remove(from);
                }
            }
            if text.is_empty() {
                break;
            }
        }
        faults(&String::from_utf8_lossy(&text));
    }
}
