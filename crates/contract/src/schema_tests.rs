//! Tests of schemas in both versions of OpenAPI: which values a schema accepts as the body of a
//! request or response.

use super::*;
use crate::message::explain_errors::{ViolationSubject, explain, over_limit};
use crate::schema::schema_verdict::SchemaVerdict;
use portcullis_json::{self as json, Tape};
use portcullis_vocabulary::Limits;

pub(crate) const V30: &str = "3.0.3";
pub(crate) const V31: &str = "3.1.0";

/// Compiles a contract around one schema. `components` are the properties of `components.schemas`.
pub(crate) fn contract(
    version: &str,
    schema: &str,
    components: &str,
) -> Result<CompiledContract, Vec<ContractProblem>> {
    let content = format!(r#"{{"application/json": {{"schema": {schema}}}}}"#);
    let text = format!(
        r#"{{"openapi": "{version}", "info": {{"title": "t", "version": "1"}},
            "components": {{"schemas": {{{components}}}}},
            "paths": {{"/": {{"post": {{
                "requestBody": {{"content": {content}}},
                "responses": {{"200": {{"description": "ok", "content": {content}}}}}}}}}}}}}"#
    );
    let documents = parse_single_file("t.json", text.into_bytes(), &Limits::default()).unwrap();
    compile(documents, &CompileOptions::default())
}

pub(crate) fn violations(
    contract: &CompiledContract,
    direction: MessageDirection,
    value: &str,
) -> Vec<Violation> {
    let operation = &contract.operations[0];
    let content = match (direction, &operation.body) {
        (MessageDirection::Request, BodyDeclaration::Declared(body)) => &body.content,
        _ => &operation.responses[0].content,
    };
    let key = content[0].schema.as_ref().unwrap();
    let mut tape = Tape::new();
    let source = tape
        .parse(key.as_str(), value.as_bytes(), json::JsonLimits::default())
        .unwrap();
    let wrapped = tape.wrapped(source);
    let schemas = contract.schemas(direction);
    let subject = ViolationSubject {
        class: ViolationClass::InvalidBody,
        part: MessagePart::Body,
        name: None,
    };
    match schemas.verdict(wrapped) {
        SchemaVerdict::Valid => return Vec::new(),
        SchemaVerdict::Invalid => {}
        SchemaVerdict::Unknown(_) => panic!("every part is known"),
        SchemaVerdict::OverLimit => {
            return vec![over_limit(schemas, &contract.documents, wrapped, subject)];
        }
    }
    let found = explain(schemas, &contract.documents, wrapped, subject, 10);
    assert!(!found.is_empty(), "what is invalid has a reason");
    found
}

/// Checks that a schema accepts the values `yes` and rejects the values `no`.
#[track_caller]
fn check(version: &str, schema: &str, yes: &[&str], no: &[&str]) {
    check_with(version, schema, "", MessageDirection::Request, yes, no);
}

#[track_caller]
pub(crate) fn check_both(schema: &str, yes: &[&str], no: &[&str]) {
    check(V30, schema, yes, no);
    check(V31, schema, yes, no);
}

#[track_caller]
fn check_with(
    version: &str,
    schema: &str,
    components: &str,
    direction: MessageDirection,
    yes: &[&str],
    no: &[&str],
) {
    let contract = contract(version, schema, components)
        .unwrap_or_else(|problems| panic!("{schema}: {}", problems[0]));
    for value in yes {
        let found = violations(&contract, direction, value);
        assert!(
            found.is_empty(),
            "{version} {schema} {value}: {}",
            found[0].message
        );
    }
    for value in no {
        let found = violations(&contract, direction, value);
        assert!(!found.is_empty(), "{version} {schema} accepts {value}");
    }
}

/// Checks that a schema makes the contract invalid, and a part of the message.
#[track_caller]
pub(crate) fn check_refused(version: &str, schema: &str, reason: &str) {
    match contract(version, schema, "") {
        Ok(_) => panic!("{schema} was accepted"),
        Err(problems) => {
            let text = problems[0].to_string();
            assert!(text.contains(reason), "{text}");
        }
    }
}

