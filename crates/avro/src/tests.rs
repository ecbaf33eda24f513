//! Pairs of schemas with what the specification says about them, and values in the JSON encoding.

use portcullis_json::{JsonLimits, Tape};
use serde_json::Value;

use super::{AvroBreak, AvroFault, AvroMeaning, AvroSchema, judge_avro, read_avro, resolve_avro};

fn try_read(text: &str) -> Result<AvroSchema, Vec<AvroFault>> {
    let mut tape = Tape::new();
    let source = tape
        .parse("", text.as_bytes(), JsonLimits::default())
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    read_avro(tape.root(source))
}

fn schema(text: &str) -> AvroSchema {
    try_read(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

fn avro_breaks(writer: &AvroSchema, reader: &AvroSchema) -> Vec<AvroBreak> {
    resolve_avro(writer, reader).breaks
}

/// A record with one field.
fn field(data_type: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{{"name":"f","type":{data_type}}}]}}"#)
}

/// What a reader cannot read: pointer, reason and value of each break. Every one must be confirmed.
#[track_caller]
fn check(writer: &str, reader: &str, expected: &[(&str, &str, &str)]) {
    let found = avro_breaks(&schema(writer), &schema(reader));
    assert!(
        found.iter().all(|one| one.is_confirmed),
        "{writer} {reader}: {found:?}"
    );
    let found: Vec<(String, String, String)> = found
        .into_iter()
        .map(|one| (one.pointer, one.reason, one.value.to_string()))
        .collect();
    let found: Vec<(&str, &str, &str)> = found
        .iter()
        .map(|(pointer, reason, value)| (&**pointer, &**reason, &**value))
        .collect();
    assert_eq!(found, expected, "{writer} read as {reader}");
}

#[test]
fn numbers_are_promoted_and_texts_are_bytes() {
    let types = [
        "int", "long", "float", "double", "string", "bytes", "boolean", "null",
    ];
    let readable = [
        ("int", "long"),
        ("int", "float"),
        ("int", "double"),
        ("long", "float"),
        ("long", "double"),
        ("float", "double"),
        ("string", "bytes"),
        ("bytes", "string"),
    ];
    for one in types {
        for other in types {
            let found = avro_breaks(
                &schema(&format!("\"{one}\"")),
                &schema(&format!("\"{other}\"")),
            );
            let is_readable = one == other || readable.contains(&(one, other));
            assert_eq!(found.is_empty(), is_readable, "{one} {other}");
            assert!(found.iter().all(|one| one.is_confirmed), "{one} {other}");
        }
    }
}

