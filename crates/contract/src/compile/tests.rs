//! Compiling around broken parts.

use std::path::Path;

use portcullis_vocabulary::limits::Limits;

use crate::{
    BrokenAspect, BrokenPartPolicy, CompileOptions, CompiledContract, MessageDirection, compile,
    load_tolerant,
};

/// A contract with one operation, whose members are in `operation`.
fn tolerant(operation: &str) -> CompiledContract {
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    post: {{{operation}}}\n"
    );
    of_text(&text, BrokenPartPolicy::TolerateInOlder).unwrap()
}

fn of_text(text: &str, broken_parts: BrokenPartPolicy) -> Result<CompiledContract, String> {
    let read = |_: &Path, _| Ok(text.as_bytes().to_vec());
    let documents =
        load_tolerant(Path::new("t.yaml"), "t.yaml", &Limits::default(), &read).unwrap();
    let options = CompileOptions {
        outbound_operations: true,
        broken_parts,
        ..CompileOptions::default()
    };
    compile(documents, &options).map_err(|problems| {
        let problems = problems.iter().map(ToString::to_string);
        problems.collect::<Vec<_>>().join("\n")
    })
}

/// The place of the schema of a request body.
const SCHEMA: &str = "0#/paths/~1a/post/requestBody/content/application~1json/schema";

/// The lowered form of the schema of a request body.
#[track_caller]
fn check_lowered(schema: &str, expected: &str) {
    let contract = tolerant(&format!(
        "requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}"
    ));
    let lowered = contract.lowered_schemas(MessageDirection::Request);
    let mut definition = lowered.document["$defs"]["0"].clone();
    let marks = definition["x-unknown"].as_array_mut().unwrap();
    for mark in marks {
        let reason = mark.as_object_mut().unwrap().remove("reason").unwrap();
        let place = "the older contract is broken here: t.yaml:5 ";
        assert!(reason.as_str().unwrap().starts_with(place), "{reason}");
        if let Some(text) = mark["text"].as_str() {
            let own = text.strip_prefix(SCHEMA).unwrap();
            mark["text"] = own.into();
        }
    }
    let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
    assert_eq!(definition, expected, "{schema}");
    assert_eq!(lowered.document["x-unknown"], true);
}

