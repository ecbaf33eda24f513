//! The rules of `docs/semantics.md`: a test for each row that no other test covers.
//!
//! Small contracts check messages offline; checks that need bytes on a connection use the whole
//! program. The page itself is read here too, so it cannot name a test that does not exist.

use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use portcullis_contract::recorded::{
    ExchangeCheckLimits, ExchangeJudge, RecordedBody, RecordedExchange, RecordedResponse,
};
use portcullis_contract::{
    CompileOptions, CompiledContract, ContractProblem, Violation, compile, parse_single_file,
};
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::EnforcementCeilings;
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use tokio::sync::Notify;

use crate::support::app::{App, Site, get, post, problem};
use crate::support::upstream::{Step, Upstream, send};

const V30: &str = "3.0.4";
const V31: &str = "3.1.1";
const FORM: &str = "POST /a\ncontent-type: application/x-www-form-urlencoded\n\n";
const JSON: &str = "POST /a\ncontent-type: application/json\n\n";

fn compiled(version: &str, rest: &str) -> Result<CompiledContract, String> {
    let text = format!("openapi: {version}\ninfo: {{title: t, version: '1'}}\n{rest}\n");
    let documents = parse_single_file("a.yaml", text.into_bytes(), &Limits::default());
    let documents = documents.unwrap_or_else(|error| panic!("{error}: {rest}"));
    compile(documents, &CompileOptions::default()).map_err(|problems| problems[0].to_string())
}

/// A contract with these fields.
#[track_caller]
fn contract(version: &str, rest: &str) -> CompiledContract {
    compiled(version, rest).unwrap_or_else(|problem| panic!("{problem}"))
}

/// A contract of `GET /a` with these parameters.
#[track_caller]
fn with_parameters(parameters: &str) -> CompiledContract {
    contract(
        V31,
        &format!("paths: {{/a: {{get: {{parameters: [{parameters}]}}}}}}"),
    )
}

/// A contract of `POST /a` with a required body of this content.
#[track_caller]
fn with_content(version: &str, content: &str) -> CompiledContract {
    let body = format!("{{required: true, content: {content}}}");
    contract(
        version,
        &format!("paths: {{/a: {{post: {{requestBody: {body}, responses: {{}}}}}}}}"),
    )
}

/// A contract of `POST /a` with a JSON body of this schema.
#[track_caller]
fn with_body_schema(version: &str, schema: &str) -> CompiledContract {
    with_content(
        version,
        &format!("{{application/json: {{schema: {schema}}}}}"),
    )
}

#[test]
#[rustfmt::skip]
fn violations_name_the_keyword_and_what_is_expected() {
    let octets = |schema: &str| with_content(V31, &format!("{{image/png: {{schema: {schema}}}}}"));
    let png = "POST /a\ncontent-type: image/png\n\nabc";
    assert_eq!(explanation(&octets("{type: string, maxLength: 2}"), png), "maxLength | at most 2 octets | 3 octets are not at most 2 octets");
    assert_eq!(explanation(&octets("{type: string, minLength: 4}"), png), "minLength | at least 4 octets | 3 octets are not at least 4 octets");
    let one = format!("{JSON}{{\"a\": 1}}");
    assert_eq!(explanation(&with_body_schema(V31, "false"), &one), "false | no value | {\"a\":1} is not allowed, because its schema is `false`");
    assert_eq!(explanation(&with_body_schema(V31, "{properties: {a: false}}"), &one), "properties | no value | 1 is not allowed, because its schema is `false`");
    assert_eq!(explanation(&with_body_schema(V31, "{type: object}"), "POST /a\ncontent-type: application/json; charset=latin1\n\n{}"), " | charset utf-8, or none | JSON must be UTF-8 (RFC 8259 section 8.1); send no other charset");
    let form = with_content(V31, "{application/x-www-form-urlencoded: {schema: {type: object}}}");
    assert_eq!(explanation(&form, "POST /a\ncontent-type: application/x-www-form-urlencoded; charset=latin1\n\na=1"), " | charset utf-8 or us-ascii | the charset is not supported");
}

/// The first line, the header fields and the body of a message.
fn parts(message: &str) -> (&str, HeaderMap, RecordedBody<'_>) {
    let (head, body) = message.split_once("\n\n").unwrap_or((message, ""));
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    let fields = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        (name, HeaderValue::from_str(value).unwrap())
    });
    let mut headers = HeaderMap::new();
    fields.for_each(|(name, value)| {
        headers.append(name, value);
    });
    (
        first,
        headers,
        RecordedBody::Bytes(Cow::Borrowed(body.as_bytes())),
    )
}

/// The classes of the violations of an exchange, in order; the request comes first.
fn classes(contract: &CompiledContract, request: &str, response: Option<&str>) -> String {
    let found = violations(contract, request, response);
    let found: Vec<&str> = found.iter().map(|found| found.class.as_str()).collect();
    found.join(" ")
}

/// The keyword, the expectation and the message of the first violation of a request.
fn explanation(contract: &CompiledContract, request: &str) -> String {
    let found = violations(contract, request, None);
    let first = found.first().unwrap_or_else(|| panic!("{request}"));
    let texts = [
        first.keyword.as_deref(),
        first.expected.as_deref(),
        Some(&first.message),
    ];
    texts.map(Option::unwrap_or_default).join(" | ")
}

fn violations(
    contract: &CompiledContract,
    request: &str,
    response: Option<&str>,
) -> Vec<Violation> {
    let bounds = ExchangeCheckLimits {
        violations_max: 20,
        json_depth_max: 16,
        body_bytes_max: 1 << 20,
        decoded_bytes_max: 1 << 20,
        decoded_ratio_max: 100,
    };
    let policy = EnforcementPolicy::new(EnforcementCeilings::default(), [], 1.0);
    let (line, headers, body) = parts(request);
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let response = response.map(|response| {
        let (status, headers, body) = parts(response);
        let status = status.parse().unwrap();
        RecordedResponse {
            status,
            headers,
            body,
        }
    });
    let method = method.parse().unwrap();
    let exchange = RecordedExchange {
        authority: None,
        method,
        path,
        query,
        headers,
        body,
        response,
    };
    let verdict = ExchangeJudge::new(contract, &policy, bounds).judge(&exchange);
    verdict.violations().cloned().collect()
}

/// Checks the classes of the violations of a request; an empty text expects none.
#[track_caller]
fn check(contract: &CompiledContract, request: &str, expected: &str) {
    assert_eq!(classes(contract, request, None), expected, "{request}");
}

/// The same for queries of `GET /a`.
#[track_caller]
fn check_queries(parameters: &str, cases: &[(&str, &str)]) {
    let contract = with_parameters(parameters);
    for (query, expected) in cases {
        check(&contract, &format!("GET /a?{query}"), expected);
    }
}

/// The same for header fields of `GET /a`.
#[track_caller]
fn check_fields(parameters: &str, cases: &[(&str, &str)]) {
    let contract = with_parameters(parameters);
    for (fields, expected) in cases {
        check(&contract, &format!("GET /a\n{fields}"), expected);
    }
}

/// Values that a schema admits in both versions, and values that it refuses.
#[track_caller]
fn check_values(versions: &[&str], schema: &str, yes: &[&str], no: &[&str]) {
    for version in versions {
        let contract = with_body_schema(version, schema);
        yes.iter()
            .for_each(|value| check(&contract, &format!("{JSON}{value}"), ""));
        no.iter()
            .for_each(|value| check(&contract, &format!("{JSON}{value}"), "invalid-body"));
    }
}

/// Checks the classes of the violations of a response to a request.
#[track_caller]
fn check_response(contract: &CompiledContract, request: &str, response: &str, expected: &str) {
    let found = classes(contract, request, Some(response));
    assert_eq!(found, expected, "{request}: {response}");
}

#[test]
#[rustfmt::skip]
fn row_01_segments_are_split_then_decoded_once() {
    let id = "{name: id, in: path, required: true, schema: {type: string, maxLength: 3}}";
    let contract = contract(V31, &format!("paths: {{'/a/{{id}}': {{get: {{parameters: [{id}]}}}}}}"));
    check(&contract, "GET /a/x%2Fy", "");
    check(&contract, "GET /a/x/y", "unknown-path");
    check(&contract, "GET /a/%2B%2B%2B", "");
    check(&contract, "GET /a/%2B%2B%2B%2B", "invalid-parameter");
    check(&contract, "GET /a/%252F", "");
}

