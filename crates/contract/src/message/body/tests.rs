//! Tests of bodies in every format, checked by small contracts.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::message::route::PathCaptures;
use crate::{
    BodyLength, BodyPlan, CheckScratch, CheckSettings, CompileOptions, CompiledContract,
    RequestHead, check_body, check_head, compile, parse_single_file,
};
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use portcullis_vocabulary::limits::Limits;

const V30: &str = "3.0.4";
const V31: &str = "3.1.1";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b";

/// A contract with one operation whose body has one media type.
pub(super) fn contract(openapi: &str, key: &str, media: &Value) -> CompiledContract {
    let document = json!({
        "openapi": openapi,
        "info": {"title": "t", "version": "1"},
        "paths": {"/": {"post": {
            "requestBody": {"required": true, "content": {key: media}},
            "responses": {"200": {"description": "ok"}}
        }}}
    });
    let bytes = document.to_string().into_bytes();
    let documents = parse_single_file("t.json", bytes, &Limits::default()).unwrap();
    compile(documents, &CompileOptions::default()).unwrap()
}

pub(super) fn headers(content_type: &str, coding: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
    if !coding.is_empty() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
    }
    headers
}

/// The class and the pointer of each violation.
pub(super) fn judge(contract: &CompiledContract, headers: &HeaderMap, body: &[u8]) -> Vec<String> {
    let policy = EnforcementPolicy::default();
    let settings = CheckSettings {
        policy: &policy,
        violations_max: 3,
        json_depth_max: 16,
        decoded_bytes_max: 1 << 20,
        decoded_ratio_max: 100,
    };
    let captures = PathCaptures::default();
    let head = RequestHead {
        path: "/",
        query: None,
        headers,
        captures: &captures,
        body: if body.is_empty() {
            BodyLength::Absent
        } else {
            BodyLength::Unknown
        },
    };
    let (mut scratch, mut found) = (CheckScratch::default(), Vec::new());
    let operation = &contract.operations[0];
    let plan = check_head(
        contract,
        operation,
        head,
        settings,
        &mut scratch,
        &mut found,
    );
    if !matches!(plan, BodyPlan::Stream) {
        check_body(
            contract,
            plan,
            headers,
            body,
            settings,
            &mut scratch,
            &mut found,
        );
    }
    let shown = found.iter().map(|violation| {
        let keyword = violation.keyword.as_deref().unwrap_or_default();
        format!("{} {} {keyword}", violation.class, violation.pointer)
    });
    shown.map(|text| text.trim_end().to_owned()).collect()
}

/// Bodies of one media type, each with its first violation. An empty text means no violation.
fn check(openapi: &str, content_type: &str, media: &Value, cases: &[(&str, &str)]) {
    let key = content_type.split(';').next().unwrap();
    let contract = contract(openapi, key, media);
    for (body, expected) in cases {
        let found = judge(&contract, &headers(content_type, ""), body.as_bytes());
        let first = found.first().map_or("", String::as_str);
        assert_eq!(first, *expected, "{body:?} by {media}");
    }
}

