//! Forwarded requests: the same bytes, in every mode of enforcement, and the fields of a gateway.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::app::{App, Site, get, post, problem};
use crate::support::client::Answer;
use crate::support::upstream::{Recorded, Step, Upstream, send};

const GOOD: &str = r#"{"name":"a","quantity":1}"#;
const BAD: &str = "{ \"quantity\" : -0.50e1 ,\n\"name\":\"\\u0061\", \"extra\":[1, 2] }";

/// The request that the upstream receives and the response that the client receives.
fn exchange(site: impl FnOnce(&Upstream) -> Site, request: impl AsRef<[u8]>) -> (Recorded, Answer) {
    let upstream = Upstream::ok();
    let app = App::start(site(&upstream));
    let answer = app.ask(request);
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200, "{}{body}", answer.head);
    assert_eq!(body, "ok");
    (upstream.request(), answer)
}

fn shop(keys: &'static str, top: &'static str) -> impl FnOnce(&Upstream) -> Site {
    move |upstream| Site::shop(upstream.address, keys, top)
}

/// Checks that an invalid order passes unchanged with these keys, and what is reported.
#[track_caller]
fn check_passes(keys: &'static str, target: &str, reported: Option<&str>) {
    let request = post(target, "x-tenant: a\r\n", BAD);
    let (recorded, answer) = exchange(shop(keys, ""), request);
    assert_eq!(recorded.request_line(), format!("POST {target} HTTP/1.1"));
    assert_eq!(recorded.body, BAD.as_bytes());
    assert_eq!(answer.field("x-portcullis-violations"), reported, "{keys}");
    assert_eq!(answer.field("x-portcullis"), None);
}

/// Checks that an invalid order is refused with these keys, and that the upstream receives nothing.
#[track_caller]
fn check_refused(keys: &str, status: u16) {
    let upstream = Upstream::ok();
    let app = App::start(Site::shop(upstream.address, keys, ""));
    let answer = app.ask(post("/items", "x-tenant: a\r\n", BAD));
    assert_eq!(answer.status, status, "{keys}");
    problem(&answer);
    assert!(upstream.requests.try_recv().is_err());
}

#[test]
fn enforcement_determines_refusals() {
    const ENFORCEMENT: &str = "[services.enforcement]\n";
    check_refused("", 422);
    check_refused("[services.enforcement]\nrequest = \"reject\"", 422);
    let report = "[services.enforcement]\nrequest = \"report\"";
    check_passes(report, "/items", Some("2; invalid-body"));
    check_passes("[services.enforcement]\nrequest = \"off\"", "/items", None);
    check_passes(
        "[services.enforcement]\nsample = 0.0",
        "/items",
        Some("2; invalid-body"),
    );
    let off = "[services.enforcement]\nclasses = { invalid-body = \"off\" }";
    check_passes(off, "/items", None);
    let report = "[services.enforcement]\nclasses = { invalid-body = \"report\" }";
    check_passes(report, "/items", Some("2; invalid-body"));
    // The setting of a class takes precedence over the ceiling.
    check_refused(
        &format!("{ENFORCEMENT}request = \"off\"\nclasses = {{ invalid-body = \"reject\" }}"),
        422,
    );
    // Unknown query parameters are reported by default.
    check_refused(
        &format!("{ENFORCEMENT}classes = {{ unknown-query = \"reject\" }}"),
        422,
    );
}

#[test]
fn operations_override_the_enforcement() {
    check_passes("", "/watched", Some("2; invalid-body"));
    check_passes(
        "[services.enforcement]\nrequest = \"reject\"",
        "/watched",
        Some("2; invalid-body"),
    );
    let (_, answer) = exchange(shop("", ""), "DELETE /items/x HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(
        answer.field("x-portcullis-violations"),
        Some("1; invalid-parameter")
    );
}

#[test]
fn undeclared_requests_pass_in_report_mode() {
    let check = |request: &str, reported: &str| {
        let (recorded, answer) = exchange(
            shop("[services.enforcement]\nrequest = \"report\"", ""),
            request,
        );
        let line = request.split("\r\n").next().unwrap();
        assert_eq!(recorded.request_line(), line);
        assert_eq!(
            answer.field("x-portcullis-violations"),
            Some(reported),
            "{request}"
        );
    };
    check(
        &get("/nowhere/a;b/?x=%zz").replace("%zz", "%20"),
        "1; unknown-path",
    );
    check(
        "PATCH /items HTTP/1.1\r\nhost: a\r\n\r\n",
        "1; unknown-method",
    );
    check(&get("/items/../items"), "1; malformed-path");
    check(
        &get("/items?a=1&b=2&limit=200"),
        "3; invalid-parameter, unknown-query",
    );
    let text = "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\ncontent-type: text/x\r\ncontent-length: 1\r\n\r\nx";
    check(text, "1; unsupported-media-type");
    let none = "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\ncontent-length: 0\r\n\r\n";
    check(none, "1; missing-body");
}

