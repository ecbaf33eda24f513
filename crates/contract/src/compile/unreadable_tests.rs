//! Contracts that the tolerant reading cannot read in part: what is still judged, and what is not.

use portcullis_json::Tape;
use portcullis_vocabulary::ContractReading::{self, Strict, Tolerant};
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementPolicy};
use portcullis_vocabulary::limits::Limits;

use crate::recorded::{ExchangeCheckLimits, ExchangeJudge, IgnoredProperties, read_line};
use crate::{
    CompileOptions, CompiledContract, ContractProblem, ContractProblemKind, ContractRepair,
    Severity, Violation, ViolationClass, compile, parse_single_file_as, tolerant_reading_advice,
};

fn read(text: &str, reading: ContractReading) -> Result<CompiledContract, Vec<ContractProblem>> {
    let documents =
        parse_single_file_as("t.yaml", text.into(), &Limits::default(), reading).expect(text);
    let options = CompileOptions {
        reading,
        detect_undeclared: true,
        ..CompileOptions::default()
    };
    compile(documents, &options)
}

/// The contract, which is refused strictly with the switch named.
#[track_caller]
fn tolerant(text: &str, repair: ContractRepair) -> CompiledContract {
    let problems = read(text, Strict).expect_err(text);
    let errors = problems.iter();
    let errors = errors.filter(|problem| problem.severity == Severity::Error);
    for error in errors {
        assert_eq!(error.repair, Some(repair), "{error}");
    }
    let advice = tolerant_reading_advice(&problems, "S").expect("advice");
    assert!(advice.starts_with("S repairs every error"), "{advice}");
    let contract = read(text, Tolerant).unwrap_or_else(|problems| panic!("{problems:?}"));
    assert!(!contract.broken_parts.is_empty());
    for part in &contract.broken_parts {
        let mut warnings = contract.warnings.iter();
        let warns = warnings.any(|one| one.at == part.at && one.repair == Some(repair));
        assert!(warns, "no warning about {part:?}");
    }
    contract
}

fn judged(contract: &CompiledContract, exchange: &str) -> Vec<Violation> {
    let bounds = ExchangeCheckLimits {
        violations_max: 20,
        json_depth_max: 16,
        body_bytes_max: 1 << 20,
        decoded_bytes_max: 1 << 20,
        decoded_ratio_max: 100,
    };
    let mut tape = Tape::new();
    let mut ignored = IgnoredProperties::default();
    let exchange = read_line(&mut tape, exchange.as_bytes(), &mut ignored).expect(exchange);
    let classes = ViolationClass::ALL.map(|class| (class, Enforcement::Reject));
    let policy = EnforcementPolicy::new(Default::default(), classes, 1.0);
    let verdict = ExchangeJudge::new(contract, &policy, bounds).judge(&exchange);
    verdict.violations().cloned().collect()
}

/// Checks the classes of the violations of an exchange, with the line of the contract that each
/// names.
#[track_caller]
fn check(contract: &CompiledContract, exchange: &str, expected: &str) {
    let violations = judged(contract, exchange);
    let lines = violations.iter().map(|found| {
        let line = found.contract.as_ref().map_or(0, |at| at.line);
        format!("{}:{line}", found.class)
    });
    let lines: Vec<String> = lines.collect();
    assert_eq!(lines.join(" "), expected, "{exchange}\n{violations:?}");
}

/// The verdict about a JSON value: "valid", "invalid" or "unknown". The schema `#/no` does not exist.
#[track_caller]
fn check_schema(schema: &str, cases: &[(&str, &str)]) {
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\ncomponents: {{schemas: {{A: {{properties: {{a: {{$ref: '#/no'}}}}}}}}}}\npaths:\n  /a:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}\n"
    );
    let contract = tolerant(&text, ContractRepair::DanglingReference);
    for (body, expected) in cases {
        let exchange = format!(
            r#"{{"request": {{"method": "POST", "path": "/a", "headers": {{"content-type": "application/json"}}, "body": {body}}}}}"#
        );
        let violations = judged(&contract, &exchange);
        let found = match violations.first() {
            None => "valid",
            Some(one) if one.class == ViolationClass::Unreadable => "unknown",
            Some(_) => "invalid",
        };
        assert_eq!(found, *expected, "{schema} {body}: {violations:?}");
    }
}

