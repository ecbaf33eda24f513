//! Checked responses: passed and counted, or refused before the client sees them.

use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use http::StatusCode;
use tokio::sync::Notify;

use crate::support::app::{App, Site, ask, get, problem};
use crate::support::client::{Answer, PATIENCE};
use crate::support::upstream::{Step, Upstream, send};

const CONTRACT: &str = r#"
openapi: 3.1.0
info: { title: Parcels, version: 1.0.0 }
components:
  securitySchemes:
    key: { type: apiKey, in: header, name: x-key }
    session: { type: apiKey, in: cookie, name: sid }
    token: { type: http, scheme: bearer }
paths:
  /parcels/{id}:
    get:
      operationId: fetchParcel
      responses:
        '200':
          description: The parcel.
          headers:
            x-count: { required: true, schema: { type: integer } }
          content:
            application/json:
              schema: { type: object, required: [id], properties: { id: { type: integer } } }
        4XX: { description: None. }
  /events:
    get:
      operationId: listEvents
      responses:
        '200':
          description: One record for each event.
          content:
            application/x-ndjson:
              schema: { type: object, required: [id] }
  /kept:
    get:
      operationId: keep
      x-portcullis: { response: reject }
      responses: { '200': { description: Kept. } }
  /locked:
    get:
      operationId: unlock
      security: [{ key: [] }, { token: [] }]
      responses: { default: { description: Open. } }
  /sealed:
    get:
      security: [{ key: [], session: [] }]
      responses: { default: { description: Open. } }
"#;

const REJECT: &str = "[services.enforcement]\nresponse = \"reject\"";
const JSON: &str = "content-type: application/json\r\nx-count: 1\r\n";

fn parcels(upstream: &Upstream, keys: &str) -> App {
    let address = format!("http://{}", upstream.address);
    App::start(Site::new("").service("parcels", CONTRACT, &address, keys))
}

fn response(head: &str, body: &str) -> Vec<Step> {
    vec![send(&format!(
        "HTTP/1.1 {head}content-length: {}\r\n\r\n{body}",
        body.len()
    ))]
}

/// The response that a client receives for a response of the upstream, with these keys.
fn exchange(keys: &str, target: &str, head: &str, body: &str) -> (App, Answer) {
    let steps = (head.to_owned(), body.to_owned());
    let upstream = Upstream::start(move |_| response(&steps.0, &steps.1));
    let app = parcels(&upstream, keys);
    let answer = app.ask(get(target));
    (app, answer)
}

#[track_caller]
fn check_refused(head: &str, body: &str, class: &str, pointer: &str) {
    let (_app, answer) = exchange(REJECT, "/parcels/1", head, body);
    assert_eq!(answer.status, StatusCode::BAD_GATEWAY.as_u16());
    let problem = problem(&answer);
    assert_eq!(problem["violations"][0]["class"], class, "{problem}");
    assert_eq!(problem["violations"][0]["pointer"], pointer);
    assert_eq!(answer.field("etag"), None);
    let text = problem.to_string();
    assert!(!text.contains("sentinel"), "{text}");
}