#[test]
fn the_report_header_can_be_turned_off() {
    let keys = "[services.enforcement]\nrequest = \"report\"";
    let top = "[refusals]\nreport_header = false";
    let (_, answer) = exchange(shop(keys, top), post("/items", "", BAD));
    assert_eq!(answer.field("x-portcullis-violations"), None);
}

#[test]
fn a_body_beyond_the_bound_passes_completely_in_report_mode() {
    let keys = "[services.enforcement]\nrequest = \"report\"";
    let top = "[limits]\nbody_bytes_max = \"1 KiB\"";
    let body = format!("{{\"name\":\"{}\",\"quantity\":1}}", "n".repeat(5000));
    let (recorded, answer) = exchange(shop(keys, top), post("/watched", "", &body));
    assert_eq!(recorded.body, body.as_bytes());
    assert_eq!(
        answer.field("x-portcullis-violations"),
        Some("1; body-too-large")
    );
    let half = body.len() / 2;
    let request = format!(
        "POST /watched HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{half:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        &body[..half],
        body.len() - half,
        &body[half..],
    );
    let (recorded, _) = exchange(shop(keys, top), request);
    assert_eq!(recorded.body, body.as_bytes());
}

/// Only `connection` and the report differ from the upstream's response, in report mode too.
#[test]
fn forwards_the_response_byte_for_byte() {
    let response = "HTTP/1.1 418 I'm a Teapot\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
                    Server: s\r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\
                    ETag: \"x\"\r\nContent-Type: text/x\r\nContent-Length: 9\r\n\r\n\0é { bad";
    let upstream = Upstream::start(move |_| vec![send(response)]);
    let app = App::shop(upstream.address);
    let sent = Answer {
        head: response
            .split_inclusive("\r\n\r\n")
            .next()
            .unwrap()
            .to_owned(),
        ..Answer::default()
    };
    for (body, violations) in [(GOOD, 0), (BAD, 1)] {
        let answer = app.ask(post("/watched", "", body));
        assert_eq!(answer.status, 418);
        assert_eq!(
            answer.body,
            response.as_bytes()[response.len() - answer.body.len()..]
        );
        assert_eq!(answer.body.len(), 9);
        let fields = |answer: &Answer| {
            let lines = answer
                .head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(": "));
            let lines = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
            let mut lines: Vec<_> = lines.collect();
            lines.sort();
            lines
        };
        let mut received = fields(&answer);
        let before = received.len();
        received.retain(|(name, _)| name != "x-portcullis-violations");
        assert_eq!(before - received.len(), violations);
        assert_eq!(received, fields(&sent));
    }
}

#[test]
fn forwards_path_and_query_byte_for_byte() {
    let check = |target: &str| {
        let (recorded, _) = exchange(shop("", ""), get(target));
        assert_eq!(recorded.request_line(), format!("GET {target} HTTP/1.1"));
    };
    check("/files/a%20b%C3%a9");
    check("/files/a;v=1,2:@!$&'()*+=~-._");
    check("/files/%7E%7e?");
    check("/files/x?a=%41&a&&=b&c[]=1|2^`{}&d=a+b%2B/?:@;é".trim_end_matches('é'));
    check("/items?limit=%31%30&tag=a%2Cb&tag=c");
    let slash = "GET /files/x/ HTTP/1.1\r\nhost: a\r\n\r\n";
    let report = "[services.enforcement]\nrequest = \"report\"";
    assert_eq!(
        exchange(shop(report, ""), slash).0.request_line(),
        "GET /files/x/ HTTP/1.1"
    );
    let (recorded, _) = exchange(
        shop("", ""),
        "GET http://user@Other.example:81/files/x?y HTTP/1.1\r\nhost: a\r\n\r\n",
    );
    assert_eq!(recorded.request_line(), "GET /files/x?y HTTP/1.1");
    assert_eq!(recorded.fields("host"), ["Other.example:81"]);
}

