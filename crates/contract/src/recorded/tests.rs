//! Tests of both formats, and of checks by a small contract.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use crate::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_json::Tape;
use portcullis_vocabulary::enforcement::{Enforcement, EnforcementCeilings, EnforcementPolicy};

use super::{
    ExchangeCheckLimits, ExchangeJudge, HarArchive, IgnoredProperties, RecordedBody,
    RecordedExchange, read_line,
};

/// Shows an exchange in one line.
fn shown(exchange: &RecordedExchange<'_>) -> String {
    let body = |body: &RecordedBody<'_>| match body {
        RecordedBody::Absent => "-".to_owned(),
        RecordedBody::Unknown => "~".to_owned(),
        RecordedBody::NotRecorded => "?".to_owned(),
        RecordedBody::Bytes(bytes) => format!("[{}]", String::from_utf8_lossy(bytes)),
    };
    let headers = |headers: &http::HeaderMap| {
        let lines = headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            format!("{name}={value};")
        });
        lines.collect::<String>()
    };
    let RecordedExchange {
        method,
        path,
        query,
        ..
    } = exchange;
    let mut text = format!("{method} {path}");
    if let Some(query) = query {
        write!(text, " ?{query}").unwrap();
    }
    write!(
        text,
        " {{{}}} {}",
        headers(&exchange.headers),
        body(&exchange.body)
    )
    .unwrap();
    if let Some(response) = &exchange.response {
        let headers = headers(&response.headers);
        let body = body(&response.body);
        write!(text, " -> {} {{{headers}}} {body}", response.status).unwrap();
    }
    text
}