#[test]
fn records_need_their_fields_or_defaults() {
    let r = |fields: &str| format!(r#"{{"type":"record","name":"R","fields":[{fields}]}}"#);
    let a = r#"{"name":"a","type":"int"}"#;
    check(&r(a), &r(""), &[]);
    check(
        &r(""),
        &r(a),
        &[(
            "",
            "the reader needs the field a, which is not written and has no default",
            "{}",
        )],
    );
    check(&r(""), &r(r#"{"name":"a","type":"int","default":0}"#), &[]);
    check(
        &r(a),
        &r(r#"{"name":"b","aliases":["a"],"type":"long"}"#),
        &[],
    );
    check(
        &r(a),
        &r(r#"{"name":"a","type":"string"}"#),
        &[("/a", "int is written, and string is read", r#"{"a":0}"#)],
    );
    // The other fields of the value are there, too.
    check(
        &r(&format!(r#"{a},{{"name":"b","type":["null","string"]}}"#)),
        &r(r#"{"name":"b","type":"string"}"#),
        &[(
            "/b",
            "null is written, and string is read",
            r#"{"a":0,"b":null}"#,
        )],
    );
}

#[test]
fn names_count_without_their_namespace() {
    let named = |name: &str, more: &str| {
        format!(r#"{{"type":"record","name":"{name}","fields":[]{more}}}"#)
    };
    check(&named("a.R", ""), &named("b.R", ""), &[]);
    check(
        &named("a.R", ""),
        &named("a.S", ""),
        &[("", "a.R is written, and a.S is read", "{}")],
    );
    check(&named("a.R", ""), &named("a.S", r#","aliases":["R"]"#), &[]);
    check(
        &named("R", ""),
        r#"{"type":"fixed","name":"R","size":1}"#,
        &[("", "R is another kind of type", "{}")],
    );
}

#[test]
fn enumerations_and_fixed_bytes() {
    let e = |symbols: &str, more: &str| {
        format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]{more}}}"#)
    };
    check(&e(r#""A""#, ""), &e(r#""A","B""#, ""), &[]);
    check(
        &e(r#""A","B""#, ""),
        &e(r#""A""#, ""),
        &[("", "the reader of E does not know the symbol B", "\"B\"")],
    );
    check(&e(r#""A","B""#, ""), &e(r#""A""#, r#","default":"A""#), &[]);
    let f = |size: u32| format!(r#"{{"type":"fixed","name":"F","size":{size}}}"#);
    check(&f(2), &f(2), &[]);
    check(
        &f(2),
        &f(3),
        &[(
            "",
            "F has another size, precision or scale",
            r#""\u0000\u0000""#,
        )],
    );
    let d = |scale: u32| {
        format!(r#"{{"type":"bytes","logicalType":"decimal","precision":9,"scale":{scale}}}"#)
    };
    check(&d(2), "\"bytes\"", &[]);
    check(
        &d(2),
        &d(3),
        &[("", "bytes is written, and bytes is read", "\"\"")],
    );
}

#[test]
fn unions_lists_and_maps() {
    check(r#"["null","int"]"#, r#"["null","long"]"#, &[]);
    check(
        r#"["null","string"]"#,
        r#"["null","int"]"#,
        &[(
            "/string",
            "string is written, and null or int is read",
            r#"{"string":""}"#,
        )],
    );
    check("\"int\"", r#"["null","double"]"#, &[]);
    check(
        r#"{"type":"array","items":["null","int"]}"#,
        r#"{"type":"array","items":"int"}"#,
        &[("/0", "null is written, and int is read", "[null]")],
    );
    check(
        r#"{"type":"map","values":"long"}"#,
        r#"{"type":"map","values":"int"}"#,
        &[("/a", "long is written, and int is read", r#"{"a":0}"#)],
    );
    // A branch of the same name says what is wrong inside.
    check(
        &format!(r#"["null",{}]"#, field("\"string\"")),
        &format!(r#"["null",{}]"#, field("\"int\"")),
        &[(
            "/R/f",
            "string is written, and int is read",
            r#"{"R":{"f":""}}"#,
        )],
    );
}

/// Resolution ignores logical types, but readers do not.
#[test]
fn other_logical_types_are_noted() {
    let time = |unit: &str| {
        field(&format!(
            r#"["null",{{"type":"long","logicalType":"{unit}"}}]"#
        ))
    };
    let (millis, micros) = (
        schema(&time("timestamp-millis")),
        schema(&time("timestamp-micros")),
    );
    assert_eq!(resolve_avro(&millis, &millis).meanings, []);
    let found = resolve_avro(&millis, &micros);
    let expected = AvroMeaning {
        field: "R.f".to_owned(),
        written: "timestamp-millis".to_owned(),
        read: "timestamp-micros".to_owned(),
    };
    assert_eq!((found.breaks, found.meanings), (vec![], vec![expected]));
}

#[test]
fn types_can_contain_themselves() {
    let node = |value: &str| {
        format!(
            r#"{{"type":"record","name":"Node","fields":[{{"name":"value","type":"{value}"}},{{"name":"next","type":["null","Node"]}}]}}"#
        )
    };
    check(&node("int"), &node("long"), &[]);
    check(
        &node("long"),
        &node("int"),
        &[(
            "/value",
            "long is written, and int is read",
            r#"{"next":null,"value":0}"#,
        )],
    );
    // No value of this type ends, so none can break.
    let endless = |name: &str| {
        format!(
            r#"{{"type":"record","name":"R","fields":[{{"name":"r","type":"R"}},{{"name":"{name}","type":"int"}}]}}"#
        )
    };
    check(&endless("a"), &endless("b"), &[]);
}

#[test]
#[rustfmt::skip]
fn values_are_judged_in_the_json_encoding() {
    let schema = schema(
        r#"{"type":"record","name":"n.R","fields":[
            {"name":"i","type":"int"}, {"name":"u","type":["null","string",{"type":"enum","name":"E","symbols":["A"]}]},
            {"name":"b","type":"bytes"}, {"name":"x","type":{"type":"fixed","name":"F","size":2}},
            {"name":"m","type":{"type":"map","values":{"type":"array","items":"double"}}}]}"#,
    );
    let check = |value: &str, expected: &[(&str, &str)]| {
        let value: Value = serde_json::from_str(value).unwrap();
        let found = judge_avro(&schema, &value);
        let found: Vec<(&str, &str)> = found.iter().map(|one| (&*one.pointer, &*one.message)).collect();
        assert_eq!(found, expected, "{value}");
    };
    check(r#"{"i":1,"u":null,"b":"\u00ff","x":"ab","m":{"k":[1,2.5,"NaN"]}}"#, &[]);
    check(r#"{"i":1,"u":{"n.E":"A"},"b":"","x":"ab","m":{}}"#, &[]);
    check(r#"{"i":3000000000,"u":"plain","b":"\u0100","x":"a","m":{"k":["1"]},"more":1}"#, &[
        ("/i", "expected a value of the type int, found a number"),
        ("/u", "expected one of null, {\"string\": …}, {\"n.E\": …}, found a string"),
        ("/b", "expected a value of the type bytes, found a string"),
        ("/x", "expected 2 bytes of n.F, found a string"),
        ("/m/k/0", "expected a value of the type double, found a string"),
        ("", "1 members are unknown to n.R"),
    ]);
    check(r#"{"u":{"n.E":"B"},"b":"","x":"ab","m":[]}"#, &[
        ("", "the field i of n.R is missing"),
        ("/u/n.E", "expected a symbol of n.E, found a string"),
        ("/m", "expected an object, found an array"),
    ]);
}

#[test]
#[rustfmt::skip]
fn mistakes_are_all_reported() {
    let check = |text: &str, expected: &[&str]| {
        let faults = try_read(text).unwrap_err();
        let found: Vec<&str> = faults.iter().map(|fault| &*fault.message).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("5", &["an Avro schema is a name, an object or a list of schemas, not a number"]);
    check("{}", &["`type` is missing in this Avro schema"]);
    check("\"strng\"", &["no type is called `strng`: define it before it is used"]);
    check("[]", &["a union needs at least one type"]);
    check(r#"["int",["null"]]"#, &["a union cannot contain a union"]);
    check(r#"["int","int"]"#, &["a union has each type once: remove one of them"]);
    check(r#"{"type":"array"}"#, &["`items` is missing: add a schema"]);
    check(r#"{"type":"record","name":"R"}"#, &["`fields` is missing: a record has a list of fields"]);
    check(r#"{"type":"record","fields":[]}"#, &["`name` is missing: named types need one"]);
    check(r#"{"type":"record","name":"1","fields":[]}"#, &["`1` is not a name: use letters, digits and `_`, and begin with no digit"]);
    check(r#"{"type":"record","name":"R","fields":[{"type":"int"},{"name":"a","type":"it"}]}"#, &[
        "a field is an object with `name` and `type`",
        "no type is called `it`: define it before it is used",
    ]);
    check(&field(r#""int","default":"a""#), &["`default` is not a value of the type int: correct one of them"]);
    check(r#"{"type":"enum","name":"E","symbols":["A","A"]}"#, &["`symbols` must be a list of different names, at least one"]);
    check(r#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#, &["`default` must be one of the symbols"]);
    check(r#"{"type":"fixed","name":"F","size":-1}"#, &["`size` must be a number of bytes up to 1048576"]);
    check(r#"["null",{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2}]"#, &["`F` is defined twice: rename one of the types"]);
}