#[test]
fn consumes_hop_by_hop_fields() {
    let (recorded, _) = exchange(
        shop("", ""),
        "GET /files/x HTTP/1.1\r\nHost: Shop.Example:80\r\nConnection: x-hop, Keep-Alive, close\r\n\
         X-Hop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nTE: trailers, gzip\r\n\
         Upgrade: h2c\r\nX-End: 2\r\nAuthorization: Basic a\r\nAccept-Encoding: gzip\r\n\r\n",
    );
    assert_eq!(recorded.fields("host"), ["Shop.Example:80"]);
    for name in ["x-hop", "keep-alive", "proxy-connection", "upgrade"] {
        assert_eq!(recorded.fields(name), Vec::<&str>::new(), "{name}");
    }
    assert_eq!(recorded.fields("te"), ["trailers"]);
    assert_eq!(recorded.fields("x-end"), ["2"]);
    assert_eq!(recorded.fields("authorization"), ["Basic a"]);
    assert_eq!(recorded.fields("accept-encoding"), ["gzip"]);

    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\nconnection: x-hop, keep-alive\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\n\
             proxy-connection: close\r\nupgrade: h2c\r\nx-end: 2\r\ncontent-length: 0\r\n\r\n",
        )]
    });
    let app = App::shop(upstream.address);
    let mut client = app.client();
    for _ in 0..2 {
        client.send(get("/files/x"));
        let answer = client.answer();
        for name in [
            "x-hop",
            "keep-alive",
            "proxy-connection",
            "upgrade",
            "connection",
        ] {
            assert_eq!(answer.field(name), None, "{name}");
        }
        assert_eq!(answer.field("x-end"), Some("2"));
    }
}

/// A header field named in `connection` can neither satisfy the contract nor be hidden from it.
#[test]
fn checks_the_forwarded_request() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let hidden = post("/items", "x-tenant: a\r\nconnection: x-tenant\r\n", GOOD);
    let problem = problem(&app.ask(hidden));
    assert_eq!(problem["violations"][0]["class"], "missing-parameter");
    assert!(upstream.requests.try_recv().is_err());
}

#[test]
fn forwarding_fields_count_only_from_a_trusted_peer() {
    let request = "GET /files/x HTTP/1.1\r\nhost: h:1\r\nx-forwarded-for: 192.0.2.1\r\n\
                   forwarded: for=192.0.2.1\r\nx-forwarded-proto: https\r\n\
                   x-forwarded-host: outer\r\nx-request-id: word-1\r\nx-squad-owner: payments\r\n\r\n";
    let (trusted, _) = exchange(shop("", ""), request);
    assert_eq!(trusted.fields("x-forwarded-for"), ["192.0.2.1, 127.0.0.1"]);
    assert_eq!(
        trusted.fields("forwarded"),
        ["for=192.0.2.1, for=127.0.0.1;host=\"h:1\";proto=http"]
    );
    assert_eq!(trusted.fields("x-forwarded-proto"), ["https"]);
    assert_eq!(trusted.fields("x-forwarded-host"), ["outer"]);
    assert_eq!(trusted.fields("x-request-id"), ["word-1"]);

    let no_peers = "[identity]\ntrusted_peers = []";
    let (untrusted, _) = exchange(shop("", no_peers), request);
    assert_eq!(untrusted.fields("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(
        untrusted.fields("forwarded"),
        ["for=127.0.0.1;host=\"h:1\";proto=http"]
    );
    assert_eq!(untrusted.fields("x-forwarded-proto"), ["http"]);
    assert_eq!(untrusted.fields("x-forwarded-host"), ["h:1"]);
    assert_eq!(untrusted.fields("x-request-id")[0].len(), 36);
}

#[test]
fn trailers_pass_both_ways() {
    let request = "POST /any HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nte: trailers\r\n\
                   transfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n\
                   2\r\n[]\r\n0\r\nx-sum: 1\r\ncontent-length: 9\r\n\r\n";
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n\
             2\r\nok\r\n0\r\nx-t: 7\r\n\r\n",
        )]
    });
    let app = App::shop(upstream.address);
    let answer = app.ask(request);
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    assert_eq!(answer.trailers, "x-t: 7");
    let recorded = upstream.request();
    assert_eq!(
        (&recorded.body[..], &recorded.trailers[..]),
        (&b"[]"[..], &["x-sum: 1".to_owned()][..])
    );
}

