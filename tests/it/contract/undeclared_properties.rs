//! Undeclared properties of bodies: `unknown-body-property`.

use http::{HeaderMap, HeaderValue, Method};
use portcullis_contract::route::{PathCaptures, RouteMatch};
use portcullis_contract::{
    BodyLength, CheckScratch, CheckSettings, CompileOptions, RequestHead, check_body, check_head,
    compile, parse_single_file,
};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::enforcement::EnforcementCeilings;
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use portcullis_vocabulary::enforcement::ViolationClass;
use serde_json::{Value, json};

/// A contract whose only operation takes a body of this schema.
fn document(schema: &Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"post": {"requestBody": {"content": {"application/json": {
            "schema": schema
        }}}}}},
        "components": {"schemas": {
            "Base": {"type": "object", "properties": {"id": {"type": "integer"}}},
            "Tree": {
                "type": "object",
                "properties": {"children": {"type": "array", "items": {
                    "$ref": "#/components/schemas/Tree"
                }}}
            }
        }}
    })
}

/// The violations of a body: class, pointer and expectation.
fn violations_of(schema: &Value, body: &Value, class: Enforcement) -> Vec<String> {
    let limits = Limits::default();
    let bytes = document(schema).to_string().into_bytes();
    let documents = parse_single_file("t.json", bytes, &limits).unwrap();
    let options = CompileOptions {
        detect_undeclared: class != Enforcement::Off,
        ..CompileOptions::default()
    };
    let contract = compile(documents, &options).unwrap();
    let named = [(ViolationClass::UnknownBodyProperty, class)];
    let policy = EnforcementPolicy::new(EnforcementCeilings::default(), named, 1.0);
    let rules = CheckSettings::new(&policy, &limits);
    let mut captures = PathCaptures::default();
    let RouteMatch::Found { operation } = contract.match_route(&Method::POST, "/", &mut captures)
    else {
        panic!("the contract has one operation");
    };
    let operation = contract.operation(operation);
    let json = (
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let headers = HeaderMap::from_iter([json]);
    let head = RequestHead {
        path: "/",
        query: None,
        headers: &headers,
        captures: &captures,
        body: BodyLength::Known,
    };
    let (mut scratch, mut violations) = (CheckScratch::default(), Vec::new());
    let plan = check_head(
        &contract,
        operation,
        head,
        rules,
        &mut scratch,
        &mut violations,
    );
    let body = body.to_string();
    check_body(
        &contract,
        plan,
        &headers,
        body.as_bytes(),
        rules,
        &mut scratch,
        &mut violations,
    );
    let messages = violations.iter().map(|violation| {
        assert!(violation.contract.is_some(), "{violation:?}");
        let expected = violation.expected.as_deref().unwrap_or_default();
        format!("{} {} {expected}", violation.class, violation.pointer)
    });
    messages.collect()
}

#[track_caller]
fn check(schema: &Value, body: &Value, expected: &[&str]) {
    assert_eq!(
        violations_of(schema, body, Enforcement::Reject),
        expected,
        "{schema} {body}"
    );
    assert_eq!(
        violations_of(schema, body, Enforcement::Off),
        [""; 0],
        "{schema} {body}"
    );
}

#[test]
fn reports_undeclared_properties() {
    let a = || json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let base = || json!({"$ref": "#/components/schemas/Base"});
    check(&a(), &json!({"a": 1}), &[]);
    check(
        &a(),
        &json!({"a": 1, "b": 2}),
        &["unknown-body-property  no property `b`"],
    );
    check(
        &base(),
        &json!({"id": 1, "b": 2}),
        &["unknown-body-property  no property `b`"],
    );
    let nested = || json!({"type": "object", "properties": {"x": {"type": "array", "items": a()}}});
    check(
        &nested(),
        &json!({"x": [{}, {"b": 1}]}),
        &["unknown-body-property /x/1 no property `b`"],
    );
    let tree = || json!({"$ref": "#/components/schemas/Tree"});
    check(
        &tree(),
        &json!({"children": [{"children": [{"b": 1}]}]}),
        &["unknown-body-property /children/0/children/0 no property `b`"],
    );
}

#[test]
fn properties_of_all_composed_schemas_are_declared() {
    let a = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let all = || json!({"allOf": [{"$ref": "#/components/schemas/Base"}, a]});
    check(&all(), &json!({"id": 1, "a": 1}), &[]);
    check(
        &all(),
        &json!({"id": 1, "c": 1}),
        &["unknown-body-property  no property `c`"],
    );
    let one = || {
        json!({"oneOf": [
            {"properties": {"kind": {"const": "x"}, "x": {}}, "required": ["kind", "x"]},
            {"properties": {"kind": {"const": "y"}, "y": {}}, "required": ["kind", "y"]}
        ]})
    };
    check(&one(), &json!({"kind": "x", "x": 1}), &[]);
    check(
        &one(),
        &json!({"kind": "x", "x": 1, "y": 1}),
        &["unknown-body-property  no property `y`"],
    );
}

#[test]
fn explicitly_open_objects_stay_open() {
    check(&json!({"type": "object"}), &json!({"b": 1}), &[]);
    check(&json!({}), &json!({"b": {"c": 1}}), &[]);
    let open = json!({"properties": {"a": {}}, "additionalProperties": true});
    check(&open, &json!({"b": 1}), &[]);
    let typed = json!({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}});
    check(&typed, &json!({"b": 1}), &[]);
    let patterned = json!({"patternProperties": {"^x-": {}}});
    check(&patterned, &json!({"x-b": 1}), &[]);
}
