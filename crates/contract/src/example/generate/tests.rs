//! Tests of generated values. The `jsonschema` crate validates each of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::generate;
use super::text_pattern::TextPattern;

/// Generates a value for a schema, which may have `$defs`.
fn generated(schema: &Value) -> Option<Value> {
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(schema).unwrap();
    generate(schema, schema, &|value| validator.is_valid(value))
}

#[track_caller]
fn check(schema: &Value) {
    let value = generated(schema);
    assert!(value.is_some(), "{schema}");
    assert_eq!(value, generated(schema), "generation is deterministic");
}

#[track_caller]
fn check_value(schema: &Value, expected: Value) {
    assert_eq!(generated(schema), Some(expected), "{schema}");
}

#[track_caller]
fn check_none(schema: &Value) {
    assert_eq!(generated(schema), None, "{schema}");
}

#[test]
fn scalars() {
    for named in [
        "null", "boolean", "string", "integer", "number", "array", "object",
    ] {
        check(&json!({ "type": named }));
    }
    check_value(&json!(true), json!("text"));
    check_value(&json!({"type": ["null", "integer"]}), json!(1));
    check_value(&json!({"const": null}), Value::Null);
    check_value(&json!({"enum": ["b", 3], "type": "integer"}), json!(3));
    check_value(
        &json!({"enum": ["a", "b"], "allOf": [{"enum": ["b", "c"]}]}),
        json!("b"),
    );
    check_value(
        &json!({"type": "string", "not": {"enum": ["text"]}, "maxLength": 4}),
        json!("name"),
    );
}

