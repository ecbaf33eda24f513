//! Content that only OpenAPI 3.2 can describe: the query as a whole, and multipart bodies whose parts
//! have an order. Each test names the section of OpenAPI 3.2.0.

use crate::CompiledContract;
use crate::openapi_32_tests::{check, check_bodies, check_refused, compiled, contract, with_media};

/// The contract of `GET /a` whose whole query has this media type.
fn with_query(content: &str, more: &str) -> CompiledContract {
    contract(&format!(
        "paths: {{/a: {{get: {{parameters: [{{name: q, in: querystring, content: {content}{more}}}]}}}}}}"
    ))
}

#[track_caller]
fn check_queries(contract: &CompiledContract, cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        check(contract, &format!("GET /a{query}"), expected);
    }
}

/// Parameter Locations, `querystring`: with a form, the query is read like the body of a form.
#[test]
fn a_query_may_be_one_form() {
    let schema = "{type: object, required: [foo], properties: {foo: {type: string, maxLength: 5}, bar: {type: boolean}, list: {type: array, items: {type: integer}}, deep: {type: object, required: [a]}}, additionalProperties: false}";
    let form = format!("{{application/x-www-form-urlencoded: {{schema: {schema}}}}}");
    let invalid = "invalid-parameter";
    check_queries(
        &with_query(&form, ""),
        &[
            ("", ""),
            ("?foo=a+%2B+b&bar=true", ""),
            ("?foo=a&list=1&list=2", ""),
            ("?foo=a&deep=%7B%22a%22%3A1%7D", ""),
            ("?foo=a&deep=%7B%7D", invalid),
            ("?foo=a&bar=yes", invalid),
            ("?foo=123456", invalid),
            ("?bar=true", invalid),
            ("?foo=a&other=1", invalid),
            ("?foo=%zz", invalid),
            ("?foo=a&foo=b", "duplicate-parameter"),
        ],
    );
    // An empty query is a form without fields.
    check_queries(
        &with_query(&form, ", required: true"),
        &[("", invalid), ("?", invalid), ("?foo=a", "")],
    );
    let styled = "{application/x-www-form-urlencoded: {schema: {type: object, properties: {list: {type: array, items: {type: integer}}}}, encoding: {list: {style: pipeDelimited}}}}";
    check_queries(
        &with_query(styled, ""),
        &[("?list=1%7C2", ""), ("?list=1%7Cx", invalid)],
    );
}

/// Parameter Object Examples: JSON and other texts are percent-encoded once.
#[test]
fn a_query_may_be_one_text() {
    let json = "{application/json: {schema: {type: object, required: [n], properties: {n: {type: array, items: {type: integer}}, text: {const: a+b}}}}}";
    let invalid = "invalid-parameter";
    check_queries(
        &with_query(json, ", required: true"),
        &[
            ("?%7B%22n%22%3A%5B1%2C2%5D%7D", ""),
            ("?%7B%22n%22:[],%22text%22:%22a+b%22%7D", ""),
            ("?%7B%22n%22%3A%5Btrue%5D%7D", invalid),
            ("?%7B%7D", invalid),
            ("?n=1", invalid),
            (
                "?%7B%22n%22%3A%5B%5D%2C%22n%22%3A%5B%5D%7D",
                "duplicate-parameter",
            ),
            ("?", "missing-parameter"),
            ("", "missing-parameter"),
        ],
    );
    let path = "{application/jsonpath: {schema: {type: string, pattern: '^[$]'}}}";
    check_queries(
        &with_query(path, ""),
        &[
            ("?%24.a.b%5B1%3A1%5D", ""),
            ("?$.a", ""),
            ("?a", invalid),
            ("?%24%", invalid),
        ],
    );
    let number = "{text/plain: {schema: {type: integer, maximum: 5}}}";
    check_queries(&with_query(number, ""), &[("?5", ""), ("?6", invalid)]);
    let referred = contract(
        "components: {mediaTypes: {J: {schema: {maxProperties: 0}}}}\npaths: {/a: {get: {parameters: [{name: q, in: querystring, content: {application/json: {$ref: '#/components/mediaTypes/J'}}}]}}, /b: {get: {parameters: [{name: q, in: query, content: {application/json: {$ref: '#/components/mediaTypes/J'}}}]}}}",
    );
    check_queries(&referred, &[("?%7B%7D", ""), ("?%7B%22a%22:1%7D", invalid)]);
    check(&referred, "GET /b?q=%7B%7D", "");
    check(&referred, "GET /b?q=%7B%22a%22:1%7D", invalid);
}

