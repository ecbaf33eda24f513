//! The tape as the validators' representation: verdicts must be those of trees.

use jsonschema::json::JsonNumber;
use jsonschema::json::Node as _;
use jsonschema_value::conformance;
use serde_json::json;

use super::*;
use crate::TapeJson;
use crate::schema_node::TapeNumber;

#[test]
fn the_tape_conforms_to_the_representation_contract() {
    let text = conformance::document().to_string();
    conformance::assert_conformance::<TapeJson>(&tape(&text).root(&text));
}

#[track_caller]
fn check(schema: &Value, instance: &str, valid: bool) {
    let schema = json!({"properties": {"body": schema}});
    let validator = jsonschema::options_for::<TapeJson>()
        .build(&schema)
        .unwrap();
    let tape = tape(instance);
    assert_eq!(
        validator.is_valid(tape.wrapped(instance)),
        valid,
        "{schema} {instance}"
    );
    assert_eq!(
        validator.validate(tape.wrapped(instance)).is_ok(),
        valid,
        "{schema} {instance}"
    );
}

#[test]
fn numbers_are_compared_mathematically() {
    check(&json!({"const": 1}), "1.0", true);
    check(&json!({"const": 100}), "1e2", true);
    check(&json!({"const": -1}), "-10e-1", true);
    check(&json!({"enum": [0.1]}), "0.10", true);
    check(&json!({"type": "integer"}), "1.0", true);
    check(&json!({"type": "integer"}), "1.5e1", true);
    check(&json!({"type": "integer"}), "1.5", false);
    check(
        &json!({"type": "integer"}),
        "123456789012345678901234567890",
        true,
    );
    check(&json!({"type": "integer"}), "9007199254740992.5", false);
    check(&json!({"multipleOf": 0.01}), "19.99", true);
    check(&json!({"minimum": 5}), "4.999", false);
    check(&json!({"maximum": 100}), "1e2", true);
}

#[test]
fn elements_are_unique_by_value() {
    let unique = || json!({"uniqueItems": true});
    check(&unique(), "[1, 2, \"1\", true, [1], {\"a\": 1}]", true);
    check(&unique(), "[1, 1.0]", false);
    check(&unique(), "[0, -0.0]", false);
    check(
        &unique(),
        r#"[{"a": 1, "b": 2}, {"b": 2.0, "a": 10e-1}]"#,
        false,
    );
    check(&unique(), "[9007199254740992, 9007199254740993]", true);
    let many: Vec<String> = (0..100).map(|n| format!("{{\"n\":{n}}}")).collect();
    check(&unique(), &format!("[{}]", many.join(",")), true);
    check(
        &unique(),
        &format!("[{},{{\"n\":57.0}}]", many.join(",")),
        false,
    );
}

#[test]
fn strings_names_and_references_are_checked() {
    check(&json!({"maxLength": 2}), r#""\ud83d\ude00é""#, true);
    check(
        &json!({"propertyNames": {"maxLength": 2}}),
        r#"{"ab": 1, "abc": 2}"#,
        false,
    );
    check(
        &json!({"required": ["a"], "additionalProperties": false}),
        "{}",
        false,
    );
    let list = json!({"anyOf": [{"type": "null"}, {"items": {"$ref": "#/properties/body"}}], "not": {"type": "string"}});
    check(&list, "[null, [null, []]]", true);
    check(&list, "[null, [null, [\"a\"]]]", false);
}

#[test]
fn errors_hold_their_instance() {
    let schema = json!({"properties": {"body": {"properties": {"a": {"type": "null"}}}}});
    let validator = jsonschema::options_for::<TapeJson>()
        .build(&schema)
        .unwrap();
    let text = r#"{"z": 0, "a": [1, {"b": "\n"}], "y": 0}"#;
    let tape = tape(text);
    let error = validator.validate(tape.wrapped(text)).unwrap_err();
    assert_eq!(error.instance().as_ref(), &json!([1, {"b": "\n"}]));
    assert_eq!(error.instance_path().to_string(), "/body/a");
}

#[test]
fn values_of_two_tapes_are_distinct() {
    let (one, two) = (tape("[1]"), tape("[1]"));
    assert_ne!(one.root("[1]").identity(), two.root("[1]").identity());
    assert_eq!(one.root("[1]").identity(), one.root("[1]").identity());
}

#[test]
fn integers_are_recognised_exactly() {
    let check = |text: &str, expected: bool| {
        let tape = tape(text);
        let number: TapeNumber<'_> = tape.root(text).as_number().unwrap();
        assert_eq!(number.is_integer(), expected, "{text}");
    };
    for text in [
        "0", "-0.00", "0e-9", "10", "1e0", "120e-1", "1.20e1", "0.5e1", "0.001e3",
    ] {
        check(text, true);
    }
    for text in [
        "0.1",
        "1e-1",
        "121e-1",
        "1.25e1",
        "0.0001e3",
        "1e-99999999999999999999",
    ] {
        check(text, false);
    }
}

#[test]
fn values_of_schemas_are_compared_exactly() {
    let check = |text: &str, expected: Value, equal: bool| {
        assert_eq!(
            tape(text).root(text).equals_value(&expected),
            equal,
            "{text} {expected}"
        );
    };
    check(
        "9007199254740993.0",
        json!(9_007_199_254_740_992_u64),
        false,
    );
    check("9007199254740993.0", json!(9_007_199_254_740_993_u64), true);
    check("18446744073709551616", json!(u64::MAX), false);
    check("-9223372036854775808e0", json!(i64::MIN), true);
    check(
        "123456789012345680000000000000.0",
        json!(123456789012345678901234567890_f64),
        true,
    );
    check("0.1", json!(0.1), true);
    check("0.1000000000000000000001", json!(0.1), false);
    check(r#"{"a": [1.0]}"#, json!({"a": [1]}), true);
    check(r#"{"a": [1.0]}"#, json!({"a": [1], "b": 0}), false);
    check(r#"["1", true]"#, json!([1, true]), false);
}