#[test]
fn responses_without_bodies_keep_their_framing() {
    let check = |method: &str, response: &'static str, status: u16, length: Option<&str>| {
        let upstream = Upstream::start(move |_| vec![send(response)]);
        let app = App::shop(upstream.address);
        let mut client = app.client();
        // Twice, to verify the framing.
        for _ in 0..2 {
            client.send(format!("{method} /files/x HTTP/1.1\r\nhost: a\r\n\r\n"));
            for interim in [103, 102] {
                if response.contains(&format!(" {interim} ")) {
                    assert_eq!(client.answer().status, interim);
                }
            }
            let answer = client.read_answer(method != "HEAD").unwrap();
            assert_eq!(answer.status, status, "{response}");
            assert_eq!(answer.field("content-length"), length, "{response}");
            assert_eq!(answer.field("etag"), Some("\"e\""));
        }
    };
    check(
        "HEAD",
        "HTTP/1.1 200 OK\r\netag: \"e\"\r\ncontent-length: 77\r\n\r\n",
        200,
        Some("77"),
    );
    check(
        "GET",
        "HTTP/1.1 304 Not Modified\r\netag: \"e\"\r\n\r\n",
        304,
        None,
    );
    check(
        "GET",
        "HTTP/1.1 204 No Content\r\netag: \"e\"\r\n\r\n",
        204,
        None,
    );
    check(
        "GET",
        "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
         HTTP/1.1 200 OK\r\netag: \"e\"\r\ncontent-length: 0\r\n\r\n",
        200,
        Some("0"),
    );
}

#[test]
fn a_client_of_http_1_0_is_served() {
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        )]
    });
    let app = App::shop(upstream.address);
    let mut client = app.client();
    client.send("GET /files/x HTTP/1.0\r\nhost: a\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    assert_eq!(answer.field("transfer-encoding"), None);
    assert!(client.is_closed());
    assert_eq!(upstream.request().request_line(), "GET /files/x HTTP/1.1");
    // A refusal also uses a framing that HTTP/1.0 has.
    let mut client = app.client();
    client.send("GET /nowhere HTTP/1.0\r\nhost: a\r\n\r\n");
    let answer = client.answer();
    problem(&answer);
    assert_eq!(answer.status, 404);
    assert!(client.is_closed());
}

const EXPECTING: &str = "expect: 100-continue\r\n";

/// The head of an order that waits for `100 Continue` before its body.
fn expecting(fields: &str, length: usize) -> String {
    format!(
        "POST /items HTTP/1.1\r\nhost: a\r\n{fields}content-length: {length}\r\n{EXPECTING}\r\n"
    )
}

#[test]
fn sends_100_continue_only_for_acceptable_heads() {
    let upstream = Upstream::ok();
    let app = App::start(Site::shop(
        upstream.address,
        "",
        "[limits]\nbody_bytes_max = \"1 KiB\"",
    ));
    let json = "content-type: application/json\r\n";
    let check = |request: &str, status: u16| {
        let mut client = app.client();
        client.send(request);
        let answer = client.answer();
        assert_eq!(answer.status, status, "{request}");
        problem(&answer);
        assert_eq!(answer.field("connection"), Some("close"));
        assert!(client.is_closed());
    };
    check(
        &expecting("content-type: text/x\r\nx-tenant: a\r\n", 9),
        415,
    );
    check(&expecting(json, 9), 422);
    check(&expecting(&format!("{json}x-tenant: A\r\n"), 9), 422);
    check(&expecting(&format!("{json}x-tenant: a\r\n"), 1025), 413);
    assert!(upstream.requests.try_recv().is_err());

    let mut client = app.client();
    client.send(expecting(&format!("{json}x-tenant: a\r\n"), GOOD.len()));
    assert_eq!(client.answer().status, 100);
    client.send(GOOD);
    assert_eq!(client.answer().status, 200);
    // An invalid body after `100 Continue`, on the same connection.
    client.send(expecting(&format!("{json}x-tenant: a\r\n"), 2));
    assert_eq!(client.answer().status, 100);
    client.send("{}");
    let answer = client.answer();
    assert_eq!(problem(&answer)["violations"][0]["keyword"], "required");
    assert_eq!(answer.field("connection"), None);
    client.send(get("/files/x"));
    assert_eq!(client.answer().status, 200);
    assert!(upstream.request().fields("expect").is_empty());
}