/// Parameter Locations: nothing else may describe the query.
#[test]
fn the_whole_query_is_described_once() {
    let whole = "in: querystring, content: {application/json: {}}";
    let refused = |item: &str, expected: &str| {
        check_refused(&format!("paths: {{/a: {{{item}}}}}"), expected);
    };
    let query = "{name: p, in: query, schema: {type: string}}";
    refused(
        &format!("get: {{parameters: [{{name: q, {whole}}}, {query}]}}"),
        "so the query parameter `p` cannot be declared",
    );
    refused(
        &format!("parameters: [{query}], get: {{parameters: [{{name: q, {whole}}}]}}"),
        "so the query parameter `p` cannot be declared",
    );
    refused(
        &format!("get: {{parameters: [{{name: q, {whole}}}, {{name: r, {whole}}}]}}"),
        "so the querystring parameter `r` cannot be declared",
    );
    refused(
        "get: {parameters: [{name: q, in: querystring, schema: {type: string}}]}",
        "`schema` cannot be used with `in: querystring`",
    );
    refused(
        &format!("get: {{parameters: [{{name: q, explode: true, {whole}}}]}}"),
        "`explode` cannot be used with `in: querystring`",
    );
    refused(
        "get: {parameters: [{name: q, in: querystring}]}",
        "`content` is missing",
    );
    refused(
        "get: {parameters: [{name: q, in: querystring, content: {a/b: {}, c/d: {}}}]}",
        "exactly one media type",
    );
    // An operation replaces the parameter of its path item.
    let replaced = format!(
        "paths: {{/a: {{parameters: [{{name: q, {whole}}}], get: {{parameters: [{{name: q, in: querystring, content: {{text/plain: {{schema: {{maxLength: 1}}}}}}}}]}}}}}}"
    );
    check(&contract(&replaced), "GET /a?ab", "invalid-parameter");
    let older = compiled(
        "3.1.1",
        &format!("paths: {{/a: {{get: {{parameters: [{{name: q, {whole}}}]}}}}}}"),
    );
    assert!(older.map(|_| ()).unwrap_err()[0].contains("belongs to OpenAPI 3.2"));
}

/// A multipart body with these parts, each a header and a content.
fn multipart(parts: &[(&str, &str)]) -> String {
    let part = |(head, content): &(&str, &str)| {
        let separator = if head.is_empty() { "" } else { "\r\n" };
        format!("--b\r\n{head}{separator}\r\n{content}\r\n")
    };
    let parts: String = parts.iter().map(part).collect();
    format!("{parts}--b--\r\n")
}

const JSON: &str = "Content-Type: application/json";
const PNG: &str = "Content-Type: image/png";

/// Checks multipart bodies, as requests and as responses.
#[track_caller]
fn check_parts(kind: &str, media: &str, cases: &[(&[(&str, &str)], &str)]) {
    let found = with_media("3.2.0", kind, media).unwrap();
    for (parts, expected) in cases {
        let body = multipart(parts);
        check_bodies(
            &found,
            &format!("{kind}; boundary=b"),
            &[(&body, *expected)],
        );
    }
}

/// Encoding By Position: `prefixEncoding` for the first parts, then `itemEncoding`.
#[test]
fn parts_have_an_order() {
    let schema = "{type: array, minItems: 2, prefixItems: [{type: object, required: [author]}, {}], items: {type: integer}}";
    let media = format!(
        "{{schema: {schema}, prefixEncoding: [{{}}, {{contentType: image/*}}], itemEncoding: {{contentType: text/plain}}}}"
    );
    let (document, image) = ((JSON, "{\"author\": \"a\"}"), (PNG, "\u{1}png"));
    let invalid = "invalid-body";
    check_parts(
        "multipart/mixed",
        &media,
        &[
            (&[document, image], ""),
            (&[("", "{\"author\": \"a\"}"), image], ""),
            (&[document, image, ("", "1"), ("", "2")], ""),
            (&[document, image, ("", "1"), ("", "x")], invalid),
            (&[(JSON, "{}"), image], invalid),
            (&[(JSON, "{"), image], "malformed-body"),
            (&[document], invalid),
            (&[image, document], "unsupported-media-type"),
            (&[document, image, (JSON, "1")], "unsupported-media-type"),
        ],
    );
}