#[test]
fn a_verdict_is_unknown_only_if_it_depends_on_an_unknown_schema() {
    check_schema("{$ref: '#/no'}", &[("1", "unknown"), ("{}", "unknown")]);
    let object =
        "{type: object, required: [b], properties: {a: {$ref: '#/no'}, b: {type: integer}}}";
    check_schema(
        object,
        &[
            (r#"{"b": 1}"#, "valid"),
            (r#"{"a": 1, "b": 1}"#, "unknown"),
            (r#"{"a": 1}"#, "invalid"),
            (r#"{"a": 1, "b": "x"}"#, "invalid"),
            ("[]", "invalid"),
        ],
    );
    check_schema(
        "{$ref: '#/components/schemas/A'}",
        &[(r#"{"a": 1}"#, "unknown"), ("{}", "valid")],
    );
    check_schema(
        "{items: {$ref: '#/no'}}",
        &[("[]", "valid"), ("[1, 2]", "unknown")],
    );
    check_schema(
        "{anyOf: [{$ref: '#/no'}, {type: integer}]}",
        &[("1", "valid"), ("true", "unknown")],
    );
    check_schema(
        "{allOf: [{$ref: '#/no'}, {type: integer}]}",
        &[("1", "unknown"), ("true", "invalid")],
    );
    check_schema(
        "{oneOf: [{$ref: '#/no'}, {type: integer}]}",
        &[("1", "unknown"), ("true", "unknown")],
    );
    check_schema("{not: {$ref: '#/no'}}", &[("1", "unknown")]);
    check_schema(
        "{not: {allOf: [{$ref: '#/no'}, {type: integer}]}}",
        &[("1", "unknown"), ("true", "valid")],
    );
    check_schema(
        "{if: {$ref: '#/no'}, then: {type: integer}, else: {type: integer}}",
        &[("1", "valid"), ("true", "invalid")],
    );
    check_schema(
        "{if: {$ref: '#/no'}, then: {type: integer}}",
        &[("1", "valid"), ("true", "unknown")],
    );
}

/// Two unknown alternatives, of which exactly one may match.
#[test]
fn one_of_two_unknown_alternatives_may_match() {
    let two = "{oneOf: [{$ref: '#/no'}, {$ref: '#/none'}]}";
    check_schema(two, &[("1", "unknown")]);
    let three = "{type: integer, oneOf: [{$ref: '#/no'}, {$ref: '#/none'}, {type: integer}]}";
    check_schema(three, &[("1", "unknown"), ("true", "invalid")]);
    let shared = "{oneOf: [{properties: {b: {$ref: '#/components/schemas/A'}}}, {properties: {c: {$ref: '#/components/schemas/A'}}}]}";
    check_schema(
        shared,
        &[
            (r#"{"b": {"a": 1}, "c": {"a": 1}}"#, "unknown"),
            ("{}", "invalid"),
        ],
    );
}

/// An unknown part may declare any property.
#[test]
fn unevaluated_properties_of_an_unknown_part_are_unknown() {
    let inside =
        "{allOf: [{$ref: '#/no'}], properties: {b: {type: integer}}, unevaluatedProperties: false}";
    check_schema(
        inside,
        &[
            (r#"{"b": 1}"#, "unknown"),
            (r#"{"c": 1}"#, "unknown"),
            (r#"{"b": "x"}"#, "invalid"),
        ],
    );
    let around = "{properties: {b: {allOf: [{$ref: '#/no'}]}}, unevaluatedProperties: false}";
    check_schema(
        around,
        &[
            (r#"{"c": 1}"#, "invalid"),
            (r#"{"b": 1}"#, "unknown"),
            ("{}", "valid"),
        ],
    );
    // The class for undeclared properties is on.
    check_schema(
        "{allOf: [{$ref: '#/no'}, {properties: {b: {}}}]}",
        &[(r#"{"c": 1}"#, "unknown")],
    );
    check_schema(
        "{properties: {a: {$ref: '#/no'}}}",
        &[
            (r#"{"a": {"c": 1}}"#, "unknown"),
            (r#"{"c": 1}"#, "invalid"),
        ],
    );
}

/// The contract lint looks for contradictions. An unknown part may accept or refuse everything.
#[test]
fn unknown_parts_contradict_nothing() {
    let contradictions = |schema: &str| {
        let text = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\ncomponents: {{schemas: {{D: {{allOf: [{{$ref: '#/none'}}]}}, I: {{type: integer}}}}}}\npaths:\n  /a:\n    post:\n      requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}\n"
        );
        let contract = tolerant(&text, ContractRepair::DanglingReference);
        let found = crate::lint::lint(&contract).into_iter();
        let found = found.filter(|one| one.kind == ContractProblemKind::UnsatisfiableSchema);
        found.map(|one| one.to_string()).collect::<Vec<_>>()
    };
    for schema in [
        "{not: {$ref: '#/no'}}",
        "{not: {$ref: '#/components/schemas/D'}}",
        "{type: integer, oneOf: [{$ref: '#/no'}, {type: integer}]}",
        "{if: {$ref: '#/no'}, then: false}",
        "{type: array, minItems: 1, contains: {$ref: '#/no'}, minContains: 0, maxContains: 0}",
        "{type: object, required: [not], properties: {not: {$ref: '#/no'}}, additionalProperties: false}",
    ] {
        assert_eq!(contradictions(schema), [""; 0], "{schema}");
    }
    for schema in [
        "{allOf: [{$ref: '#/no'}, {type: string}, {type: integer}]}",
        "{type: string, allOf: [{$ref: '#/no'}], not: {type: string}}",
        "{type: object, required: [not, b], properties: {not: {$ref: '#/no'}, b: false}}",
    ] {
        assert_eq!(contradictions(schema).len(), 1, "{schema}");
    }
}

const PARTS: &str = "\
openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /params:
    parameters:
    - $ref: '#/components/parameters/No'
    get:
      parameters:
      - {name: size, in: query, schema: {type: integer}}
      responses: {'200': {description: ok}}
  /typed:
    get:
      parameters:
      - {name: kind, in: query, required: true, schema: {$ref: '#/no'}}
      - name: x-kind
        in: header
        schema: {allOf: [{$ref: '#/no'}]}
      - {name: list, in: query, schema: {type: array, items: {$ref: '#/no'}}}
      responses: {'200': {description: ok}}
  /body:
    post:
      requestBody: {$ref: '#/components/requestBodies/No'}
      responses:
        '200': {$ref: '#/components/responses/No'}
        4XX: {$ref: '#/components/responses/No'}
        '404': {description: not there}
        default:
          description: others
          headers:
            x-ratelimit: {$ref: '#/components/headers/No'}
  /form:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {properties: {a: {$ref: '#/no'}}}
      responses: {'200': {description: ok}}
  /upload:
    post:
      requestBody:
        content:
          multipart/form-data:
            schema: {properties: {a: {type: string}}}
            encoding: {a: {headers: {x-a: {$ref: '#/no'}}}}
      responses: {'200': {description: ok}}
";

#[test]
fn parts_of_an_operation_that_cannot_be_read_are_reported() {
    let contract = tolerant(PARTS, ContractRepair::DanglingReference);
    let get = |target: &str, more: &str| {
        format!(r#"{{"request": {{"method": "GET", "path": "{target}"{more}}}}}"#)
    };
    // Any name may be that of the parameter; those that can be read are judged.
    check(
        &contract,
        &get("/params?size=1&other=2", ""),
        "unreadable:6",
    );
    check(
        &contract,
        &get("/params?size=x", ""),
        "invalid-parameter:9 unreadable:6",
    );
    check(&contract, &get("/typed?kind=1&kind=2", ""), "unreadable:14");
    check(&contract, &get("/typed?kind[a]=1", ""), "unreadable:14");
    let header = r#", "headers": {"x-kind": "1"}"#;
    check(
        &contract,
        &get("/typed?kind=1", header),
        "unreadable:14 unreadable:17",
    );
    check(
        &contract,
        &get("/typed?kind=1&list=1&list=2", ""),
        "unreadable:14 unreadable:18",
    );
    let post = |target: &str, kind: &str, body: &str, status: u16, headers: &str| {
        format!(
            r#"{{"request": {{"method": "POST", "path": "{target}", "headers": {{"content-type": "{kind}"}}, "body": "{body}"}}, "response": {{"status": {status}, "headers": {{{headers}}}}}}}"#
        )
    };
    let body = "unreadable:22";
    for (status, response) in [
        (200, " unreadable-response:24"),
        (403, " unreadable-response:25"),
        (404, ""),
        (500, " unreadable-response:30"),
    ] {
        let exchange = post("/body", "text/plain", "a", status, "");
        check(&contract, &exchange, &format!("{body}{response}"));
    }
    let form = "application/x-www-form-urlencoded";
    check(
        &contract,
        &post("/form", form, "a=1&a=2", 200, ""),
        "unreadable:36",
    );
    let upload = "multipart/form-data; boundary=b";
    let body = format!("{}--b--", part("a", "", "1"));
    check(
        &contract,
        &post("/upload", upload, &body, 200, ""),
        "unreadable:44",
    );
}

const CONTENT: &str = "\
openapi: 3.2.0
info: {title: t, version: '1'}
paths:
  /text:
    post:
      requestBody: {content: {text/plain: {schema: {$ref: '#/no'}}}}
      responses: {'200': {content: {text/plain: {schema: {allOf: [{$ref: '#/no'}]}}}}}
  /octets:
    post:
      requestBody: {content: {application/octet-stream: {schema: {$ref: '#/no'}}}}
      responses: {'200': {content: {image/png: {schema: {$ref: '#/no'}}}}}
  /any:
    post:
      requestBody: {content: {'*/*': {schema: {properties: {a: {$ref: '#/no'}, b: {type: integer}}}}}}
      responses: {'200': {content: {'*/*': {schema: {$ref: '#/no'}}}}}
  /form:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema:
              required: [b]
              properties:
                a: {$ref: '#/no'}
                b: {anyOf: [{type: integer, minimum: 10}, {type: string, maxLength: 2}]}
      responses: {default: {description: ok}}
  /styled:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {properties: {a: {$ref: '#/no'}, b: {type: integer}}}
            encoding: {a: {style: deepObject}}
      responses: {default: {description: ok}}
  /parts:
    post:
      requestBody:
        content:
          multipart/form-data:
            schema:
              properties: {a: {$ref: '#/no'}, b: {type: integer}, c: {type: string}}
            encoding:
              b: {headers: {x-b: {schema: {$ref: '#/no'}}}}
              c: {headers: {x-c: {$ref: '#/no'}}}
      responses: {default: {description: ok}}
  /ordered:
    post:
      requestBody:
        content:
          multipart/mixed:
            schema: {minItems: 2, type: array, prefixItems: [{$ref: '#/no'}, {type: integer}]}
      responses: {default: {description: ok}}
  /lines:
    post:
      requestBody: {content: {application/jsonl: {itemSchema: {properties: {a: {$ref: '#/no'}, b: {type: integer}}}}}}
      responses: {'200': {content: {text/event-stream: {itemSchema: {$ref: '#/no'}}}}}
  /query:
    get:
      parameters:
      - {name: q, in: querystring, content: {text/plain: {schema: {$ref: '#/no'}}}}
      responses: {default: {description: ok}}
  /query-form:
    get:
      parameters:
      - name: q
        in: querystring
        content: {application/x-www-form-urlencoded: {schema: {properties: {a: {$ref: '#/no'}, b: {type: integer}}}}}
      responses: {'200': {headers: {x-a: {content: {application/json: {schema: {$ref: '#/no'}}}}}}}
  /rest:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {properties: {b: {type: integer}}, additionalProperties: {$ref: '#/no'}}
      responses: {default: {description: ok}}
";

/// A part of multipart bodies, with its header fields.
fn part(name: &str, headers: &str, value: &str) -> String {
    let disposition = match name {
        "" => String::new(),
        name => format!(r#"Content-Disposition: form-data; name=\"{name}\"\r\n"#),
    };
    format!(r"--b\r\n{disposition}{headers}\r\n{value}\r\n")
}

#[test]
fn content_of_every_format_is_reported_where_its_schema_is_unknown() {
    let contract = tolerant(CONTENT, ContractRepair::DanglingReference);
    let exchange = |target: &str, kind: &str, body: &str, answer: &str| {
        format!(
            r#"{{"request": {{"method": "POST", "path": "{target}", "headers": {{"content-type": "{kind}"}}, "body": "{body}"}}{answer}}}"#
        )
    };
    let answer = |kind: &str, body: &str| {
        format!(
            r#", "response": {{"status": 200, "headers": {{"content-type": "{kind}"}}, "body": "{body}"}}"#
        )
    };
    let post = |target: &str, kind: &str, body: &str| exchange(target, kind, body, "");
    let text = exchange("/text", "text/plain", "a", &answer("text/plain", "a"));
    check(&contract, &text, "unreadable:6 unreadable-response:7");
    let octets = "application/octet-stream";
    let octets = exchange("/octets", octets, "a", &answer("image/png", "a"));
    check(&contract, &octets, "unreadable:10 unreadable-response:11");
    let json = "application/json";
    for (kind, body, expected) in [
        (json, "{}", ""),
        (json, r#"{\"b\": \"x\"}"#, "invalid-body:14"),
        (json, r#"{\"a\": 1}"#, "unreadable:14"),
        ("application/x-www-form-urlencoded", "b=1", ""),
        (
            "application/x-www-form-urlencoded",
            "b=1&a=1",
            "unreadable:14",
        ),
    ] {
        check(&contract, &post("/any", kind, body), expected);
    }
    for kind in [json, "text/plain", "image/png", "application/jsonl"] {
        let any = exchange("/any", json, "{}", &answer(kind, "1"));
        check(&contract, &any, "unreadable-response:15");
    }
    let lines = "application/jsonl";
    for (body, expected) in [
        (r#"{\"b\": 1}\n"#, ""),
        (r#"{\"a\": 1}\n{\"a\": 2}\n"#, "unreadable:55"),
        (
            r#"{\"a\": 1}\n{\"b\": \"x\"}\n"#,
            "unreadable:55 invalid-body:55",
        ),
    ] {
        check(&contract, &post("/lines", lines, body), expected);
    }
    let events = answer("text/event-stream", r"data: 1\n\n");
    let events = exchange("/lines", lines, r#"{\"b\": 1}\n"#, &events);
    check(&contract, &events, "unreadable-response:56");
}

#[test]
fn the_fields_of_a_form_that_are_known_are_judged() {
    let contract = tolerant(CONTENT, ContractRepair::DanglingReference);
    let post = |target: &str, kind: &str, body: &str| {
        format!(
            r#"{{"request": {{"method": "POST", "path": "{target}", "headers": {{"content-type": "{kind}"}}, "body": "{body}"}}}}"#
        )
    };
    let form = "application/x-www-form-urlencoded";
    for (target, body, expected) in [
        ("/form", "b=10", ""),
        ("/form", "b=5", ""),
        ("/form", "b=5&a=1", "unreadable:24"),
        ("/form", "a=1&a=2&b=10", "unreadable:24"),
        ("/form", "a=1", "invalid-body:22"),
        ("/form", "a=1&b=5x5", "invalid-body:25"),
        ("/styled", "b=1", "unreadable:32"),
        ("/rest", "b=1", ""),
        ("/rest", "b=1&c=1", "unreadable:74"),
        ("/rest", "b=x&c=1", "invalid-body:74"),
    ] {
        check(&contract, &post(target, form, body), expected);
    }
    let multipart = "multipart/form-data; boundary=b";
    let label = r"x-b: 1\r\n";
    for (parts, expected) in [
        (vec![part("b", "", "1")], ""),
        (vec![part("b", "", "x")], "invalid-body:41"),
        (
            vec![part("a", "", "1"), part("b", "", "1")],
            "unreadable:41",
        ),
        (
            vec![part("a", "", "1"), part("b", "", "x")],
            "invalid-body:41",
        ),
        (vec![part("b", label, "1")], "unreadable:43"),
        (vec![part("b", label, "x")], "unreadable:43 invalid-body:41"),
        (vec![part("c", "", "1")], "unreadable:44"),
        (
            vec![part("c", "", "1"), part("b", "", "x")],
            "unreadable:44 invalid-body:41",
        ),
    ] {
        let body = format!("{}--b--", parts.concat());
        check(&contract, &post("/parts", multipart, &body), expected);
    }
    let mixed = "multipart/mixed; boundary=b";
    for (values, expected) in [
        (vec!["x", "1"], "unreadable:51"),
        (vec!["x", "y"], "unreadable:51 invalid-body:51"),
        (vec!["x"], "unreadable:51 invalid-body:51"),
    ] {
        let parts: String = values.iter().map(|value| part("", "", value)).collect();
        let body = format!("{parts}--b--");
        check(&contract, &post("/ordered", mixed, &body), expected);
    }
}

#[test]
fn the_whole_query_and_headers_with_content_are_reported() {
    let contract = tolerant(CONTENT, ContractRepair::DanglingReference);
    let get = |target: &str, headers: &str| {
        format!(
            r#"{{"request": {{"method": "GET", "path": "{target}"}}, "response": {{"status": 200, "headers": {{{headers}}}}}}}"#
        )
    };
    check(&contract, &get("/query", ""), "");
    check(&contract, &get("/query?a", ""), "unreadable:60");
    check(&contract, &get("/query-form?b=1", ""), "");
    check(
        &contract,
        &get("/query-form?b=x", ""),
        "invalid-parameter:67",
    );
    check(&contract, &get("/query-form?a=1", ""), "unreadable:67");
    let header = get("/query-form?b=1", r#""x-a": "1""#);
    check(&contract, &header, "unreadable-response:68");
}

/// A header field of a part that is malformed is an error, wherever its Encoding Object is.
#[test]
fn malformed_headers_of_parts_are_errors() {
    for encoding in [
        "encoding: {a: {headers: {x-a: {style: form}}}}",
        "prefixEncoding: [{headers: {x-a: {style: form}}}]",
        "itemEncoding: {itemEncoding: {headers: {x-a: {style: form}}}}",
    ] {
        let text = format!(
            "openapi: 3.2.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    post:\n      requestBody: {{content: {{multipart/form-data: {{schema: {{type: [array, object]}}, {encoding}}}}}}}\n"
        );
        let problems = read(&text, Strict).expect_err(encoding);
        let messages: Vec<_> = problems.iter().map(|one| one.message.as_str()).collect();
        assert_eq!(messages.len(), 1, "{problems:?}");
        assert!(messages[0].contains("style"), "{problems:?}");
    }
}

const SECURITY: &str = "\
openapi: 3.0.3
info: {title: t, version: '1'}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: x-key}}
paths:
  /one:
    get: {security: [{no: []}], responses: {'200': {description: ok}}}
  /both:
    get: {security: [{key: [], no: []}], responses: {'200': {description: ok}}}
  /either:
    get: {security: [{no: []}, {key: []}], responses: {'200': {description: ok}}}
  /optional:
    get: {security: [{no: []}, {}], responses: {'200': {description: ok}}}
";

#[test]
fn undeclared_schemes_leave_credentials_unknown_and_nothing_open() {
    let contract = tolerant(SECURITY, ContractRepair::UndeclaredScheme);
    let get = |path: &str, headers: &str| {
        format!(r#"{{"request": {{"method": "GET", "path": "{path}", "headers": {{{headers}}}}}}}"#)
    };
    let key = r#""x-key": "k""#;
    check(&contract, &get("/one", ""), "unreadable-credentials:7");
    check(&contract, &get("/one", key), "unreadable-credentials:7");
    check(&contract, &get("/both", key), "unreadable-credentials:9");
    check(&contract, &get("/both", ""), "missing-credentials:9");
    check(&contract, &get("/either", key), "");
    check(&contract, &get("/either", ""), "unreadable-credentials:11");
    check(&contract, &get("/optional", ""), "");
    // By default, such a request is refused, and one with unknown data passes.
    let policy = EnforcementPolicy::default();
    assert_eq!(
        policy.of(ViolationClass::UnreadableCredentials),
        Enforcement::Reject
    );
    assert_eq!(policy.of(ViolationClass::Unreadable), Enforcement::Report);
    assert_eq!(
        policy.of(ViolationClass::UnreadableResponse),
        Enforcement::Report
    );
}

#[test]
fn a_list_that_is_no_list_of_requirements_removes_none() {
    for (security, message) in [
        ("[key]", "a security requirement must be an object"),
        ("{key: []}", "`security` must be an array"),
    ] {
        let text = SECURITY.replace("[{no: []}]", security);
        let problems = read(&text, Strict).unwrap_err();
        let found = problems.iter().any(|one| one.message.contains(message));
        assert!(found, "{security}: {problems:?}");
    }
}

#[test]
fn an_operation_sets_its_own_enforcement() {
    let text = PARTS.replace("    get:\n      parameters:\n      - {name: size", "    get:\n      x-portcullis: {unreadable: reject}\n      parameters:\n      - {name: size");
    let contract = tolerant(&text, ContractRepair::DanglingReference);
    let policies = crate::OperationPolicies::new(&EnforcementPolicy::default(), &contract);
    assert_eq!(
        policies.of(Some(0)).of(ViolationClass::Unreadable),
        Enforcement::Reject
    );
    assert_eq!(
        policies.of(Some(1)).of(ViolationClass::Unreadable),
        Enforcement::Report
    );
    let text = text.replace("unreadable: reject", "unreadable: off");
    let problems = read(&text, Tolerant).unwrap_err();
    let message = "`x-portcullis.unreadable` must be reject or report";
    assert!(
        problems.iter().any(|one| one.message == message),
        "{problems:?}"
    );
}

/// A contract with another flaw is still refused, and lists the references as warnings.
#[test]
fn other_errors_are_still_errors() {
    let text = PARTS.replace("{type: integer}", "{type: nothing}");
    let problems = read(&text, Tolerant).unwrap_err();
    let errors = |severity| {
        problems
            .iter()
            .filter(|one| one.severity == severity)
            .count()
    };
    assert_eq!(errors(Severity::Error), 1, "{problems:?}");
    assert!(errors(Severity::Warning) > 5, "{problems:?}");
}

const PATHS: &str = "\
openapi: 3.2.0
info: {title: t, version: '1'}
paths:
  /known/{id}:
    get: {responses: {'200': {description: ok}}}
  /known/me: {$ref: './gone.yaml#/me'}
  /next:
    $ref: '#/no'
    get:
      parameters: [{name: a, in: query, schema: {type: integer}}]
      responses: {'200': {description: ok}}
";

/// Such a path still precedes templates, and no method is known to be missing.
#[test]
fn path_items_that_lead_nowhere_are_unknown() {
    let request = |method: &str, target: &str| {
        format!(r#"{{"request": {{"method": "{method}", "path": "{target}"}}}}"#)
    };
    let contract = tolerant(PATHS, ContractRepair::DanglingReference);
    for (method, target, expected) in [
        ("GET", "/known/1", ""),
        ("POST", "/known/1", "unknown-method:0"),
        ("GET", "/known/me", "unreadable:6"),
        ("DELETE", "/known/me", "unreadable:6"),
        ("GET", "/next?a=1", "unreadable:8"),
        ("GET", "/next?a=x", "invalid-parameter:10 unreadable:8"),
        ("GET", "/next?a=1&b=1", "unreadable:8"),
        ("PUT", "/next", "unreadable:8"),
    ] {
        check(&contract, &request(method, target), expected);
    }
    // Its operations may need credentials, which must not be passed by.
    let schemes =
        "components: {securitySchemes: {key: {type: apiKey, in: header, name: k}}}\npaths:";
    for declared in [schemes, "security: []\npaths:"] {
        let text = PATHS.replace("paths:", declared);
        let contract = tolerant(&text, ContractRepair::DanglingReference);
        let found = judged(&contract, &request("GET", "/known/me"));
        let classes: Vec<ViolationClass> = found.iter().map(|one| one.class).collect();
        assert_eq!(
            classes,
            [ViolationClass::UnreadableCredentials],
            "{declared}"
        );
    }
}

const MEDIA: &str = "\
openapi: 3.2.0
info: {title: t, version: '1'}
paths:
  /a:
    get:
      parameters:
      - {name: q, in: query, content: {application/json: {$ref: '#/no'}}}
      - {name: x-h, in: header, content: {application/json: {$ref: '#/no'}}}
      responses:
        '200':
          description: ok
          headers: {x-r: {content: {application/json: {$ref: '#/no'}}}}
  /b:
    post:
      requestBody:
        content:
          multipart/form-data:
            schema: {properties: {a: {type: string}}}
            encoding: {a: {headers: {x-p: {content: {application/json: {$ref: '#/no'}}}}}}
      responses: {'200': {description: ok}}
";

#[test]
fn media_types_of_parameters_that_lead_nowhere_are_unknown() {
    let contract = tolerant(MEDIA, ContractRepair::DanglingReference);
    let get = |query: &str, headers: &str, answer: &str| {
        format!(
            r#"{{"request": {{"method": "GET", "path": "/a{query}", "headers": {{{headers}}}}}, "response": {{"status": 200, "headers": {{{answer}}}}}}}"#
        )
    };
    for (query, headers, answer, expected) in [
        ("", "", "", ""),
        ("?q=1", "", "", "unreadable:7"),
        ("?q=x", "", "", "invalid-parameter:7"),
        ("", r#""x-h": "1""#, "", "unreadable:8"),
        ("", r#""x-h": "x""#, "", "invalid-parameter:8"),
        ("", "", r#""x-r": "1""#, "unreadable-response:12"),
        ("", "", r#""x-r": "x""#, "invalid-header:12"),
    ] {
        check(&contract, &get(query, headers, answer), expected);
    }
    let post = |headers: &str| {
        let body = format!("{}--b--", part("a", headers, "1"));
        let kind = "multipart/form-data; boundary=b";
        format!(
            r#"{{"request": {{"method": "POST", "path": "/b", "headers": {{"content-type": "{kind}"}}, "body": "{body}"}}}}"#
        )
    };
    check(&contract, &post(""), "");
    check(&contract, &post(r"x-p: 1\r\n"), "unreadable:19");
}