#[test]
fn a_body_beyond_the_bound_is_refused() {
    let upstream = Upstream::ok();
    let app = App::start(Site::shop(
        upstream.address,
        "",
        "[limits]\nbody_bytes_max = \"1 KiB\"",
    ));
    let head =
        "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\ncontent-type: application/json\r\n";
    // By its declared length, before any byte of it.
    let mut client = app.client();
    client.send(format!("{head}content-length: 1025\r\n\r\n"));
    let answer = client.answer();
    assert_eq!(answer.status, 413);
    let found = problem(&answer);
    assert_eq!(found["violations"][0]["class"], "body-too-large");
    assert_eq!(found["violations"][0]["expected"], "at most 1024 bytes");
    assert!(client.is_closed());
    // By the bytes that arrive, before its end.
    let mut client = app.client();
    client.send(format!("{head}transfer-encoding: chunked\r\n\r\n"));
    client.send(format!("400\r\n{}\r\n", "x".repeat(1024)));
    client.send("1\r\nx\r\n");
    assert_eq!(client.answer().status, 413);
    assert!(client.is_closed());
    // A body of exactly the bound is accepted.
    let padding = " ".repeat(1024 - GOOD.len());
    let answer = app.ask(post(
        "/items",
        "x-tenant: a\r\n",
        format!("{GOOD}{padding}"),
    ));
    assert_eq!(answer.status, 200);
    assert_eq!(upstream.request().body.len(), 1024);
}

/// Without a schema no body is held back: the upstream has the head before the body has ended.
#[test]
fn a_body_without_a_schema_is_not_buffered() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let mut client = app.client();
    client.send(
        "PUT /files/x HTTP/1.1\r\nhost: a\r\ncontent-type: application/octet-stream\r\n\
         content-length: 4\r\n\r\nab",
    );
    upstream.head();
    client.send("cd");
    assert_eq!(client.answer().body, b"ok");
    assert_eq!(upstream.request().body, b"abcd");
}

/// Sends an order in two halves and waits for `between` before the second one.
fn order_in_halves(keys: &str, between: impl FnOnce(&Upstream)) {
    let upstream = Upstream::ok();
    let app = App::start(Site::shop(upstream.address, keys, ""));
    let mut client = app.client();
    let request = post("/items", "x-tenant: a\r\n", BAD);
    let (first, second) = request.split_at(request.len() - 4);
    client.send(first);
    between(&upstream);
    client.send(second);
    assert_eq!(client.answer().status, 200, "{keys}");
    assert_eq!(upstream.request().body, BAD.as_bytes());
}

/// A body is held back only if something is found out from it.
#[test]
fn a_body_whose_classes_are_off_is_not_buffered() {
    const OFF: &str = "[services.enforcement]\nrequest = \"off\"";
    let is_held = |upstream: &Upstream| {
        let head = upstream.heads.recv_timeout(Duration::from_millis(100));
        assert!(head.is_err(), "the body has not ended");
    };
    order_in_halves(OFF, Upstream::head);
    order_in_halves("[services.enforcement]\nrequest = \"report\"", is_held);
    let with_one = format!("{OFF}\nclasses = {{ duplicate-key = \"report\" }}");
    order_in_halves(&with_one, is_held);
}

/// What may be sent again is kept, although it is not judged.
#[test]
fn a_body_that_may_be_sent_again_is_buffered_and_not_judged() {
    const CONTRACT: &str = r#"
openapi: 3.1.0
info: { title: orders, version: "1" }
paths:
  /orders:
    put:
      requestBody:
        content: { application/json: { schema: { type: object, required: [id] } } }
      responses: { "200": { description: ok } }
"#;
    let is_first = AtomicBool::new(true);
    let upstream = Upstream::start(move |_| {
        if is_first.swap(false, Ordering::Relaxed) {
            return vec![send(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            )];
        }
        vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")]
    });
    let keys = "retries = { attempts_max = 1, per_second_min = 100, backoff_base = \"0s\" }\n\
                [services.enforcement]\nrequest = \"off\"";
    let target = format!("http://{}", upstream.address);
    let app = App::start(Site::new("").service("orders", CONTRACT, &target, keys));
    let request = "PUT /orders HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
                   content-length: 2\r\n\r\n{}";
    let answer = app.ask(request);
    assert_eq!((answer.status, &*answer.body), (200, &b"ok"[..]));
    assert_eq!(answer.field("x-portcullis-violations"), None);
    for _ in 0..2 {
        assert_eq!(upstream.request().body, b"{}");
    }
}

/// A response that ends with its connection is passed on completely.
#[test]
fn a_response_without_length_ends_with_its_connection() {
    let upstream =
        Upstream::start(|_| vec![send("HTTP/1.1 200 OK\r\n\r\nto the end"), Step::Close]);
    let app = App::shop(upstream.address);
    let answer = app.ask(get("/files/x"));
    assert_eq!(answer.field("transfer-encoding"), Some("chunked"));
    assert!(answer.complete);
    assert_eq!(answer.body, b"to the end");
}