/// Sequential Media Types: `itemSchema` describes each part, and `schema` all of them.
#[test]
fn parts_are_the_items_of_an_array() {
    let item = "{type: object, required: [n]}";
    let invalid = "invalid-body";
    let (one, two) = ((JSON, "{\"n\": 1}"), (JSON, "{\"n\": 2}"));
    check_parts(
        "multipart/related",
        &format!("{{itemSchema: {item}}}"),
        &[
            (&[one], ""),
            (&[one, (JSON, "{}")], invalid),
            (&[one, ("", "1")], invalid),
        ],
    );
    check_parts(
        "multipart/mixed",
        &format!("{{itemSchema: {item}, schema: {{type: array, maxItems: 1}}}}"),
        &[
            (&[one], ""),
            (&[one, two], invalid),
            (&[(JSON, "{}")], invalid),
        ],
    );
    // A part in a notation that is not read is not judged; the others are.
    check_parts(
        "multipart/mixed",
        "{schema: {type: array, items: {type: object, required: [n]}}}",
        &[
            (&[("Content-Type: application/xml", "<a/>"), one], ""),
            (
                &[("Content-Type: application/xml", "<a/>"), (JSON, "{}")],
                invalid,
            ),
        ],
    );
    // The first reading of a text that its schema accepts counts.
    check_parts(
        "multipart/mixed",
        "{schema: {type: array, items: {type: [integer, string], maxLength: 1, maximum: 5}, uniqueItems: true}}",
        &[
            (&[("", "5"), ("", "a")], ""),
            (&[("", "6")], ""),
            (&[("", "66")], invalid),
            (&[("", "5"), ("", "5")], invalid),
        ],
    );
    // Alternatives of the whole array do not each apply to a part.
    check_parts(
        "multipart/mixed",
        "{schema: {type: array, anyOf: [{items: {type: integer}, maxItems: 1}, {prefixItems: [{type: string, minLength: 2}]}]}}",
        &[
            (&[("", "5")], ""),
            (&[("", "55"), ("", "6")], ""),
            (&[("", "5"), ("", "6")], invalid),
        ],
    );
    check_parts(
        "multipart/mixed",
        "{itemSchema: {maxLength: 3}, itemEncoding: {contentType: image/png}}",
        &[(&[(PNG, "123")], ""), (&[(PNG, "1234")], invalid)],
    );
}

/// Encoding Object, `headers`; Example: Ordered Multipart With Required Header.
#[test]
fn parts_have_header_fields() {
    let encoding = "{contentType: text/css, headers: {Content-ID: {schema: false}, Content-Location: {required: true, schema: {type: string, pattern: '^https:'}}}}";
    let media = format!("{{itemSchema: {{type: string}}, itemEncoding: {encoding}}}");
    let part = |fields: &str| format!("Content-Type: text/css{fields}");
    let good = part("\r\nContent-Location: https://a.example/");
    let foreign = part("\r\nContent-Location: ftp://a.example/");
    let named = part("\r\nContent-Location: https://a.example/\r\nContent-ID: <a>");
    check_parts(
        "multipart/related",
        &media,
        &[
            (&[(&good, "a"), (&good, "b")], ""),
            (&[(&good, "a"), (&part(""), "b")], "invalid-body"),
            (&[(&foreign, "a")], "invalid-body"),
            (&[(&named, "a")], "invalid-body"),
        ],
    );
}

/// Additional Encoding Approaches: the order of the parts of a form.
#[test]
fn the_parts_of_a_form_may_have_an_order() {
    let name = |name: &str| {
        format!(
            "{{headers: {{Content-Disposition: {{required: true, schema: {{pattern: 'name={name}$'}}}}}}}}"
        )
    };
    let media = format!(
        "{{schema: {{type: array, maxItems: 2, prefixItems: [{{type: integer}}, {{type: string}}]}}, prefixEncoding: [{}, {}]}}",
        name("a"),
        name("b")
    );
    let (a, b) = (
        ("Content-Disposition: form-data; name=a", "1"),
        ("Content-Disposition: form-data; name=b", "x"),
    );
    check_parts(
        "multipart/form-data",
        &media,
        &[
            (&[a, b], ""),
            (&[b, a], "invalid-body invalid-body"),
            (&[a, b, b], "invalid-body"),
        ],
    );
}