#[test]
fn responses_that_break_the_contract_are_refused_without_their_values() {
    let ok = |fields: &str| format!("200 OK\r\netag: \"1\"\r\n{fields}");
    check_refused(
        &ok(JSON),
        r#"{"id":"sentinel"}"#,
        "invalid-response-body",
        "/id",
    );
    check_refused(
        &ok(JSON),
        r#"{"ID":"sentinel"}"#,
        "invalid-response-body",
        "",
    );
    check_refused(
        &ok(JSON),
        r#"{"id":sentinel"#,
        "malformed-response-body",
        "/id",
    );
    let json = "content-type: application/json\r\n";
    check_refused(&ok(json), r#"{"id":1}"#, "missing-header", "");
    let count = "content-type: application/json\r\nx-count: sentinel\r\n";
    check_refused(&ok(count), r#"{"id":1}"#, "invalid-header", "");
    let text = "content-type: text/plain\r\nx-count: 1\r\n";
    check_refused(&ok(text), "sentinel", "undeclared-media-type", "");
    check_refused(
        &ok("x-count: 1\r\n"),
        "sentinel",
        "undeclared-media-type",
        "",
    );
    check_refused(
        "302 Found\r\nlocation: /sentinel\r\n",
        "",
        "undeclared-status",
        "",
    );
}

/// A response in which clients could read another length or another type.
#[test]
fn ambiguous_framing_is_refused_or_reported() {
    let ask = |keys: &str, fields: &str| {
        let text = format!("HTTP/1.1 200 OK\r\nx-count: 1\r\n{fields}\r\n{{\"id\":1}}");
        let upstream = Upstream::start(move |_| vec![send(&text)]);
        parcels(&upstream, keys).ask(get("/parcels/1"))
    };
    let lengths = "content-type: application/json\r\ncontent-length: 8, 8\r\n";
    let two_lengths =
        "content-type: application/json\r\ncontent-length: 8\r\ncontent-length: 8\r\n";
    let types =
        "content-type: application/json\r\ncontent-type: text/html\r\ncontent-length: 8\r\n";
    let same_types = "content-type: application/json\r\ncontent-type: application/json\r\n\
                      content-length: 8\r\n";
    for (fields, name) in [
        (lengths, "content-length"),
        (two_lengths, "content-length"),
        (types, "content-type"),
        (same_types, "content-type"),
    ] {
        let answer = ask(REJECT, fields);
        let refused = problem(&answer);
        assert_eq!(answer.status, 502, "{fields}");
        assert_eq!(
            refused["violations"][0]["class"], "invalid-header",
            "{refused}"
        );
        assert_eq!(refused["violations"][0]["name"], name);
        let answer = ask("", fields);
        assert_eq!((answer.status, &answer.body[..]), (200, &b"{\"id\":1}"[..]));
        let reported = answer.field("x-portcullis-violations");
        assert_eq!(reported, Some("1; invalid-header"), "{fields}");
        // The length is written as one number in any case.
        assert_eq!(answer.field("content-length"), Some("8"), "{fields}");
        let lines = answer
            .head
            .lines()
            .filter(|line| line.starts_with("content-length"));
        assert_eq!(lines.count(), 1, "{}", answer.head);
    }
    let charsets = "content-type: application/json; charset=utf-8; charset=utf-16\r\n\
                    content-length: 8\r\n";
    let refused = problem(&ask(REJECT, charsets));
    assert_eq!(
        refused["violations"][0]["class"], "undeclared-media-type",
        "{refused}"
    );
}

#[test]
fn a_response_to_head_has_one_length_or_none() {
    let contract = "openapi: 3.1.0\ninfo: { title: Heads, version: '1' }\npaths:\n  /a:\n    \
                    head: { responses: { default: { description: Any. } } }\n";
    for (length, expected) in [
        ("8, 8", Some("8")),
        ("8, 9", None),
        ("x", None),
        ("99999999999999999999", None),
        ("8", Some("8")),
    ] {
        let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let upstream = Upstream::start(move |_| vec![send(&text)]);
        let address = format!("http://{}", upstream.address);
        let app = App::start(Site::new("").service("heads", contract, &address, ""));
        let answer = app.ask("HEAD /a HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(
            (answer.status, answer.field("content-length")),
            (200, expected),
            "{length}"
        );
    }
}

/// Limits of responses have keys of their own, and the refusal names them.
#[test]
fn a_large_response_head_is_refused_by_the_limits_of_responses() {
    let limits = "[limits]\nresponse_header_count_max = 8\nresponse_header_bytes_max = \"8 KiB\"\n";
    let ask = |top: &str, fields: &str| {
        let text = format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n");
        let upstream = Upstream::start(move |_| vec![send(&text)]);
        let address = format!("http://{}", upstream.address);
        let app = App::start(Site::new(top).service("parcels", CONTRACT, &address, ""));
        app.ask(get("/locked").replace("host", "x-key: k\r\nhost"))
    };
    let detail = |answer: &Answer| {
        let problem = problem(answer);
        assert_eq!(
            (answer.status, &problem["error"]),
            (502, &"UPSTREAM_UNAVAILABLE".into())
        );
        problem["detail"].as_str().unwrap().to_owned()
    };
    let seven = "a: 1\r\n".repeat(7);
    assert_eq!(ask(limits, &seven).status, 200);
    let found = detail(&ask(limits, &"a: 1\r\n".repeat(8)));
    assert!(
        found.contains("limits.response_header_count_max"),
        "{found}"
    );
    let found = detail(&ask("", &"a: 1\r\n".repeat(100)));
    assert!(
        found.contains("limits.response_header_count_max"),
        "{found}"
    );
    let found = detail(&ask(limits, &format!("a: {}\r\n", "x".repeat(9000))));
    assert!(
        found.contains("limits.response_header_bytes_max"),
        "{found}"
    );
    // The limits of requests do not matter.
    let requests = "[limits]\nheader_count_max = 8\nheader_bytes_max = \"8 KiB\"\n";
    assert_eq!(
        ask(
            requests,
            &format!("a: {}\r\n{}", "x".repeat(9000), "b: 1\r\n".repeat(20))
        )
        .status,
        200
    );
}

#[test]
fn responses_that_keep_the_contract_pass_unchanged() {
    for keys in ["", REJECT] {
        let body = r#"{ "id" : 1, "more": [1.0] }"#;
        let (_app, answer) = exchange(keys, "/parcels/1", &format!("200 OK\r\n{JSON}"), body);
        assert_eq!((answer.status, &answer.body[..]), (200, body.as_bytes()));
        assert_eq!(answer.field("x-portcullis-violations"), None);
        let (_app, answer) = exchange(keys, "/parcels/1", "404 Not Found\r\n", "gone");
        assert_eq!((answer.status, &answer.body[..]), (404, &b"gone"[..]));
    }
}

/// In either framing: recordings do not distinguish the two either.
#[test]
fn an_empty_body_counts_as_absent() {
    for keys in ["", REJECT] {
        for framed in [
            "content-length: 0\r\n\r\n",
            "transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let text = format!("HTTP/1.1 200 OK\r\n{JSON}{framed}");
            let upstream = Upstream::start(move |_| vec![send(&text)]);
            let app = parcels(&upstream, keys);
            let answer = app.ask(get("/parcels/1"));
            assert_eq!(
                (answer.status, &answer.body[..]),
                (200, &b""[..]),
                "{framed}"
            );
            assert_eq!(answer.field("x-portcullis-violations"), None, "{framed}");
        }
    }
}

#[test]
fn a_refusal_keeps_cors_fields() {
    let head = format!("200 OK\r\naccess-control-allow-origin: *\r\n{JSON}");
    let (_app, answer) = exchange(REJECT, "/parcels/1", &head, "{}");
    assert_eq!(answer.status, 502);
    assert_eq!(answer.field("access-control-allow-origin"), Some("*"));
}

#[test]
fn reported_responses_pass_and_are_counted() {
    let body = r#"{"id":"x"}"#;
    let (app, answer) = exchange("", "/parcels/1", &format!("200 OK\r\n{JSON}"), body);
    assert_eq!((answer.status, &answer.body[..]), (200, body.as_bytes()));
    // The head was sent before the body was checked.
    assert_eq!(answer.field("x-portcullis-violations"), None);
    await_metric(
        &app,
        r#"class="invalid-response-body",squad="unknown",enforcement="report"} 1"#,
    );
    let (app, answer) = exchange("", "/parcels/1", "302 Found\r\n", "");
    assert_eq!(
        answer.field("x-portcullis-violations"),
        Some("1; undeclared-status")
    );
    await_metric(
        &app,
        r#"class="undeclared-status",squad="unknown",enforcement="report"} 1"#,
    );
}

/// Waits until a copy of a passed body was checked and counted.
#[track_caller]
fn await_metric(app: &App, text: &str) {
    let until = Instant::now() + PATIENCE;
    loop {
        let metrics = String::from_utf8(ask(app.admin, get("/metrics")).body).unwrap();
        if metrics.contains(text) {
            return;
        }
        assert!(Instant::now() < until, "{text}: {metrics}");
        std::thread::yield_now();
    }
}

#[test]
fn a_large_response_passes_unchecked_and_is_counted() {
    let limits = "[limits]\nresponse_body_bytes_max = 64";
    for keys in ["", REJECT] {
        let body = format!(r#"{{"id":"{}"}}"#, "x".repeat(100_000));
        let expected = body.clone();
        let upstream = Upstream::start(move |_| response(&format!("200 OK\r\n{JSON}"), &body));
        let address = format!("http://{}", upstream.address);
        let app = App::start(Site::new(limits).service("parcels", CONTRACT, &address, keys));
        let answer = app.ask(get("/parcels/1"));
        assert_eq!((answer.status, answer.body.len()), (200, expected.len()));
        await_metric(
            &app,
            r#"contract_unjudged_total{service="parcels",reason="response-too-large"} 1"#,
        );
    }
}

/// A response that cannot be decoded is not valid, as far as is known, and it does not pass unnoticed.
#[test]
fn a_response_that_cannot_be_decoded_passes_and_is_counted() {
    let zeros = vec![b'0'; 1_000_000];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, &zeros).unwrap();
    let bomb = gzip.finish().unwrap();
    for (coding, body, reason) in [
        ("compress", b"not json".to_vec(), "unsupported-encoding"),
        ("gzip, x-own", b"not json".to_vec(), "unsupported-encoding"),
        ("gzip", bomb, "decoded-too-large"),
    ] {
        for keys in ["", REJECT] {
            let head = format!(
                "HTTP/1.1 200 OK\r\n{JSON}content-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let steps = vec![send(&head), Step::Send(body.clone())];
            let upstream = Upstream::start(move |_| steps.clone());
            let app = parcels(&upstream, keys);
            let answer = app.ask(get("/parcels/1"));
            assert_eq!((answer.status, &answer.body), (200, &body));
            await_metric(
                &app,
                &format!("contract_unjudged_total{{service=\"parcels\",reason=\"{reason}\"}} 1"),
            );
        }
    }
}

#[test]
fn an_operation_overrides_the_enforcement() {
    let (_app, answer) = exchange("", "/kept", "404 Not Found\r\n", "gone");
    assert_eq!(answer.status, 502);
}

#[test]
fn a_reported_stream_is_not_buffered() {
    let rest = Arc::new(Notify::new());
    let wait = Arc::clone(&rest);
    let upstream = Upstream::start(move |_| {
        vec![
            send(&format!(
                "HTTP/1.1 200 OK\r\n{JSON}transfer-encoding: chunked\r\n\r\n3\r\n{{\"i\r\n"
            )),
            Step::Wait(Arc::clone(&wait)),
            send("6\r\nd\": 1}\r\n0\r\n\r\n"),
        ]
    });
    let app = parcels(&upstream, "");
    let mut client = app.client();
    client.send(get("/parcels/1"));
    // The beginning arrives before the end was sent.
    let mut received = Vec::new();
    while !received.ends_with(b"{\"i\r\n") {
        let mut byte = [0];
        client.stream().read_exact(&mut byte).unwrap();
        received.push(byte[0]);
    }
    rest.notify_one();
    let mut end = [0; 13];
    client.stream().read_exact(&mut end).unwrap();
    assert_eq!(&end, b"6\r\nd\": 1}\r\n0\r");
}

#[test]
fn missing_credentials_get_401() {
    let upstream = Upstream::ok();
    let app = parcels(&upstream, "");
    let answer = app.ask(get("/locked"));
    assert_eq!(answer.status, 401);
    assert_eq!(answer.field("www-authenticate"), Some("ApiKey, Bearer"));
    let problem = problem(&answer);
    assert_eq!(problem["violations"][0]["class"], "missing-credentials");
    assert_eq!(
        problem["violations"][0]["expected"],
        "the header `x-key`, or `authorization: Bearer …` with a token"
    );
    assert!(upstream.requests.try_recv().is_err());
    for field in ["x-key: k", "authorization: bearer t"] {
        let answer = app.ask(format!(
            "GET /locked HTTP/1.1\r\nhost: a\r\n{field}\r\n\r\n"
        ));
        assert_eq!(answer.status, 200, "{field}");
    }
}

#[test]
fn credentials_count_as_declared_names() {
    let upstream = Upstream::start(|_| response("200 OK\r\n", ""));
    let keys = "[services.enforcement]\n\
        classes = { unknown-header = \"reject\", unknown-cookie = \"reject\" }";
    let app = parcels(&upstream, keys);
    let ask = |fields: &str| {
        app.ask(format!(
            "GET /sealed HTTP/1.1\r\nhost: a\r\n{fields}\r\n\r\n"
        ))
    };
    assert_eq!(ask("x-key: k\r\ncookie: sid=1").status, 200);
    for (fields, class) in [
        ("x-key: k\r\ncookie: sid=1; seen=1", "unknown-cookie"),
        ("x-key: k\r\nx-other: k\r\ncookie: sid=1", "unknown-header"),
    ] {
        let answer = ask(fields);
        assert_eq!(answer.status, 422, "{fields}");
        assert_eq!(problem(&answer)["violations"][0]["class"], class);
    }
}
