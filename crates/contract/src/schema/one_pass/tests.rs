//! What the program covers, schema by schema. That what it accepts is valid is asserted wherever a
//! body is checked in a build with debug assertions, and by the property tests.

use portcullis_json::{JsonLimits, Tape};
use serde_json::{Value, json};

use super::OnePassProgram;
use crate::schema::pattern_keyword::SchemaPatterns;
use crate::schema::schema_validator::build_validator;

/// Judges `values` by a document of definitions, of which number 0 is the schema.
pub(super) fn accepts(document: &Value, text: &str) -> bool {
    OnePassProgram::new(document, &[0], &SchemaPatterns::default()).accepts(
        0,
        text.as_bytes(),
        JsonLimits::default(),
    )
}

/// The verdict of the validators, which is what the program has to agree with.
pub(super) fn is_valid(document: &Value, text: &str) -> bool {
    let validator = build_validator(document, 1, false, &SchemaPatterns::default())
        .expect("the schema is right");
    let mut tape = Tape::new();
    tape.parse("0", text.as_bytes(), JsonLimits::default())
        .is_ok_and(|source| validator.is_valid(tape.wrapped(source)))
}

/// A document with one schema and further definitions.
pub(super) fn document(schema: &Value, others: &[Value]) -> Value {
    let mut definitions = serde_json::Map::new();
    definitions.insert("0".to_owned(), schema.clone());
    for (at, other) in others.iter().enumerate() {
        definitions.insert((at + 1).to_string(), other.clone());
    }
    json!({ "$defs": definitions, "properties": { "0": { "$ref": "#/$defs/0" } } })
}

/// Checks that the program accepts `covered`, and leaves `left` to the validators.
#[track_caller]
fn check(schema: &Value, covered: &[&str], left: &[&str]) {
    check_with(schema, &[], covered, left);
}

#[track_caller]
fn check_with(schema: &Value, others: &[Value], covered: &[&str], left: &[&str]) {
    let document = document(schema, others);
    for text in covered {
        assert!(accepts(&document, text), "{schema} does not cover {text}");
        assert!(is_valid(&document, text), "{schema} refuses {text}");
    }
    for text in left {
        assert!(!accepts(&document, text), "{schema} accepts {text}");
    }
}

#[test]
fn covers_every_kind_of_value() {
    check(
        &json!({}),
        &[
            "null",
            " true ",
            "false",
            "-1.5e3",
            r#""\u00e9\n""#,
            "[1, [], {}]",
            r#"{"a": {"b": 1}}"#,
        ],
        &[
            "",
            "nul",
            "tru",
            "01",
            "1.",
            "-",
            "[1,]",
            "{,}",
            r#"{"a" 1}"#,
            r#""\ud800""#,
            "1 2",
            "\u{feff}1",
        ],
    );
    check(
        &json!({"type": ["null", "boolean"]}),
        &["null", "true"],
        &["1", "\"\"", "[]", "{}"],
    );
    check(&json!(false), &[], &["null", "1"]);
    check(&json!(true), &["1"], &[]);
}

#[test]
fn covers_numbers() {
    check(
        &json!({"type": "integer", "minimum": 1, "exclusiveMaximum": 100}),
        &["1", "99", "07".trim_start_matches('0')],
        &["0", "100", "1.0", "1e1", "-5", "07"],
    );
    check(
        &json!({"type": "number", "minimum": 0, "maximum": 9.5}),
        &[
            "0",
            "-0",
            "0.001",
            "9.5",
            "9.50",
            "950e-2",
            "0.0000000000000000000000000001",
        ],
        &["-0.1", "9.51", "1e400", "10"],
    );
    check(&json!({"multipleOf": 0.01}), &["19.99", "3"], &["19.999"]);
    check(
        &json!({"x-exact-format": "int64"}),
        &[
            "-9223372036854775808",
            "-9223372036854775807",
            "9223372036854775807",
        ],
        &["-9223372036854775809", "9223372036854775808"],
    );
    check(
        &json!({"x-exact-format": "int32"}),
        &["2147483647", "1.5"],
        &["2147483648"],
    );
    check(
        &json!({"x-exact-minimum": "9007199254740993"}),
        &["9007199254740993"],
        &["9007199254740992"],
    );
    check(
        &json!({"enum": [1, 3, -2]}),
        &["3", "-2", "1.0"],
        &["2", "\"1\"", "1.5"],
    );
}

