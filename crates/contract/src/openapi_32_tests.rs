//! What OpenAPI 3.2 adds to 3.1, rule by rule. Each test names the section of OpenAPI 3.2.0.

use std::borrow::Cow;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};
use portcullis_vocabulary::enforcement::{
    Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass,
};
use portcullis_vocabulary::limits::Limits;

use crate::recorded::{
    ExchangeCheckLimits, ExchangeJudge, RecordedBody, RecordedExchange, RecordedResponse,
};
use crate::route::{PathCaptures, RouteMatch};
use crate::{
    CompileOptions, CompiledContract, ResponseExample, UnreadableFile, compile, lint, load,
    parse_single_file,
};

const HEAD: &str = "info: {title: t, version: '1'}";

pub(crate) fn compiled(version: &str, rest: &str) -> Result<CompiledContract, Vec<String>> {
    let text = format!("openapi: {version}\n{HEAD}\n{rest}\n");
    let documents = parse_single_file("a.yaml", text.into_bytes(), &Limits::default());
    let documents = documents.unwrap_or_else(|error| panic!("{error}: {rest}"));
    compile(documents, &CompileOptions::default())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// A contract of OpenAPI 3.2 with these fields.
#[track_caller]
pub(crate) fn contract(rest: &str) -> CompiledContract {
    compiled("3.2.0", rest).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Checks that a contract is refused with this text in a message.
#[track_caller]
pub(crate) fn check_refused(rest: &str, expected: &str) {
    let problems = compiled("3.2.0", rest).map(|_| ()).unwrap_err();
    let is_named = problems.iter().any(|problem| problem.contains(expected));
    assert!(is_named, "{problems:?}");
}

/// The contract of these files; the first is the entry.
fn of_files(files: &[(&str, String)]) -> Result<CompiledContract, String> {
    let read = |path: &Path, _| {
        let found = files.iter().find(|(name, _)| Path::new(name) == path);
        let text = found.map(|(_, text)| text.as_bytes().to_vec());
        text.ok_or_else(|| UnreadableFile(format!("{} is missing", path.display())))
    };
    let name = files[0].0;
    let documents = load(Path::new(name), name, &Limits::default(), &read).unwrap();
    compile(documents, &CompileOptions::default()).map_err(|problems| problems[0].to_string())
}

/// The first line, the header fields and the body of a message.
fn parts(message: &str) -> (&str, HeaderMap, RecordedBody<'_>) {
    let (head, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    (
        first,
        headers,
        RecordedBody::Bytes(Cow::Borrowed(body.as_bytes())),
    )
}

/// The classes and messages of the violations of an exchange.
fn violations(
    contract: &CompiledContract,
    request: &str,
    response: Option<&str>,
) -> (String, String) {
    let bounds = ExchangeCheckLimits {
        violations_max: 20,
        json_depth_max: 16,
        body_bytes_max: 1 << 20,
        decoded_bytes_max: 1 << 20,
        decoded_ratio_max: 100,
    };
    let classes = [(ViolationClass::UnknownCookie, Enforcement::Reject)];
    let policy = EnforcementPolicy::new(EnforcementCeilings::default(), classes, 1.0);
    let (line, headers, body) = parts(request);
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let response = response.map(|response| {
        let (status, headers, body) = parts(response);
        RecordedResponse {
            status: status.parse().unwrap(),
            headers,
            body,
        }
    });
    let exchange = RecordedExchange {
        authority: None,
        method: method.parse().unwrap(),
        path,
        query,
        headers,
        body,
        response,
    };
    let verdict = ExchangeJudge::new(contract, &policy, bounds).judge(&exchange);
    let classes: Vec<_> = verdict
        .violations()
        .map(|found| found.class.as_str())
        .collect();
    let messages: Vec<_> = verdict
        .violations()
        .map(|found| found.message.clone())
        .collect();
    (classes.join(" "), messages.join("\n"))
}

/// Checks the classes of the violations of a request; an empty text expects none.
#[track_caller]
pub(crate) fn check(contract: &CompiledContract, request: &str, expected: &str) {
    let (classes, messages) = violations(contract, request, None);
    assert_eq!(classes, expected, "{request}: {messages}");
}

/// Path Item Object, `query`.
#[test]
fn a_path_item_has_a_query_method() {
    let item = "{query: {requestBody: {required: true, content: {application/json: {schema: {type: object}}}}}}";
    let paths = format!("paths: {{/a: {item}}}");
    let found = contract(&paths);
    let json = |body| format!("QUERY /a\ncontent-type: application/json\n\n{body}");
    check(&found, &json("{}"), "");
    check(&found, &json("[]"), "invalid-body");
    check(&found, "QUERY /a", "missing-body");
    check(&found, "query /a", "unknown-method");
    check(&found, "GET /a", "unknown-method");
    let allowed = found.match_route(&http::Method::GET, "/a", &mut PathCaptures::default());
    assert_eq!(allowed, RouteMatch::MethodNotAllowed { allow: "QUERY" });
    let both = paths.replace("{query", "{get: {}, query");
    let older = compiled("3.1.1", &both).unwrap();
    check(&older, &json("{}"), "unknown-method");
    let warning = &older.warnings[0].message;
    assert!(warning.contains("`openapi: 3.2.0`"), "{warning}");
}

/// Path Item Object, `additionalOperations`.
#[test]
fn a_path_item_has_further_methods() {
    let found = contract(
        "paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    additionalOperations:
      COPY: {parameters: [{name: to, in: query, required: true, schema: {type: string}}]}
      link: {operationId: link}",
    );
    check(&found, "COPY /a/1?to=x", "");
    check(&found, "COPY /a/x?to=x", "invalid-parameter");
    check(&found, "COPY /a/1", "missing-parameter");
    check(&found, "link /a/1", "");
    check(&found, "LINK /a/1", "unknown-method");
    check(&found, "copy /a/1", "unknown-method");
    let lower = contract("paths: {/a: {get: {}, additionalOperations: {get: {operationId: x}}}}");
    let warning = &lower.warnings[0].message;
    assert!(warning.contains("case-sensitive"), "{warning}");
    let refused = |operations: &str, expected| {
        let paths = format!("paths: {{/a: {{additionalOperations: {operations}}}}}");
        check_refused(&paths, expected);
    };
    refused("{POST: {}}", "as the field `post` of the path item");
    refused("{QUERY: {}}", "as the field `query` of the path item");
    refused("{'A B': {}}", "`A B` is not a method");
    refused(
        "[]",
        "`additionalOperations` must be an object, not an array",
    );
    refused("{COPY: []}", "an operation must be an object");
    check_refused(
        "paths: {/a: {$ref: '#/x', additionalOperations: {COPY: {}}}}\nx: {additionalOperations: {MOVE: {}}}",
        "`additionalOperations` is also a field next to the `$ref`",
    );
}

/// OpenAPI Object, `$self`; Appendix F, Resolving Base URIs.
#[test]
fn a_document_may_name_itself() {
    let body = "requestBody: {content: {application/json: {schema: {$ref: REF}}}}";
    let entry = |reference: &str| {
        let body = body.replace("REF", reference);
        let text = format!(
            "openapi: 3.2.0\n$self: https://a.example/v1/api\n{HEAD}\npaths: {{/a: {{post: {{{body}}}}}}}\ncomponents: {{schemas: {{A: {{type: object}}, B: {{$ref: 'b.yaml#/components/schemas/A'}}}}}}"
        );
        ("a.yaml", text)
    };
    let other = format!(
        "openapi: 3.2.0\n$self: https://b.example/other\n{HEAD}\ncomponents: {{schemas: {{A: {{type: array}}}}}}"
    );
    let check_reference = |reference: &str, is_array: bool| {
        let files = [entry(reference), ("b.yaml", other.clone())];
        let found = of_files(&files).unwrap();
        let post = |body| format!("POST /a\ncontent-type: application/json\n\n{body}");
        let (yes, no) = if is_array { ("[]", "{}") } else { ("{}", "[]") };
        check(&found, &post(yes), "");
        check(&found, &post(no), "invalid-body");
    };
    check_reference("'#/components/schemas/A'", false);
    check_reference("'https://a.example/v1/api#/components/schemas/A'", false);
    check_reference("'api#/components/schemas/A'", false);
    check_reference("'/v1/api#/components/schemas/A'", false);
    check_reference("'#/components/schemas/B'", true);
    check_reference("'b.yaml#/components/schemas/A'", true);
    check_reference("'https://b.example/other#/components/schemas/A'", true);
    let unknown = [entry("'https://c.example/x#/A'"), ("b.yaml", other.clone())];
    let error = of_files(&unknown).unwrap_err();
    assert!(error.contains("is not fetched"), "{error}");
}

/// Components Object, `mediaTypes`; Media Type Object in `content` may be a Reference Object.
#[test]
fn media_types_may_be_components() {
    let found = contract(
        "paths: {/a: {post: {requestBody: {content: {application/json: {$ref: '#/components/mediaTypes/Pet'}}}}}}
components: {mediaTypes: {Pet: {schema: {type: object}, example: []}}}",
    );
    let post = |body| format!("POST /a\ncontent-type: application/json\n\n{body}");
    check(&found, &post("{}"), "");
    check(&found, &post("[]"), "invalid-body");
    let findings = lint(&found);
    let is_found = findings
        .iter()
        .any(|finding| finding.message.contains("example"));
    assert!(is_found, "{findings:?}");
    check_refused(
        "paths: {/a: {post: {requestBody: {content: {application/json: {$ref: '#/components/mediaTypes/None'}}}}}}",
        "does not resolve",
    );
}

/// Response Object: `description` is optional. Tag Object: `parent`, `kind`. Security Scheme Object:
/// `deprecated`. They change no result.
#[test]
fn annotations_change_nothing() {
    let found = contract(
        "tags: [{name: a, kind: nav}, {name: b, parent: a, summary: s}]
paths: {/a: {get: {tags: [b], security: [{k: []}], responses: {'200': {summary: s}}}}}
components: {securitySchemes: {k: {type: apiKey, in: header, name: x-key, deprecated: true}}}",
    );
    check(&found, "GET /a\nx-key: 1", "");
    check(&found, "GET /a", "missing-credentials");
    assert_eq!(found.warnings, []);
}

/// Security Requirement Object: a name may be the URI of a Security Scheme Object.
#[test]
fn requirements_may_refer_to_schemes() {
    let found = contract(
        "paths: {/a: {get: {security: [{'#/components/x/k': []}]}}}
components: {x: {k: {type: apiKey, in: header, name: x-key}}}",
    );
    check(&found, "GET /a\nx-key: 1", "");
    check(&found, "GET /a", "missing-credentials");
    check_refused(
        "paths: {/a: {get: {security: [{'#/x': []}]}}}",
        "does not resolve",
    );
    check_refused("paths: {/a: {get: {security: [{x: []}]}}}", "is not among");
}

/// Discriminator Object, `defaultMapping`: it chooses the message and never the result.
#[test]
fn the_default_mapping_names_the_alternative() {
    let found = contract(
        "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}}}
components:
  schemas:
    Pet: {oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Other'}], discriminator: {propertyName: kind, defaultMapping: Other}}
    Cat: {type: object, required: [kind, a], properties: {kind: {const: Cat}, n: {type: integer}}}
    Other: {type: object, required: [b, c, d]}",
    );
    let post = |body: &str| format!("POST /a\ncontent-type: application/json\n\n{body}");
    for body in [r#"{"kind": "dog"}"#, r#"{"a": 1, "n": 1}"#] {
        let (classes, messages) = violations(&found, &post(body), None);
        assert_eq!(classes.split(' ').next(), Some("invalid-body"));
        assert!(messages.contains("`Other`, by its `kind`"), "{messages}");
    }
    let (_, messages) = violations(&found, &post(r#"{"kind": "Cat"}"#), None);
    assert!(messages.contains("`Cat`, by its `kind`"), "{messages}");
    check(
        &found,
        &post(r#"{"kind": "dog", "b": 1, "c": 1, "d": 1}"#),
        "",
    );
}

/// Example Object, `dataValue` and `serializedValue`.
#[test]
fn examples_have_a_value_and_a_text() {
    let examples = "{plain: {dataValue: {a: 1}}, text: {dataValue: {a: 2}, serializedValue: '{ \"a\" : 2 }'}, bad: {dataValue: []}}";
    let found = contract(&format!(
        "paths: {{/a: {{get: {{responses: {{'200': {{content: {{application/json: {{schema: {{type: object}}, examples: {examples}}}}}}}}}}}}}}}"
    ));
    let media = &found.operations[0].responses[0].content[0];
    let body = |name| match found.response_example(media, name) {
        ResponseExample::Body(bytes) => String::from_utf8(bytes).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(body(None), r#"{"a":1}"#);
    assert_eq!(body(Some("plain")), r#"{"a":1}"#);
    assert_eq!(body(Some("text")), r#"{ "a" : 2 }"#);
    let findings = lint(&found);
    let is_found = findings
        .iter()
        .any(|finding| finding.message.contains("`bad`"));
    assert!(is_found, "{findings:?}");
}

/// Style Values, `simple` for headers: values are not percent-encoded.
#[test]
fn header_fields_and_cookies_are_not_percent_decoded() {
    let found = contract(
        "paths: {/a: {get: {parameters: [{name: x-a, in: header, schema: {type: string, maxLength: 3}}, {name: c, in: cookie, schema: {type: string, maxLength: 3}}]}}}",
    );
    check(&found, "GET /a\nx-a: %41", "");
    check(&found, "GET /a\nx-a: %4142", "invalid-parameter");
    check(&found, "GET /a\ncookie: c=%41", "");
    check(&found, "GET /a\ncookie: c=%4142", "invalid-parameter");
}

/// Style Values, `cookie`: cookies without escapes, one for each item or property if exploded.
#[test]
fn cookies_have_a_style() {
    let with = |version, parameter: &str| {
        let parameters = format!("[{{name: c, in: cookie, style: cookie, {parameter}}}]");
        compiled(
            version,
            &format!("paths: {{/a: {{get: {{parameters: {parameters}}}}}}}"),
        )
    };
    let check_cookies = |parameter: &str, cases: &[(&str, &str)]| {
        let found = with("3.2.0", parameter).unwrap();
        for (cookies, expected) in cases {
            check(&found, &format!("GET /a\ncookie: {cookies}"), expected);
        }
    };
    let bad = "invalid-parameter";
    check_cookies(
        "schema: {type: string, maxLength: 3}",
        &[("c=a,b", ""), ("c=%41", ""), ("c=%4142", bad)],
    );
    check_cookies(
        "schema: {type: array, minItems: 2, items: {type: integer}}",
        &[
            ("c=1; c=2", ""),
            ("c=1", bad),
            ("c=1,2; c=3", bad),
            ("c=1; c=x", bad),
        ],
    );
    check_cookies(
        "explode: false, schema: {type: array, minItems: 2, items: {type: integer}}",
        &[("c=1,2", ""), ("c=1", bad)],
    );
    let object = "schema: {type: object, required: [r], properties: {r: {type: integer}, g: {type: integer}}}";
    check_cookies(object, &[("r=1; g=2", ""), ("r=1; g=x", bad), ("g=1", bad)]);
    let closed = object.replace("type: object", "type: object, additionalProperties: false");
    check_cookies(&closed, &[("r=1; g=2", ""), ("r=1; x=2", "unknown-cookie")]);
    let refused = with("3.1.1", "schema: {}").map(|_| ()).unwrap_err();
    assert!(
        refused[0].contains("`style: cookie` does not exist"),
        "{refused:?}"
    );
}

/// Parameter Object, `allowReserved`: it applies to every location, and values are read alike.
#[test]
fn allow_reserved_applies_to_every_location() {
    let found = contract(
        "paths: {'/a/{id}': {get: {parameters: [{name: id, in: path, required: true, allowReserved: true, schema: {type: string, maxLength: 3}}]}}}",
    );
    check(&found, "GET /a/a:b", "");
    check(&found, "GET /a/a%3Ab", "");
    check(&found, "GET /a/a:bc", "invalid-parameter");
}

/// The contract of `POST /a` with a body of this media type and Media Type Object.
pub(crate) fn with_media(
    version: &str,
    media_type: &str,
    media: &str,
) -> Result<CompiledContract, Vec<String>> {
    let content = format!("{{{media_type}: {media}}}");
    let body = format!("{{required: true, content: {content}}}");
    let responses = format!("{{'200': {{description: d, content: {content}}}}}");
    let operation = format!("{{requestBody: {body}, responses: {responses}}}");
    compiled(version, &format!("paths: {{/a: {{post: {operation}}}}}"))
}

/// Checks a body, as a request and as a response.
#[track_caller]
pub(crate) fn check_bodies(contract: &CompiledContract, media_type: &str, cases: &[(&str, &str)]) {
    for (body, expected) in cases {
        let request = format!("POST /a\ncontent-type: {media_type}\n\n{body}");
        check(contract, &request, expected);
        let response = format!("200\ncontent-type: {media_type}\n\n{body}");
        let valid = "POST /a\n\n";
        let (classes, messages) = violations(contract, valid, Some(&response));
        let found = classes.contains("response-body");
        assert_eq!(found, !expected.is_empty(), "{body}: {classes} {messages}");
    }
}

/// Media Type Object, `itemSchema`; Sequential Media Types: `schema` describes the whole sequence.
#[test]
fn item_schemas_describe_records() {
    let record = "{type: object, required: [n], properties: {n: {type: integer}}}";
    let lines = "application/jsonl";
    let found = with_media("3.2.0", lines, &format!("{{itemSchema: {record}}}")).unwrap();
    check_bodies(
        &found,
        lines,
        &[
            ("{\"n\": 1}\n{\"n\": 2}\n", ""),
            ("{\"n\": 1}\n{}\n", "invalid-body"),
            ("{\"n\": 1}\n{", "malformed-body"),
        ],
    );
    let both = format!("{{schema: {{type: array, maxItems: 2}}, itemSchema: {record}}}");
    let found = with_media("3.2.0", "application/json-seq", &both).unwrap();
    check_bodies(
        &found,
        "application/json-seq",
        &[
            ("\u{1e}{\"n\": 1}\n", ""),
            ("\u{1e}{\"n\": 1}\n\u{1e}{}\n", "invalid-body"),
            (
                "\u{1e}{\"n\": 1}\n\u{1e}{\"n\": 1}\n\u{1e}{\"n\": 1}\n",
                "invalid-body",
            ),
        ],
    );
    let refused = |media_type: &str, media: &str, expected: &str| {
        let problems = with_media("3.2.0", media_type, media)
            .map(|_| ())
            .unwrap_err();
        assert!(
            problems.iter().any(|one| one.contains(expected)),
            "{problems:?}"
        );
    };
    refused(
        lines,
        "{schema: {type: object}}",
        "describe a record by `itemSchema`",
    );
    refused(
        "application/json",
        "{itemSchema: {}}",
        "`itemSchema` is supported for",
    );
    refused(
        "'application/*'",
        "{itemSchema: {}}",
        "`itemSchema` is supported for",
    );
}

/// Sequential Media Types: the schema of a whole sequence judges it as an array, also in 3.0 and 3.1
/// if it allows only arrays.
#[test]
fn a_sequence_is_an_array() {
    let lines = "application/jsonl";
    let check_schema = |schema: &str, cases: &[(&str, &str)]| {
        for version in ["3.1.1", "3.2.0"] {
            let found = with_media(version, lines, &format!("{{schema: {schema}}}")).unwrap();
            check_bodies(&found, lines, cases);
        }
    };
    let bad = "invalid-body";
    check_schema(
        "{type: array, minItems: 2, items: {type: integer}}",
        &[
            ("1\n2\n", ""),
            ("1\n", bad),
            ("1\na\n", "malformed-body"),
            ("1\n{}\n", bad),
        ],
    );
    check_schema(
        "{type: array, contains: {const: 2}}",
        &[("1\n2\n", ""), ("1\n", bad)],
    );
    check_schema(
        "{type: array, prefixItems: [{type: string}, {type: integer}]}",
        &[
            ("\"a\"\n2\n", ""),
            ("2\n\"a\"\n", "invalid-body invalid-body"),
        ],
    );
    check_schema(
        "{type: array, uniqueItems: true}",
        &[("1\n2\n", ""), ("1\n1\n", bad)],
    );
    let deep = format!("{}{}\n", "[".repeat(16), "]".repeat(16));
    check_schema("{type: array}", &[(&deep, "")]);
}

/// Server-Sent Events: each event is a JSON object for `itemSchema`.
#[test]
fn events_are_records() {
    let events = "text/event-stream";
    let item = "{required: [data], properties: {event: {enum: [a, b]}, data: {type: string, maxLength: 3}, retry: {maximum: 9}}}";
    let found = with_media("3.2.0", events, &format!("{{itemSchema: {item}}}")).unwrap();
    check_bodies(
        &found,
        events,
        &[
            (
                "event: a\ndata: 123\n\n: comment\n\ndata: 1\nretry: 9\n\n",
                "",
            ),
            ("event: a\ndata: 1\n\nevent: c\ndata: 1\n\n", "invalid-body"),
            ("data: 1234\n\n", "invalid-body"),
            ("data: 12\ndata: 3\n\n", "invalid-body"),
            ("data: 1\nretry: 10\n\n", "invalid-body"),
            ("data: 1\n\ndata: 1234", "invalid-body"),
        ],
    );
    let whole = with_media("3.2.0", events, "{schema: {type: array, maxItems: 1}}").unwrap();
    check_bodies(
        &whole,
        events,
        &[
            ("data: 1\n\n", ""),
            ("data: 1\n\ndata: 1\n\n", "invalid-body"),
        ],
    );
    let older = with_media("3.1.1", events, "{schema: {type: array, maxItems: 1}}").unwrap();
    check_bodies(&older, events, &[("data: 1\n\ndata: 1\n\n", "")]);
}

/// Parameter Object, Media Type Object and Encoding Object: what is not enforced is refused.
#[test]
fn unread_fields_are_refused() {
    let refused = |media: &str, expected| {
        let paths = format!(
            "paths: {{/a: {{post: {{requestBody: {{content: {{multipart/mixed: {media}}}}}}}}}}}"
        );
        check_refused(&paths, expected);
    };
    refused(
        "{schema: {type: object}, encoding: {a: {encoding: {}}}}",
        "`encoding` inside this Encoding Object",
    );
    refused(
        "{schema: {type: object}, encoding: {a: {itemEncoding: {}}}}",
        "`itemEncoding` inside this Encoding Object",
    );
    refused(
        "{itemSchema: {type: array}, itemEncoding: {encoding: {}}}",
        "`encoding` inside this Encoding Object describes the fields of a part that is a form",
    );
    let form = "contentType: multipart/form-data";
    refused(
        &format!(
            "{{itemSchema: {{}}, itemEncoding: {{{form}, encoding: {{a: {{{form}, encoding: {{}}}}}}}}}}"
        ),
        "`encoding` inside this Encoding Object (OpenAPI 3.2) is not supported",
    );
    refused(
        "{itemSchema: {type: array}, itemEncoding: {prefixEncoding: [{itemEncoding: {}}]}}",
        "`itemEncoding` inside this Encoding Object",
    );
}