#[test]
#[rustfmt::skip]
fn row_08_the_most_specific_servers_apply() {
    let contract = contract(V31, "servers: [{url: 'https://one.example/v1/'}, {url: /both}]
paths:
  /a: {get: {}}
  /b: {servers: [{url: '/{v}', variables: {v: {default: v2, enum: [v2, v3]}}}], get: {}}
  /c: {servers: [{url: /v2}], get: {servers: [{url: ''}]}, put: {}}");
    for path in ["/v1/a", "/both/a", "/v2/b", "/v3/b", "/c"] {
        check(&contract, &format!("GET {path}"), "");
    }
    for path in ["/a", "/v1/b", "/v4/b", "/v1/c"] {
        check(&contract, &format!("GET {path}"), "unknown-path");
    }
    check(&contract, "PUT /v2/c", "");
    check(&contract, "GET /v2/c", "unknown-method");
}

#[test]
#[rustfmt::skip]
fn row_10_head_is_served_by_get() {
    let contract = with_parameters("{name: x, in: query, required: true, schema: {type: integer}}");
    check(&contract, "HEAD /a?x=1", "");
    check(&contract, "HEAD /a?x=y", "invalid-parameter");
    check(&contract, "HEAD /a", "missing-parameter");
    check(&contract, "OPTIONS /a", "unknown-method");
    check(&contract, "OPTIONS /a\norigin: https://b.example\naccess-control-request-method: GET", "");
}

#[test]
#[rustfmt::skip]
fn row_11_an_operation_overrides_its_path_item() {
    let contract = contract(V31, "paths:
  /a:
    parameters:
      - {name: x, in: query, required: true, schema: {type: integer}}
      - {name: X-A, in: header, required: true, schema: {type: integer}}
      - {name: Accept, in: header, required: true, schema: {type: integer}}
      - {name: content-type, in: header, required: true, schema: {type: integer}}
      - {name: AUTHORIZATION, in: header, required: true, schema: {type: integer}}
    put: {}
    get:
      parameters:
        - {name: x, in: query, schema: {type: string}}
        - {name: x-a, in: header, schema: {type: string}}");
    check(&contract, "GET /a", "");
    check(&contract, "GET /a?x=y\nx-a: b\naccept: */*", "");
    check(&contract, "PUT /a?x=1\nx-a: 1", "");
    check(&contract, "PUT /a?x=y\naccept: 1", "invalid-parameter missing-parameter");
}

#[test]
#[rustfmt::skip]
fn row_13_field_lines_of_lists_join() {
    check_fields("{name: X-One, in: header, schema: {type: integer}},
        {name: x-list, in: header, schema: {type: array, maxItems: 3, items: {type: integer}}}", &[
        ("x-one: 1", ""),
        ("X-ONE: x", "invalid-parameter"),
        ("x-one: 1\nX-One: 1", "duplicate-parameter"),
        ("X-List: 1, 2\nx-list: 3", ""),
        ("x-list: 1,2\nx-list: x", "invalid-parameter"),
        ("x-list: 1,2\nx-list: 3,4", "invalid-parameter"),
    ]);
    check_fields("{name: x-json, in: header, content: {application/json: {schema: {type: array, items: {type: integer}}}}}", &[
        ("x-json: [1, 2]", ""),
        ("x-json: [1\nx-json: 2]", "duplicate-parameter"),
    ]);
}

/// RFC 9110 section 5.6.1.2.
#[test]
#[rustfmt::skip]
fn row_13_empty_items_of_header_fields_do_not_count() {
    check_fields("{name: x-list, in: header, schema: {type: array, minItems: 1, maxItems: 2, items: {type: string}}},
        {name: x-o, in: header, explode: true, schema: {type: object, maxProperties: 2, properties: {R: {type: integer}}}},
        {name: c, in: cookie, explode: false, schema: {type: array, maxItems: 2, items: {type: string}}}", &[
        ("x-list: a,, b,", ""),
        ("x-list: , a\nx-list: b", ""),
        ("x-list: ,a,b,c", "invalid-parameter"),
        ("x-list: ,", "invalid-parameter"),
        ("x-list: ", "invalid-parameter"),
        ("x-o: R=1,, G=2", ""),
        ("x-o: R=x,", "invalid-parameter"),
        ("cookie: c=a,,b", "invalid-parameter"),
    ]);
    let swagger = "swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {}, parameters: [{name: l, in: header, type: array, maxItems: 2, items: {type: integer}}]}}}\n";
    let documents = parse_single_file("a.yaml", swagger.into(), &Limits::default()).unwrap();
    let contract = compile(documents, &CompileOptions::default()).unwrap();
    check(&contract, "GET /a\nl: 1,,2", "");
    check(&contract, "GET /a\nl: 1,2,3", "invalid-parameter");
}

