//! The content of a refusal: everything needed to fix the request, and no more than is allowed.

use serde_json::{Value, json};

use crate::support::app::{App, Process, Site, get, post, problem, shop_line};
use crate::support::client::Answer;
use crate::support::upstream::Upstream;

const CATALOG: &str = "[squads.payments]\ntier = \"gold\"\nchat = \"#pay\"\noncall = \"pager\"\n\
                       services = [\"shop\"]\n[squads.checkout]\ntier = \"bronze\"\n";
const TENANT: &str = "x-tenant: a\r\n";

fn shop(top: &str) -> (App, Upstream) {
    let upstream = Upstream::ok();
    let top = format!("[catalog]\npath = \"squads.toml\"\n{top}");
    let site = Site::shop(upstream.address, "", &top).file("squads.toml", CATALOG);
    (App::start(site), upstream)
}

/// Sends a request that must be refused with this status and these parts of its violations.
#[track_caller]
fn check(app: &App, request: impl AsRef<[u8]>, status: u16, violations: &Value) -> Answer {
    let answer = app.ask(&request);
    let shown = String::from_utf8_lossy(request.as_ref()).into_owned();
    assert_eq!(answer.status, status, "{shown}");
    let problem = problem(&answer);
    assert_eq!(answer.status, status, "{shown}: {problem}");
    let found = problem["violations"].as_array().unwrap();
    let expected = violations.as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{shown}: {problem}");
    for (found, expected) in found.iter().zip(expected) {
        for (property, value) in expected.as_object().unwrap() {
            assert_eq!(&found[property], value, "{shown}: {property} in {found}");
        }
    }
    answer
}