#[test]
fn form_fields_have_the_types_of_their_schemas() {
    let schema = json!({
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer", "maximum": 100},
            "ok": {"type": "boolean"},
            "name": {"type": "string", "maxLength": 3},
            "tags": {"type": "array", "maxItems": 2, "items": {"type": "integer"}},
            "line": {"type": "object", "required": ["sku"]},
            "lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}}
        },
        "additionalProperties": {"type": "integer"}
    });
    check(
        V30,
        FORM,
        &json!({"schema": schema}),
        &[
            ("id=5", ""),
            ("id=1e2", ""),
            ("id=%35&ok=true&name=a+b", ""),
            ("", "invalid-body  required"),
            ("name=a", "invalid-body  required"),
            ("id=", "invalid-body /id type"),
            ("id=05", "invalid-body /id type"),
            ("id=%2B5", "invalid-body /id type"),
            ("id=101", "invalid-body /id maximum"),
            ("id=5&ok=yes", "invalid-body /ok type"),
            ("id=5&name=5", ""),
            ("id=5&name=abcd", "invalid-body /name maxLength"),
            ("id=5&tags=1&tags=2", ""),
            ("id=5&tags=1", ""),
            ("id=5&tags=1,2", "invalid-body /tags/0 type"),
            ("id=5&tags=1&tags=2&tags=3", "invalid-body /tags maxItems"),
            ("id=5&id=5", "duplicate-key /id"),
            (r#"id=5&line={"sku":1}"#, ""),
            (r#"id=5&line={}"#, "invalid-body /line required"),
            (r#"id=5&line={"sku":1,"sku":2}"#, "duplicate-key /line"),
            (r#"id=5&line={"sku"#, "malformed-body /line"),
            (
                r#"id=5&lines={"sku":1}&lines={}"#,
                "invalid-body /lines/1 required",
            ),
            (
                r#"id=5&lines=[{"sku":1},{}]"#,
                "invalid-body /lines/1 required",
            ),
            ("id=5&x=7", ""),
            ("id=5&x=a", "invalid-body /x type"),
            ("id=%5", "malformed-body /id"),
            ("id=%ff", "malformed-body /id"),
            ("%zz=5", "malformed-body"),
        ],
    );
}

#[test]
fn undeclared_fields_are_text() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    check(
        V31,
        FORM,
        &json!({"schema": schema}),
        &[("b=1&b=2", ""), ("a=1&a=2", "duplicate-key /a")],
    );
    let closed = json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false});
    check(
        V31,
        FORM,
        &json!({"schema": closed}),
        &[("a=1", ""), ("b=1", "invalid-body  additionalProperties")],
    );
    let patterned = json!({"type": "object", "patternProperties": {"^n": {"type": "integer"}}});
    check(
        V31,
        FORM,
        &json!({"schema": patterned}),
        &[("n1=1&x=y", ""), ("n1=a", "invalid-body /n1 type")],
    );
}