#[test]
#[rustfmt::skip]
fn row_14_a_scalar_occurs_once() {
    check_queries("{name: x, in: query, schema: {type: integer}},
        {name: l, in: query, schema: {type: array, items: {type: integer}}},
        {name: joined, in: query, explode: false, schema: {type: array, items: {type: integer}}}", &[
        ("x=1", ""),
        ("x=1&x=1", "duplicate-parameter"),
        ("x=1&%78=2", "duplicate-parameter"),
        ("l=1&l=2", ""),
        ("joined=1&joined=2", "duplicate-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_15_plus_is_a_space_in_queries_and_values_are_decoded_after_splitting() {
    check_queries("{name: q, in: query, schema: {const: a b}},
        {name: l, in: query, explode: false, schema: {const: ['a,b', c], type: array}}", &[
        ("q=a+b", ""),
        ("q=a%20b", ""),
        ("q=a%2Bb", "invalid-parameter"),
        ("l=a%2Cb,c", ""),
        ("l=a,b,c", "invalid-parameter"),
    ]);
    let id = "{name: id, in: path, required: true, schema: {const: a+b}}";
    let contract = contract(V31, &format!("paths: {{'/{{id}}': {{get: {{parameters: [{id}]}}}}}}"));
    check(&contract, "GET /a+b", "");
    check(&contract, "GET /a%20b", "invalid-parameter");
}

#[test]
#[rustfmt::skip]
fn row_16_exploded_objects_take_their_own_names() {
    let of = |required, schema: &str| format!("{{name: o, in: query, required: {required}, schema: {schema}}},
        {{name: q, in: query, schema: {{type: string}}}}");
    let closed = "{type: object, required: [n], properties: {n: {type: integer}, m: {type: string}}}";
    check_queries(&of(false, closed), &[
        ("n=1&q=x", ""),
        ("q=x", ""),
        ("n=x", "invalid-parameter"),
        ("m=x", "invalid-parameter"),
        ("n=1&n=2", "duplicate-parameter"),
        ("n=1&z=2", "unknown-query"),
    ]);
    check_queries(&of(true, closed), &[("q=x", "missing-parameter"), ("n=1", "")]);
    let open = "{type: object, maxProperties: 1, additionalProperties: {type: integer}}";
    check_queries(&of(false, open), &[("z=1&q=x", ""), ("z=x", "invalid-parameter"), ("z=1&y=2", "invalid-parameter")]);
    let patterns = "{type: object, additionalProperties: false, patternProperties: {'^[nq]': {type: integer}}}";
    check_queries(&of(true, patterns), &[
        ("n1=1&n2=2&q=x", ""),
        ("n1=x", "invalid-parameter"),
        ("q=1", "missing-parameter"),
        ("n1=1&n1=2", "duplicate-parameter"),
        ("n1=1&z=1", "unknown-query"),
    ]);
    let costly = "{type: object, additionalProperties: false, patternProperties: {'^(n)\\\\1$': {type: integer}}}";
    check_queries(&of(false, &costly.replace("\\\\", "\\")), &[("nn=1", ""), ("z=1", "invalid-parameter")]);
    let conditional = "{type: object, required: [k], properties: {k: {enum: [a, b]}}, if: {properties: {k: {const: a}}}, then: {required: [n], properties: {n: {type: integer}}}}";
    check_queries(&of(false, conditional), &[("k=a&n=1", ""), ("k=a&n=x", "invalid-parameter"), ("k=a", "invalid-parameter"), ("k=b", "")]);
    let untyped = "{$ref: '#/components/schemas/O'}";
    let paths = format!("components: {{schemas: {{O: {{properties: {{n: {{type: integer}}}}}}}}}}\npaths: {{/a: {{get: {{parameters: [{}]}}}}}}", of(true, untyped));
    let contract = contract(V31, &paths);
    check(&contract, "GET /a?n=1", "");
    check(&contract, "GET /a?n=x", "invalid-parameter");
    check_queries(&of(false, "{properties: {n: {type: integer}}}"), &[("n=1", ""), ("n=x", "invalid-parameter"), ("q=x", "")]);
    let alternatives = "{oneOf: [{type: object, required: [v, s], properties: {s: {const: 'yes'}, v: {type: string}}}, {type: object, required: [v], properties: {s: false, v: {type: integer, minimum: 7}}}]}";
    check_queries(&of(false, alternatives), &[("v=5&s=yes", ""), ("v=7", ""), ("v=5", "invalid-parameter")]);
}

/// A list in an exploded object repeats its name, as in `sort=a,asc&sort=b`.
#[test]
#[rustfmt::skip]
fn row_16_a_repeated_name_is_the_list_of_an_exploded_object() {
    let sorted = "{type: object, required: [page], properties: {page: {type: integer}, ids: {type: array, maxItems: 2, items: {type: integer}},
        sort: {type: array, uniqueItems: true, items: {type: string}}, one: {oneOf: [{type: string, pattern: '^a'}, {type: array, minItems: 1, items: {type: string, pattern: '^b'}}]}}}";
    let cases = [
        ("page=0&sort=a,asc&sort=b", ""),
        ("sort=b&page=0&sort=a,asc", ""),
        ("page=0&sort=a", ""),
        ("page=0&ids=1&ids=2", ""),
        ("page=0&one=a", ""),
        ("page=0&one=b", ""),
        ("page=0&one=b&one=bb", ""),
    ];
    let refused = ["sort=a", "page=0&sort=a&sort=a", "page=0&ids=1&ids=x", "page=0&ids=1&ids=2&ids=3", "page=0&one=c", "page=0&one=a&one=aa"];
    check_queries(&format!("{{name: o, in: query, schema: {sorted}}}"), &cases);
    let contract = with_content(V31, &format!("{{application/x-www-form-urlencoded: {{schema: {{type: object, properties: {{o: {sorted}}}}}, encoding: {{o: {{style: form}}}}}}}}"));
    cases.iter().for_each(|(form, expected)| check(&contract, &format!("{FORM}{form}"), expected));
    for query in refused {
        let with_query = with_parameters(&format!("{{name: o, in: query, schema: {sorted}}}"));
        let found = classes(&with_query, &format!("GET /a?{query}"), None);
        assert!(found.split(' ').all(|class| class == "invalid-parameter"), "{query}: {found}");
        let found = classes(&contract, &format!("{FORM}{query}"), None);
        assert!(found.split(' ').all(|class| class == "invalid-body"), "{query}: {found}");
    }
    let rest = "{type: object, required: [n], properties: {n: {type: string}}, additionalProperties: {type: array, items: {type: integer}}}";
    check_queries(&format!("{{name: o, in: query, schema: {rest}}}"), &[("n=a&x=1&x=2", ""), ("n=a&x=1&x=y", "invalid-parameter"), ("n=a&n=b", "duplicate-parameter")]);
    check_queries(&format!("{{name: o, in: query, style: deepObject, schema: {sorted}}}"), &[
        ("o[page]=0&o[sort]=a&o[sort]=b", ""),
        ("o[page]=0&o[ids]=1&o[ids]=x", "invalid-parameter"),
        ("o[page]=0&o[page]=0", "duplicate-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_17_deep_objects_have_one_level() {
    check_queries("{name: f, in: query, style: deepObject, schema: {type: object, additionalProperties: false,
            properties: {a: {type: integer}, list: {type: array}}}},
        {name: g, in: query, style: deepObject, schema: {type: object, properties: {n: {type: integer}}}}", &[
        ("f[a]=1", ""),
        ("f%5Ba%5D=1", ""),
        ("f[a]=x", "invalid-parameter"),
        ("f[b]=1", "invalid-parameter"),
        ("f=1", "invalid-parameter"),
        ("f=1&f[a]=2", "invalid-parameter"),
        ("f[a]=1&f[a]=2", "duplicate-parameter"),
        ("f[a][b]=1", "invalid-parameter"),
        ("f[]=1", "invalid-parameter"),
        ("f[-1]=1", "invalid-parameter"),
        ("f[999999999]=1", "invalid-parameter"),
        ("f[list][0]=1", ""),
        ("f[list][0]=1&f[a]=x", ""),
        ("g[x][y]=1&g[n]=1", ""),
        ("g[x][y]=1&g[n]=x", "invalid-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_18_declared_brackets_are_part_of_a_name() {
    check_queries("{name: 'match[]', in: query, schema: {type: array, maxItems: 2}},
        {name: 'f[id]', in: query, schema: {type: integer}},
        {name: f, in: query, style: deepObject, schema: {type: object, properties: {id: {maxLength: 1}}}}", &[
        ("match[]=a&match[]=b", ""),
        ("match%5B%5D=a", ""),
        ("match[]=a&match[]=b&match[]=c", "invalid-parameter"),
        ("f[id]=12", ""),
        ("f[id]=x", "invalid-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_19_encoded_delimiters_separate_items() {
    let list = "explode: false, schema: {type: array, maxItems: 2, items: {type: integer}}";
    check_queries(&format!("{{name: s, in: query, style: spaceDelimited, {list}}},
        {{name: p, in: query, style: pipeDelimited, {list}}},
        {{name: o, in: query, explode: false, schema: {{type: object, properties: {{n: {{type: integer}}}}}}}}"), &[
        ("s=1%202", ""),
        ("s=1+2", ""),
        ("s=1%202%203", "invalid-parameter"),
        ("p=1%7C2", ""),
        ("p=1|2", ""),
        ("p=1%7c2|3", "invalid-parameter"),
        ("o=n,1,m,x", ""),
        ("o=n,x", "invalid-parameter"),
        ("o=n,1,m", "invalid-parameter"),
        ("o=n,1,n,2", "duplicate-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_20_cookies_are_not_decoded() {
    check_fields("{name: sid, in: cookie, schema: {type: string, maxLength: 3}},
        {name: l, in: cookie, explode: false, schema: {type: array, items: {type: integer}}}", &[
        ("cookie: a=1; sid=%41", ""),
        ("cookie: sid=%41%41", "invalid-parameter"),
        ("cookie: sid=abc; sid=abcd", ""),
        ("cookie: sid=abcd; sid=abc", "invalid-parameter"),
        ("cookie: SID=abcd", ""),
        ("cookie: sid=s:a", ""),
        ("cookie: l=1,2", ""),
        ("cookie: a=1\ncookie: l=1,x", "invalid-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_21_reserved_characters_pass() {
    check_queries("{name: e, in: query, schema: {type: string, format: email}},
        {name: t, in: query, allowReserved: false, schema: {type: string, format: date-time}}", &[
        ("e=a@example.com", ""),
        ("e=a%40example.com", ""),
        ("t=2024-01-01T00:00:00Z", ""),
        ("t=2024-01-01T00:00:00%2B01:00", ""),
        ("t=2024-01-01T00:00:00+01:00", "invalid-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_22_empty_is_not_absent_and_not_null() {
    check_queries("{name: s, in: query, required: true, schema: {type: string}},
        {name: i, in: query, schema: {type: [integer, 'null']}},
        {name: l, in: query, allowEmptyValue: true, schema: {type: array, items: {type: integer}}},
        {name: e, in: query, allowEmptyValue: true, schema: {type: integer}}", &[
        ("s=&l=", ""),
        ("s=&l=&l=1", "invalid-parameter"),
        ("s=", ""),
        ("s", ""),
        ("", "missing-parameter"),
        ("s=&i=", "invalid-parameter"),
        ("s=&i", "invalid-parameter"),
        ("s=&e=", ""),
        ("s=&e", ""),
        ("s=&e=x", "invalid-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_24_parameters_may_contain_json() {
    check_queries("{name: any, in: query, content: {application/json: {}}},
        {name: one, in: query, content: {'application/a+json; charset=utf-8': {schema: {type: object, required: [id]}}}},
        {name: text, in: query, content: {text/x: {schema: {type: integer}}}}", &[
        ("any=[1]", ""),
        ("any=[1", "invalid-parameter"),
        ("one=%7B%22id%22:1%7D", ""),
        ("one=%7B%7D", "invalid-parameter"),
        ("one=", "invalid-parameter"),
        ("one=%7B%22id%22:1,%22id%22:2%7D", "invalid-parameter"),
        ("text=x", ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_25_items_have_the_declared_types() {
    check_queries("{name: l, in: query, schema: {type: array}},
        {name: m, in: query, schema: {type: array, items: {anyOf: [{type: integer, minimum: 10}, {type: boolean}]}}}", &[
        ("l=a&l=1", ""),
        ("m=10&m=true", ""),
        ("m=5", "invalid-parameter"),
        ("m=x", "invalid-parameter"),
    ]);
    // Each text has its own type.
    let either = "{oneOf: [{type: integer, maximum: 5}, {type: string, pattern: '^[a-z0-9]{2,}$'}]}";
    let cases = [("3", "77", ""), ("77", "3", ""), ("ab", "77", ""), ("3", "7", "invalid-parameter"), ("3", "", "invalid-parameter")];
    for (a, b, expected) in cases {
        check_queries(&format!("{{name: l, in: query, schema: {{type: array, items: {either}}}}}"), &[(&format!("l={a}&l={b}"), expected)]);
        let object = format!("{{type: object, properties: {{m: {either}, n: {either}}}}}");
        check_queries(&format!("{{name: o, in: query, schema: {object}}}"), &[(&format!("m={a}&n={b}"), expected)]);
        check_queries(&format!("{{name: o, in: query, style: deepObject, schema: {object}}}"), &[(&format!("o[m]={a}&o[n]={b}"), expected)]);
        check_fields(&format!("{{name: o, in: header, schema: {object}}}"), &[(&format!("o: m,{a},n,{b}"), expected)]);
    }
}

#[test]
#[rustfmt::skip]
fn row_14_one_or_several_strings_may_repeat() {
    for union in ["oneOf", "anyOf"] {
        let item = "{type: string, format: email}";
        let schema = format!("{{{union}: [{item}, {{type: array, items: {item}}}]}}");
        check_queries(&format!("{{name: q, in: query, schema: {schema}}}"), &[
            ("q=a@b.example", ""),
            ("q=a@b.example&q=c@d.example", ""),
            ("q=a@b.example&q=c", "invalid-parameter"),
            ("q=c", "invalid-parameter"),
        ]);
        let form = format!("{{application/x-www-form-urlencoded: {{schema: {{type: object, properties: {{q: {schema}}}}}}}}}");
        let contract = with_content(V31, &form);
        check(&contract, &format!("{FORM}q=a@b.example"), "");
        check(&contract, &format!("{FORM}q=a@b.example&q=c@d.example"), "");
        check(&contract, &format!("{FORM}q=a@b.example&q=c"), "invalid-body");
    }
    check_queries("{name: q, in: query, schema: {oneOf: [{type: integer}, {type: array, maxItems: 2, items: {type: integer}}]}}", &[
        ("q=1&q=2", ""),
        ("q=1&q=2&q=3", "invalid-parameter"),
        ("q=1&q=x", "invalid-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_26_texts_convert_to_the_types_of_the_schema() {
    check_queries("{name: n, in: query, schema: {type: [integer, 'null']}},
        {name: u, in: query, schema: {maximum: 5}},
        {name: e, in: query, schema: {enum: [1, 2, a]}}", &[
        ("n=5", ""),
        ("n=null", "invalid-parameter"),
        ("u=x", ""),
        ("e=2", ""),
        ("e=2.0", ""),
        ("e=a", ""),
        ("e=3", "invalid-parameter"),
    ]);
    let n = "{name: n, in: query, schema: {type: integer, nullable: true}}";
    let contract = contract(V30, &format!("paths: {{/a: {{get: {{parameters: [{n}], responses: {{}}}}}}}}"));
    check(&contract, "GET /a?n=5", "");
    check(&contract, "GET /a?n=", "invalid-parameter");
}

#[test]
#[rustfmt::skip]
fn row_27_defaults_are_not_added() {
    let upstream = Upstream::ok();
    let app = started(&upstream, "", "paths:
  /a:
    post:
      parameters:
        - {name: x, in: query, schema: {type: integer, default: 1}}
        - {name: x-a, in: header, schema: {type: integer, default: 1}}
      requestBody: {content: {application/json: {schema: {properties: {n: {default: 1}}}}}}");
    let body = "{ \"m\":1.0 }";
    assert_eq!(app.ask(post("/a?y=%31", "", body)).status, 200);
    let recorded = upstream.request();
    assert_eq!(recorded.request_line(), "POST /a?y=%31 HTTP/1.1");
    assert!(recorded.fields("x-a").is_empty());
    assert_eq!(recorded.body, body.as_bytes());
}

/// The program with one service of this contract.
fn started(upstream: &Upstream, keys: &str, rest: &str) -> App {
    let text = format!("openapi: 3.1.1\ninfo: {{title: t, version: '1'}}\n{rest}\n");
    let address = format!("http://{}", upstream.address);
    App::start(Site::new("").service("one", &text, &address, keys))
}

/// A key of `content` that is not a media type allows no body.
#[test]
#[rustfmt::skip]
fn row_28_keys_that_are_not_media_types_match_nothing() {
    for key in ["json", "''", "'*'", "'application/json;a'"] {
        let content = format!("{{{key}: {{schema: {{type: integer}}}}}}");
        let contract = with_content(V31, &content);
        check(&contract, &format!("{JSON}1"), "unsupported-media-type");
        check(&contract, "POST /a\ncontent-type: json\n\n1", "unsupported-media-type");
        check(&contract, "POST /a\ncontent-type: image/png\n\n1", "unsupported-media-type");
        let response = format!("paths: {{/a: {{get: {{responses: {{'200': {{description: x, content: {content}}}}}}}}}}}");
        let contract = self::contract(V31, &response);
        check_response(&contract, "GET /a", "200\ncontent-type: application/json\n\n1", "undeclared-media-type");
    }
    check(&with_content(V31, "{}"), &format!("{JSON}1"), "");
}

#[test]
#[rustfmt::skip]
fn row_13_white_space_around_items_of_header_fields_does_not_count() {
    let object = "schema: {type: object, required: [R], additionalProperties: false, properties: {R: {type: integer}, G: {type: integer}}}";
    let cases = |explode: bool, cases: &[(&str, &str)]| {
        let contract = with_parameters(&format!("{{name: x-o, in: header, explode: {explode}, {object}}}"));
        for (value, expected) in cases {
            check(&contract, &format!("GET /a\nx-o: {value}"), expected);
        }
    };
    cases(false, &[("R,1,G,2", ""), ("G,\t2 , R, 1", ""), ("R, 1, G, x", "invalid-parameter"), ("R,1, g,2", "invalid-parameter")]);
    cases(true, &[("R=1, G=2", ""), ("G=2 , R=1", ""), ("R=1, G=x", "invalid-parameter"), ("R =1", "invalid-parameter invalid-parameter")]);
}

#[test]
#[rustfmt::skip]
fn row_26_items_have_types_by_their_place() {
    check_queries("{name: bbox, in: query, explode: false, schema: {type: array, prefixItems: [{type: number}, {type: number}], items: false, minItems: 2}}", &[
        ("bbox=1,2.5", ""),
        ("bbox=1,x", "invalid-parameter"),
        ("bbox=1", "invalid-parameter"),
        ("bbox=1,2,3", "invalid-parameter"),
    ]);
    let mixed = "schema: {type: array, prefixItems: [{type: integer}, {type: string}, {type: boolean}], items: {type: string}}";
    let lists = [("1", "5", "true", "7", ""), ("x", "5", "true", "7", "invalid-parameter"), ("1", "5", "7", "7", "invalid-parameter")];
    for (a, b, c, d, expected) in lists {
        check_queries(&format!("{{name: l, in: query, {mixed}}}"), &[(&format!("l={a}&l={b}&l={c}&l={d}"), expected)]);
        check_queries(&format!("{{name: l, in: query, explode: false, {mixed}}}"), &[(&format!("l={a},{b},{c},{d}"), expected)]);
        check_fields(&format!("{{name: l, in: header, {mixed}}}"), &[(&format!("l: {a},{b}, {c}, {d}"), expected)]);
        let form = with_content(V31, &format!("{{application/x-www-form-urlencoded: {{schema: {{type: object, properties: {{l: {}}}}}}}}}", &mixed["schema: ".len()..]));
        check(&form, &format!("{FORM}l={a}&l={b}&l={c}&l={d}"), &expected.replace("parameter", "body"));
    }
    let form = with_content(V31, "{application/x-www-form-urlencoded: {schema: {type: object, properties: {l: {type: array, prefixItems: [{type: object, required: [a]}, {type: string}], items: false}}}}}");
    check(&form, &format!("{FORM}l=%7B%22a%22:1%7D&l=5"), "");
    check(&form, &format!("{FORM}l=%7B%7D&l=5"), "invalid-body");
    check(&form, &format!("{FORM}l=%7B&l=5"), "malformed-body");
    // The keyword does not exist in 3.0.
    let l = "{name: l, in: query, schema: {type: array, prefixItems: [{type: string}], items: {type: integer}}}";
    let contract = contract(V30, &format!("paths: {{/a: {{get: {{parameters: [{l}], responses: {{}}}}}}}}"));
    check(&contract, "GET /a?l=1&l=2", "");
}

/// A part of a scalar is a text, even if it says that it is JSON.
#[test]
#[rustfmt::skip]
fn row_37_scalar_parts_are_text() {
    let contract = with_content(V31, "{multipart/form-data: {schema: {properties: {role: {type: string, enum: [user]}, o: {type: object, required: [a]}}}}}");
    let part = |name: &str, text: &str| format!("POST /a\ncontent-type: multipart/form-data; boundary=B\n\n--B\r\ncontent-disposition: form-data; name=\"{name}\"\r\ncontent-type: application/json\r\n\r\n{text}\r\n--B--\r\n");
    check(&contract, &part("role", "user"), "");
    check(&contract, &part("role", "\"user\""), "invalid-body");
    check(&contract, &part("o", "{\"a\": 1}"), "");
    check(&contract, &part("o", "{}"), "invalid-body");
}

#[test]
#[rustfmt::skip]
fn row_30_json_is_utf_8() {
    let contract = with_body_schema(V31, "{type: object}");
    let of = |parameter: &str, body: &str| format!("POST /a\ncontent-type: application/json{parameter}\n\n{body}");
    check(&contract, &of("; charset=UTF-8", "{}"), "");
    check(&contract, &of(";charset=us-ascii", "{}"), "");
    check(&contract, &of("; charset=utf-16", "{}"), "unsupported-media-type");
    let contract30 = self::contract(V30, "paths: {/a: {get: {responses: {'200': {description: x, content: {application/json: {}}}}}}}");
    check_response(&contract30, "GET /a", "200\ncontent-type: application/json; charset=utf-8\n\n1", "");
    check_response(&contract30, "GET /a", "200\ncontent-type: application/json; charset=utf-16\n\n1", "undeclared-media-type");
    check(&contract, &of("; charset=iso-8859-1", "{}"), "unsupported-media-type");
    check(&contract, &of("; charset=utf-8; charset=utf-16", "{}"), "unsupported-media-type");
    check(&contract, &of("; charset=utf-8; Charset=utf-8", "{}"), "unsupported-media-type");
    check(&contract, &of("; charset*=utf-8''utf-16", "{}"), "unsupported-media-type");
    check(&contract, &of(r#"; charset="utf\-8""#, "{}"), "unsupported-media-type");
    check(&contract, &of(r#"; charset="utf-8"; x=1;"#, "{}"), "");
    check(&contract, &of("", "\u{feff}{}"), "malformed-body");
    check(&contract, &of("", "{\0}\0"), "malformed-body");
}

#[test]
#[rustfmt::skip]
fn row_31_a_body_has_a_content_type() {
    let content = "{application/json: {schema: {type: object}}}";
    let required = with_content(V31, content);
    check(&required, "POST /a\n\n{}", "unsupported-media-type");
    check(&required, "POST /a\ncontent-type: application/json", "missing-body");
    check(&required, "POST /a", "missing-body");
    let none = "put: {responses: {default: {description: d}}}";
    let paths = format!("paths: {{/a: {{post: {{requestBody: {{content: {content}}}}}, {none}}}}}");
    let optional = contract(V31, &paths);
    check(&optional, "POST /a", "");
    check(&optional, "POST /a\ncontent-type: application/json", "");
    check(&optional, "POST /a\ncontent-type: text/x", "");
    check(&optional, "POST /a\n\n{}", "unsupported-media-type");

    let upstream = Upstream::ok();
    let app = started(&upstream, "", &paths);
    let ask = |fields: &str| app.ask(format!("POST /a HTTP/1.1\r\nhost: a\r\n{fields}"));
    let json = "content-type: application/json\r\n";
    let chunked = "transfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(ask(&format!("{json}content-length: 0\r\n\r\n")).status, 200);
    assert_eq!(ask(&format!("{json}{chunked}")).status, 200);
    assert_eq!(ask("content-length: 0\r\n\r\n").status, 200);
    // Known gaps: the head does not show that the body is empty.
    let answer = app.ask(format!("PUT /a HTTP/1.1\r\nhost: a\r\n{chunked}"));
    assert_eq!(answer.field("x-portcullis-violations"), Some("1; unexpected-body"));
    let answer = ask(chunked);
    assert_eq!(answer.status, 415);
    assert_eq!(problem(&answer)["detail"], "the header `content-type` is missing");
}

#[test]
#[rustfmt::skip]
fn row_32_undeclared_bodies_and_bodies_of_get() {
    let body = "requestBody: {required: true, content: {application/json: {schema: {type: object}}}}";
    let paths = format!("paths: {{/a: {{get: {{{body}, responses: {{}}}}, put: {{responses: {{}}}}}}}}");
    let bad = "GET /a\ncontent-type: application/json\n\n[]";
    let of_30 = contract(V30, &paths);
    check(&of_30, "GET /a", "");
    check(&of_30, bad, "");
    let of_31 = contract(V31, &paths);
    check(&of_31, "GET /a", "missing-body");
    check(&of_31, bad, "invalid-body");
    check(&of_31, "PUT /a\ncontent-type: x/y\n\nz", "unexpected-body");
    check(&of_31, "PUT /a\ncontent-type: x/y", "");
}

#[test]
#[rustfmt::skip]
fn row_33_bodies_without_a_schema_pass() {
    check(&with_content(V31, "{}"), "POST /a\ncontent-type: x/y\n\nz", "");
    check(&with_content(V31, "{application/json: {}}"), &format!("{JSON}{{"), "");
    check(&with_content(V31, "{application/json: {}}"), "POST /a\ncontent-type: x/y\n\nz", "unsupported-media-type");
}

#[test]
#[rustfmt::skip]
fn row_36_composed_schemas_type_forms() {
    let schema = "{allOf: [{properties: {a: {type: integer}}}, {oneOf: [
        {required: [b], properties: {b: {type: array, items: {type: integer}}}},
        {required: [c], properties: {c: {type: boolean}}}]}]}";
    let contract = with_content(V31, &format!("{{application/x-www-form-urlencoded: {{schema: {schema}}}}}"));
    for body in ["a=1&b=1&b=2", "b=1", "a=5&c=true"] {
        check(&contract, &format!("{FORM}{body}"), "");
    }
    for body in ["a=x&c=true", "b=x", "a=1", "b=1&c=true"] {
        check(&contract, &format!("{FORM}{body}"), "invalid-body");
    }
    check(&contract, &format!("{FORM}a=1&a=2&c=true"), "duplicate-key");
}

/// PHP and Rack read `role[]` and `user.name` as declared fields.
#[test]
#[rustfmt::skip]
fn row_36_names_that_servers_read_as_declared_ones_are_refused() {
    let schema = "{type: object, properties: {role: {type: string}, user_name: {type: string}, 'x[]': {type: array, items: {type: string}}, d: {type: object}, l: {type: array, items: {type: string}}}}";
    let contract = with_content(V31, &format!("{{application/x-www-form-urlencoded: {{schema: {schema}, encoding: {{d: {{style: deepObject}}}}}}}}"));
    for body in ["role=a", "other[]=a", "x[]=a&x%5B%5D=b", "d[a]=1", "l=1&l=2"] {
        check(&contract, &format!("{FORM}{body}"), "");
    }
    for body in ["role[]=a", "role%5B0%5D=a", "role=a&role[x]=b", "user.name=a", "user+name=a", "l[]=1"] {
        check(&contract, &format!("{FORM}{body}"), "malformed-body");
    }
}

#[test]
#[rustfmt::skip]
fn row_39_an_unknown_coding_passes_in_report_mode() {
    let upstream = Upstream::ok();
    let paths = "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: object}}}}, responses: {default: {description: d}}}}}";
    let app = started(&upstream, "[services.enforcement]\nrequest = \"report\"", paths);
    let answer = app.ask(post("/a", "content-encoding: compress\r\n", b"\x1f\x9d"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("x-portcullis-violations"), Some("1; unsupported-encoding"));
    assert_eq!(upstream.request().body, b"\x1f\x9d");
}

#[test]
#[rustfmt::skip]
fn row_43_references_resolve_across_files() {
    let contract = contract(V31, r"paths: {/a: {$ref: '#/components/pathItems/P%20Q'}}
components:
  pathItems: {'P Q': {post: {requestBody: {$ref: '#/components/requestBodies/B'}}}}
  requestBodies:
    B: {content: {application/json: {schema: {$ref: '#/components/schemas/a~1b'}}}}
  schemas:
    a/b: {type: object, properties: {next: {$ref: '#/components/schemas/a%7E1b'}, n: {$ref: '#/components/schemas/c%20d/items', maximum: 5}}}
    c d: {items: {type: integer}}");
    check(&contract, &format!("{JSON}{}", r#"{"next": {"next": {"n": 5}}}"#), "");
    check(&contract, &format!("{JSON}{}", r#"{"next": {"next": {"n": 6}}}"#), "invalid-body");
    check(&contract, &format!("{JSON}{}", r#"{"next": {"next": []}}"#), "invalid-body");
}

#[test]
#[rustfmt::skip]
fn row_43_fields_next_to_the_reference_of_a_path_item_apply() {
    for version in [V30, V31] {
        let contract = contract(version, r"paths:
  /a/{id}:
    $ref: '#/x-items/one'
    servers: [{url: /v2}]
    delete: {responses: {'204': {description: gone}}}
x-items:
  one: {$ref: '#/x-items/two', parameters: [{name: id, in: path, required: true, schema: {type: integer}}]}
  two: {get: {responses: {'200': {description: ok}}}}");
        check(&contract, "GET /v2/a/1", "");
        check(&contract, "DELETE /v2/a/1", "");
        check(&contract, "GET /v2/a/x", "invalid-parameter");
        check(&contract, "DELETE /v2/a/x", "invalid-parameter");
        check(&contract, "PUT /v2/a/1", "unknown-method");
        check(&contract, "GET /a/1", "unknown-path");
    }
}

#[test]
#[rustfmt::skip]
fn row_44_additional_properties_see_their_own_object() {
    let apart = "{allOf: [{properties: {a: {}}}], properties: {b: {}}, additionalProperties: false}";
    check_values(&[V30, V31], apart, &["{}", r#"{"b": 1}"#], &[r#"{"a": 1}"#]);
    check_values(&[V30, V31], "{properties: {a: {}}}", &[r#"{"b": 1}"#], &[]);
    let closed = "{allOf: [{properties: {a: {}}}], properties: {b: {}}, unevaluatedProperties: false}";
    check_values(&[V31], closed, &[r#"{"a": 1, "b": 1}"#], &[r#"{"c": 1}"#]);
}

#[test]
#[rustfmt::skip]
fn row_49_lengths_count_code_points_and_equality_is_by_value() {
    let both = &[V30, V31];
    check_values(both, "{type: string, minLength: 2, maxLength: 2}", &[r#""🐲é""#, r#""\ud83d\udc32a""#], &[r#""🐲""#, r#""abc""#]);
    check_values(both, "{uniqueItems: true}", &[r#"[1, "1"]"#], &["[1, 1.0]", r#"[{"a": 1, "b": [2]}, {"b": [2e0], "a": 1}]"#]);
    check_values(&[V31], "{propertyNames: {pattern: ^a}}", &[r#"{"ab": 1}"#], &[r#"{"b": 1}"#]);
    check_values(&[V31], "{dependentRequired: {a: [b]}}", &["{}", r#"{"a": 1, "b": 1}"#], &[r#"{"a": 1}"#]);
    check_values(&[V31], "{contains: {const: 1}, minContains: 2, maxContains: 3}", &["[1, 2, 1]"], &["[1, 2]", "[1, 1, 1, 1]"]);
}

#[test]
#[rustfmt::skip]
fn row_50_every_keyword_applies_to_parameters() {
    check_queries("{name: not, in: query, schema: {not: {const: a}}},
        {name: if, in: query, schema: {type: integer, if: {minimum: 10}, then: {multipleOf: 10}, else: {maximum: 5}}},
        {name: const, in: query, schema: {const: 7}},
        {name: prefix, in: query, schema: {type: array, prefixItems: [{const: a}], items: {pattern: ^b}}},
        {name: o, in: query, style: deepObject, schema: {type: object, allOf: [{properties: {a: {}}}], unevaluatedProperties: false}}", &[
        ("not=b", ""),
        ("not=a", "invalid-parameter"),
        ("if=20", ""),
        ("if=15", "invalid-parameter"),
        ("if=6", "invalid-parameter"),
        ("const=7", ""),
        ("const=8", "invalid-parameter"),
        ("prefix=a&prefix=b", ""),
        ("prefix=b", "invalid-parameter"),
        ("prefix=a&prefix=a", "invalid-parameter"),
        ("o[a]=1", ""),
        ("o[b]=1", "invalid-parameter"),
    ]);
}

#[test]
#[rustfmt::skip]
fn row_51_the_most_specific_status_applies() {
    let json = |schema: &str| format!("{{description: d, content: {{application/json: {{schema: {schema}}}}}}}");
    let (one, two, four) = (json("{const: 1}"), json("{const: 2}"), json("{const: 4}"));
    let contract = contract(V31, &format!("paths: {{/a: {{get: {{responses: {{2XX: {two}, '200': {one}, 4XX: {four}, 304: {two}}}}}}}}}"));
    let of = |status: u16, body: &str| format!("{status}\ncontent-type: application/json\n\n{body}");
    check_response(&contract, "GET /a", &of(200, "1"), "");
    check_response(&contract, "GET /a", &of(200, "2"), "invalid-response-body");
    check_response(&contract, "GET /a", &of(201, "2"), "");
    check_response(&contract, "GET /a", &of(404, "1"), "invalid-response-body");
    check_response(&contract, "GET /a", &of(500, "1"), "undeclared-status");
    check_response(&with_parameters(""), "GET /a", "200", "undeclared-status");
    check_response(&contract, "GET /a", "200\ncontent-type: text/x\n\n1", "undeclared-media-type");
    check_response(&contract, "GET /a", "200\n\n1", "undeclared-media-type");
    check_response(&contract, "GET /a", &of(200, "{"), "malformed-response-body");
    // None of these has a body, or it has only a part of one.
    check_response(&contract, "GET /a", &of(200, ""), "");
    check_response(&contract, "GET /a", "204", "");
    check_response(&contract, "GET /a", "304", "");
    check_response(&contract, "HEAD /a", &of(200, ""), "");
    check_response(&contract, "GET /a", &of(206, "["), "");
    check_response(&contract, "GET /a", &of(204, "2"), "malformed-response-body");
}

#[test]
#[rustfmt::skip]
fn row_52_checks_response_header_fields() {
    let contract = contract(V31, "paths: {/a: {get: {responses: {'200': {description: d, headers: {
        X-One: {required: true, schema: {type: integer}},
        x-list: {schema: {type: array, items: {type: integer}}},
        Set-Cookie: {schema: {type: string, maxLength: 3}},
        Content-Type: {required: true, schema: {type: integer}}}}}}}}");
    check_response(&contract, "GET /a", "200\nx-one: 1", "");
    check_response(&contract, "GET /a", "200", "missing-header");
    check_response(&contract, "GET /a", "200\nX-ONE: x", "invalid-header");
    check_response(&contract, "GET /a", "200\nx-one: 1\nx-one: 1", "invalid-header");
    check_response(&contract, "GET /a", "200\nx-one: 1\nx-list: 1\nx-list: 2, 3", "");
    check_response(&contract, "GET /a", "200\nx-one: 1\nx-list: 1\nx-list: x", "invalid-header");
    check_response(&contract, "GET /a", "200\nx-one: 1\nset-cookie: a=1\nset-cookie: b=2; path=/", "");
}

#[test]
#[rustfmt::skip]
fn row_53_a_refused_response_keeps_only_cors_fields() {
    let upstream = Upstream::start(|_| {
        vec![send("HTTP/1.1 302 Found\r\netag: \"a\"\r\nlast-modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
            accept-ranges: bytes\r\ndigest: a\r\ncontent-encoding: gzip\r\ncache-control: public\r\n\
            location: /b\r\nset-cookie: a=1\r\naccess-control-allow-origin: *\r\ncontent-length: 2\r\n\r\nok")]
    });
    let paths = "paths: {/a: {get: {responses: {'200': {description: d}}}}}";
    let app = started(&upstream, "[services.enforcement]\nresponse = \"reject\"", paths);
    let answer = app.ask(get("/a"));
    assert_eq!((answer.status, &problem(&answer)["status"]), (502, &502.into()));
    for name in ["etag", "last-modified", "accept-ranges", "digest", "content-encoding", "location", "set-cookie"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_eq!(answer.field("content-length"), Some(&*answer.body.len().to_string()));
    assert_eq!(answer.field("access-control-allow-origin"), Some("*"));
}

/// Even if they may be refused: the beginning arrives before the end was sent.
#[test]
#[rustfmt::skip]
fn row_54_streams_are_never_buffered() {
    for kind in ["text/event-stream", "application/x-ndjson", "application/json-seq"] {
        let rest = Arc::new(Notify::new());
        let wait = Arc::clone(&rest);
        let upstream = Upstream::start(move |_| {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n3\r\n[1]\r\n");
            vec![send(&head), Step::Wait(Arc::clone(&wait)), send("0\r\n\r\n")]
        });
        let paths = format!("paths: {{/a: {{get: {{responses: {{'200': {{description: d, content: {{{kind}: {{schema: {{type: array}}}}}}}}}}}}}}}}");
        let app = started(&upstream, "[services.enforcement]\nresponse = \"reject\"", &paths);
        let mut client = app.client();
        client.send(get("/a"));
        let mut received = Vec::new();
        while !received.ends_with(b"[1]\r\n") {
            let mut byte = [0];
            client.stream().read_exact(&mut byte).unwrap();
            received.push(byte[0]);
        }
        rest.notify_one();
        let mut end = [0; 5];
        client.stream().read_exact(&mut end).unwrap();
        assert_eq!(&end, b"0\r\n\r\n", "{kind}");
    }
}

/// A contract of Swagger 2.0 with these fields.
#[track_caller]
fn swagger(rest: &str) -> CompiledContract {
    let text = format!("swagger: '2.0'\ninfo: {{title: t, version: '1'}}\n{rest}\n");
    let documents = parse_single_file("a.yaml", text.into_bytes(), &Limits::default()).unwrap();
    let problem = |problems: Vec<ContractProblem>| panic!("{}: {rest}", problems[0]);
    compile(documents, &CompileOptions::default()).unwrap_or_else(problem)
}

#[test]
#[rustfmt::skip]
fn row_65_operations_replace_the_media_types_of_the_document() {
    let contract = swagger("host: a.example
basePath: /v1
schemes: [https]
consumes: [application/json]
produces: [application/json]
paths:
  /a:
    post:
      parameters: [{name: b, in: body, schema: {type: object}}]
      responses: {200: {description: k, schema: {type: integer}}}
    put:
      consumes: [text/plain]
      produces: [text/plain]
      parameters: [{name: b, in: body, schema: {type: string, maxLength: 1}}]
      responses: {200: {description: k, schema: {type: string, maxLength: 1}}}");
    let ok = |media: &str, body: &str| format!("200\ncontent-type: {media}\n\n{body}");
    check(&contract, "POST /a\ncontent-type: application/json\n\n{}", "unknown-path");
    check(&contract, "POST /v1/a\ncontent-type: application/json\n\n{}", "");
    check(&contract, "POST /v1/a\ncontent-type: application/json\n\n[]", "invalid-body");
    check(&contract, "POST /v1/a\ncontent-type: text/plain\n\nx", "unsupported-media-type");
    check(&contract, "PUT /v1/a\ncontent-type: text/plain\n\nx", "");
    check(&contract, "PUT /v1/a\ncontent-type: text/plain\n\nxy", "invalid-body");
    check(&contract, "PUT /v1/a\ncontent-type: application/json\n\n{}", "unsupported-media-type");
    check_response(&contract, "POST /v1/a", &ok("application/json", "1"), "");
    check_response(&contract, "POST /v1/a", &ok("application/json", "x"), "malformed-response-body");
    check_response(&contract, "PUT /v1/a", &ok("text/plain", "x"), "");
    check_response(&contract, "PUT /v1/a", &ok("application/json", "1"), "undeclared-media-type");
    let without = swagger("paths:
  /a:
    post:
      parameters: [{name: b, in: body, schema: {type: object}}]
      responses: {200: {description: k, schema: {type: integer}}}");
    check(&without, "POST /a\ncontent-type: text/plain\n\nx", "unsupported-media-type");
    check_response(&without, "POST /a", &ok("application/json", "\"x\""), "invalid-response-body");
    check_response(&without, "POST /a", &ok("image/png", "x"), "");
}

#[test]
#[rustfmt::skip]
fn row_66_lists_are_divided_after_decoding() {
    let list = |part: &str, format: &str| swagger(&format!("paths:
  /a/{{p}}:
    parameters: [{{name: p, in: path, required: true, type: string}}]
    get:
      parameters: [{{name: q, in: {part}, type: array, maxItems: 2, items: {{type: integer}}{format}}}]
      responses: {{}}"));
    for (format, one, two, three) in [
        ("", "q=1", "q=1,2", "q=1%2C2,3"),
        (", collectionFormat: csv", "q=1", "q=1%2C2", "q=1,2,3"),
        (", collectionFormat: ssv", "q=1", "q=1+2", "q=1%202+3"),
        (", collectionFormat: tsv", "q=1", "q=1%092", "q=1%092%093"),
        (", collectionFormat: pipes", "q=1", "q=1|2", "q=1%7C2|3"),
        (", collectionFormat: multi", "q=1", "q=1&q=2", "q=1&q=2&q=3"),
    ] {
        let contract = list("query", format);
        check(&contract, &format!("GET /a/b?{one}"), "");
        check(&contract, &format!("GET /a/b?{two}"), "");
        check(&contract, &format!("GET /a/b?{three}"), "invalid-parameter");
        check(&contract, &format!("GET /a/b?{two};"), "invalid-parameter");
    }
    check(&list("query", ""), "GET /a/b?q=1&q=2", "duplicate-parameter");
    let header = list("header", ", collectionFormat: pipes");
    check(&header, "GET /a/b\nq: 1 | 2", "");
    check(&header, "GET /a/b\nq: 1,2", "invalid-parameter");
    let nested = |format: &str| swagger(&format!("paths:
  /a:
    get:
      parameters: [{{name: q, in: query, type: array, collectionFormat: {format}, items: {{type: array, collectionFormat: pipes, maxItems: 2, items: {{type: integer}}}}}}]
      responses: {{}}"));
    check(&nested("csv"), "GET /a?q=1|2,3", "");
    check(&nested("csv"), "GET /a?q=1|2|3,4", "invalid-parameter");
    check(&nested("multi"), "GET /a?q=1|2&q=3", "");
    check(&nested("multi"), "GET /a?q=1|2&q=3|x", "invalid-parameter");
    let path = swagger("paths: {'/a/{p}': {get: {parameters: [{name: p, in: path, required: true, type: array, collectionFormat: ssv, items: {type: integer}}], responses: {}}}}");
    check(&path, "GET /a/1%202", "");
    check(&path, "GET /a/1,2", "invalid-parameter");
    let response = swagger("paths: {/a: {get: {responses: {200: {description: k, headers: {X-A: {type: array, items: {type: integer}}}}}}}}");
    check_response(&response, "GET /a", "200\nx-a: 1, 2", "");
    check_response(&response, "GET /a", "200\nx-a: 1, x", "invalid-header");
    let object = swagger("paths: {/a: {get: {parameters: [{name: o, in: query, type: object, properties: {n: {type: integer}}}], responses: {}}}}");
    check(&object, "GET /a?n=1", "");
    check(&object, "GET /a?n=x", "invalid-parameter");
}

#[test]
#[rustfmt::skip]
fn row_67_forms_and_bodies() {
    let contract = swagger("paths:
  /a:
    post:
      consumes: [application/x-www-form-urlencoded, multipart/form-data]
      parameters:
        - {name: n, in: formData, type: integer, required: true}
        - {name: l, in: formData, type: array, maxItems: 2, items: {type: string}}
        - {name: m, in: formData, type: array, collectionFormat: multi, items: {type: integer}}
      responses: {}
  /file:
    post:
      parameters: [{name: f, in: formData, type: file, required: true, maxLength: 3}]
      responses: {}
  /body:
    parameters: [{name: b, in: body, required: true, schema: {type: object}}]
    delete: {responses: {}}
    put: {parameters: [{name: c, in: body, schema: {type: array}}], responses: {}}");
    let part = |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name={name}\r\n\r\n{value}\r\n");
    let parts = |path: &str, body: &str| format!("POST {path}\ncontent-type: multipart/form-data; boundary=b\n\n{body}--b--\r\n");
    check(&contract, &format!("{FORM}n=1&l=x,y&m=1&m=2"), "");
    check(&contract, &format!("{FORM}n=1&l=x,y,z"), "invalid-body");
    check(&contract, &format!("{FORM}n=1&m=1&m=x"), "invalid-body");
    check(&contract, &format!("{FORM}l=x"), "invalid-body");
    check(&contract, "POST /a", "missing-body");
    check(&contract, &parts("/a", &(part("n", "1") + &part("l", "x,y"))), "");
    check(&contract, &parts("/a", &(part("n", "1") + &part("l", "x,y,z"))), "invalid-body");
    check(&contract, &parts("/file", &part("f", "123")), "");
    check(&contract, &parts("/file", &part("f", "1234")), "invalid-body");
    check(&contract, "POST /file\ncontent-type: application/x-www-form-urlencoded\n\nf=1", "unsupported-media-type");
    check(&contract, "DELETE /body", "missing-body");
    check(&contract, "DELETE /body\ncontent-type: application/json\n\n[]", "invalid-body");
    check(&contract, "PUT /body\ncontent-type: application/json\n\n[]", "");
}

#[test]
#[rustfmt::skip]
fn row_68_null_and_lists_of_types() {
    let judge = |schema: &str, yes: &[&str], no: &[&str]| {
        let contract = swagger(&format!("paths: {{/a: {{post: {{parameters: [{{name: b, in: body, schema: {{$ref: '#/definitions/A'}}}}], responses: {{}}}}}}}}\ndefinitions: {{A: {schema}, B: {{type: integer}}}}"));
        yes.iter().for_each(|value| check(&contract, &format!("{JSON}{value}"), ""));
        no.iter().for_each(|value| check(&contract, &format!("{JSON}{value}"), "invalid-body"));
    };
    judge("{type: [string, 'null']}", &["\"a\"", "null"], &["1"]);
    judge("{type: [string, integer], maximum: 2}", &["\"a\"", "2"], &["3", "null", "true"]);
    judge("{type: string, x-nullable: true, enum: [a]}", &["\"a\"", "null"], &["\"b\""]);
    judge("{$ref: '#/definitions/B', x-nullable: true}", &["1", "null"], &["\"a\""]);
    judge("{allOf: [{$ref: '#/definitions/B'}], x-nullable: true}", &["1", "null"], &["\"a\""]);
    judge("{type: integer, minimum: 1, exclusiveMinimum: true}", &["2"], &["1", "null"]);
    judge("{type: object, discriminator: kind, required: [kind], properties: {kind: {type: string}}}", &[r#"{"kind": "x"}"#], &["{}"]);
}

const SCHEMES: &str = "components: {securitySchemes: {
    key: {type: apiKey, in: header, name: X-Key}, sid: {type: apiKey, in: cookie, name: sid},
    token: {type: http, scheme: bearer}, basic: {type: http, scheme: BASIC}}}
security: [{key: []}]";

#[test]
#[rustfmt::skip]
fn row_56_security_requirements_are_alternatives() {
    let contract = contract(V31, &format!("{SCHEMES}
paths:
  /global: {{get: {{}}}}
  /open: {{get: {{security: []}}}}
  /optional: {{get: {{security: [{{key: []}}, {{}}]}}}}
  /either: {{post: {{security: [{{sid: [], token: []}}, {{basic: []}}], requestBody: {{required: true, content: {{application/json: {{schema: {{type: object}}}}}}}}}}}}"));
    check(&contract, "GET /global", "missing-credentials");
    check(&contract, "GET /global\nx-key: ", "missing-credentials");
    check(&contract, "GET /global\nx-key: k", "");
    check(&contract, "GET /open", "");
    check(&contract, "GET /optional", "");
    let either = |fields: &str, body: &str| format!("POST /either\ncontent-type: application/json{fields}\n\n{body}");
    check(&contract, &either("\nauthorization: bEaReR t", "{}"), "missing-credentials");
    check(&contract, &either("\nauthorization: bEaReR t\ncookie: sid=1", "{}"), "");
    check(&contract, &either("\nauthorization: basic dTpw", "{}"), "");
    // If credentials are missing, no other violation is reported.
    check(&contract, &either("", "["), "missing-credentials");
    check(&contract, &either("\nauthorization: basic dTpw", "["), "malformed-body");
    // Of two keys the service may use another one.
    check(&contract, "GET /global\nx-key: k\nx-key: l", "missing-credentials");
    let query = "components: {securitySchemes: {key: {type: apiKey, in: query, name: key}}}\nsecurity: [{key: []}]\npaths: {/a: {get: {}}}";
    let query = self::contract(V31, query);
    check(&query, "GET /a?key=k", "");
    check(&query, "GET /a?%6Bey=k", "");
    check(&query, "GET /a?key=k&key=", "missing-credentials");
    check(&query, "GET /a?key=k&%6Bey=l", "missing-credentials");
    let mutual = "components: {securitySchemes: {tls: {type: mutualTLS}}}\nsecurity: [{tls: []}]\npaths: {/a: {get: {responses: {}}}}";
    assert!(compiled(V31, mutual).is_ok());
    assert!(compiled(V30, mutual).is_err_and(|problem| problem.contains("`type: mutualTLS` belongs to OpenAPI 3.1")));
    let unknown = compiled(V31, "paths: {/a: {get: {security: [{key: []}]}}}");
    assert!(unknown.is_err_and(|problem| problem.contains("`key` is not among `components.securitySchemes`")));
}
#[test]
#[rustfmt::skip]
fn row_57_preflights_need_no_credentials() {
    let contract = contract(V31, &format!("{SCHEMES}\npaths: {{/a: {{options: {{}}, get: {{}}}}, /b: {{get: {{}}}}}}"));
    let preflight = "origin: https://b.example\naccess-control-request-method: GET";
    for path in ["/a", "/b"] {
        check(&contract, &format!("OPTIONS {path}\n{preflight}"), "");
        check(&contract, &format!("GET {path}\n{preflight}"), "missing-credentials");
    }
    check(&contract, "OPTIONS /a", "missing-credentials");
    check(&contract, "OPTIONS /a\norigin: https://b.example", "missing-credentials");
}

/// The rows of the page: number and whole line.
fn rows(page: &str) -> Vec<(usize, &str)> {
    page.lines()
        .filter_map(|line| {
            let number = line.strip_prefix("| ")?.split_once(" |")?.0;
            Some((number.parse().ok()?, line))
        })
        .collect()
}

#[test]
fn every_row_of_the_page_has_an_existing_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/semantics.md")).unwrap();
    let rows = rows(&page);
    let numbers: Vec<usize> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=84).collect::<Vec<_>>());
    for (number, line) in &rows {
        let named: Vec<_> = line
            .split('`')
            .filter_map(|word| word.split_once(".rs::"))
            .collect();
        assert!(!named.is_empty(), "row {number} names no test");
        for (file, name) in named {
            let text = fs::read_to_string(root.join(format!("{file}.rs"))).unwrap_or_default();
            assert!(
                text.contains(&format!("fn {name}(")),
                "row {number}: {file}.rs has no {name}"
            );
        }
    }
    let here = include_str!("semantics.rs");
    for name in here
        .lines()
        .filter_map(|line| line.strip_prefix("fn row_")?.split_once('('))
    {
        let number: usize = name.0[..2].parse().unwrap();
        assert!(
            rows[number - 1].1.contains(&format!("row_{}`", name.0)),
            "row {number} leaves out {}",
            name.0
        );
    }
}