/// Nested Encoding; Example: Nested `multipart/mixed`.
#[test]
fn a_part_may_have_parts() {
    let schema = "{type: array, prefixItems: [{type: array}, {type: array, prefixItems: [{type: object}, {type: integer}, {}], maxItems: 3}]}";
    let media = format!(
        "{{schema: {schema}, prefixEncoding: [{{}}, {{contentType: multipart/mixed, prefixEncoding: [{{contentType: application/xml}}, {{}}, {{contentType: image/png}}]}}]}}"
    );
    let nested = |number: &str, more: &str| {
        let xml = "--c\r\nContent-Type: application/xml\r\n\r\n<a/>\r\n";
        let text = format!("--c\r\n\r\n{number}\r\n");
        format!("{xml}{text}--c\r\n{PNG}\r\n\r\n\u{1}\r\n{more}--c--")
    };
    let head = "Content-Type: multipart/mixed; boundary=c";
    let (good, bad) = (nested("5", ""), nested("x", ""));
    check_parts(
        "multipart/mixed",
        &media,
        &[
            (&[(JSON, "[]"), (head, &good)], ""),
            (&[(JSON, "{}"), (head, &good)], "invalid-body"),
            (&[(JSON, "[]"), (head, &bad)], "invalid-body"),
            (&[(JSON, "[]"), (head, "--c\r\n")], "malformed-body"),
            (&[(JSON, "[]"), (JSON, "[]")], "unsupported-media-type"),
        ],
    );
}

const FORM: &str = "application/x-www-form-urlencoded";
const NESTED_FORM: &str = "multipart/form-data; boundary=c";

/// The schema of a form inside a part.
const FORM_SCHEMA: &str = "{type: object, required: [n], properties: {n: {type: integer, maximum: 9}, l: {type: array, items: {type: string}}}, additionalProperties: false}";

/// Its Encoding Object.
const FORM_ENCODING: &str = "{contentType: 'application/x-www-form-urlencoded, multipart/form-data', encoding: {l: {style: pipeDelimited}, n: {contentType: text/plain}}}";

fn named_part(name: &str, kind: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"\r\nContent-Type: {kind}")
}