#[test]
#[rustfmt::skip]
fn broken_keywords_are_unknown_and_the_others_stay() {
    check_lowered("{type: object, oneOf: []}", r#"{"type": "object", "x-unknown": [{"keyword": "oneOf", "text": "/oneOf []"}]}"#);
    check_lowered("{type: object, properties: 5, additionalProperties: false}", r#"{"type": "object", "x-unknown": [{"keyword": "properties", "text": "/properties 5"}]}"#);
    check_lowered("{prefixItems: {}, items: false, unevaluatedItems: false}", r#"{"x-unknown": [{"keyword": "prefixItems", "text": "/prefixItems {}"}]}"#);
    check_lowered("{patternProperties: {'(': {}}, maxProperties: 3}", r#"{"maxProperties": 3, "x-unknown": [{"keyword": "patternProperties", "text": "/patternProperties {\"(\":{}}"}]}"#);
    check_lowered("{type: [object, no], required: [a, a]}", r#"{"required": ["a"], "x-unknown": [{"keyword": "type", "text": "/type [\"object\",\"no\"]"}]}"#);
    check_lowered("{$ref: '#/no', minLength: 3}", r##"{"minLength": 3, "x-unknown": [{"keyword": "$ref", "text": "/$ref \"#/no\""}]}"##);
    // Its meaning depends on what it refers to.
    check_lowered("{allOf: {$ref: '#/a'}}", r#"{"x-unknown": [{"keyword": "allOf", "text": null}]}"#);
    check_lowered("5", r#"{"x-unknown": [{"text": " 5"}]}"#);
    check_lowered("{minLength: 3, minLength: 4}", r#"{"x-unknown": [{"keyword": "minLength", "text": "/minLength 4"}]}"#);
}

#[test]
fn validators_accept_everything_where_a_schema_is_unknown() {
    let contract = tolerant(
        "requestBody: {content: {application/json: {schema: {type: object, properties: {a: {oneOf: []}, b: {type: integer}}}}}}",
    );
    let crate::BodyDeclaration::Declared(body) = &contract.operations[0].body else {
        panic!("the body is declared");
    };
    let key = body.content[0].schema.as_ref().unwrap();
    let accepts = |text| contract.accepts(MessageDirection::Request, key, text);
    assert!(accepts(r#"{"a": 1}"#) && accepts(r#"{"a": null, "b": 1}"#));
    assert!(!accepts(r#"{"b": "x"}"#) && !accepts("[]"));
}

#[test]
fn aspects_lead_to_the_parts_that_they_depend_on() {
    let check = |operation: &str, expected: &BrokenAspect| {
        let contract = tolerant(operation);
        let aspects = contract.broken_aspects(&contract.operations[0]);
        let found: Vec<&BrokenAspect> = aspects.iter().map(|(_, aspect)| aspect).collect();
        assert_eq!(found, [expected], "{operation}");
    };
    let parameter = |part: &str, name: Option<&str>| BrokenAspect::Parameter {
        part: Some(part.to_owned()),
        name: name.map(str::to_owned),
    };
    check(
        "parameters: [{name: q, in: body}]",
        &parameter("body", Some("q")),
    );
    check("parameters: [{in: query}]", &parameter("query", None));
    check("requestBody: {content: 5}", &BrokenAspect::RequestBody);
    check("requestBody: {}", &BrokenAspect::RequestBody);
    check("responses: {OK: {}}", &BrokenAspect::Response(None));
    check("responses: 5", &BrokenAspect::Response(None));
    let status = crate::StatusPattern::Exact(200);
    check(
        "responses: {'200': {content: 5}}",
        &BrokenAspect::Response(Some(status)),
    );
    let header = BrokenAspect::Header {
        status,
        name: "X-A".to_owned(),
    };
    check(
        "responses: {'200': {headers: {X-A: {content: {}}}}}",
        &header,
    );
    check("security: [{no: []}]", &BrokenAspect::Security);
    check("servers: 5", &BrokenAspect::Servers);
    check(
        "servers: [{url: '//h/a?', variables: 5}]",
        &BrokenAspect::Servers,
    );
}

/// Annotations and schemas are not aspects.
#[test]
fn parts_without_effect_are_only_named() {
    for operation in [
        "tags: [a], tags: [b]",
        "description: a, description: b",
        "x-portcullis: {request: no}",
        "x-portcullis: {body_idle_timeout: soon}",
        "requestBody: {content: {application/json: {schema: {oneOf: []}}}}",
        "responses: {'200': {content: {application/json: {example: {a: 1, a: 2}}}}}",
    ] {
        let contract = tolerant(operation);
        assert_eq!(contract.broken_parts.len(), 1, "{operation}");
        let aspects = contract.broken_aspects(&contract.operations[0]);
        assert!(aspects.is_empty(), "{operation}: {aspects:?}");
    }
}

/// Routes lead to the operations that remain.
#[test]
fn duplicate_operations_are_left_out() {
    let text = "openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /a/{b}: {get: {operationId: first}}
  /a/{c}: {get: {operationId: second}, put: {operationId: third}}
  /d: {get: {operationId: fourth}}
";
    let error = of_text(text, BrokenPartPolicy::Refuse).unwrap_err();
    assert!(
        error.contains("are the same path and declare the same method"),
        "{error}"
    );
    let contract = of_text(text, BrokenPartPolicy::TolerateInOlder).unwrap();
    let names: Vec<&str> = contract
        .operations
        .iter()
        .map(|operation| &*operation.name)
        .collect();
    assert_eq!(names, ["first", "third", "fourth"]);
    let mut captures = crate::route::PathCaptures::default();
    for (method, path, name) in [
        (http::Method::GET, "/a/x", "first"),
        (http::Method::PUT, "/a/x", "third"),
        (http::Method::GET, "/d", "fourth"),
    ] {
        let crate::route::RouteMatch::Found { operation } =
            contract.match_route(&method, path, &mut captures)
        else {
            panic!("{path} has no route");
        };
        assert_eq!(&*contract.operation(operation).name, name);
    }
    let aspects = contract.broken_aspects(&contract.operations[0]);
    assert_eq!(aspects.len(), 1);
    assert_eq!(aspects[0].1, BrokenAspect::Operation);
}

/// What concerns the whole contract is refused, and so are repeated keys without tolerance.
#[test]
fn some_errors_are_refused_in_any_case() {
    let check = |text: &str, policy, expected: &str| {
        let error = of_text(text, policy).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    };
    let tolerates = BrokenPartPolicy::TolerateInNewer;
    let info = "info: {title: t, version: '1'}";
    check(
        &format!("openapi: 3.0.3\n{info}\n"),
        tolerates,
        "`paths` is missing",
    );
    check(
        &format!("openapi: 3.1.0\n{info}\npaths: []\n"),
        tolerates,
        "`paths` must be an object",
    );
    check(
        &format!("swagger: '1.2'\n{info}\n"),
        tolerates,
        "convert it to Swagger 2.0 or OpenAPI",
    );
    check(
        &format!("openapi: 3.1.0\nswagger: '2.0'\n{info}\npaths: {{}}\n"),
        tolerates,
        "both `swagger` and `openapi` are present",
    );
    check("a\n", tolerates, "not an OpenAPI or AsyncAPI document");
    let dialect = "jsonSchemaDialect: 'http://json-schema.org/draft-04/schema#'";
    check(
        &format!("openapi: 3.1.0\n{info}\n{dialect}\npaths: {{}}\n"),
        tolerates,
        "not supported",
    );
    let repeated = format!("openapi: 3.1.0\n{info}\npaths: {{}}\npaths: {{}}\n");
    check(
        &repeated,
        BrokenPartPolicy::Refuse,
        "duplicate key \"paths\", first used on line 3",
    );
}