#[test]
fn tries_every_reading_of_a_form() {
    let mixed = json!({"type": "object", "properties": {
        "a": {"oneOf": [{"type": "integer"}, {"type": "string", "pattern": "^0"}]},
        "b": {"type": ["string", "number"], "maxLength": 2, "maximum": 999},
        "c": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        "d": {"type": ["object", "string"], "maxProperties": 1, "maxLength": 4}
    }});
    check(
        V31,
        FORM,
        &json!({"schema": mixed}),
        &[
            ("a=5", ""),
            ("a=05", ""),
            ("a=x", "invalid-body /a pattern"),
            ("a=5&b=1000", "invalid-body /b maximum"),
            ("a=05&b=12", ""),
            ("b=1e9", "invalid-body /b maximum"),
            ("c=1", ""),
            ("c=1&c=2", ""),
            ("d={}", ""),
            ("d=text", ""),
            ("d={text", "invalid-body /d maxLength"),
        ],
    );
    let either = json!({"oneOf": [
        {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
        {"type": "object", "required": ["s"], "properties": {"n": {"type": "string"}}}
    ]});
    check(
        V31,
        FORM,
        &json!({"schema": either}),
        &[
            ("n=5", ""),
            ("n=5&s=x", ""),
            ("n=x&s=x", ""),
            ("n=x", "invalid-body /n type"),
        ],
    );
}

#[test]
fn reads_styled_fields_like_query_parameters() {
    let schema = json!({"type": "object", "required": ["ids"], "properties": {
        "ids": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
        "pipes": {"type": "array", "items": {"type": "string", "maxLength": 1}},
        "deep": {"type": "object", "properties": {"n": {"type": "integer"}}},
        "flat": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "json": {"type": "string"}
    }, "additionalProperties": false});
    let encoding = json!({
        "ids": {"explode": false},
        "pipes": {"style": "pipeDelimited", "explode": false},
        "deep": {"style": "deepObject"},
        "flat": {"style": "form"},
        "json": {"contentType": "application/json"}
    });
    check(
        V30,
        FORM,
        &json!({"schema": schema, "encoding": encoding}),
        &[
            ("ids=1,2,3", ""),
            ("ids=1,2,3,4", "invalid-body /ids maxItems"),
            ("ids=1%2C2", "invalid-body /ids/0 type"),
            ("ids=1&ids=2", "duplicate-key /ids"),
            ("ids=1&pipes=a%7Cb", ""),
            ("ids=1&pipes=aa%7Cb", "invalid-body /pipes/0 maxLength"),
            ("ids=1&deep[n]=5", ""),
            ("ids=1&deep%5Bn%5D=x", "invalid-body /deep/n type"),
            ("ids=1&x=5", ""),
            ("ids=1&x=y", "invalid-body /flat/x type"),
            ("ids=1&y=5", "invalid-body  additionalProperties"),
            ("ids=1&json=%22text%22", ""),
            ("ids=1&json=5", "invalid-body /json type"),
            ("ids=1&json=text", "malformed-body /json"),
        ],
    );
}

/// A multipart body of parts, each with its header's lines and its data.
fn multipart(parts: &[(&str, &str)]) -> String {
    let written = parts.iter().map(|(head, data)| {
        let lines = head.split('|').collect::<Vec<_>>().join("\r\n");
        format!("--b\r\nContent-Disposition: form-data; name={lines}\r\n\r\n{data}\r\n")
    });
    written.chain(["--b--\r\n".to_owned()]).collect()
}

fn check_parts(openapi: &str, media: &Value, cases: &[(&[(&str, &str)], &str)]) {
    let contract = contract(openapi, "multipart/form-data", media);
    for (parts, expected) in cases {
        let body = multipart(parts);
        let found = judge(&contract, &headers(MULTIPART, ""), body.as_bytes());
        let first = found.first().map_or("", String::as_str);
        assert_eq!(first, *expected, "{parts:?} by {media}");
    }
}

#[test]
fn parts_have_the_types_of_their_schemas() {
    let schema = json!({"type": "object", "required": ["id"], "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string", "maxLength": 3},
        "tags": {"type": "array", "maxItems": 2, "items": {"type": "integer"}},
        "line": {"type": "object", "required": ["sku"]},
        "file": {"type": "string", "format": "binary", "maxLength": 4},
        "files": {"type": "array", "maxItems": 2, "items": {"type": "string", "format": "binary"}}
    }});
    let json = "|Content-Type: application/json";
    let line = format!("line{json}");
    let file = format!("file; filename=f{json}");
    check_parts(
        V30,
        &json!({"schema": schema}),
        &[
            (&[("id", "5")], ""),
            (&[], "invalid-body  required"),
            (&[("id", "x")], "invalid-body /id type"),
            (&[("id", "5"), ("id", "6")], "duplicate-key /id"),
            (
                &[("id", "5"), ("name", "abcd")],
                "invalid-body /name maxLength",
            ),
            (&[("id", "5"), ("name", "5")], ""),
            (&[("id", "5"), ("tags", "1"), ("tags", "2")], ""),
            (
                &[("id", "5"), ("tags", "1"), ("tags", "x")],
                "invalid-body /tags/1 type",
            ),
            (&[("id", "5"), (&line, r#"{"sku": 1}"#)], ""),
            (&[("id", "5"), ("line", r#"{"sku": 1}"#)], ""),
            (&[("id", "5"), (&line, "{}")], "invalid-body /line required"),
            (&[("id", "5"), (&line, "{")], "malformed-body /line"),
            (&[("id", "5"), (&file, "{\"a")], ""),
            (
                &[("id", "5"), (&file, "12345")],
                "invalid-body /file maxLength",
            ),
            (&[("id", "5"), ("files", ""), ("files", "")], ""),
            (
                &[("id", "5"), ("files", ""), ("files", ""), ("files", "")],
                "invalid-body /files maxItems",
            ),
            (&[("id", "5"), ("other", "x"), ("other", "y")], ""),
            (
                &[("id|Content-Type: text/plain; charset=utf-16", "5")],
                "malformed-body /id",
            ),
            (
                &[("id|Content-Transfer-Encoding: base64", "NQ==")],
                "malformed-body",
            ),
        ],
    );
}

/// Whether parts named `f` may have data that is not UTF-8, and the first violation if there are two.
#[track_caller]
fn check_files(openapi: &str, schema: &Value, one: &str, two: &str) {
    let media = json!({"schema": {"type": "object", "properties": {"f": schema}}});
    let contract = contract(openapi, "multipart/form-data", &media);
    let part = b"--b\r\nContent-Disposition: form-data; name=f; filename=g\r\n\r\n\xff\x89\r\n";
    for (count, expected) in [(1, one), (2, two)] {
        let body = [&part.repeat(count)[..], b"--b--\r\n"].concat();
        let found = judge(&contract, &headers(MULTIPART, ""), &body);
        let first = found.first().map_or("", String::as_str);
        assert_eq!(first, expected, "{count} by {schema}");
    }
}

#[test]
fn files_are_named_by_their_media_type() {
    let file = |media: &str| json!({"type": "string", "contentMediaType": media});
    let binary = file("application/octet-stream");
    let (text, twice) = ("malformed-body /f", "duplicate-key /f");
    for media in [
        "application/octet-stream",
        "image/png",
        "image/svg+xml",
        "application/pdf",
    ] {
        check_files(V31, &file(media), "", twice);
    }
    for media in [
        "text/csv",
        "application/json",
        "application/x-ndjson",
        "*/*",
        "binary",
    ] {
        check_files(V31, &file(media), text, text);
    }
    let no_file = json!({"type": "null"});
    let list = json!({"type": "array", "items": binary});
    check_files(V31, &json!({"anyOf": [binary, no_file]}), "", twice);
    check_files(V31, &list, "", "");
    check_files(V31, &json!({"anyOf": [list, no_file]}), "", "");
    check_files(V31, &json!({"oneOf": [binary, list]}), "", "");
    let short = json!({"type": "array", "maxItems": 1, "items": binary});
    check_files(
        V31,
        &json!({"oneOf": [binary, short]}),
        "",
        "invalid-body /f maxItems",
    );
    check_files(
        V31,
        &json!({"type": "array", "items": file("text/csv")}),
        text,
        text,
    );
    // Octets in base64 are text, and so is what has a pattern.
    let mut encoded = binary.clone();
    encoded["contentEncoding"] = json!("base64");
    check_files(V31, &encoded, text, text);
    let mut matched = binary.clone();
    matched["pattern"] = json!("^a");
    check_files(V31, &matched, text, text);
    // Not a keyword of 3.0.
    check_files(V30, &binary, text, text);
    let named = json!({"type": "string", "format": "binary"});
    check_files(
        V30,
        &json!({"oneOf": [named, {"type": "array", "items": named}]}),
        "",
        "",
    );
}

#[test]
fn checks_media_types_and_headers_of_parts() {
    let schema = json!({"type": "object", "properties": {
        "image": {}, "note": {"type": "string"}, "data": {"type": "object"}
    }, "additionalProperties": false});
    let encoding = json!({
        "image": {
            "contentType": "image/png, image/*;q=1",
            "headers": {
                "X-Rate": {"required": true, "schema": {"type": "integer"}},
                "Content-Type": {"schema": {"type": "integer"}}
            }
        },
        "note": {"contentType": "text/*"},
        "data": {"contentType": "application/json"}
    });
    let png = |rest: &str| format!("image; filename=a|Content-Type: image/png{rest}");
    check_parts(
        V31,
        &json!({"schema": schema, "encoding": encoding}),
        &[
            (&[(&png("|X-Rate: 5"), "\u{0}")], ""),
            (&[(&png("|x-rate: five"), "")], "invalid-body /image"),
            (&[(&png(""), "")], "invalid-body /image"),
            (&[(&png("|X-Rate: 5|X-Rate: 6"), "")], "invalid-body /image"),
            (
                &[("image|Content-Type: image/gif|X-Rate: 5", "")],
                "unsupported-media-type /image",
            ),
            (&[("note", "x")], ""),
            (&[("note|Content-Type: text/html", "x")], ""),
            (
                &[("note|Content-Type: image/png", "x")],
                "unsupported-media-type /note",
            ),
            (&[("data|Content-Type: application/json", "{}")], ""),
            (&[("data", "{}")], "unsupported-media-type /data"),
            (&[("other", "{}")], "invalid-body  additionalProperties"),
        ],
    );
}

#[test]
fn refuses_malformed_multipart_bodies() {
    let media = json!({"schema": {"type": "object"}});
    let contract = contract(V30, "multipart/form-data", &media);
    let check = |content_type: &str, body: &str, expected: &[&str]| {
        let found = judge(&contract, &headers(content_type, ""), body.as_bytes());
        assert_eq!(found, expected, "{content_type} {body:?}");
    };
    check("multipart/form-data; boundary=\"b\"", "--b--", &[]);
    check("multipart/form-data", "--b--", &["malformed-body"]);
    check(
        "multipart/form-data; boundary=b; boundary=c",
        "--b--",
        &["unsupported-media-type"],
    );
    check(MULTIPART, "--c--", &["malformed-body"]);
}

/// What frameworks read as another boundary, charset, part or name is refused.
#[test]
fn refuses_multipart_bodies_that_recipients_read_differently() {
    let media = json!({"schema": {"type": "object", "properties": {
        "role": {"enum": ["user"]}, "user_name": {"type": "string"}, "tags[]": {"type": "array"}
    }}});
    let contract = contract(V30, "multipart/form-data", &media);
    let check = |content_type: &str, parts: &[(&str, &str)], expected: &str| {
        let body = multipart(parts);
        let found = judge(&contract, &headers(content_type, ""), body.as_bytes());
        let first = found.first().map_or("", String::as_str);
        assert_eq!(first, expected, "{content_type} {parts:?}");
    };
    for content_type in [
        "multipart/form-data; boundary=b",
        "multipart/form-data;boundary=\"b\"; charset=UTF-8",
        "multipart/form-data; boundary=b; x=1",
    ] {
        check(content_type, &[("role", "user")], "");
    }
    for content_type in [
        "multipart/form-data; boundary*=utf-8''c; boundary=b",
        "multipart/form-data; boundary=b; boundary*0=c",
        "multipart/form-data; boundary=\"\\b\"",
        "multipart/form-data; boundary = b",
        "multipart/form-data; boundary=b; charset=utf-8; charset=utf-8",
    ] {
        check(content_type, &[("role", "user")], "unsupported-media-type");
    }
    for content_type in [
        "multipart/form-data; boundary='b'",
        "multipart/form-data; xboundary=c; boundary=b",
        "multipart/form-data; x=\"boundary=c\"; boundary=b",
        "multipart/form-data; boundary=b; charset=utf-16",
        "multipart/form-data ; boundary=b",
        "multipart/form-data; boundary=b;",
    ] {
        check(content_type, &[("role", "user")], "malformed-body");
    }
    for (name, pointer) in [
        ("\"role[]\"", "/role[]"),
        ("\"role[a]\"", "/role[a]"),
        ("user.name", "/user.name"),
        ("\"user name\"", "/user name"),
        ("tags", "/tags"),
    ] {
        let expected = format!("malformed-body {pointer}");
        check(MULTIPART, &[("role", "user"), (name, "admin")], &expected);
    }
    check(MULTIPART, &[("\"tags[]\"", "1"), ("\"other[]\"", "1")], "");
    let latin = "user_name|Content-Type: text/plain; charset=iso-8859-1";
    check(MULTIPART, &[(latin, "a")], "");
    check(MULTIPART, &[(latin, "é")], "malformed-body /user_name");
    check(MULTIPART, &[("_charset_", "UTF-8")], "");
    check(
        MULTIPART,
        &[("_charset_", "utf-16")],
        "malformed-body /_charset_",
    );
}

#[test]
fn reads_text_as_one_scalar() {
    let text = "text/plain";
    let string = json!({"schema": {"type": "string", "maxLength": 3}});
    check(
        V30,
        text,
        &string,
        &[
            ("abc", ""),
            ("\"ab\"", "invalid-body  maxLength"),
            ("5", ""),
        ],
    );
    let number = json!({"schema": {"type": "integer"}});
    check(
        V30,
        text,
        &number,
        &[
            ("5", ""),
            ("5\n", "invalid-body  type"),
            ("a", "invalid-body  type"),
        ],
    );
    let mixed = json!({"schema": {"type": ["boolean", "string"], "maxLength": 4}});
    check(
        V31,
        text,
        &mixed,
        &[
            ("true", ""),
            ("false", ""),
            ("falsy", "invalid-body  maxLength"),
        ],
    );
    let latin = "text/plain; charset=iso-8859-1";
    check(
        V30,
        latin,
        &string,
        &[("abc", ""), ("ééé", "invalid-body  maxLength")],
    );
    check(
        V30,
        "text/plain; charset=utf-16",
        &string,
        &[("abc", "unsupported-encoding")],
    );
    check(
        V30,
        text,
        &json!({"schema": {"type": "string"}}),
        &[("anything", "")],
    );
}

#[test]
fn counts_octets() {
    let media = json!({"schema": {"type": "string", "format": "binary", "maxLength": 2}});
    check(
        V30,
        "image/png",
        &media,
        &[("é", ""), ("éa", "invalid-body  maxLength")],
    );
    check(V30, "application/xml", &media, &[("<a>", "")]);
    let media = json!({"schema": {"type": "object", "required": ["a"]}});
    check(V30, "application/xml", &media, &[("<a>", "")]);
}

#[test]
fn checks_records_separately() {
    let one = json!({"schema": {"type": "object", "required": ["id"]}});
    check(
        V31,
        "application/x-ndjson",
        &one,
        &[
            ("{\"id\":1}\n\n{\"id\":2}\r\n", ""),
            ("{\"id\":1}\n{}\n", "invalid-body /1 required"),
            ("{\"id\":1}\n{\"id\":\n1}", "malformed-body /1/id"),
            ("{\"id\":1,\"id\":2}", "duplicate-key /0"),
        ],
    );
    let all = json!({"schema": {"type": "array", "items": {"type": "integer"}}});
    check(
        V31,
        "application/json-seq",
        &all,
        &[
            ("\u{1e}1\n\u{1e}2\n", ""),
            ("\u{1e}1\n\u{1e}\"a\"\n", "invalid-body /1 type"),
            ("\u{1e}1\n\u{1e}2", "malformed-body /1"),
            ("1\n", "malformed-body /0"),
        ],
    );
    let contract = contract(V31, "application/jsonl", &one);
    let found = judge(
        &contract,
        &headers("application/jsonl", ""),
        "{}\n".repeat(9).as_bytes(),
    );
    assert_eq!(found.len(), 3, "at most `violations_max`");
}

#[test]
fn media_ranges_use_the_type_of_the_message() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    let contract = contract(V31, "application/*", &json!({"schema": schema}));
    let check = |content_type: &str, body: &str, expected: &[&str]| {
        let found = judge(&contract, &headers(content_type, ""), body.as_bytes());
        assert_eq!(found, expected, "{content_type} {body}");
    };
    check(
        "application/json",
        r#"{"n": "5"}"#,
        &["invalid-body /n type"],
    );
    check(FORM, "n=5", &[]);
    check(FORM, "n=x", &["invalid-body /n type"]);
    check(
        "application/x-ndjson",
        r#"{"n": "5"}"#,
        &["invalid-body /0/n type"],
    );
    check("application/pdf", "n=x", &[]);
}

#[test]
fn decodes_content_codings() {
    let media = json!({"schema": {"type": "object", "maxProperties": 0}});
    let contract = contract(V31, "application/json", &media);
    let check = |coding: &str, body: &[u8], expected: &[&str]| {
        let found = judge(&contract, &headers("application/json", coding), body);
        assert_eq!(found, expected, "{coding}");
    };
    // `{}` as a stored block of zlib data.
    let empty = b"\x78\x01\x01\x02\x00\xfd\xff{}\x01\x75\x00\xf9";
    check("deflate", empty, &[]);
    check("identity", b"{}", &[]);
    check("identity", b"{\"a\":1}", &["invalid-body  maxProperties"]);
    check("gzip", b"{}", &["malformed-body"]);
    check("snappy", b"{}", &["unsupported-encoding"]);
}

proptest! {
    #[test]
    fn reads_encoded_form_values(values in prop::collection::vec(any::<String>(), 1..4)) {
        let schema = json!({"type": "object", "properties": {"a": {
            "type": "array", "items": {"type": "string"}, "const": values
        }}});
        let contract = contract(V31, FORM, &json!({"schema": schema}));
        let encode = |value: &String| format!("a={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        let body: Vec<String> = values.iter().map(encode).collect();
        let found = judge(&contract, &headers(FORM, ""), body.join("&").as_bytes());
        prop_assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn reads_written_part_values(value in "[^b]*") {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string", "const": value}}});
        let contract = contract(V31, "multipart/form-data", &json!({"schema": schema}));
        let body = multipart(&[("a", &value)]);
        let found = judge(&contract, &headers(MULTIPART, ""), body.as_bytes());
        prop_assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn never_panics(body in "([a-z{}\\[\\]%&=+\":,0-9]|\r\n|\u{1e}){0,40}") {
        let schema = json!({"type": "object", "properties": {
            "a": {"type": ["integer", "string"]}, "b": {"type": "array", "items": {"type": "object"}}
        }});
        let contract = contract(V31, "*/*", &json!({"schema": schema}));
        for kind in [FORM, MULTIPART, "application/json", "application/x-ndjson", "application/json-seq", "text/plain"] {
            judge(&contract, &headers(kind, ""), body.as_bytes());
        }
    }
}