#[test]
fn covers_strings() {
    check(
        &json!({"type": "string", "minLength": 2, "maxLength": 3}),
        &[r#""ab""#, r#""éé""#, r#""\u0061\n""#, r#""😀😀""#],
        &[r#""a""#, r#""abcd""#, r#""é""#],
    );
    check(
        &json!({"pattern": "^[A-Z]{2,3}-[0-9]+$"}),
        &[r#""AB-1""#, r#""ABC-123""#, "1"],
        &[
            r#""A-1""#,
            r#""ABCD-1""#,
            r#""AB-""#,
            r#""AB-1\n""#,
            r#""xAB-1""#,
        ],
    );
    check(&json!({"pattern": "b+$"}), &[r#""abb""#], &[r#""ba""#]);
    check(
        &json!({"pattern": "^[^<>]{0,5}$"}),
        &[r#""é€😀""#],
        &[r#""a<""#, r#""éééééé""#],
    );
    check(
        &json!({"enum": ["d", "a", null, "b"]}),
        &[r#""a""#, r#""d""#, "null", r#""\u0062""#],
        &[r#""c""#, "1"],
    );
    check(&json!({"const": "x"}), &[r#""x""#], &[r#""y""#]);
    check(
        &json!({"allOf": [{"enum": ["c", "a", "b"]}, {"enum": ["b", "d", "c"]}]}),
        &[r#""b""#, r#""c""#],
        &[r#""a""#, r#""d""#],
    );
    let uuid = r#""7f9c24e5-5F1b-4c1e-9d4b-2f0c1f1f7a10""#;
    check(&json!({"format": "uuid"}), &[uuid, "1"], &[r#""7f9c24e5""#]);
    check(
        &json!({"format": "date"}),
        &[r#""2024-02-29""#],
        &[r#""2023-02-29""#],
    );
    check(
        &json!({"format": "email"}),
        &[r#""a.b+c@x-y.example""#],
        &[r#""a@b""#, r#""a b@c.de""#],
    );
    check(&json!({"format": "vendor"}), &[r#""anything""#], &[]);
    check(&json!({"format": "uri"}), &["1"], &[r#""http://example""#]);
}

#[test]
fn covers_arrays() {
    check(
        &json!({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}),
        &["[1]", "[ 1 , 2 ]"],
        &["[]", "[1,2,3]", "[\"1\"]", "[1 2]"],
    );
    check(
        &json!({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": false}),
        &["[]", r#"["a"]"#, r#"["a", 1]"#],
        &[r#"["a", 1, 2]"#, "[1]"],
    );
    check(
        &json!({"uniqueItems": true}),
        &[r#"[1, 2, "1", true, null]"#, "[]"],
        &[
            "[1, 1]",
            "[1, 1.0]",
            "[0, -0]",
            r#"["a", "\u0061"]"#,
            "[[], []]",
        ],
    );
    check(&json!({"contains": {"type": "integer"}}), &["1"], &["[1]"]);
}

#[test]
fn covers_objects() {
    let schema = json!({
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a", "c"],
        "additionalProperties": {"type": "boolean"},
        "maxProperties": 4,
    });
    check(
        &schema,
        &[
            r#"{"a": 1, "c": true}"#,
            r#"{ "c" : false , "x" : true , "b" : "" , "a" : 2 }"#,
        ],
        &[
            r#"{"a": 1}"#,
            r#"{"a": 1, "c": 1}"#,
            r#"{"a": 1, "c": true, "a": 1}"#,
            r#"{"a": 1, "c": true, "x": true, "x": true}"#,
            r#"{"\u0061": 1, "c": true}"#,
            r#"{"a": 1, "c": true, "x": true, "y": true, "z": true}"#,
        ],
    );
    check(
        &json!({"additionalProperties": false}),
        &["{}"],
        &[r#"{"a": 1}"#],
    );
    check(&json!({"patternProperties": {"a": false}}), &["1"], &["{}"]);
    check(&json!({"dependentRequired": {"a": ["b"]}}), &["1"], &["{}"]);
}

#[test]
fn covers_closed_objects() {
    let others = [
        json!({"properties": {"a": {"type": "integer"}}}),
        json!({"properties": {"b": {}}, "unevaluatedProperties": false}),
    ];
    check_with(
        &json!({"allOf": [{"$ref": "#/$defs/1"}], "properties": {"c": {}}, "unevaluatedProperties": false}),
        &others,
        &[r#"{"a": 1, "c": 2}"#, "{}"],
        &[r#"{"a": 1, "d": 2}"#, r#"{"a": "x"}"#],
    );
    let choice = json!({
        "anyOf": [{"$ref": "#/$defs/1"}, {"required": ["z"]}],
        "unevaluatedProperties": false,
    });
    check_with(&choice, &others, &["{}", r#"{"a": 1}"#], &[r#"{"z": 1}"#]);
    // It belongs to a part, which does not know what the whole declares.
    let part = json!({"allOf": [{"$ref": "#/$defs/2"}], "properties": {"a": {}}});
    check_with(&part, &others, &["1"], &[r#"{"a": 1}"#, r#"{"b": 1}"#]);
}

#[test]
fn covers_many_names() {
    let names: Vec<String> = (0..200).map(|at| format!("property{at}")).collect();
    let properties: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| (name.clone(), json!({"type": "integer"})))
        .collect();
    let schema =
        json!({"properties": properties, "required": names, "additionalProperties": false});
    let text = |skipped: &str| {
        let members: Vec<String> = names
            .iter()
            .rev()
            .filter(|name| *name != skipped)
            .map(|name| format!("\"{name}\":1"))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    check(&schema, &[&text("")], &[&text("property77")]);
    let names: Vec<String> = (0..300).map(|at| format!("p{at}")).collect();
    check(&json!({"required": names}), &["1"], &["{}"]);
}

#[test]
fn joins_schemas_of_one_place() {
    let others = [
        json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}),
        json!({"type": "object", "properties": {"next": {"$ref": "#/$defs/2"}, "v": {"type": "integer"}}}),
    ];
    check_with(
        &json!({"allOf": [{"$ref": "#/$defs/1"}, {"properties": {"id": {"maxLength": 2}}}]}),
        &others,
        &[r#"{"id": "ab"}"#],
        &[r#"{"id": "abc"}"#, r#"{"id": 1}"#, "{}"],
    );
    check_with(
        &json!({"$ref": "#/$defs/2"}),
        &others,
        &[r#"{"v": 1, "next": {"next": {"v": 2}}}"#],
        &[r#"{"next": {"next": {"v": "2"}}}"#],
    );
    check_with(&json!({"$ref": "#/$defs/7"}), &others, &[], &["1"]);
}

#[test]
fn covers_alternatives() {
    check(
        &json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        &["null", r#""a""#],
        &["1"],
    );
    check(
        &json!({"oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]}),
        &["1", r#""a""#],
        &[r#""ab""#],
    );
    check(
        &json!({"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {"type": "integer"}}}),
        &[r#"{"a": 1}"#, r#"{"b": 1}"#],
        &["{}", r#"{"a": "1", "b": 1}"#],
    );
    // Both may match, so `oneOf` cannot be decided here.
    let both = json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]});
    check(&both, &[], &["1", r#"{"a": 1}"#]);
    let event = |name: &str, value: Value| json!({"type": "object", "required": ["kind"], "properties": {"kind": {"const": name}, "value": value}});
    check(
        &json!({"oneOf": [event("a", json!({"type": "integer"})), event("b", json!({"type": "string"}))]}),
        &[
            r#"{"kind": "a", "value": 1}"#,
            r#"{"value": "x", "kind": "b"}"#,
        ],
        &[
            r#"{"kind": "a", "value": "x"}"#,
            r#"{"kind": "c"}"#,
            r#"{"value": 1}"#,
        ],
    );
    check(
        &json!({"oneOf": [{"enum": ["a", "b"]}, {"enum": ["c"]}]}),
        &[r#""b""#, r#""c""#],
        &[r#""d""#],
    );
    check(
        &json!({"oneOf": [
            {"required": ["card"], "properties": {"card": {}}, "additionalProperties": false},
            {"required": ["iban"], "properties": {"iban": {}}, "additionalProperties": false},
        ]}),
        &[r#"{"card": 1}"#, r#"{"iban": 1}"#],
        &[r#"{"card": 1, "iban": 1}"#, "{}"],
    );
}

#[test]
fn leaves_what_takes_long_to_the_validators() {
    let nested = json!({"anyOf": [
        {"type": "array", "items": {"$ref": "#/$defs/0"}, "maxItems": 1},
        {"type": "array", "items": {"$ref": "#/$defs/0"}, "maxItems": 2},
    ]});
    let depth = 40;
    let text = format!("{}[],[],[]{}", "[".repeat(depth), "]".repeat(depth));
    check(&nested, &["[[], []]"], &[&text]);
    // Each alternative would read the innermost value again.
    let branch = |items_max: u32| {
        json!({
            "type": ["array", "string", "number"], "items": {"$ref": "#/$defs/0"},
            "maxItems": items_max, "maxLength": 3, "maximum": 5,
        })
    };
    let nested = json!({"anyOf": [branch(1), branch(2)]});
    check(&nested, &[r#"[["a", 1]]"#], &[]);
    let long = 100_000;
    for innermost in [
        format!("\"{}\"", "a".repeat(long)),
        format!("\"{}\\n\"", "a".repeat(long)),
        format!("\"{}\\q\"", "a".repeat(long)),
        "1".repeat(long),
        format!("9.{}", "9".repeat(long)),
        format!("{}.x", "1".repeat(long)),
        format!("1{},1,1", " ".repeat(long)),
        format!("1,1,{}1", " ".repeat(long)),
    ] {
        let text = format!("{}{innermost}{}", "[".repeat(depth), "]".repeat(depth));
        check(&nested, &[], &[&text]);
    }
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    check(&json!({}), &[&deep[1..257]], &[&deep]);
}