#[test]
fn a_refusal_has_every_property() {
    let (app, upstream) = shop("");
    let fields = "x-tenant: a\r\nx-squad-owner: checkout\r\nx-request-id: 0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10\r\n";
    let answer = app.ask(post("/items", fields, r#"{"name":"a","quantity":0}"#));
    let mut problem = problem(&answer);
    let revision = problem["contract"]["revision"].take();
    assert!(
        revision.as_str().unwrap().starts_with("sha256:"),
        "{revision}"
    );
    let file = problem["violations"][0]["file"].take();
    assert!(file.as_str().unwrap().ends_with("shop.yaml"), "{file}");
    problem["timestamp"].take();
    let message = "/quantity: 0 is less than the minimum of 1";
    assert_eq!(
        problem,
        json!({
            "type": "urn:portcullis:violation:invalid-body",
            "title": "Request body does not match the contract",
            "status": 422,
            "detail": message,
            "instance": "urn:uuid:0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10",
            "error": "CONTRACT_VIOLATION",
            "message": message,
            "squad": "checkout",
            "timestamp": null,
            "service": "shop",
            "operation": "createItem",
            "contract": { "version": "2.3.1", "revision": null },
            "provider": { "squad": "payments", "chat": "#pay", "oncall": "pager" },
            "violations": [{
                "class": "invalid-body",
                "in": "body",
                "name": null,
                "pointer": "/quantity",
                "keyword": "minimum",
                "expected": "≥ 1",
                "schema": "#/components/schemas/Item/properties/quantity/minimum",
                "file": null,
                "line": shop_line("# quantity-minimum"),
                "message": "0 is less than the minimum of 1",
            }],
        })
    );
    assert_eq!(
        answer.field("x-request-id"),
        Some("0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10")
    );
    assert!(upstream.requests.try_recv().is_err());
}

#[test]
#[expect(clippy::too_many_lines, reason = "one paragraph for each keyword")]
fn a_violation_has_its_location_in_request_and_contract() {
    let (app, _upstream) = shop("");
    let item = |body: &str| post("/items", TENANT, body);
    let line = |mark: &str| shop_line(&format!("# {mark}"));
    check(
        &app,
        item(r#"{"name":"a","quantity":"1"}"#),
        422,
        &json!([
            { "pointer": "/quantity", "keyword": "type", "expected": "an integer", "line": line("quantity-type") },
        ]),
    );
    check(
        &app,
        item(r#"{"name":"a","quantity":1,"tags":["a",2]}"#),
        422,
        &json!([
            { "pointer": "/tags/1", "keyword": "type", "line": line("tag-type") },
        ]),
    );
    check(
        &app,
        item(r#"{"name":"a","quantity":1,"unit":"ton"}"#),
        422,
        &json!([
            { "pointer": "/unit", "keyword": "enum", "line": line("unit-enum"),
              "expected": "one of \"piece\", \"box\"" },
        ]),
    );
    check(
        &app,
        item(r#"{"name":"a"}"#),
        422,
        &json!([
            { "pointer": "", "keyword": "required", "line": line("item-required") },
        ]),
    );
    check(
        &app,
        item(r#"{"name":"a","quantity":1,"a~/b":1}"#),
        422,
        &json!([
            { "pointer": "", "keyword": "additionalProperties", "line": line("item-closed") },
        ]),
    );
    check(
        &app,
        get("/items?limit=101"),
        422,
        &json!([
            { "class": "invalid-parameter", "in": "query", "name": "limit", "keyword": "maximum",
              "expected": "≤ 100", "line": line("limit-maximum") },
        ]),
    );
    check(
        &app,
        get("/items?limit=1&limit=2"),
        422,
        &json!([
            { "class": "duplicate-parameter", "in": "query", "name": "limit" },
        ]),
    );
    check(
        &app,
        get("/items?tag=short&tag=much-too-long"),
        422,
        &json!([
            { "class": "invalid-parameter", "in": "query", "name": "tag", "pointer": "/1" },
        ]),
    );
    check(
        &app,
        get("/items/seven"),
        422,
        &json!([
            { "class": "invalid-parameter", "in": "path", "name": "id", "keyword": "type",
              "line": line("id-type") },
        ]),
    );
    let item = r#"{"name":"a","quantity":1}"#;
    check(
        &app,
        post("/items", "x-tenant: A\r\n", item),
        422,
        &json!([
            { "class": "invalid-parameter", "in": "header", "name": "x-tenant", "keyword": "pattern",
              "line": line("tenant-pattern") },
        ]),
    );
    check(
        &app,
        post("/items", "", item),
        422,
        &json!([
            { "class": "missing-parameter", "in": "header", "name": "x-tenant",
              "line": shop_line("- name: x-tenant") },
        ]),
    );
    check(
        &app,
        post("/items", "x-tenant: a\r\ncookie: session=abc\r\n", item),
        422,
        &json!([
            { "class": "invalid-parameter", "in": "cookie", "name": "session", "keyword": "minLength" },
        ]),
    );
}

#[test]
fn paths_and_methods_that_are_not_declared() {
    let (app, _upstream) = shop("");
    let answer = check(
        &app,
        get("/item"),
        404,
        &json!([
            { "class": "unknown-path", "in": "target", "expected": "/items" },
        ]),
    );
    let detail = problem(&answer)["detail"].take();
    assert_eq!(
        detail,
        "no path of the contract matches; did you mean `/items`?"
    );
    check(
        &app,
        get("/zzzzzzzzzzzzzzzzzzzz/q"),
        404,
        &json!([{ "expected": null }]),
    );
    let answer = check(
        &app,
        "PATCH /items HTTP/1.1\r\nhost: a\r\n\r\n",
        405,
        &json!([
            { "class": "unknown-method", "in": "target" },
        ]),
    );
    assert_eq!(answer.field("allow"), Some("GET, HEAD, POST"));
    let answer = check(
        &app,
        "DELETE /any HTTP/1.1\r\nhost: a\r\n\r\n",
        405,
        &json!([{}]),
    );
    assert_eq!(answer.field("allow"), Some("POST"));
    for path in [
        "/items/%2e%2e/any",
        "/items/..",
        "/files/..%2Fb",
        "/files/%00",
        "/items//1",
    ] {
        check(
            &app,
            get(path),
            400,
            &json!([{ "class": "malformed-path", "in": "target" }]),
        );
    }
}

#[test]
fn media_types_that_are_not_declared() {
    let (app, _upstream) = shop("");
    let request = |fields: &str| {
        format!(
            "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\n{fields}content-length: 2\r\n\r\n{{}}"
        )
    };
    let missing = app.ask(request(""));
    let found = problem(&missing);
    assert_eq!(missing.status, 415);
    let detail = found["detail"].as_str().unwrap();
    assert!(
        detail.contains("content-type") && !detail.contains("``"),
        "{detail}"
    );
    assert!(
        detail.contains("no ") || detail.contains("missing") || detail.contains("absent"),
        "{detail}"
    );
    check(
        &app,
        request("content-type: text/plain\r\n"),
        415,
        &json!([
            { "class": "unsupported-media-type", "expected": "application/json",
              "line": shop_line("# create-body") },
        ]),
    );
    check(
        &app,
        request("content-type: nonsense\r\n"),
        415,
        &json!([{ "class": "unsupported-media-type" }]),
    );
    check(
        &app,
        request("content-type: application/json\r\ncontent-encoding: compress\r\n"),
        415,
        &json!([
            { "class": "unsupported-encoding" },
        ]),
    );
    check(
        &app,
        request("content-type: application/json; charset=utf-16\r\n"),
        415,
        &json!([{}]),
    );
    check(
        &app,
        request("content-type: Application/JSON; Charset=\"UTF-8\"\r\n"),
        422,
        &json!([{}, {}]),
    );
    let none = "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\ncontent-length: 0\r\n\r\n";
    let line = shop_line("# create-body");
    check(
        &app,
        none,
        422,
        &json!([{ "class": "missing-body", "line": line }]),
    );
    let chunked = "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\ncontent-type: application/json\r\n\
                   transfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    check(&app, chunked, 422, &json!([{ "class": "missing-body" }]));
}

#[test]
fn bodies_that_are_not_json() {
    let (app, _upstream) = shop("[limits]\njson_depth_max = 64");
    let check = |body: &[u8], status: u16, class: &str, detail: &str| {
        let answer = app.ask(post("/any", "", body));
        let problem = problem(&answer);
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(answer.status, status, "{shown}: {problem}");
        assert_eq!(problem["violations"][0]["class"], class, "{shown}");
        let message = problem["violations"][0]["message"].as_str().unwrap();
        assert!(message.contains(detail), "{shown}: {message}");
    };
    let malformed = "malformed-body";
    check(b"{\n \"a\": }", 400, malformed, "line 2, column 7");
    check(b"[1,]", 400, malformed, "line 1, column 4");
    check(
        b"{\"a\":1",
        400,
        malformed,
        "found the end of the text at line 1, column 7",
    );
    check(b"\"abc", 400, malformed, "line 1, column 5");
    check(b"{} x", 400, malformed, "line 1, column 4");
    check(b"{}{}", 400, malformed, "something follows the JSON value");
    check(b" \n", 400, malformed, "the text is empty");
    check(
        b"{\"\xff\":1}",
        400,
        malformed,
        "not UTF-8 at line 1, column 3",
    );
    check(b"\"\xc3\xa9\n\"", 400, malformed, "line 1, column 3");
    check(b"\xef\xbb\xbf{}", 400, malformed, "byte order mark");
    check(b"\"\\ud800\"", 400, malformed, "surrogate");
    check(b"\"\\udc00\\ud800\"", 400, malformed, "surrogate");
    check(b"1e400", 400, malformed, "line 1, column 1");
    check(b"[-1e400]", 400, malformed, "line 1, column 2");
    check(b"01", 400, malformed, "line 1, column 2");
    check(b"NaN", 400, malformed, "line 1, column 1");
    check(b"{'a':1}", 400, malformed, "line 1, column 2");
    check(
        "[".repeat(100_000).as_bytes(),
        400,
        malformed,
        "deeper than 64 levels",
    );
    check(
        "{\"a\":".repeat(65).as_bytes(),
        400,
        malformed,
        "deeper than 64 levels",
    );
    check(
        b"{\"a\":{\"b\":1,\n\"b\":2}}",
        422,
        "duplicate-key",
        "twice in one object at line 2, column 1",
    );
    check(b"{\"b\":1,\"\\u0062\":2}", 422, "duplicate-key", "twice");
    // The greatest allowed depth.
    let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
    assert_eq!(app.ask(post("/any", "", deep)).status, 200);
}

#[test]
fn a_refusal_lists_a_bounded_number_of_violations() {
    let (app, _upstream) = shop("[limits]\nviolations_max = 5");
    let body = r#"{"name":7,"quantity":0,"unit":1}"#;
    let answer = app.ask(post("/items", TENANT, body));
    let problem = problem(&answer);
    let mut pointers: Vec<&str> = problem["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/name", "/quantity", "/unit"]);

    let tags: Vec<String> = (0..50).map(|tag| tag.to_string()).collect();
    let body = format!(r#"{{"name":"a","quantity":1,"tags":[{}]}}"#, tags.join(","));
    check(
        &app,
        post("/items", TENANT, body),
        422,
        &json!([{}, {}, {}, {}, {}]),
    );
    // Violations of the head are listed together too.
    check(
        &app,
        get("/items?limit=200&tag=much-too-long"),
        422,
        &json!([
            { "name": "limit" }, { "name": "tag" },
        ]),
    );
    let request = "POST /items HTTP/1.1\r\nhost: a\r\ncontent-type: text/x\r\ncookie: session=a\r\n\
                   content-length: 2\r\n\r\n{}";
    let answer = app.ask(request);
    let classes: Vec<Value> = crate::support::app::problem(&answer)["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["class"].clone())
        .collect();
    assert_eq!(classes.len(), 3, "{classes:?}");
}

#[test]
fn a_refused_head_request_has_no_body() {
    let (app, _upstream) = shop("");
    let mut client = app.client();
    for target in ["/nowhere", "/items?limit=200", "/items/.."] {
        client.send(format!("HEAD {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
        let answer = client.read_answer(false).unwrap();
        assert_eq!(answer.field("x-portcullis"), Some("CONTRACT_VIOLATION"));
        assert_ne!(answer.field("content-length"), Some("0"));
    }
    client.send(get("/files/x"));
    assert_eq!(client.answer().body, b"ok");
    client.send("HEAD / HTTP/1.1\r\nhost : a\r\n\r\n");
    let answer = client.read_answer(false).unwrap();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.field("x-portcullis"), Some("MALFORMED_REQUEST"));
    assert!(client.is_closed());
}

#[test]
fn malformed_http_is_refused_in_the_same_form() {
    let (app, _upstream) = shop(
        "[limits]\nheader_count_max = 8\nrequest_target_bytes_max = \"64 B\"\n\
                                 request_head_timeout = \"200ms\"\nrequest_body_timeout = \"200ms\"",
    );
    let check = |request: &str, status: u16, error: &str| {
        let answer = app.ask(request);
        let problem = problem(&answer);
        assert_eq!(
            (answer.status, problem["error"].as_str()),
            (status, Some(error)),
            "{request}"
        );
        assert_eq!(answer.field("connection"), Some("close"));
    };
    check("GET / HTTP/1.1\r\n\r\n", 400, "MALFORMED_REQUEST");
    check("nonsense\r\n\r\n", 400, "MALFORMED_REQUEST");
    check(
        "GET / HTTP/1.1\r\nhost: a\r\nx: a\nb: c\r\n\r\n",
        400,
        "MALFORMED_REQUEST",
    );
    check(
        &format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(64)),
        414,
        "MALFORMED_REQUEST",
    );
    check(
        &format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(8)),
        431,
        "MALFORMED_REQUEST",
    );
    check("GET / HTTP/1.1\r\nhost: a\r\n", 408, "REQUEST_TIMEOUT");
    let waiting = "POST /any HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";
    check(waiting, 408, "REQUEST_TIMEOUT");
}

/// Callers that meet a limit learn which key raises it.
#[test]
fn a_refusal_by_a_limit_names_its_key() {
    let (app, _upstream) = shop(
        "[limits]\nheader_count_max = 8\nheader_bytes_max = \"8KiB\"\nbody_bytes_max = \"1KiB\"\n\
         request_target_bytes_max = \"64 B\"\nrequest_head_timeout = \"200ms\"\n\
         request_body_timeout = \"200ms\"\njson_depth_max = 4",
    );
    let check = |request: &[u8], key: &str| {
        let problem = problem(&app.ask(request));
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("`limits.{key}`")), "{problem}");
    };
    let head = "GET /files/x HTTP/1.1\r\nhost: a\r\n";
    let long = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(64));
    check(long.as_bytes(), "request_target_bytes_max");
    let many = format!("{head}{}\r\n", "x: y\r\n".repeat(8));
    check(many.as_bytes(), "header_count_max");
    let large = format!("{head}x: {}\r\n\r\n", "y".repeat(9000));
    check(large.as_bytes(), "header_bytes_max");
    check(head.as_bytes(), "request_head_timeout");
    let item = |body: &str| post("/items", "x-tenant: a\r\n", body);
    check(&item(&"[".repeat(2000)), "body_bytes_max");
    check(&item(&"[".repeat(50)), "json_depth_max");
    let waiting = "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\n\
                   content-type: application/json\r\ncontent-length: 2\r\n\r\n";
    check(waiting.as_bytes(), "request_body_timeout");
}

#[test]
fn too_many_connections_get_503() {
    let (app, _upstream) = shop("[limits]\nconnections_max = 1");
    let mut first = app.client();
    first.send(get("/files/x"));
    assert_eq!(first.answer().status, 200);
    let mut second = app.client();
    let answer = second.answer();
    assert_eq!(problem(&answer)["error"], "OVERLOADED");
    assert_eq!(
        (answer.status, answer.field("retry-after")),
        (503, Some("1"))
    );
    first.send(get("/files/x"));
    assert_eq!(first.answer().status, 200);
}

const SENTINEL: &str = "Zq7sentinel";

/// Requests to one operation that carry the sentinel in every place a value can be, each violating
/// another rule.
fn leaky() -> Vec<Vec<u8>> {
    let s = SENTINEL;
    let bodies = [
        format!(r#"{{"short":"{s}"}}"#),
        format!(r#"{{"long":"{s}"}}"#),
        format!(r#"{{"shaped":"{s}"}}"#),
        format!(r#"{{"dated":"{s}"}}"#),
        format!(r#"{{"chosen":"{s}"}}"#),
        format!(r#"{{"fixed":"{s}"}}"#),
        format!(r#"{{"number":"{s}"}}"#),
        format!(r#"{{"nothing":"{s}"}}"#),
        format!(r#"{{"either":"{s}"}}"#),
        format!(r#"{{"either":{{"kind":"{s}"}}}}"#),
        format!(r#"{{"any":["{s}"]}}"#),
        format!(r#"{{"not":"{s}"}}"#),
        format!(r#"{{"list":["{s}","{s}"]}}"#),
        format!(r#"{{"contains":["{s}"]}}"#),
        format!(r#"{{"names":{{"a":"{s}"}}}}"#),
        format!(r#"["{s}"]"#),
        format!(r#""{s}""#),
        format!(r#"{{"short":"{s}"#),
        format!(r#"{{"short":{s}}}"#),
        format!(r#"{{}} {s}"#),
    ];
    let mut requests: Vec<_> = bodies
        .iter()
        .map(|body| post("/secrets", "", body))
        .collect();
    for query in [
        format!("token={s}"),
        format!("token=a&token={s}"),
        format!("filter%5Bkind%5D={s}"),
        format!("filter[kind]={s}"),
        format!("detail={s}"),
        format!("detail=%7B%22kind%22%3A%22{s}%22%7D"),
        format!("token=%ff{s}"),
    ] {
        requests.push(post(&format!("/secrets?{query}"), "", "{}"));
    }
    for fields in [
        format!("x-secret: {s}\r\n"),
        format!("x-secret: a\r\nx-secret: {s}\r\n"),
        format!("cookie: secret={s}\r\n"),
    ] {
        requests.push(post("/secrets", &fields, "{}"));
    }
    let type_of = |kind: &str| {
        let head = "POST /secrets HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n";
        format!("{head}{kind}\r\n\r\n{{}}").into_bytes()
    };
    requests.push(type_of(&format!("content-type: {s}")));
    requests.push(type_of(&format!("content-type: text/{s}")));
    requests.push(type_of(&format!(
        "content-type: application/json\r\ncontent-encoding: {s}"
    )));
    requests.push(type_of(&format!(
        "content-type: application/json; charset={s}"
    )));
    for target in [format!("/items/{s}"), format!("/items/{s}/..")] {
        requests.push(get(&target).into_bytes());
    }
    requests.push(get(&format!("/nowhere/{s}")).into_bytes());
    requests.push(format!("GET / HTTP/1.1\r\nhost: a\r\n{s} : a\r\n\r\n").into_bytes());
    requests.push(format!("GET /\"{s} HTTP/1.1\r\nhost: a\r\n\r\n").into_bytes());
    requests
}

#[test]
fn a_refusal_contains_no_values_if_they_are_disabled() {
    let (app, _upstream) = shop("[refusals]\nvalues = \"never\"");
    for request in leaky() {
        let answer = app.ask(&request);
        let shown = String::from_utf8_lossy(&request);
        assert!((400..500).contains(&answer.status), "{shown}");
        let text = format!("{}{}", answer.head, String::from_utf8_lossy(&answer.body));
        assert!(!text.contains(SENTINEL), "{shown}: {text}");
    }
    // Nor a number.
    for body in [
        r#"{"number":7183.5}"#,
        r#"{"step":7183}"#,
        r#"{"short":7183}"#,
        r#"{"any":[7183]}"#,
    ] {
        let answer = app.ask(post("/secrets", "", body));
        assert_eq!(answer.status, 422, "{body}");
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("7183"), "{text}");
    }
}

#[test]
fn a_refusal_contains_short_values_by_default() {
    let (app, _upstream) = shop("");
    let mut shown = 0;
    for request in leaky() {
        let body = app.ask(&request).body;
        shown += usize::from(String::from_utf8_lossy(&body).contains(SENTINEL));
    }
    assert!(shown > 10, "{shown}");
}

#[test]
fn logs_and_metrics_never_contain_a_value() {
    let upstream = Upstream::ok();
    let report = "[services.enforcement]\nrequest = \"report\"";
    for (format, keys) in [("text", ""), ("json", report)] {
        let top =
            format!("[log]\nlevel = \"trace\"\nformat = \"{format}\"\n[access_log]\nsample = 1.0");
        let process = Process::start(Site::shop(upstream.address, keys, &top));
        for request in leaky() {
            crate::support::app::ask(process.data, request);
        }
        let (_, metrics) = crate::support::app::admin(process.admin, "/metrics");
        assert!(metrics.contains("contract_validation_errors_total"));
        assert!(!metrics.contains(SENTINEL));
        let (_, traffic) = crate::support::app::admin(process.admin, "/traffic");
        assert!(traffic.contains("\"departed\""));
        assert!(!traffic.contains(SENTINEL), "{traffic}");
        process.signal("TERM");
        let (status, log) = process.wait();
        assert!(status.success(), "{log}");
        assert!(!log.contains(SENTINEL), "{log}");
        assert!(log.contains("exchange"), "{log}");
        assert_eq!(log.contains("CONTRACT_VIOLATION"), keys.is_empty(), "{log}");
    }
}
