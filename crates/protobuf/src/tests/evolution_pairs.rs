//! Pairs of schemas with what a reader of the second one loses of events of the first one.

use super::reference_reader;
use super::schema;
use crate::{ProtobufBreak, ProtobufEncoding, ProtobufLoss, compare_protobuf, number_reuse};

/// The text of a file whose event is `M`.
fn file(syntax: &str, body: &str) -> String {
    format!("syntax = \"{syntax}\"; message M {{ {body} }}")
}

/// Compares what `proto2` or `proto3` bodies of a message lose. The expected texts are pointers; those of
/// compatible types that are cut begin with `~`.
#[track_caller]
fn check(
    syntax: [&str; 2],
    written: &str,
    read: &str,
    encoding: ProtobufEncoding,
    expected: &[&str],
) {
    let texts = [file(syntax[0], written), file(syntax[1], read)];
    let found = compare_protobuf(&schema(&texts[0]), &schema(&texts[1]), encoding);
    let shown = found.breaks.iter().map(|one| {
        assert!(one.outcome.is_some(), "no example: {one:?}");
        let sign = if one.loss == ProtobufLoss::Narrowed {
            "~"
        } else {
            ""
        };
        format!("{sign}{}", one.pointer)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        expected,
        "{written} → {read}: {found:?}"
    );
    for one in &found.breaks {
        confirm(&texts, one);
    }
}

/// The other reader confirms a break, apart from what it does not judge.
fn confirm(texts: &[String; 2], found: &ProtobufBreak) {
    let own_rules = ["needs the field", "does not know the value", "E is read"];
    if own_rules.iter().any(|rule| found.reason.contains(rule)) {
        return;
    }
    let [writer, reader] = [&texts[0], &texts[1]].map(|text| reference_reader::message(text, "M"));
    if found.bytes.is_empty() {
        let written = reference_reader::read_json(&writer, &found.value).expect("it is written");
        let read = reference_reader::read_json(&reader, &found.value);
        assert_ne!(Ok(written), read, "{found:?}");
        return;
    }
    let bytes: Vec<u8> = (0..found.bytes.len() / 2)
        .map(|at| u8::from_str_radix(&found.bytes[2 * at..2 * at + 2], 16).expect("digits"))
        .collect();
    let written = reference_reader::read(&writer, &bytes).expect("it is written");
    let read = reference_reader::read(&reader, &bytes);
    assert_ne!(Ok(written), read, "{found:?}");
}

#[track_caller]
fn proto3(written: &str, read: &str, expected: &[&str]) {
    check(
        ["proto3"; 2],
        written,
        read,
        ProtobufEncoding::Binary,
        expected,
    );
}

#[track_caller]
fn proto2(written: &str, read: &str, expected: &[&str]) {
    check(
        ["proto2"; 2],
        written,
        read,
        ProtobufEncoding::Binary,
        expected,
    );
}

#[track_caller]
fn json(written: &str, read: &str, expected: &[&str]) {
    check(
        ["proto3"; 2],
        written,
        read,
        ProtobufEncoding::Json,
        expected,
    );
}

#[test]
fn fields_come_and_go() {
    proto3("int32 a = 1;", "int32 a = 1; string b = 2;", &[]);
    proto3("int32 a = 1; string b = 2;", "int32 a = 1;", &[]);
    proto3("int32 a = 1;", "int32 renamed = 1;", &[]);
    // Another number: the value is not found.
    proto3(
        "int32 a = 1; string b = 2;",
        "int32 a = 2; string b = 1;",
        &["/a", "/b"],
    );
}

#[test]
fn integers_share_a_wire_type() {
    proto3("int32 a = 1;", "int64 a = 1;", &[]);
    proto3("int64 a = 1;", "int32 a = 1;", &["~/a"]);
    proto3("int32 a = 1;", "uint32 a = 1;", &["~/a"]);
    proto3("uint32 a = 1;", "int32 a = 1;", &["~/a"]);
    proto3("uint32 a = 1;", "int64 a = 1;", &[]);
    proto3("uint32 a = 1;", "uint64 a = 1;", &[]);
    proto3("int64 a = 1;", "uint64 a = 1;", &["~/a"]);
    proto3("bool a = 1;", "int32 a = 1;", &[]);
    proto3("int32 a = 1;", "bool a = 1;", &["~/a"]);
    proto3("sint32 a = 1;", "sint64 a = 1;", &[]);
    proto3("sint64 a = 1;", "sint32 a = 1;", &["~/a"]);
    proto3("sint32 a = 1;", "int32 a = 1;", &["/a"]);
    proto3("int64 a = 1;", "sint64 a = 1;", &["/a"]);
    proto3("fixed32 a = 1;", "sfixed32 a = 1;", &["~/a"]);
    proto3("sfixed64 a = 1;", "fixed64 a = 1;", &["~/a"]);
    proto3("fixed32 a = 1;", "fixed64 a = 1;", &["/a"]);
    proto3("fixed32 a = 1;", "float a = 1;", &["/a"]);
    proto3("double a = 1;", "fixed64 a = 1;", &["/a"]);
    proto3("float a = 1;", "double a = 1;", &["/a"]);
    proto3("int32 a = 1;", "fixed32 a = 1;", &["/a"]);
    proto3("int32 a = 1;", "string a = 1;", &["/a"]);
}

#[test]
fn texts_and_bytes() {
    proto3("string a = 1;", "bytes a = 1;", &[]);
    proto3("bytes a = 1;", "string a = 1;", &["/a"]);
    proto3("message N { int32 x = 1; } N a = 1;", "bytes a = 1;", &[]);
    proto3(
        "bytes a = 1;",
        "message N { int32 x = 1; } N a = 1;",
        &["/a"],
    );
    proto3(
        "string a = 1;",
        "message N { int32 x = 1; } N a = 1;",
        &["/a"],
    );
}

#[test]
fn messages_are_compared_inside() {
    let nested = |inner: &str| format!("message N {{ {inner} }} N n = 1; repeated N list = 2;");
    proto3(
        &nested("int32 x = 1;"),
        &nested("string x = 1;"),
        &["/n/x", "/list/0/x"],
    );
    proto3(&nested("int32 x = 1;"), &nested("int64 x = 1;"), &[]);
    // The name of a message does not matter.
    proto3(
        "message N { int32 x = 1; } N n = 1;",
        "message O { int32 x = 1; } O n = 1;",
        &[],
    );
    // A message inside itself.
    let tree = |kind: &str| format!("message T {{ {kind} v = 1; repeated T c = 2; }} T t = 1;");
    proto3(&tree("int32"), &tree("int64"), &[]);
    proto3(&tree("int32"), &tree("string"), &["/t/v"]);
}

#[test]
fn lists_and_single_values() {
    proto3("string a = 1;", "repeated string a = 1;", &[]);
    proto3("int32 a = 1;", "repeated int32 a = 1;", &[]);
    proto3("repeated string a = 1;", "string a = 1;", &["~/a"]);
    proto3("repeated int32 a = 1;", "int32 a = 1;", &["/a"]);
    proto2("repeated int32 a = 1;", "optional int32 a = 1;", &["~/a"]);
    proto3(
        "repeated int32 a = 1 [packed = false];",
        "repeated int32 a = 1;",
        &[],
    );
    proto3(
        "repeated int32 a = 1;",
        "repeated int32 a = 1 [packed = false];",
        &[],
    );
    proto3("repeated int32 a = 1;", "repeated sint32 a = 1;", &["/a"]);
}

#[test]
fn maps_are_lists_of_entries() {
    proto3(
        "map<string, int32> a = 1;",
        "map<string, int64> a = 1;",
        &[],
    );
    proto3(
        "map<string, int32> a = 1;",
        "map<string, string> a = 1;",
        &["/a/0/value"],
    );
    proto3(
        "map<string, int32> a = 1;",
        "message E { string key = 1; int32 value = 2; } repeated E a = 1;",
        &[],
    );
    proto3(
        "map<int32, string> a = 1;",
        "map<string, string> a = 1;",
        &["/a/0/key"],
    );
}

#[test]
fn required_fields() {
    proto2("required int32 a = 1;", "optional int32 a = 1;", &[]);
    proto2("optional int32 a = 1;", "required int32 a = 1;", &[""]);
    proto2(
        "optional int32 b = 2;",
        "required int32 a = 1; optional int32 b = 2;",
        &[""],
    );
    proto2("required int32 a = 1;", "required int32 a = 1;", &[]);
    proto2(
        "repeated int32 a = 1;",
        "required int32 a = 1;",
        &["", "~/a"],
    );
    proto2(
        "message N { optional int32 x = 1; } optional N n = 1;",
        "message N { required int32 x = 1; } optional N n = 1;",
        &["/n"],
    );
}

#[test]
fn alternatives() {
    proto3(
        "int32 a = 1; int32 b = 2;",
        "oneof k { int32 a = 1; int32 b = 2; }",
        &["/a"],
    );
    proto3("int32 a = 1;", "oneof k { int32 a = 1; int32 b = 2; }", &[]);
    proto3(
        "oneof k { int32 a = 1; int32 b = 2; }",
        "int32 a = 1; int32 b = 2;",
        &[],
    );
    proto3(
        "oneof k { int32 a = 1; } int32 b = 2;",
        "oneof k { int32 a = 1; int32 b = 2; }",
        &["/a"],
    );
    proto3(
        "oneof k { int32 a = 1; }",
        "oneof k { int32 a = 1; string b = 2; }",
        &[],
    );
}

#[test]
fn enumerations() {
    let e = |values: &str| format!("enum E {{ {values} }} E a = 1;");
    proto3(&e("Z = 0; A = 1;"), &e("Z = 0;"), &[]);
    proto3(&e("Z = 0; A = 1;"), "int32 a = 1;", &[]);
    proto3("int32 a = 1;", &e("Z = 0;"), &[]);
    proto3("int64 a = 1;", &e("Z = 0;"), &["~/a"]);
    proto3(&e("Z = 0; A = 1;"), "sint32 a = 1;", &["/a"]);
    let closed = |values: &str| format!("enum E {{ {values} }} optional E a = 1;");
    proto2(&closed("Z = 0; A = 1;"), &closed("Z = 0;"), &["/a"]);
    proto2(&closed("Z = 0;"), &closed("Z = 0; A = 1;"), &[]);
    proto2("optional int32 a = 1;", &closed("Z = 0; A = 1;"), &["~/a"]);
    let meanings = |old: &str, new: &str| {
        let texts = [file("proto3", &e(old)), file("proto3", &e(new))];
        let found = compare_protobuf(
            &schema(&texts[0]),
            &schema(&texts[1]),
            ProtobufEncoding::Binary,
        );
        let found = found.meanings.into_iter();
        let shown = found.map(|one| format!("{}: {} → {}", one.place, one.written, one.read));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        meanings("Z = 0; A = 1;", "Z = 0;"),
        ["M.E: 1 is A → 1 has no name"]
    );
    assert_eq!(
        meanings("Z = 0; A = 1;", "Z = 0; B = 1;"),
        ["M.E: 1 is A → 1 is B"]
    );
}

#[test]
fn defaults_have_a_meaning() {
    let texts = [
        file("proto2", "optional int32 a = 1 [default = 5];"),
        file("proto2", "optional int32 a = 1 [default = 6];"),
    ];
    let found = compare_protobuf(
        &schema(&texts[0]),
        &schema(&texts[1]),
        ProtobufEncoding::Binary,
    );
    assert_eq!(found.breaks, []);
    let [meaning] = &found.meanings[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (&*meaning.written, &*meaning.read),
        ("5 if it is absent", "6 if it is absent")
    );
}

#[test]
fn names_matter_in_json_only() {
    json("int32 order_id = 1;", "int32 orderId = 7;", &[]);
    json("int32 a = 1;", "int32 b = 1;", &["/a"]);
    json("int32 a = 1; int32 b = 2;", "int32 a = 1;", &["/b"]);
    json("int32 a = 1;", "int32 a = 1; int32 b = 2;", &[]);
    json("int32 a = 1 [json_name = \"x\"];", "int32 a = 1;", &["/x"]);
}

#[test]
fn values_in_json() {
    json("int32 a = 1;", "sint32 a = 1;", &[]);
    json("int32 a = 1;", "fixed64 a = 1;", &["/a"]);
    json("uint32 a = 1;", "int64 a = 1;", &[]);
    json("int64 a = 1;", "int32 a = 1;", &["/a"]);
    json("int32 a = 1;", "double a = 1;", &[]);
    json("double a = 1;", "int32 a = 1;", &["/a"]);
    json("float a = 1;", "double a = 1;", &[]);
    json("double a = 1;", "float a = 1;", &["/a"]);
    json("bool a = 1;", "int32 a = 1;", &["/a"]);
    json("string a = 1;", "bytes a = 1;", &["/a"]);
    json("bytes a = 1;", "string a = 1;", &["/a"]);
    json("string a = 1;", "repeated string a = 1;", &["/a"]);
    json("repeated string a = 1;", "string a = 1;", &["/a"]);
    json(
        "enum E { Z = 0; A = 1; } E a = 1;",
        "enum E { Z = 0; } E a = 1;",
        &["/a"],
    );
    json("enum E { Z = 0; A = 1; } E a = 1;", "int32 a = 1;", &["/a"]);
    json("int32 a = 1;", "enum E { Z = 0; } E a = 1;", &[]);
    json(
        "map<string, int32> a = 1;",
        "message E { string key = 1; int32 value = 2; } repeated E a = 1;",
        &["/a"],
    );
    json(
        "int32 a = 1; int32 b = 2;",
        "oneof k { int32 a = 1; int32 b = 2; }",
        &["/a"],
    );
}

#[test]
fn numbers_stay_reserved() {
    let found = |old: &str, new: &str| {
        let found = number_reuse(&schema(&file("proto3", old)), &schema(&file("proto3", new)));
        let found = found.into_iter();
        let shown = found.map(|one| format!("{} {} {}", one.name, one.number, one.is_reused));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        found("int32 a = 1; int32 b = 2;", "int32 a = 1;"),
        ["b 2 false"]
    );
    assert_eq!(
        found("int32 a = 1; int32 b = 2;", "int32 a = 1; reserved 2;"),
        [""; 0]
    );
    assert_eq!(found("reserved 2 to 4;", "int32 b = 3;"), ["b 3 true"]);
    assert_eq!(
        found(
            "enum E { Z = 0; A = 1; } E e = 1;",
            "enum E { Z = 0; } E e = 1;"
        ),
        ["A 1 false"]
    );
    assert_eq!(
        found(
            "message N { int32 x = 1; } N n = 1;",
            "message N { int32 y = 2; } N n = 1;"
        ),
        ["x 1 false"]
    );
}

/// Schemas that contain each other in many ways take no long time, and severe breaks are kept.
#[test]
fn large_schemas_are_compared_in_bounds() {
    let tower = |kind: &str, label: &str| {
        let levels = (0..40).map(|level| {
            let next = level + 1;
            format!("message L{level} {{ {label} L{next} a = 1; {label} L{next} b = 2; }} ")
        });
        let levels: String = levels.collect();
        let body =
            format!("{levels} message L40 {{ optional {kind} v = 1; }} optional L0 root = 1;");
        schema(&file("proto2", &body))
    };
    let compare = |label: &str| {
        let (old, new) = (tower("int32", label), tower("string", label));
        compare_protobuf(&old, &new, ProtobufEncoding::Binary)
    };
    let found = compare("optional");
    assert!(
        found.breaks.iter().all(|one| one.outcome.is_some()),
        "{found:?}"
    );
    assert!(!found.breaks.is_empty());
    let found = compare("required");
    assert_eq!(found.unknown, ["M.L0 has no small event"]);
    let fields = |kinds: [&str; 2]| {
        let narrowed = (1..30).map(|number| format!("{} n{number} = {number};", kinds[0]));
        let text: String = narrowed.collect();
        schema(&file("proto3", &format!("{text} {} last = 99;", kinds[1])))
    };
    let (old, new) = (fields(["int64", "string"]), fields(["int32", "int32"]));
    let found = compare_protobuf(&old, &new, ProtobufEncoding::Binary);
    assert_eq!(found.breaks[0].pointer, "/last");
}
