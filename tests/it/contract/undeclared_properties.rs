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

/// A contract whose only operation takes a body of this media type.
fn document(kind: &str, media: &Value) -> Value {
    json!({
        "openapi": "3.2.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"post": {"requestBody": {"content": {kind: media}}}}},
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
    let media = json!({ "schema": schema });
    violations_in("application/json", &media, &body.to_string(), class)
}

fn violations_in(kind: &str, media: &Value, body: &str, class: Enforcement) -> Vec<String> {
    let limits = Limits::default();
    let bytes = document(kind, media).to_string().into_bytes();
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
    let label = format!("{kind}; boundary=b");
    let label = HeaderValue::from_str(&label).unwrap();
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, label)]);
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

/// Forms, parts and records have properties, too.
#[test]
fn reports_undeclared_properties_of_every_format() {
    let a = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
    let (schema, item) = (json!({"schema": a}), json!({"itemSchema": a}));
    let part = |head: &str, value: &str| format!("--b\r\n{head}\r\n\r\n{value}\r\n--b--");
    let named = |name: &str| {
        part(
            &format!("Content-Disposition: form-data; name=\"{name}\""),
            "1",
        )
    };
    let json_part = |value: &str| part("Content-Type: application/json", value);
    for (kind, media, good, bad, pointer) in [
        (
            "application/x-www-form-urlencoded",
            &schema,
            "a=1".to_owned(),
            "b=1".to_owned(),
            "",
        ),
        ("multipart/form-data", &schema, named("a"), named("b"), ""),
        (
            "multipart/mixed",
            &item,
            json_part("{\"a\": 1}"),
            json_part("{\"b\": 1}"),
            "/0",
        ),
        (
            "application/jsonl",
            &item,
            "{\"a\": 1}".to_owned(),
            "{\"b\": 1}".to_owned(),
            "/0",
        ),
    ] {
        let reported = format!("unknown-body-property {pointer} no property `b`");
        for (body, class, expected) in [
            (&good, Enforcement::Reject, None),
            (&bad, Enforcement::Reject, Some(&reported)),
            (&bad, Enforcement::Off, None),
        ] {
            let found = violations_in(kind, media, body, class);
            assert_eq!(found.first(), expected, "{kind} {body}");
        }
    }
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