#[test]
fn nullable_of_3_0() {
    check(
        V30,
        r#"{"type": "string", "nullable": true}"#,
        &["null", r#""a""#],
        &["1"],
    );
    check(V30, r#"{"nullable": true}"#, &["null", "1"], &[]);
    check(
        V30,
        r#"{"nullable": true, "enum": ["a"]}"#,
        &[r#""a""#],
        &["null"],
    );
    check(
        V30,
        r#"{"type": "string", "nullable": true, "enum": ["a"]}"#,
        &[r#""a""#],
        &["null"],
    );
    check(
        V30,
        r#"{"type": "string", "nullable": true, "enum": ["a", null]}"#,
        &["null"],
        &["1"],
    );
    check(
        V30,
        r#"{"nullable": true, "allOf": [{"type": "string"}]}"#,
        &[r#""a""#],
        &["null"],
    );
    check(
        V31,
        r#"{"type": "string", "nullable": true}"#,
        &[r#""a""#],
        &["null"],
    );
    let a = r#""A": {"type": "string"}"#;
    let schema = r##"{"$ref": "#/components/schemas/A", "nullable": true}"##;
    check_with(
        V30,
        schema,
        a,
        MessageDirection::Request,
        &[r#""a""#],
        &["null"],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, a case each")]
fn keywords_of_3_0() {
    check(
        V30,
        r#"{"minimum": 1, "exclusiveMinimum": true}"#,
        &["1.1"],
        &["1"],
    );
    check(
        V30,
        r#"{"minimum": 1, "exclusiveMinimum": false}"#,
        &["1"],
        &["0"],
    );
    check(
        V30,
        r#"{"exclusiveMinimum": true, "exclusiveMaximum": true}"#,
        &["-5"],
        &[],
    );
    check(
        V30,
        r#"{"const": 1, "if": false, "patternProperties": {"a": false}}"#,
        &[r#"{"a": 1}"#],
        &[],
    );
    check(
        V30,
        r#"{"enum": [{"$ref": "x", "nullable": true}]}"#,
        &[r#"{"$ref": "x", "nullable": true}"#],
        &["null"],
    );
    check(
        V30,
        r#"{"default": {"$ref": "x"}, "example": {"$ref": "y"}}"#,
        &["1"],
        &[],
    );
    check(
        V30,
        r#"{"additionalProperties": false, "properties": {"a": {}}}"#,
        &[r#"{"a": 1}"#],
        &[r#"{"b": 1}"#],
    );
    check(
        V30,
        r#"{"allOf": [{"properties": {"a": {}}}], "additionalProperties": false}"#,
        &["{}"],
        &[r#"{"a": 1}"#],
    );
    check(
        V30,
        r#"{"items": {"type": "string"}}"#,
        &["[]", r#"["a"]"#],
        &["[1]"],
    );
    check_refused(
        V30,
        r#"{"exclusiveMinimum": 1}"#,
        "is a boolean that modifies",
    );
    check_refused(V30, r#"{"items": [{}]}"#, "must be an object");
    check_refused(
        V30,
        r#"{"type": ["string", "null"]}"#,
        "`type` must be one name",
    );
    check_refused(
        V30,
        r#"{"required": true}"#,
        "`required` is a list of property names",
    );
    let a = r#""A": {"type": "string"}"#;
    let schema = r##"{"$ref": "#/components/schemas/A", "maxLength": 1}"##;
    check_with(
        V30,
        schema,
        a,
        MessageDirection::Request,
        &[r#""ab""#],
        &["1"],
    );
    check_with(
        V31,
        schema,
        a,
        MessageDirection::Request,
        &[r#""a""#],
        &[r#""ab""#],
    );
}

/// Siblings of `$ref` apply along the whole chain of references.
#[test]
fn siblings_of_references() {
    let components =
        r##""A": {"$ref": "#/components/schemas/B", "maxLength": 1}, "B": {"type": "string"}"##;
    let schema = r##"{"$ref": "#/components/schemas/A"}"##;
    check_with(
        V31,
        schema,
        components,
        MessageDirection::Request,
        &[r#""a""#],
        &[r#""ab""#, "1"],
    );
    check_with(
        V30,
        schema,
        components,
        MessageDirection::Request,
        &[r#""ab""#],
        &["1"],
    );
}

#[test]
fn requests_do_not_require_read_only_properties() {
    let id = r#""required": ["id"], "properties": {"id": {"readOnly": true}}"#;
    let needs = r#"{"required": ["id"]}"#;
    let has = r#"{"properties": {"id": {"readOnly": true}}}"#;
    let components = format!(
        r##""Id": {{"readOnly": true, "type": "string"}}, "Has": {has}, "Needs": {needs},
            "Both": {{"allOf": [{{"$ref": "#/components/schemas/Needs"}}, {{"$ref": "#/components/schemas/Has"}}]}}"##
    );
    let schemas = [
        format!("{{{id}}}"),
        format!(r#"{{"allOf": [{needs}, {has}]}}"#),
        format!(r#"{{"required": ["id"], "allOf": [{has}]}}"#),
        format!(r#"{{"required": ["id"], "oneOf": [{has}, {{"required": ["no"]}}]}}"#),
        format!(r#"{{"properties": {{"id": {{"readOnly": true}}}}, "anyOf": [{needs}]}}"#),
        format!(r#"{{"allOf": [{{"allOf": [{needs}]}}, {{"allOf": [{has}]}}]}}"#),
        r##"{"$ref": "#/components/schemas/Both"}"##.to_owned(),
        r##"{"allOf": [{"$ref": "#/components/schemas/Needs"}, {"$ref": "#/components/schemas/Has"}]}"##.to_owned(),
        r##"{"required": ["id"], "properties": {"id": {"$ref": "#/components/schemas/Id"}}}"##.to_owned(),
        r##"{"required": ["id"], "properties": {"id": {"allOf": [{"$ref": "#/components/schemas/Id"}]}}}"##.to_owned(),
    ];
    for schema in &schemas {
        let with = |direction, yes: &[&str], no: &[&str]| {
            check_with(V30, schema, &components, direction, yes, no);
            let nested = format!(r#"{{"properties": {{"in": {{"items": {schema}}}}}}}"#);
            let wrap = |value: &&str| format!(r#"{{"in": [{value}]}}"#);
            let (yes, no): (Vec<_>, Vec<_>) = (
                yes.iter().map(wrap).collect(),
                no.iter().map(wrap).collect(),
            );
            let (yes, no): (Vec<_>, Vec<_>) = (
                yes.iter().map(String::as_str).collect(),
                no.iter().map(String::as_str).collect(),
            );
            check_with(V30, &nested, &components, direction, &yes, &no);
        };
        with(MessageDirection::Request, &["{}", r#"{"id": "a"}"#], &[]);
        with(MessageDirection::Response, &[r#"{"id": "a"}"#], &["{}"]);
        check_with(
            V31,
            schema,
            &components,
            MessageDirection::Request,
            &[r#"{"id": "a"}"#],
            &["{}"],
        );
    }
    let alone = r##"{"$ref": "#/components/schemas/Needs"}"##;
    check_with(
        V30,
        alone,
        &components,
        MessageDirection::Request,
        &[],
        &["{}"],
    );
    let apart = format!(
        r#"{{"oneOf": [{needs}, {{"required": ["b"], "properties": {{"id": {{"readOnly": true}}}}}}]}}"#
    );
    check_with(
        V30,
        &apart,
        "",
        MessageDirection::Request,
        &[r#"{"b": 1}"#],
        &["{}"],
    );
    let write = r#"{"required": ["p"], "properties": {"p": {"writeOnly": true}}}"#;
    check_with(V30, write, "", MessageDirection::Response, &["{}"], &[]);
    check_with(V30, write, "", MessageDirection::Request, &[], &["{}"]);
}

const PETS: &str = r##"
    "Cat": {"type": "object", "required": ["kind", "lives"], "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}},
    "Dog": {"type": "object", "required": ["kind"], "properties": {"kind": {"type": "string"}, "bark": {"type": "string"}}}"##;

/// The first violation message for an invalid pet.
fn first_message(union: &str, value: &str) -> String {
    let contract = contract(V31, union, PETS).unwrap();
    let found = violations(&contract, MessageDirection::Request, value);
    found
        .first()
        .map(|violation| violation.message.clone())
        .unwrap_or_default()
}

#[test]
fn discriminators_affect_messages_but_not_validity() {
    let union = |discriminator: &str| {
        format!(
            r##"{{"oneOf": [{{"$ref": "#/components/schemas/Cat"}}, {{"$ref": "#/components/schemas/Dog"}}] {discriminator}}}"##
        )
    };
    let by_kind = union(r#", "discriminator": {"propertyName": "kind"}"#);
    let mapped = union(
        r##", "discriminator": {"propertyName": "kind", "mapping": {"meow": "#/components/schemas/Cat", "woof": "Dog"}}"##,
    );
    let check = |union: &str, value: &str, part: &str| {
        let message = first_message(union, value);
        assert!(
            message.contains(part) && message.is_empty() == part.is_empty(),
            "{message}"
        );
    };
    check(
        &by_kind,
        r#"{"kind": "Dog", "bark": 1}"#,
        "1 is not of type \"string\" (`Dog`, by its `kind`)",
    );
    check(
        &by_kind,
        r#"{"kind": "Cat", "bark": 1}"#,
        "\"lives\" is a required property (`Cat`, by its `kind`)",
    );
    check(
        &mapped,
        r#"{"kind": "meow", "bark": 1}"#,
        "(`Cat`, by its `kind`)",
    );
    check(
        &mapped,
        r#"{"kind": "woof", "bark": 1}"#,
        "(`Dog`, by its `kind`)",
    );
    check(&by_kind, r#"{"kind": "Cow", "lives": "x"}"#, "");
    check(
        &by_kind,
        r#"{"kind": "Cow", "bark": 1, "lives": "x"}"#,
        "of 2 alternatives)",
    );
    check(
        &by_kind,
        r#"{"kind": "Cat", "lives": 9}"#,
        "matches `Cat` and `Dog`, but must match exactly one",
    );
    check(
        &union(""),
        r#"{"kind": 1, "lives": 9, "bark": 2}"#,
        "(`Cat`, the closest of 2 alternatives)",
    );
    check(&union(""), "1", "not valid under any");
}

#[test]
fn messages_say_what_a_keyword_refuses() {
    let check = |schema: &str, value: &str, expected: &str| {
        assert_eq!(first_message(schema, value), expected, "{schema}");
    };
    let contains = |more: &str| format!(r#"{{"contains": {{"type": "integer"}}{more}}}"#);
    check(
        &contains(""),
        r#"["a"]"#,
        r#"["a"] has no item that matches `contains`"#,
    );
    for more in [
        r#", "maxContains": 1"#,
        r#", "minContains": 1, "maxContains": 1"#,
    ] {
        check(
            &contains(more),
            "[0,0]",
            "[0,0] has too many items that match `contains`",
        );
    }
    check(
        &contains(r#", "minContains": 2"#),
        "[0]",
        "[0] has too few items that match `contains`",
    );
    check(
        r#"{"not": {"type": "string"}}"#,
        r#""a""#,
        r#""a" matches the schema under `not`"#,
    );
    // A place of the lowered document means nothing to the reader.
    let old = r##""$defs": {"Old": {"$anchor": "Old", "maxLength": 3}}"##;
    for (schema, value, expected) in [
        (
            r##""not": {"$ref": "#Old"}"##,
            r#""a""#,
            r#""a" matches the schema under `not`, `Old`"#,
        ),
        (
            r##""propertyNames": {"not": {"$ref": "#Old"}}"##,
            r#"{"a": 1}"#,
            r#""a" matches the schema under `not`, `Old`"#,
        ),
        (
            r##""propertyNames": {"not": {"anyOf": [{"$ref": "#Old"}]}}"##,
            r#"{"a": 1}"#,
            r#""a" matches the schema under `not`"#,
        ),
        (
            r##""propertyNames": {"$ref": "#Old"}"##,
            r#"{"abcd": 1}"#,
            r#""abcd" is longer than 3 characters"#,
        ),
    ] {
        check(&format!("{{{old}, {schema}}}"), value, expected);
    }
    check(
        r#"{"properties": {"a": false}}"#,
        r#"{"a": 1}"#,
        "1 is not allowed, because its schema is `false`",
    );
    check(
        r#"{"properties": {"p": {}}, "unevaluatedProperties": {"type": "string"}}"#,
        r#"{"a": 0}"#,
        "the schema under `unevaluatedProperties` refuses the value of `a`",
    );
    check(
        r#"{"properties": {"p": {}}, "unevaluatedProperties": false}"#,
        r#"{"a": 0}"#,
        "Unevaluated properties are not allowed ('a' was unexpected)",
    );
}

#[test]
fn the_alternative_with_the_constants_of_the_value_is_the_closest() {
    let check = |tag: &str, value: &str, expected: &str| {
        let alternative = |kind: &str| {
            let tag = tag.replace("KIND", kind);
            format!(
                r#"{{"title": "{kind}", "required": ["kind"], "properties": {{"kind": {tag}, "size": {{"type": "integer", "maximum": 3}}}}}}"#
            )
        };
        let schema = format!(
            r#"{{"anyOf": [{}, {}]}}"#,
            alternative("cat"),
            alternative("dog")
        );
        let message = first_message(&schema, value);
        assert!(message.contains(expected), "{message}");
    };
    for tag in [r#"{"const": "KIND"}"#, r#"{"enum": ["KIND"]}"#] {
        let refused = "4 is greater than the maximum of 3 (`dog`, the closest of 2 alternatives)";
        check(tag, r#"{"kind": "dog", "size": 4}"#, refused);
        let refused = "(`cat`, the closest of 2 alternatives)";
        check(tag, r#"{"kind": "cat", "size": 4}"#, refused);
        check(tag, r#"{"kind": "cow", "size": 4}"#, refused);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, a case each")]
fn compares_numbers_exactly() {
    check_both(
        r#"{"type": "integer"}"#,
        &[
            "1.0",
            "1e2",
            "98249283749234923498293171823948729348710298301928331",
            "-0",
        ],
        &["1.5", "1e-1"],
    );
    check_both(
        r#"{"multipleOf": 0.01}"#,
        &["19.99", "2.34", "4.35", "1e308", "0"],
        &["2.345", "19.999"],
    );
    check_both(
        r#"{"multipleOf": 0.1}"#,
        &["0.3", "12345678901234567890.1"],
        &["0.35"],
    );
    check_both(r#"{"multipleOf": 0.123456789}"#, &["0"], &["1e308"]);
    check_both(
        r#"{"multipleOf": 18446744073709551616}"#,
        &["36893488147419103232"],
        &["36893488147419103233"],
    );
    check_both(
        r#"{"minimum": 9007199254740993}"#,
        &["9007199254740993.0", "9007199254740993"],
        &["9007199254740992.0", "9007199254740992.9"],
    );
    check_both(
        r#"{"maximum": 18446744073709551617}"#,
        &["18446744073709551617"],
        &["18446744073709551618"],
    );
    check_both(
        r#"{"maximum": 0.1}"#,
        &["0.1", "0.10"],
        &["0.10000000000000000001"],
    );
    check_both(
        r#"{"enum": [9007199254740993.0]}"#,
        &["9007199254740993"],
        &["9007199254740992"],
    );
    check_both(
        r#"{"enum": [9007199254740992, {"a": 1}]}"#,
        &["9007199254740992.0", r#"{"a": 1.0}"#],
        &["9007199254740993.0"],
    );
    check_both(
        r#"{"enum": [1e2, 0.1]}"#,
        &["100", "1.0e2", "0.1"],
        &["0.10000000000000000001"],
    );
    check_both(
        r#"{"uniqueItems": true}"#,
        &["[9007199254740992, 9007199254740993.0]"],
        &["[1, 1.0]", "[100, 1e2]"],
    );
    check(
        V31,
        r#"{"const": 9007199254740993.0}"#,
        &["9007199254740993"],
        &["9007199254740992"],
    );
    check(
        V31,
        r#"{"const": [0.1000000000000000055]}"#,
        &["[0.1000000000000000055]"],
        &["[0.1]"],
    );
    check(
        V31,
        r#"{"exclusiveMaximum": 1e19}"#,
        &["9999999999999999999"],
        &["10000000000000000000"],
    );
    check_both(
        r#"{"format": "int32"}"#,
        &["2147483647", "-2147483648", r#""x""#],
        &["2147483648", "1e10"],
    );
    check_both(
        r#"{"format": "int64"}"#,
        &["9223372036854775807", "9223372036854775807.0"],
        &["9223372036854775808", "9223372036854775808.0"],
    );
    check_both(r#"{"format": "double"}"#, &["1e300", "0.1"], &[]);
}

#[test]
fn validates_recursive_alternatives_in_linear_time() {
    let union = r##"{"anyOf": [{"properties": {"x": {"$ref": "#/components/schemas/T"}}, "required": ["a"]},
        {"properties": {"x": {"$ref": "#/components/schemas/T"}}, "required": ["b"]}]}"##;
    let value = format!("{}1{}", r#"{"a": 1, "x": "#.repeat(60), "}".repeat(60));
    let contract = contract(
        V31,
        r##"{"$ref": "#/components/schemas/T"}"##,
        &format!(r#""T": {union}"#),
    )
    .unwrap();
    assert!(violations(&contract, MessageDirection::Request, &value).is_empty());
    let value = value.replacen("\"a\": 1, \"x\": 1", "\"x\": 1", 1);
    assert!(!violations(&contract, MessageDirection::Request, &value).is_empty());
}

#[test]
fn resources_and_dialects_of_3_1() {
    check(
        V31,
        r##"{"$id": "https://example.com/a", "$ref": "#/$defs/b", "$defs": {"b": {"type": "string"}}}"##,
        &[r#""x""#],
        &["1"],
    );
    check(
        V31,
        r#"{"$id": "https://example.com/a", "$ref": "b", "$defs": {"b": {"$id": "/b", "type": "string"}}}"#,
        &[r#""x""#],
        &["1"],
    );
    check(
        V31,
        r##"{"$ref": "#here", "$defs": {"b": {"$anchor": "here", "type": "string"}}}"##,
        &[r#""x""#],
        &["1"],
    );
    check(
        V31,
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema"}"#,
        &["1"],
        &[],
    );
    check(
        V31,
        r#"{"$schema": "https://spec.openapis.org/oas/3.1/dialect/base"}"#,
        &["1"],
        &[],
    );
    check(
        V31,
        r#"{"$recursiveAnchor": true, "required": ["a", "a"]}"#,
        &[r#"{"a": 1}"#],
        &["{}"],
    );
    check_refused(
        V31,
        r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#,
        "which is not supported",
    );
    check_refused(
        V31,
        r##"{"$recursiveRef": "#"}"##,
        "`$recursiveRef` belongs to JSON Schema 2019-09",
    );
    check_refused(
        V31,
        r#"{"minimum": 0, "exclusiveMinimum": true}"#,
        "`exclusiveMinimum` is a number",
    );
    check_refused(
        V31,
        r#"{"$id": "https://example.com/a", "$ref": "b"}"#,
        "`https://example.com/b`",
    );
    let contract = contract(V31, r#"{"required": ["a", "a"]}"#, "").unwrap();
    // The request and the response both use the schema.
    assert_eq!(contract.warnings.len(), 2, "{:?}", contract.warnings);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, a case each")]
fn asserts_formats() {
    let check = |format: &str, yes: &[&str], no: &[&str]| {
        let quoted = |values: &[&str]| -> Vec<String> {
            values
                .iter()
                .map(|value| serde_json::to_string(value).unwrap())
                .collect()
        };
        let (yes, no) = (quoted(yes), quoted(no));
        let yes: Vec<&str> = yes.iter().map(String::as_str).collect();
        let no: Vec<&str> = no.iter().map(String::as_str).collect();
        check_both(&format!(r#"{{"format": "{format}"}}"#), &yes, &no);
    };
    check(
        "date",
        &["2024-02-29"],
        &["2023-02-29", "2024-1-1", "20240101"],
    );
    check(
        "date-time",
        &[
            "2024-01-01t00:00:00z",
            "2016-12-31T23:59:60Z",
            "2024-01-01T00:00:00.123+01:00",
        ],
        &[
            "2024-01-01T00:00:00",
            "2024-01-01T12:00:60Z",
            "2024-01-01 00:00:00Z",
        ],
    );
    check(
        "time",
        &["23:59:60Z", "01:02:03+00:00"],
        &["01:02:03", "25:00:00Z"],
    );
    check("duration", &["P1D", "PT1H", "P1W"], &["P", "1D", "P1WT1H"]);
    check("email", &["a@example.com"], &["a", "a@", "@b"]);
    check("idn-email", &["실례@실례.테스트"], &["2962"]);
    check(
        "hostname",
        &["a.example", "xn--4gbwdl.xn--wgbh1c"],
        &["-a.b", "a_b", ""],
    );
    check("idn-hostname", &["실례.테스트"], &["〮실례.테스트"]);
    check(
        "ipv4",
        &["192.0.2.1"],
        &["192.0.2.01", "1.2.3", "256.1.1.1"],
    );
    check("ipv6", &["::1", "2001:db8::1"], &[":::1", "1::2::3"]);
    check(
        "uri",
        &["https://example.com/a?b#c"],
        &["/a", "http://exa mple", "ä:b c"],
    );
    check("uri-reference", &["/a", "?b", ""], &["\\a", "a b"]);
    check("iri", &["https://exämple.com"], &["/a"]);
    check("iri-reference", &["/ä"], &["\\ä"]);
    check("uri-template", &["/a/{b}"], &["/a/{b"]);
    check(
        "uuid",
        &["2EB8AA08-aa98-11ea-b4aa-73b441d16380"],
        &["2eb8aa08aa9811eab4aa73b441d16380"],
    );
    check("json-pointer", &["/a~1b", ""], &["a", "/~2"]);
    check(
        "relative-json-pointer",
        &["0", "1/a", "0#"],
        &["/a", "-1", "01"],
    );
    check("regex", &["^a(?!b)$"], &["(", "\\"]);
    check(
        "byte",
        &["", "YQ==", "YWI="],
        &["YQ", "Y-==", "====", "YQ="],
    );
    check("base64url", &["", "YQ", "Y-_="], &["Y+==", "YWJjZ"]);
    check("password", &["anything"], &[]);
    check("no-such-format", &["anything"], &[]);
}

/// The declared types decide how a parameter is parsed.
#[test]
fn declared_types_include_siblings_of_references() {
    use crate::schema::schema_surface::{SchemaSurface, TypeSet};
    let types = |version| {
        let schema = r##"{"$ref": "#/components/schemas/A", "type": "integer"}"##;
        let contract = contract(version, schema, r#""A": {"enum": [1, "a"]}"#).unwrap();
        let documents = &contract.documents;
        let media = contract.operations[0].responses[0].content[0].node_ref;
        let surface = SchemaSurface {
            documents,
            dialect: contract.dialect,
        };
        surface.types(documents.member(media, "schema").unwrap())
    };
    assert_eq!(types(V31), TypeSet::NUMBER);
    assert_eq!(types(V30), TypeSet::NUMBER | TypeSet::STRING);
}

/// A schema that requires itself adds no constraint, but a `$ref` to itself is an error.
#[test]
fn compiles_schemas_that_contain_themselves() {
    let schema = r##"{"$ref": "#/components/schemas/A"}"##;
    let a = r##""A": {"allOf": [{"$ref": "#/components/schemas/B"}], "required": ["x"]},
        "B": {"oneOf": [{"$ref": "#/components/schemas/A"}], "properties": {"x": {"readOnly": true}}}"##;
    check_with(
        V30,
        schema,
        a,
        MessageDirection::Response,
        &[r#"{"x": 1}"#],
        &["{}"],
    );
    check_with(
        V31,
        schema,
        a,
        MessageDirection::Request,
        &[r#"{"x": 1}"#],
        &["{}"],
    );
    let cycle = contract(V30, schema, r##""A": {"$ref": "#/components/schemas/A"}"##);
    assert!(cycle.is_err_and(|problems| problems[0].message.contains("is a reference to itself")));
}