#[track_caller]
fn check_line(text: &str, expected: &str) {
    let mut tape = Tape::new();
    let mut ignored = IgnoredProperties::default();
    let found = match read_line(&mut tape, text.as_bytes(), &mut ignored) {
        Ok(exchange) => shown(&exchange),
        Err(error) => error.to_string(),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
#[rustfmt::skip]
fn reads_requests_of_json_lines() {
    let check = |request: &str, expected: &str| check_line(&format!(r#"{{"request": {{{request}}}}}"#), expected);
    check(r#""method": "GET", "path": "/a""#, "GET /a {} -");
    check(r#""method": "GET", "path": "/a%2F?b=%20&c?d#e""#, "GET /a%2F ?b=%20&c?d#e {} -");
    check(r#""method": "GET", "url": "https://h:1/a?b#c""#, "GET /a ?b {} -");
    check(r#""method": "GET", "url": "/a?b""#, "GET /a ?b {} -");
    check(r#""method": "PROPFIND", "path": "a""#, "PROPFIND a {} -");
    check(r#""method": "GET", "path": "/\u00e9""#, "GET /é {} -");
    check(r#""method": "GET", "path": "/", "headers": {"A": " b ", "c": ["d", "e"]}"#, "GET / {a=b;c=d;c=e;} -");
    check(r#""method": "GET", "path": "/", "headers": [["a", "b"], ["A", "c"], [":path", "/"]]"#, "GET / {a=b;a=c;} -");
    check(r#""method": "POST", "path": "/", "body": "a\"b""#, r#"POST / {} [a"b]"#);
    check(r#""method": "POST", "path": "/", "body": """#, "POST / {} []");
    check(r#""method": "POST", "path": "/", "body": {"a": 1.50, "a": [null, "\n"]}"#, r#"POST / {} [{"a": 1.50, "a": [null, "\n"]}]"#);
    check(r#""method": "POST", "path": "/", "body": null"#, "POST / {} [null]");
    check(r#""method": "POST", "path": "/", "body": 1e400"#, "line 1, column 53: a number beyond the range of a 64-bit float, in /request/body");
    check(r#""method": "POST", "path": "/", "body_base64": "e30=""#, "POST / {} [{}]");
    check(r#""method": "POST", "path": "/", "body_base64": "e30""#, "POST / {} [{}]");
}

#[test]
#[rustfmt::skip]
fn reads_responses_of_json_lines() {
    let check = |response: &str, expected: &str| {
        let request = r#"{"method": "GET", "path": "/"}"#;
        check_line(&format!(r#"{{"response": {response}, "request": {request}}}"#), expected);
    };
    check(r#"{"status": 204}"#, "GET / {} - -> 204 {} -");
    check(r#"{"status": 200, "headers": {"a": "b"}, "body": [1]}"#, "GET / {} - -> 200 {a=b;} [[1]]");
    check(r#"{"status": 99}"#, "line 1, column 25: response.status: expected a status of three digits, found number");
    check(r#"{"status": "200"}"#, "line 1, column 25: response.status: expected a status of three digits, found string");
    check("{}", "line 1, column 14: response: the property \"status\" is missing");
    check("null", "line 1, column 14: response: expected an object, found null");
}

#[test]
#[rustfmt::skip]
fn refuses_malformed_lines() {
    let check = check_line;
    check("", "line 1, column 1: no JSON value: the text is empty");
    check("[]", "line 1, column 1: the record: expected an object, found array");
    check("{}", "line 1, column 1: the record: the property \"request\" is missing");
    check(r#"{"request": {}} x"#, "line 1, column 17: something follows the JSON value: a letter");
    check(r#"{"request": {"method": "GET"}}"#, "line 1, column 13: request: one of \"url\" and \"path\" is missing");
    check(r#"{"request": {"path": "/"}}"#, "line 1, column 13: request: the property \"method\" is missing");
    check(r#"{"requst": {}}"#, "line 1, column 1: the record: the property \"request\" is missing");
    check(r#"{"request": {"Method": "GET"}}"#, "line 1, column 13: request: the property \"method\" is missing");
    check(r#"{"request": {"path": "/", "path": "/"}}"#, "line 1, column 35: request.path: occurs more than once in the same object");
    check(r#"{"request": {"method": "GET", "path": "/", "url": "/"}}"#, "line 1, column 39: request.path: \"url\" is present too; remove one of them");
    check(r#"{"request": {"method": "GET", "url": "ftp://h/"}}"#, "line 1, column 38: request.url: is neither an http(s) URL nor a path that begins with `/`");
    check(r#"{"request": {"method": "G T", "path": "/"}}"#, "line 1, column 24: request.method: is not a method (RFC 9110 section 9.1)");
    check(r#"{"request": {"method": 1, "path": "/"}}"#, "line 1, column 24: request.method: expected a string, found number");
    check(r#"{"request": {"method": "GET", "path": "/", "headers": "a: b"}}"#, "line 1, column 55: request.headers: expected an object or an array of pairs, found string");
    check(r#"{"request": {"method": "GET", "path": "/", "headers": [["a"]]}}"#, "line 1, column 56: headers: expected a pair of name and value, found array");
    check(r#"{"request": {"method": "GET", "path": "/", "headers": {"a b": "c"}}}"#, "line 1, column 63: headers: \"a b\" is not a header name");
    check(r#"{"request": {"method": "GET", "path": "/", "headers": {"a": "b\n"}}}"#, "line 1, column 61: headers: \"a\" has a control character in its value");
    check(r#"{"request": {"method": "GET", "path": "/", "headers": {"a": 1}}}"#, "line 1, column 61: headers: expected a string, found number");
    check(r#"{"request": {"method": "GET", "path": "/", "body": "", "body_base64": ""}}"#, "line 1, column 71: request.body_base64: \"body\" is present too; remove one of them");
    check(r#"{"request": {"method": "GET", "path": "/", "body_base64": "*"}}"#, "line 1, column 59: request.body_base64: is not base64 (RFC 4648 section 4)");
}

#[test]
fn counts_unknown_properties_of_lines() {
    let line = r#"{"time": 1, "request": {"method": "POST", "path": "/", "bdy": 1, "host": "h"}, "id": "a"}"#;
    let mut ignored = IgnoredProperties::default();
    for _ in 0..2 {
        let mut tape = Tape::new();
        let exchange = read_line(&mut tape, line.as_bytes(), &mut ignored).unwrap();
        assert_eq!(shown(&exchange), "POST / {} -");
    }
    let found: Vec<_> = ignored
        .properties()
        .iter()
        .map(|property| (property.path(), property.count, property.similar))
        .collect();
    let expected = [
        ("time", None),
        ("request.bdy", Some("body")),
        ("request.host", None),
        ("id", None),
    ]
    .map(|(path, similar)| (path.to_owned(), 2, similar));
    // The record is read from the outside to the inside.
    assert_eq!(
        found.iter().collect::<BTreeSet<_>>(),
        expected.iter().collect::<BTreeSet<_>>()
    );
    assert_eq!(ignored.total(), 8);
}

fn read_har(text: &str) -> Result<Vec<String>, String> {
    let mut tape = Tape::new();
    let archive =
        HarArchive::parse(&mut tape, text.as_bytes()).map_err(|error| error.to_string())?;
    let entries = archive.entries().map(|entry| match entry.exchange {
        Ok(exchange) => shown(&exchange),
        Err(error) => error.to_string(),
    });
    Ok(entries.collect())
}

#[track_caller]
fn check_entry(request: &str, response: &str, expected: &str) {
    let response = match response {
        "" => String::new(),
        _ => format!(r#", "response": {{{response}}}"#),
    };
    let text = format!(r#"{{"log": {{"entries": [{{"request": {{{request}}}{response}}}]}}}}"#);
    let found = read_har(&text).unwrap().join("\n");
    assert_eq!(found, expected, "{text}");
}

#[test]
#[rustfmt::skip]
fn reads_requests_of_archives() {
    let get = |rest: &str, expected: &str| check_entry(&format!(r#""method": "GET", "url": "https://h/a?b=%20#c"{rest}"#), "", expected);
    get("", "GET /a ?b=%20 {} -");
    get(r#", "httpVersion": "h2", "cookies": [], "_x": {}, "bodySize": 0"#, "GET /a ?b=%20 {} -");
    get(r#", "headers": [{"name": ":authority", "value": "h"}, {"name": "accept", "value": "*/*", "comment": ""}]"#, "GET /a ?b=%20 {accept=*/*;} -");
    get(r#", "headers": [{"name": "X", "value": "a\nb\r\n"}]"#, "GET /a ?b=%20 {x=a;x=b;x=;} -");
    get(r#", "headers": null, "postData": null"#, "GET /a ?b=%20 {} -");
    get(r#", "headers": {}"#, "line 1, column 93: headers: expected an array, found object");
    get(r#", "headers": [{"value": "a"}]"#, "line 1, column 94: headers: the property \"name\" is missing");
    get(r#", "headers": [{"name": "a\u0000", "value": "a"}]"#, "line 1, column 123: headers.value: \"a\\0\" is not a header name");
    get(r#", "bodySize": 3"#, "GET /a ?b=%20 {} ?");
    get(r#", "postData": {"mimeType": "a/b", "text": "c"}"#, "GET /a ?b=%20 {content-type=a/b;} [c]");
    get(r#", "headers": [{"name": "d", "value": "e"}], "postData": {"mimeType": "a/b", "text": "c"}"#, "GET /a ?b=%20 {d=e;} [c]");
    get(r#", "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "a b", "value": "&"}, {"name": "c"}]}"#, "GET /a ?b=%20 {content-type=application/x-www-form-urlencoded;} [a%20b=%26&c=]");
    get(r#", "postData": {"mimeType": "multipart/form-data", "text": "", "params": [{"name": "a"}]}"#, "GET /a ?b=%20 {content-type=multipart/form-data;} ?");
    get(r#", "postData": {"mimeType": "", "text": "", "params": []}"#, "GET /a ?b=%20 {} -");
    get(r#", "postData": {"mimeType": "a/b", "text": "e30=", "encoding": "base64"}"#, "GET /a ?b=%20 {content-type=a/b;} [{}]");
    get(r#", "postData": {"mimeType": 1}"#, "line 1, column 107: request.postData.mimeType: expected a string, found number");
    check_entry(r#""method": "GET""#, "", "line 1, column 34: request: the property \"url\" is missing");
    check_entry(r#""url": "/""#, "", "line 1, column 34: request: the property \"method\" is missing");
    check_entry(r#""method": "GET", "url": "mailto:a""#, "", "line 1, column 59: request.url: is not an http(s) URL");
    check_entry(r#""method": "GET", "url": "data:text/html,a""#, "", "");
}

/// A body that is not in the archive was sent (`?`), was not sent (`-`), or that is not known (`~`).
#[test]
#[rustfmt::skip]
fn distinguishes_bodies_that_are_not_recorded() {
    let check = |method: &str, fields: &[(&str, &str)], rest: &str, expected: &str| {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!(r#"{{"name": "{name}", "value": "{value}"}}"#)).collect();
        let text = format!(r#"{{"log": {{"entries": [{{"request": {{"method": "{method}", "url": "/", "headers": [{}]{rest}}}}}]}}}}"#, fields.join(", "));
        let found = read_har(&text).unwrap().join("\n");
        let body = found.rsplit(' ').next().unwrap();
        assert_eq!(body, expected, "{text}");
    };
    const PNG: (&str, &str) = ("content-type", "image/png");
    // A file as the body: Chrome saves no text and a size of 0.
    check("PUT", &[PNG, ("content-length", "5000")], r#", "bodySize": 0"#, "?");
    check("PUT", &[PNG], r#", "bodySize": 0"#, "~");
    check("PUT", &[], r#", "bodySize": -1"#, "~");
    check("PUT", &[], "", "~");
    check("PUT", &[("content-length", "0")], r#", "bodySize": -1"#, "-");
    check("PUT", &[("content-length", "0"), PNG], "", "-");
    check("PUT", &[], r#", "bodySize": 0"#, "-");
    check("PUT", &[("transfer-encoding", "chunked")], r#", "bodySize": 0"#, "?");
    check("GET", &[], r#", "bodySize": -1"#, "-");
    check("GET", &[PNG], r#", "bodySize": 0"#, "~");
    // Text that was too long for Firefox.
    check("POST", &[PNG], r#", "bodySize": 0, "postData": {"mimeType": "image/png", "params": [], "text": "", "comment": "c"}"#, "~");
    check("POST", &[PNG], r#", "bodySize": 9, "postData": {"mimeType": "image/png", "params": [], "text": ""}"#, "?");
    // A form with a file, whose content Chrome omits and Firefox changes.
    let form = |length: &str, content: &str| {
        let text = format!(r#"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n\r\n{content}\r\n--b--\r\n"#);
        let rest = format!(r#", "bodySize": 0, "postData": {{"mimeType": "multipart/form-data; boundary=b", "text": "{text}"}}"#);
        let fields = [("content-type", "multipart/form-data; boundary=b"), ("content-length", length)];
        let fields = &fields[..if length.is_empty() { 1 } else { 2 }];
        check("POST", fields, &rest, "?");
    };
    form("5000", "");
    form("", "");
    form("", "whole-but-unknown");
    form("80", "\u{fffd}");
    // Of the stated length, it is whole.
    let whole = r#", "postData": {"mimeType": "multipart/form-data; boundary=b", "text": "--b\r\nA: filename=\r\n\r\nc\r\n--b--"}"#;
    check("POST", &[("content-length", "29")], whole, "filename=\r\n\r\nc\r\n--b--]");
    check("POST", &[("content-length", "30")], whole, "?");
    // Without files, the text is the body.
    check("POST", &[("content-length", "9")], r#", "postData": {"mimeType": "multipart/form-data; boundary=b", "text": "--b--"}"#, "[--b--]");
    // Firefox records header fields before the text of a form.
    check("POST", &[], r#", "postData": {"mimeType": "application/x-www-form-urlencoded", "params": [], "text": "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=b"}"#, "[a=b]");
}

#[test]
#[rustfmt::skip]
fn reads_responses_of_archives() {
    let check = |response: &str, expected: &str| check_entry(r#""method": "GET", "url": "/""#, response, expected);
    let status = |status: &str, rest: &str| format!(r#""status": {status}, "headers": [{{"name": "content-encoding", "value": "gzip"}}]{rest}"#);
    check("\"status\": 0", "GET / {} -");
    check("\"status\": -1", "GET / {} -");
    check("\"status\": 1000", "line 1, column 88: response.status: expected a status of three digits, found number");
    check("", "GET / {} -");
    check(&status("200", ""), "GET / {} - -> 200 {content-encoding=gzip;} -");
    check(&status("200", r#", "content": {"size": 0, "mimeType": "x-unknown"}"#), "GET / {} - -> 200 {content-encoding=gzip;} -");
    check(&status("200", r#", "content": {"size": 9}"#), "GET / {} - -> 200 {content-encoding=gzip;} ?");
    check(&status("200", r#", "content": {"size": 9, "text": ""}"#), "GET / {} - -> 200 {content-encoding=gzip;} ?");
    check(&status("200", r#", "content": {"size": -1}"#), "GET / {} - -> 200 {content-encoding=gzip;} -");
    check(&status("200", r#", "content": {"size": 1, "text": "{}"}"#), "GET / {} - -> 200 {} [{}]");
    check(&status("304", r#", "content": {"size": 1, "text": "{}"}"#), "GET / {} - -> 304 {content-encoding=gzip;} -");
    check(r#""status": 200, "content": {"mimeType": "a/b", "text": "e30=", "encoding": "base64"}"#, "GET / {} - -> 200 {content-type=a/b;} [{}]");
    check(r#""status": 200, "content": {"text": "*", "encoding": "base64"}"#, "line 1, column 113: response.content.text: is not base64 (RFC 4648 section 4)");
    check(r#""status": 200, "content": {"text": "", "encoding": "gzip"}"#, "line 1, column 113: response.content.text: has an encoding other than base64");
    check_entry(r#""method": "HEAD", "url": "/""#, r#""status": 200, "content": {"text": "a"}"#, "HEAD / {} - -> 200 {} -");
}

#[test]
fn refuses_malformed_archives() {
    let check = |text: &str, expected: &str| assert_eq!(read_har(text).unwrap_err(), expected);
    check("", "line 1, column 1: no JSON value: the text is empty");
    check(
        "{\n  ]",
        "line 2, column 3: expected a member name in quotes, or `}`, found `]`",
    );
    check(
        "[]",
        "line 1, column 1: the record: the property \"log\" is missing",
    );
    check(
        "{\"log\": 1}",
        "line 1, column 9: log: the property \"entries\" is missing",
    );
    check(
        "{\"log\": {\"entries\": {}}}",
        "line 1, column 21: log.entries: expected an array, found object",
    );
    let har = "\u{feff}{\"log\": {\"entries\": [\n1,\n{\"startedDateTime\": \"2026-01-02T03:04:05.000+02:00\", \"request\": {\"url\": \"/\", \"method\": \"GET\"}},\n{\"startedDateTime\": \"\\u001b[2J2026\", \"request\": {\"url\": \"/\", \"method\": \"GET\"}}]}}";
    let mut tape = Tape::new();
    let archive = HarArchive::parse(&mut tape, har.as_bytes()).unwrap();
    let entries: Vec<_> = archive
        .entries()
        .map(|entry| {
            (
                entry.index,
                entry.line,
                entry.started,
                entry.exchange.is_ok(),
            )
        })
        .collect();
    let started = Some("2026-01-02T03:04:05.000+02:00");
    assert_eq!(
        entries,
        [
            (0, 2, None, false),
            (1, 3, started, true),
            (2, 4, None, true)
        ]
    );
}

const CONTRACT: &str = r#"{
    "openapi": "3.1.0", "info": {"title": "A", "version": "1"},
    "paths": {
        "/a/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}],
            "put": {
                "requestBody": {"required": true, "content": {"application/json": {"schema": {"maximum": 1}}}},
                "responses": {"200": {"description": "d", "content": {"application/json": {"schema": {"type": "array"}}}}}
            },
            "get": {
                "x-portcullis": {"request": "report", "response": "off"},
                "responses": {"204": {"description": "d"}}
            }
        }
    }
}"#;

fn contract() -> CompiledContract {
    let documents = parse_single_file("a.json", CONTRACT.into(), &Default::default()).unwrap();
    compile(documents, &CompileOptions::default()).unwrap()
}

fn judge(contract: &CompiledContract) -> ExchangeJudge<'_> {
    let ceilings = EnforcementCeilings {
        request: Enforcement::Reject,
        response: Enforcement::Reject,
    };
    let bounds = ExchangeCheckLimits {
        violations_max: 20,
        json_depth_max: 8,
        decoded_bytes_max: 1 << 20,
        decoded_ratio_max: 100,
        body_bytes_max: 16,
    };
    ExchangeJudge::new(contract, &EnforcementPolicy::new(ceilings, [], 1.0), bounds)
}

#[test]
#[rustfmt::skip]
fn checks_exchanges() {
    let contract = contract();
    let mut judge = judge(&contract);
    let mut check = |method: &str, path: &str, rest: &str, response: &str, expected: &[&str]| {
        let line = format!(r#"{{"request": {{"method": "{method}", "path": "{path}"{rest}}}{response}}}"#);
        let mut tape = Tape::new();
        let mut ignored = IgnoredProperties::default();
        let exchange = read_line(&mut tape, line.as_bytes(), &mut ignored).unwrap();
        let verdict = judge.judge(&exchange);
        let found: Vec<String> = verdict
            .violations()
            .map(|violation| format!("{} {}", judge.enforcement(verdict.operation, violation.class), violation.class))
            .collect();
        assert_eq!(found, expected, "{line}");
    };
    let json = |body: &str| format!(r#", "headers": {{"content-type": "application/json"}}, "body": {body}"#);
    let answer = |status: u16, body: &str| format!(r#", "response": {{"status": {status}{}}}"#, json(body));
    check("PUT", "/a/1", &json("1"), "", &[]);
    check("PUT", "/a/x", &json("2"), &answer(200, "1"), &["reject invalid-parameter", "reject invalid-body", "reject invalid-response-body"]);
    check("PUT", "/a/1", "", "", &["reject missing-body"]);
    check("PUT", "/a/1", r#", "body": "1""#, "", &["reject unsupported-media-type"]);
    check("PUT", "/a/1", &json("\"[\""), &answer(200, "\"[\""), &["reject malformed-body", "reject malformed-response-body"]);
    check("PUT", "/a/1", &json("\"12345678901234567\""), "", &["reject body-too-large"]);
    check("PUT", "/a/1", &json("1"), &answer(201, "1"), &["reject undeclared-status"]);
    check("PUT", "/a/1", &json("1"), r#", "response": {"status": 200, "body": "a"}"#, &["reject undeclared-media-type"]);
    check("GET", "/a/1?b", "", "", &["report unknown-query"]);
    check("GET", "/a/x", "", &answer(500, "1"), &["report invalid-parameter"]);
    check("GET", "/b", "", &answer(500, "1"), &["reject unknown-path"]);
    check("POST", "/a/1", "", "", &["reject unknown-method"]);
    check("OPTIONS", "/a/1", "", "", &["reject unknown-method"]);
    check("OPTIONS", "/a/1", r#", "headers": {"origin": "a", "access-control-request-method": "PUT"}"#, "", &[]);
    check("GET", "/a/../b", "", "", &["reject malformed-path"]);
}

#[test]
fn an_unknown_body_is_not_missing() {
    let contract = contract();
    let check = |size: i32, expected: &[&str]| {
        let har = format!(
            r#"{{"log": {{"entries": [{{"request": {{"method": "PUT", "url": "/a/x", "bodySize": {size}}}}}]}}}}"#
        );
        let mut tape = Tape::new();
        let mut entries = HarArchive::parse(&mut tape, har.as_bytes())
            .unwrap()
            .entries();
        let verdict = judge(&contract).judge(&entries.next().unwrap().exchange.unwrap());
        let found: Vec<&str> = verdict
            .violations()
            .map(|violation| violation.class.as_str())
            .collect();
        assert_eq!(found, expected);
    };
    check(-1, &["invalid-parameter"]);
    check(0, &["invalid-parameter", "missing-body"]);
}

#[test]
fn ignores_bodies_that_were_not_recorded() {
    let contract = contract();
    let har = r#"{"log": {"entries": [{
        "request": {"method": "PUT", "url": "/a/1", "bodySize": 9, "headers": [{"name": "content-type", "value": "application/json"}]},
        "response": {"status": 200, "content": {"size": 9, "mimeType": "application/json"}}
    }]}}"#;
    let mut tape = Tape::new();
    let mut entries = HarArchive::parse(&mut tape, har.as_bytes())
        .unwrap()
        .entries();
    let verdict = judge(&contract).judge(&entries.next().unwrap().exchange.unwrap());
    assert_eq!(verdict.operation, Some(0));
    assert_eq!(verdict.violations().next(), None);
}

#[test]
#[rustfmt::skip]
fn checks_recorded_responses_of_records() {
    let text = r#"{
        "openapi": "3.1.0", "info": {"title": "A", "version": "1"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "content": {
            "application/x-ndjson": {"schema": {"type": "array", "items": {"type": "integer"}}},
            "application/json-seq": {"schema": {"type": "integer"}}
        }}}}}}
    }"#;
    let documents = parse_single_file("a.json", text.into(), &Default::default()).unwrap();
    let contract = compile(documents, &CompileOptions::default()).unwrap();
    let mut judge = judge(&contract);
    let mut check = |kind: &str, body: &str, expected: &[&str]| {
        let line = format!(r#"{{"request": {{"method": "GET", "path": "/a"}}, "response": {{"status": 200, "headers": {{"content-type": "application/{kind}"}}, "body": "{body}"}}}}"#);
        let mut tape = Tape::new();
        let verdict = judge.judge(&read_line(&mut tape, line.as_bytes(), &mut IgnoredProperties::default()).unwrap());
        let found: Vec<&str> = verdict.violations().map(|violation| violation.class.as_str()).collect();
        assert_eq!(found, expected, "{line}");
    };
    check("x-ndjson", r"1\n2\n", &[]);
    check("x-ndjson", r"1\nfalse\n", &["invalid-response-body"]);
    check("x-ndjson", r"1\n}\n", &["malformed-response-body"]);
    check("json-seq", r"\u001e1\n", &[]);
    check("json-seq", r"\u001e1.5\n", &["invalid-response-body"]);
}

/// Text that is closer to a valid record than random bytes.
fn nearly_right() -> impl Strategy<Value = Vec<u8>> {
    const WORDS: [&str; 34] = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"log\"",
        "\"entries\"",
        "\"request\"",
        "\"response\"",
        "\"method\"",
        "\"GET\"",
        "\"PUT\"",
        "\"url\"",
        "\"path\"",
        "\"/a/1\"",
        "\"http://h/a/1?b#c\"",
        "\"headers\"",
        "\"name\"",
        "\"value\"",
        "\"content-type\"",
        "\"application/json\"",
        "\"body\"",
        "\"body_base64\"",
        "\"status\"",
        "200",
        "\"content\"",
        "\"text\"",
        "\"encoding\"",
        "\"base64\"",
        "\"postData\"",
        "\"params\"",
        "null",
        "\"\\u00e9\"",
    ];
    let word = prop_oneof![
        9 => (0..WORDS.len()).prop_map(|at| WORDS[at].as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

/// Reads and checks text in both formats.
fn read_and_judge(contract: &CompiledContract, text: &[u8]) {
    let mut tape = Tape::new();
    let mut judge = judge(contract);
    if let Ok(exchange) = read_line(&mut tape, text, &mut IgnoredProperties::default()) {
        judge.judge(&exchange);
    }
    if let Ok(archive) = HarArchive::parse(&mut tape, text) {
        for entry in archive.entries() {
            if let Ok(exchange) = entry.exchange {
                judge.judge(&exchange);
            }
        }
    }
}

#[test]
fn never_panics() {
    let contract = contract();
    let mut runner = proptest::test_runner::TestRunner::default();
    let text = prop_oneof![nearly_right(), prop::collection::vec(any::<u8>(), 0..200)];
    let result = runner.run(&text, |text| {
        read_and_judge(&contract, &text);
        // The text as a part of a record.
        let line = [
            br#"{"request":{"method":"PUT","path":"/a/1","body":"#,
            &text[..],
            b"}}",
        ];
        read_and_judge(&contract, &line.concat());
        let har = [br#"{"log":{"entries":[{"request":"#, &text[..], b"}]}}"];
        read_and_judge(&contract, &har.concat());
        Ok(())
    });
    result.unwrap();
}