#[test]
fn numbers() {
    check_value(
        &json!({"type": "integer", "minimum": 10, "multipleOf": 7}),
        json!(14),
    );
    check_value(&json!({"type": "integer", "maximum": -3}), json!(-3));
    check_value(
        &json!({"exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        json!(0.1),
    );
    check_value(
        &json!({"minimum": 19.98, "exclusiveMinimum": 19.985, "multipleOf": 0.01}),
        json!(20),
    );
    check_value(
        &json!({"minimum": 0.07, "maximum": 0.09, "multipleOf": 0.02}),
        json!(0.08),
    );
    check_value(
        &json!({"multipleOf": 4, "allOf": [{"multipleOf": 6}]}),
        json!(12),
    );
    check(&json!({"type": "integer", "minimum": -9_007_199_254_740_993_i64, "maximum": -5}));
    check(&json!({"type": "number", "minimum": 1e300}));
    check(&json!({"type": "number", "not": {"const": 1}}));
    check(&json!({"type": "integer", "not": {"maximum": 5}}));
}

#[test]
fn strings() {
    check_value(&json!({"type": "string", "maxLength": 2}), json!("xt"));
    check_value(&json!({"type": "string", "minLength": 6}), json!("textte"));
    check_value(&json!({"pattern": "^[A-Z]{3}-\\d{4}$"}), json!("ABC-5678"));
    check(&json!({"pattern": "^a+$", "minLength": 40, "maxLength": 60}));
    check(&json!({"pattern": "b", "minLength": 40}));
    check(&json!({"pattern": "^(foo|bar)\\w*$", "allOf": [{"minLength": 8}]}));
    check(&json!({"pattern": "^(?=.*[A-Z])(?=.*\\d).{8,}$"}));
    check(&json!({"pattern": "^\\p{L}+$", "maxLength": 3}));
    check(&json!({"pattern": "^[^a-z]\\s\\cA$"}));
    for format in [
        "date-time",
        "date",
        "time",
        "duration",
        "uuid",
        "email",
        "idn-email",
        "hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "uri-template",
        "json-pointer",
        "regex",
        "relative-json-pointer",
        "byte",
        "binary",
        "unheard-of",
    ] {
        check(&json!({ "type": "string", "format": format }));
        let several = json!({ "type": "string", "format": format });
        check(&json!({ "type": "array", "minItems": 3, "uniqueItems": true, "items": several }));
    }
}

#[test]
fn objects() {
    let properties = json!({"a": {"type": "integer"}, "b": {"type": "string"}});
    check_value(
        &json!({ "properties": properties }),
        json!({"a": 1, "b": "text"}),
    );
    check_value(&json!({"required": ["x"]}), json!({"x": "text"}));
    check_value(
        &json!({ "properties": properties, "maxProperties": 1 }),
        json!({"a": 1}),
    );
    check_value(
        &json!({"type": "object", "additionalProperties": {"type": "boolean"}}),
        json!({"key1": true}),
    );
    check_value(
        &json!({"properties": {"a": true, "b": false}, "additionalProperties": false}),
        json!({"a": "text"}),
    );
    check(&json!({"type": "object", "minProperties": 5}));
    check(&json!({"minProperties": 2, "propertyNames": {"pattern": "^x-[a-z]+$"}}));
    check(
        &json!({"minProperties": 2, "patternProperties": {"^n\\d$": {"type": "null"}},
        "additionalProperties": false}),
    );
    check(&json!({"required": ["a"], "dependentRequired": {"a": ["b"], "b": ["c"]}}));
    check(&json!({"properties": {"a": true}, "dependentSchemas": {"a": {"required": ["z"]}}}));
    check(&json!({"type": "object", "not": {"required": ["a"]}, "properties": {"a": true}}));
    check(
        &json!({"allOf": [{"properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"maximum": 3}}}],
        "required": ["a"]}),
    );
    check(&json!({"$ref": "#/$defs/a", "unevaluatedProperties": false,
        "$defs": {"a": {"properties": {"x": {"type": "string"}}, "required": ["x"]}}}));
}

#[test]
fn arrays() {
    check_value(&json!({"items": {"type": "integer"}}), json!([1]));
    check_value(
        &json!({"type": "array", "maxItems": 0, "items": true}),
        json!([]),
    );
    check_value(
        &json!({"prefixItems": [{"const": 1}, {"const": 2}], "items": false}),
        json!([1, 2]),
    );
    check_value(
        &json!({"items": {"type": "integer"}, "minItems": 3, "uniqueItems": true}),
        json!([1, 2, 3]),
    );
    check(&json!({"items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": true}));
    check(&json!({"items": {"type": "boolean"}, "minItems": 2, "uniqueItems": true}));
    check(&json!({"items": {"type": "integer"}, "contains": {"minimum": 9}, "minContains": 2}));
    check(&json!({"contains": {"const": 1}, "prefixItems": [{"const": 0}], "type": "array"}));
}

#[test]
fn choices() {
    check(&json!({"oneOf": [{"type": "integer"}, {"type": "number"}]}));
    check(&json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "type": "object"}));
    check(&json!({"anyOf": [false, {"type": "string", "maxLength": 0}]}));
    check(&json!({"anyOf": [{"type": "string"}, {"minimum": 3}], "type": "integer"}));
    check_value(
        &json!({"oneOf": [{"type": "null"}, {"const": "x"}]}),
        json!("x"),
    );
    check(&json!({"if": {"type": "string"}, "then": {"minLength": 9}, "else": {"type": "null"}}));
    check(&json!({"type": "integer", "if": {"minimum": 0}, "then": false}));
    check(
        &json!({"if": {"properties": {"kind": {"const": "a"}}}, "then": {"required": ["x"]},
        "properties": {"kind": {"enum": ["a", "b"]}}, "required": ["kind"]}),
    );
}

#[test]
fn terminates_for_recursive_schemas() {
    let tree = json!({"type": "object", "required": ["children"], "properties": {
        "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
        "parent": {"$ref": "#/$defs/tree"}}});
    check(&json!({"$ref": "#/$defs/tree", "$defs": {"tree": tree}}));
    let list = json!({"required": ["next"], "properties": {
        "next": {"oneOf": [{"$ref": "#/$defs/list"}, {"type": "null"}]}}});
    check(&json!({"$ref": "#/$defs/list", "$defs": {"list": list}}));
    check(
        &json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
    );
    let endless =
        json!({"type": "object", "required": ["me"], "properties": {"me": {"$ref": "#/$defs/e"}}});
    check_none(&json!({"$ref": "#/$defs/e", "$defs": {"e": endless}}));
}

#[test]
fn prefers_examples() {
    check_value(&json!({"type": "integer", "example": 7}), json!(7));
    check_value(&json!({"type": "string", "examples": [5, "a"]}), json!("a"));
    check_value(
        &json!({"type": "integer", "example": "seven", "default": 8}),
        json!(8),
    );
    check_value(
        &json!({"properties": {"a": {"type": "string", "example": "x"}}, "example": {"a": 1}}),
        json!({"a": "text"}),
    );
    let bad = json!({"properties": {"n": {"type": "integer"}}, "example": {"n": "x"}});
    check(&json!({"properties": {"deep": bad}, "required": ["deep"]}));
}

#[test]
fn finds_no_value_for_unsatisfiable_schemas() {
    check_none(&json!(false));
    check_none(&json!({"minimum": 2, "maximum": 1, "type": "number"}));
    check_none(&json!({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}));
    check_none(&json!({"type": "string", "minLength": 3, "maxLength": 2}));
    check_none(&json!({"enum": []}));
    check_none(&json!({"type": "string", "const": 1}));
    check_none(&json!({"required": ["a"], "properties": {"a": false}, "type": "object"}));
    check_none(
        &json!({"type": "array", "items": {"type": "boolean"}, "minItems": 3, "uniqueItems": true}),
    );
    check_none(&json!({"type": "array", "minItems": 1_000_000_000}));
    check_none(&json!({"type": "string", "minLength": 1_000_000_000}));
    check_none(&json!({"not": {}}));
}

proptest! {
    /// For any schema: no panic, and no invalid value.
    #[test]
    fn never_panics_on_any_pattern(pattern in "[ab(){}\\[\\]*+?.|^$\\\\d1,]{0,12}", salt in 0_usize..40) {
        let pattern = TextPattern::new(&pattern);
        for text in pattern.texts(salt).take(3) {
            pattern.is_match(&text);
        }
    }

    #[test]
    fn never_panics_on_any_bounds(
        low in any::<f64>(), high in any::<f64>(), step in any::<f64>(), integer in any::<bool>(),
    ) {
        let named = if integer { "integer" } else { "number" };
        let schema = json!({"type": named, "minimum": low, "maximum": high, "multipleOf": step.abs()});
        generate(&schema, &schema, &|_| false);
    }
}
