//! Swagger 2.0 in the commands: check, diff, replay and the mock of `serve`.

use serde_json::Value;

use crate::support::app::{App, Site, get, run};

const OLD: &str = "\
swagger: '2.0'
info: {title: Orders, version: 1.4.0}
basePath: /v1
consumes: [application/json]
produces: [application/json]
parameters:
  limit: {name: limit, in: query, type: integer, maximum: 50}
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
      - $ref: '#/parameters/limit'
      - {name: ids, in: query, type: array, collectionFormat: pipes, items: {type: integer}}
      - {name: state, in: query, type: array, collectionFormat: multi, items: {type: string}}
      responses:
        '200':
          description: ok
          schema: {type: array, items: {$ref: '#/definitions/Order'}}
          examples: {application/json: [{amount: 3}]}
    post:
      operationId: createOrder
      parameters:
      - {name: order, in: body, required: true, schema: {$ref: '#/definitions/Order'}}
      responses: {'201': {description: ok}}
  /notes:
    post:
      operationId: addNote
      consumes: [application/x-www-form-urlencoded]
      parameters:
      - {name: text, in: formData, required: true, type: string, maxLength: 20}
      responses: {'204': {description: ok}}
definitions:
  Order:
    type: object
    required: [amount]
    properties:
      amount: {type: integer, minimum: 0, exclusiveMinimum: true}
      note: {type: string, x-nullable: true}
";

/// The same service in OpenAPI 3.0.
const NEW: &str = "\
openapi: 3.0.4
info: {title: Orders, version: 1.4.0}
servers: [{url: /v1}]
paths:
  /orders:
    get:
      operationId: listOrders
      parameters:
      - {name: limit, in: query, schema: {type: integer, maximum: 50}}
      - {name: ids, in: query, style: pipeDelimited, explode: false, schema: {type: array, items: {type: integer}}}
      - {name: state, in: query, schema: {type: array, items: {type: string}}}
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {type: array, items: {$ref: '#/components/schemas/Order'}}
              example: [{amount: 3}]
    post:
      operationId: createOrder
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'201': {description: ok}}
  /notes:
    post:
      operationId: addNote
      requestBody:
        required: true
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [text], properties: {text: {type: string, maxLength: 20}}}
      responses: {'204': {description: ok}}
components:
  schemas:
    Order:
      type: object
      required: [amount]
      properties:
        amount: {type: integer, minimum: 0, exclusiveMinimum: true}
        note: {type: string, nullable: true}
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn check_describes_the_document_as_it_is_written() {
    let folder = folder(&[("old.yaml", OLD)]);
    let output = run(folder.path(), "check old.yaml", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("dialect   Swagger 2.0"), "{text}");
    assert!(text.contains("GET   /v1/orders  listOrders"), "{text}");
    assert!(
        text.contains("3 operations, 0 errors, 0 warnings"),
        "{text}"
    );
}

/// The rules and places of the findings between two revisions, without those about the version.
fn findings(old: &str, new: &str) -> Vec<(String, Value)> {
    let folder = folder(&[("old.yaml", old), ("new.yaml", new)]);
    let output = run(folder.path(), "diff old.yaml new.yaml --format json", "");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let findings = report["contracts"][0]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| {
            (
                finding["rule"].as_str().unwrap().to_owned(),
                finding.clone(),
            )
        })
        .filter(|(rule, _)| !rule.starts_with("version."))
        .collect()
}

#[test]
fn the_same_service_has_no_changes_between_2_0_and_3_0() {
    assert_eq!(findings(OLD, NEW), []);
    assert_eq!(findings(NEW, OLD), []);
    assert_eq!(findings(OLD, OLD), []);
}

#[test]
fn diff_finds_the_changes_between_2_0_and_3_0() {
    let check = |old: &str, new: &str, expected: &[(&str, &str)]| {
        let found = findings(old, new);
        let rules: Vec<&str> = found.iter().map(|(rule, _)| &**rule).collect();
        let (names, lines): (Vec<&str>, Vec<&str>) = expected.iter().copied().unzip();
        assert_eq!(rules, names, "{found:#?}");
        for ((_, finding), line) in found.iter().zip(lines) {
            assert_eq!(finding["level"], "breaking", "{finding:#?}");
            let text = finding.to_string();
            assert!(text.contains(line), "{line}: {text}");
        }
    };
    let tighter = NEW.replace("maximum: 50", "maximum: 40");
    check(
        OLD,
        &tighter,
        &[("schema.maximum.decreased", "/orders?limit=41")],
    );
    let form = |format: &str| {
        let list = format!("type: array, collectionFormat: {format}, items: {{type: string}}");
        OLD.replace("type: string, maxLength: 20", &list)
    };
    let found = findings(&form("csv"), &form("pipes"));
    assert!(!found.is_empty(), "the fields of forms are compared");
    assert_eq!(findings(&form("csv"), &form("csv")), []);
    let tighter = OLD
        .replace("maximum: 50", "maximum: 40")
        .replace("pipes", "ssv")
        .replace("maxLength: 20", "maxLength: 10")
        .replace("required: [amount]", "required: [amount, note]");
    let expected = [
        (
            "schema.max-length.decreased",
            "/paths/~1notes/post/parameters/0/maxLength",
        ),
        ("parameter.style.changed", "ids=1%7C1"),
        ("schema.maximum.decreased", "/parameters/limit/maximum"),
        ("schema.property.required", "/definitions/Order/required"),
    ];
    let breaking = |(_, finding): &(String, Value)| finding["level"] == "breaking";
    for old in [OLD, NEW] {
        let found: Vec<_> = findings(old, &tighter)
            .into_iter()
            .filter(breaking)
            .collect();
        let rules: Vec<&str> = found.iter().map(|(rule, _)| &**rule).collect();
        assert_eq!(rules, expected.map(|(rule, _)| rule), "{found:#?}");
        for ((_, finding), (_, part)) in found.iter().zip(expected) {
            assert!(finding.to_string().contains(part), "{part}: {finding:#?}");
        }
    }
}

#[test]
fn replay_names_the_place_in_the_document() {
    let folder = folder(&[("old.yaml", OLD)]);
    let input = r#"{"request": {"method": "GET", "path": "/v1/orders?limit=51"}}"#;
    let output = run(folder.path(), "replay --contract old.yaml -", input);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("old.yaml:7"), "{text}");
}

#[test]
fn the_mock_sends_the_examples() {
    let app = App::start(Site::new("").service("mock", OLD, "mock", ""));
    let answer = app.ask(get("/v1/orders"));
    assert_eq!(answer.status, 200);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body, serde_json::json!([{"amount": 3}]));
    assert_eq!(app.ask(get("/v1/orders?ids=1|x")).status, 422);
}