fn nested_form(fields: &[(&str, &str)]) -> String {
    let field = |(name, value): &(&str, &str)| {
        format!("--c\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    format!("{}--c--", fields.iter().map(field).collect::<String>())
}

/// Nested Encoding: a part that is a form, by its name or by its position. Its fields are a part of the
/// value of the body.
#[test]
fn a_part_may_be_a_form() {
    let invalid = "invalid-body";
    let cases = [
        (FORM, "n=5&l=a%7Cb".to_owned(), ""),
        (FORM, "n=x".to_owned(), invalid),
        (FORM, "n=10".to_owned(), invalid),
        (FORM, "l=a".to_owned(), invalid),
        (FORM, "n=5&m=1".to_owned(), invalid),
        (FORM, "n=5&n=6".to_owned(), "duplicate-key"),
        (FORM, "n=%zz".to_owned(), "malformed-body"),
        (
            NESTED_FORM,
            nested_form(&[("n", "5"), ("l", "a"), ("l", "b")]),
            "",
        ),
        (NESTED_FORM, nested_form(&[("n", "10")]), invalid),
        (NESTED_FORM, nested_form(&[("n", "5"), ("m", "1")]), invalid),
        (NESTED_FORM, "--c\r\n".to_owned(), "malformed-body"),
        (
            "application/json",
            r#"{"n": 5}"#.to_owned(),
            "unsupported-media-type",
        ),
    ];
    let media = format!(
        "{{schema: {{required: [f], properties: {{f: {FORM_SCHEMA}}}}}, encoding: {{f: {FORM_ENCODING}}}}}"
    );
    let by_name = with_media("3.2.0", "multipart/form-data", &media).unwrap();
    let media = format!(
        "{{schema: {{type: array, prefixItems: [{{}}, {FORM_SCHEMA}], maxItems: 2}}, prefixEncoding: [{{}}, {FORM_ENCODING}]}}"
    );
    let by_position = with_media("3.2.0", "multipart/mixed", &media).unwrap();
    for (kind, value, expected) in &cases {
        let body = multipart(&[(&named_part("f", kind), value)]);
        let form = "multipart/form-data; boundary=b";
        check_bodies(&by_name, form, &[(&body, *expected)]);
        let head = format!("Content-Type: {kind}");
        let body = multipart(&[(JSON, "1"), (&head, value)]);
        let mixed = "multipart/mixed; boundary=b";
        check_bodies(&by_position, mixed, &[(&body, *expected)]);
    }
}

#[test]
fn several_parts_may_be_forms() {
    let media = format!(
        "{{schema: {{properties: {{f: {{type: array, maxItems: 2, items: {FORM_SCHEMA}}}, t: {{type: string}}}}}}, encoding: {{f: {FORM_ENCODING}}}}}"
    );
    let list = with_media("3.2.0", "multipart/form-data", &media).unwrap();
    let head = named_part("f", FORM);
    let form = "multipart/form-data; boundary=b";
    for (values, expected) in [
        (vec!["n=5"], ""),
        (vec!["n=5", "n=6"], ""),
        (vec!["n=5", "n=x"], "invalid-body"),
        (vec!["n=5", "n=6", "n=7"], "invalid-body"),
    ] {
        let parts: Vec<_> = values.iter().map(|value| (head.as_str(), *value)).collect();
        check_bodies(&list, form, &[(&multipart(&parts), expected)]);
    }
    // Only a part that is declared so may have parts.
    let body = multipart(&[(&named_part("t", NESTED_FORM), &nested_form(&[]))]);
    check_bodies(&list, form, &[(&body, "malformed-body")]);
}

/// Media Type Object: where `prefixEncoding` and `itemEncoding` may occur.
#[test]
fn encodings_by_position_need_an_array() {
    let refused = |media: &str, expected: &str| {
        let problems = with_media("3.2.0", "multipart/mixed", media).map(|_| ());
        let problems = problems.unwrap_err();
        assert!(
            problems.iter().any(|one| one.contains(expected)),
            "{problems:?}"
        );
    };
    refused(
        "{itemEncoding: {}}",
        "`itemEncoding` describes the parts of an array",
    );
    refused(
        "{schema: {type: object}, prefixEncoding: [{}]}",
        "`prefixEncoding` describes the parts of an array",
    );
    refused(
        "{schema: {type: array}, prefixEncoding: [{}], encoding: {}}",
        "`prefixEncoding` cannot be used next to `encoding`",
    );
    // Other media types ignore them, and 3.1 does not have them.
    let media = "{schema: {type: integer}, itemEncoding: {contentType: a/b}}";
    let found = with_media("3.2.0", "application/json", media).unwrap();
    check_bodies(
        &found,
        "application/json",
        &[("1", ""), ("a", "malformed-body")],
    );
    let media = "{schema: {type: array, maxItems: 0}, itemEncoding: {}}";
    let older = with_media("3.1.1", "multipart/mixed", media).unwrap();
    let body = multipart(&[("", "1")]);
    check_bodies(&older, "multipart/mixed; boundary=b", &[(&body, "")]);
}

/// A document with everything that this file tests has nothing to report, as other tools' documents
/// use it: a shared media type, examples as data and as text, encodings of parts.
#[test]
fn documents_with_all_of_it_have_no_findings() {
    let rest = r"
components:
  headers:
    At: {required: true, schema: {type: string, format: uri}}
  mediaTypes:
    Ticks: {itemSchema: {type: object, required: [data], properties: {data: {type: string}, retry: {type: integer}}}}
paths:
  /ticks:
    get:
      operationId: ticks
      parameters:
      - name: selection
        in: querystring
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {from: {type: string}, deep: {type: object}}}
            encoding: {deep: {contentType: application/json}}
            examples: {one: {dataValue: {from: a b}, serializedValue: from=a+b}}
      responses: {'200': {content: {text/event-stream: {$ref: '#/components/mediaTypes/Ticks'}}}}
  /pages:
    put:
      operationId: putPages
      requestBody:
        content:
          multipart/related; type=text/html:
            schema:
              type: array
              prefixItems: [{type: string}]
              items: {}
            prefixEncoding: [{contentType: text/html, headers: {Content-Location: {$ref: '#/components/headers/At'}}}]
            itemEncoding: {contentType: 'text/css,image/*', headers: {Content-Location: {$ref: '#/components/headers/At'}}}
      responses: {'200': {content: {multipart/mixed: {itemSchema: {}, itemEncoding: {contentType: image/jpeg}}}}}
";
    let text = format!("openapi: 3.2.0\ninfo: {{title: t, version: 1.0.0}}{rest}");
    let limits = portcullis_vocabulary::limits::Limits::default();
    let documents = crate::parse_single_file("a.yaml", text.into_bytes(), &limits).unwrap();
    let found = crate::lint_documents(&documents);
    assert!(found.is_empty(), "{found:?}");
    let found = crate::lint(&contract(rest));
    assert!(found.is_empty(), "{found:?}");
}
