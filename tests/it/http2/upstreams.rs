//! HTTP/2 to upstreams: exchanges, and what may be sent again.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::server::Builder;
use http::Response;
use serde_json::Value;
use tokio::net::TcpStream;

use super::exchanges::{check_exchange, echo};
use crate::support::app::{App, SHOP, Site, admin, ask, get, post, problem, until};
use crate::support::certificates::TestAuthority;
use crate::support::client::{Answer, Client};
use crate::support::http2_client::*;
use crate::support::http2_upstream::{Http2Upstream, RawUpstream, answer, read, settings_payload};
use crate::support::upstream::Upstream;

const MAX_CONCURRENT_STREAMS: u16 = 3;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// The shop in front of an upstream of HTTP/2.
fn shop(upstream: &str) -> App {
    App::start(Site::new("").service("shop", SHOP, upstream, ""))
}

fn item() -> Vec<u8> {
    post(
        "/items",
        "x-tenant: abc\r\n",
        r#"{"name":"a","quantity":1}"#,
    )
}

/// Sends a request while the test is the upstream.
fn asked(app: &App, request: impl AsRef<[u8]>) -> thread::JoinHandle<Answer> {
    let (address, request) = (app.data, request.as_ref().to_vec());
    thread::spawn(move || ask(address, request))
}

#[track_caller]
fn check_failed(app: &App, answer: &Answer, reason: &str) -> Value {
    assert_eq!(answer.status, 502, "{}", answer.head);
    let problem = problem(answer);
    assert_eq!(problem["error"], "UPSTREAM_UNAVAILABLE");
    let metrics = admin(app.admin, "/metrics").1;
    let counted =
        format!("portcullis_upstream_errors_total{{service=\"shop\",reason=\"{reason}\"}}");
    assert!(metrics.contains(&counted), "{reason}: {metrics}");
    problem
}

#[test]
fn a_request_is_translated() {
    let upstream = Http2Upstream::echo(Builder::new());
    let app = shop(&upstream.url());
    let fields = "cookie: a=1\r\nte: trailers\r\nconnection: keep-alive, x-hop\r\nx-hop: 1\r\n";
    let answer = app.ask(format!(
        "GET /items?limit=5 HTTP/1.1\r\nhost: shop\r\n{fields}\r\n"
    ));
    assert_eq!(
        (answer.status, &answer.body[..]),
        (200, &b"/items?limit=5 "[..])
    );
    let head = upstream.head();
    assert_eq!(head.uri(), "http://shop/items?limit=5");
    let field = |name: &str| {
        head.headers()
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(
        (field("te"), field("cookie")),
        (Some("trailers"), Some("a=1"))
    );
    for absent in [
        "host",
        "connection",
        "x-hop",
        "content-length",
        "transfer-encoding",
    ] {
        assert_eq!(field(absent), None, "{absent}");
    }
    assert!(field("via").unwrap().starts_with("1.1 portcullis-"));
    let answer = app.ask(item());
    assert_eq!(answer.body, b"/items {\"name\":\"a\",\"quantity\":1}");
    let head = upstream.head();
    assert_eq!(head.headers()["content-length"], "25");
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 1);
}

/// Bodies of both sides, without padding and frame heads, for the squad that sent them.
#[test]
fn bytes_of_consumers_are_those_of_bodies() {
    let upstream = Http2Upstream::echo(Builder::new());
    let top = "[catalog]\npath = \"squads.toml\"";
    let site = Site::new(top).file("squads.toml", "[squads.checkout]\n[squads.search]\n");
    let app = App::start(site.service("shop", SHOP, &upstream.url(), ""));
    let body = br#"{"name":"abcdefgh","quantity":1}"#;
    let mut client = RawHttp2::connect(app.data);
    for (stream, squad) in [(1, "checkout"), (3, "checkout"), (5, "search")] {
        let mut fields = pseudo("POST", "/items").to_vec();
        fields.extend([
            ("content-type", "application/json"),
            ("x-tenant", "abc"),
            ("x-squad-owner", squad),
        ]);
        client.send(frame(HEADERS, END_HEADERS, stream, block(&fields)));
        let (first, second) = body.split_at(10);
        let padded = [&[100][..], first, &[0; 100]].concat();
        client.send(frame(DATA, PADDED, stream, padded));
        client.send(frame(DATA, END_STREAM, stream, second));
        let (status, answer) = client.answer(stream);
        assert!(status == 200 || stream > 1, "{status}");
        assert_eq!(answer.len(), "/items ".len() + body.len());
    }
    let (sent, received) = (body.len(), "/items ".len() + body.len());
    let sample = |squad: &str, direction: &str, bytes: usize| {
        format!(
            "portcullis_consumer_bytes_total{{service=\"shop\",squad=\"{squad}\",direction=\"{direction}\"}} {bytes}\n"
        )
    };
    let expected = [
        sample("checkout", "from-client", 2 * sent),
        sample("checkout", "from-upstream", 2 * received),
        sample("search", "from-client", sent),
        sample("search", "from-upstream", received),
    ];
    // The last bytes are counted after the client has them.
    until(|| {
        let metrics = admin(app.admin, "/metrics").1;
        expected.iter().all(|sample| metrics.contains(sample))
    });
}

#[test]
fn trailers_pass_both_ways() {
    let upstream = Http2Upstream::echo(Builder::new());
    let app = shop(&upstream.url());
    let body = r#"{"name":"a","quantity":1}"#;
    let request = format!(
        "POST /items HTTP/1.1\r\nhost: shop\r\nx-tenant: abc\r\ncontent-type: application/json\r\n\
         te: trailers\r\ntransfer-encoding: chunked\r\ntrailer: x-sum, host\r\n\r\n\
         {:x}\r\n{body}\r\n0\r\nx-sum: 7\r\nhost: other\r\n\r\n",
        body.len()
    );
    let answer = app.ask(request);
    assert_eq!(answer.body, format!("/items {body}").as_bytes());
    let mut client = RawHttp2::connect(app.data);
    let mut fields = pseudo("POST", "/items").to_vec();
    fields.extend([("x-tenant", "abc"), ("content-type", "application/json")]);
    client.send(frame(HEADERS, END_HEADERS, 1, block(&fields)));
    client.send(frame(DATA, 0, 1, body));
    let trailers = literal("x-sum", "7");
    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, trailers));
    client.next(HEADERS);
    client.next(DATA);
    let trailers = client.next(HEADERS);
    assert_eq!(trailers.flags & END_STREAM, END_STREAM);
    assert!(!trailers.payload.is_empty());
}

/// Requests of clients of both versions over few connections, each with its own content, some
/// cancelled.
#[test]
fn thousands_of_answers_belong_to_their_requests() {
    const CLIENTS: usize = 8;
    const REQUESTS: usize = if cfg!(is_full_load) { 20_000 } else { 400 };
    let mut builder = Builder::new();
    builder.max_concurrent_streams(7);
    builder.max_pending_accept_reset_streams(10_000);
    let upstream = Http2Upstream::echo(builder);
    let app = shop(&upstream.url());
    let address = app.data;
    let http1 = thread::spawn(move || {
        let clients = (0..CLIENTS).map(|client| {
            thread::spawn(move || {
                let mut connection = Client::connect(address);
                for request in 0..REQUESTS {
                    let id = client * REQUESTS + request;
                    connection.send(get(&format!("/items/{id}")));
                    if id % 50 == 7 {
                        // Cancelled.
                        connection = Client::connect(address);
                        continue;
                    }
                    let answer = connection.answer();
                    let expected = format!("/items/{id} ");
                    assert_eq!(
                        (answer.status, &answer.body[..]),
                        (200, expected.as_bytes())
                    );
                }
            })
        });
        let clients: Vec<_> = clients.collect();
        clients
            .into_iter()
            .for_each(|client| client.join().unwrap());
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let socket = TcpStream::connect(address).await.unwrap();
        let (client, driver) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(driver);
        let mut tasks = tokio::task::JoinSet::new();
        for stream in 0..CLIENTS {
            let mut client = client.clone();
            tasks.spawn(async move {
                for request in 0..REQUESTS {
                    client = client.ready().await.unwrap();
                    check_exchange(&mut client, stream * REQUESTS + request).await;
                }
            });
        }
        tasks.join_all().await;
    });
    http1.join().unwrap();
    let connections = upstream.connections.load(Ordering::SeqCst);
    assert!(connections <= 2 * CLIENTS, "{connections} connections");
}

#[test]
fn what_the_upstream_refuses_is_sent_again() {
    let upstream = RawUpstream::new();
    let app = shop(&upstream.url());
    // REFUSED_STREAM: the request was not processed, so even a POST is sent again.
    let client = asked(&app, item());
    let mut first = upstream.accept(&[]);
    let refused = first.next(HEADERS).stream;
    first.reset(refused, REFUSED_STREAM);
    let again = first.next(HEADERS).stream;
    let data = first.next(DATA);
    assert_eq!(data.payload, br#"{"name":"a","quantity":1}"#);
    first.respond(again, "again");
    assert_eq!(client.join().unwrap().body, b"again");
    // GOAWAY: streams up to the last one are served, others are sent on another connection.
    let served = asked(&app, get("/items/1"));
    let served_stream = first.next(HEADERS).stream;
    let moved = asked(&app, item());
    first.next(HEADERS);
    first.next(DATA);
    first.go_away(served_stream, NO_ERROR);
    let mut second = upstream.accept(&[]);
    let stream = second.next(HEADERS).stream;
    second.respond(stream, "moved");
    assert_eq!(moved.join().unwrap().body, b"moved");
    first.respond(served_stream, "served");
    assert_eq!(served.join().unwrap().body, b"served");
    // The connection that is going away gets no further request.
    let next = asked(&app, get("/items/2"));
    let stream = second.next(HEADERS).stream;
    second.respond(stream, "next");
    assert_eq!(next.join().unwrap().body, b"next");
}

#[test]
fn a_request_is_refused_at_most_three_times() {
    let upstream = RawUpstream::new();
    let app = shop(&upstream.url());
    let client = asked(&app, item());
    let mut connection = upstream.accept(&[]);
    for _ in 0..3 {
        let stream = connection.next(HEADERS).stream;
        connection.reset(stream, REFUSED_STREAM);
    }
    check_failed(&app, &client.join().unwrap(), "refused-stream");
}

#[test]
fn a_lost_connection_repeats_idempotent_requests_only() {
    let upstream = RawUpstream::new();
    let app = shop(&upstream.url());
    let client = asked(&app, get("/items/1"));
    let mut first = upstream.accept(&[]);
    first.next(HEADERS);
    drop(first);
    let mut second = upstream.accept(&[]);
    let stream = second.next(HEADERS).stream;
    second.respond(stream, "again");
    assert_eq!(client.join().unwrap().body, b"again");
    let client = asked(&app, item());
    second.next(DATA);
    drop(second);
    check_failed(&app, &client.join().unwrap(), "closed");
}

#[test]
fn resets_are_reported_with_their_code() {
    let upstream = RawUpstream::new();
    let app = shop(&upstream.url());
    let client = asked(&app, get("/items/1"));
    let mut connection = upstream.accept(&[]);
    let stream = connection.next(HEADERS).stream;
    connection.reset(stream, 2);
    let problem = check_failed(&app, &client.join().unwrap(), "reset");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("INTERNAL_ERROR"), "{detail}");
    // Inside the answer, the client must not take it for complete.
    for code in [NO_ERROR, CANCEL] {
        let client = asked(&app, get("/items/1"));
        let stream = connection.next(HEADERS).stream;
        let head = block(&[(":status", "200")]);
        connection.send(frame(HEADERS, END_HEADERS, stream, head));
        connection.send(frame(DATA, 0, stream, "half"));
        connection.reset(stream, code);
        let answer = client.join().unwrap();
        assert_eq!((answer.status, answer.complete), (200, false), "{code}");
    }
    // A client of HTTP/2 gets the code.
    let mut client = RawHttp2::connect(app.data);
    client.get(1, "/items/1");
    let stream = connection.next(HEADERS).stream;
    let head = block(&[(":status", "200")]);
    connection.send(frame(HEADERS, END_HEADERS, stream, head));
    connection.send(frame(DATA, 0, stream, "half"));
    client.next(DATA);
    connection.reset(stream, ENHANCE_YOUR_CALM);
    assert_eq!(client.next(RST_STREAM).code(), ENHANCE_YOUR_CALM);
}

#[test]
fn malformed_answers_are_refused() {
    let upstream = RawUpstream::new();
    let app = shop(&upstream.url());
    let mut connection = None;
    let many: Vec<(&str, &str)> = vec![("x-a", "b"); 101];
    let large = "x".repeat(70_000);
    for (fields, body) in [
        (&[(":status", "200"), ("content-length", "3")][..], "four"),
        (&[(":status", "200"), ("content-length", "x")], ""),
        (&[(":status", "200"), ("connection", "close")], ""),
        (&[(":status", "101")], ""),
        (&[("x-a", "b")], ""),
        (&[&[(":status", "200")][..], &many].concat(), ""),
        (&[(":status", "200"), ("x-large", &large)], ""),
    ] {
        let client = asked(&app, get("/items/1"));
        let connection = connection.get_or_insert_with(|| upstream.accept(&[]));
        let stream = connection.next(HEADERS).stream;
        let block = block(fields);
        let (first, rest) = block.split_at(block.len().min(16_000));
        let flags = if rest.is_empty() { END_HEADERS } else { 0 };
        connection.send(frame(HEADERS, flags, stream, first));
        let mut parts = rest.chunks(16_000).peekable();
        while let Some(part) = parts.next() {
            let flags = if parts.peek().is_none() {
                END_HEADERS
            } else {
                0
            };
            connection.send(frame(CONTINUATION, flags, stream, part));
        }
        connection.send(frame(DATA, END_STREAM, stream, body));
        let answer = client.join().unwrap();
        let is_cut = answer.status == 200 && !answer.complete;
        if !is_cut {
            check_failed(&app, &answer, "malformed");
        }
        assert_eq!(is_cut, body == "four", "{fields:?}");
    }
}

#[test]
fn the_upstream_limits_the_streams_of_a_connection() {
    let upstream = RawUpstream::new();
    let app = shop(&upstream.url());
    let first = asked(&app, get("/items/1"));
    let mut one = upstream.accept(&[(MAX_CONCURRENT_STREAMS, 1)]);
    let stream = one.next(HEADERS).stream;
    let second = asked(&app, get("/items/2"));
    let mut other = upstream.accept(&[(MAX_CONCURRENT_STREAMS, 1)]);
    let other_stream = other.next(HEADERS).stream;
    other.respond(other_stream, "2");
    assert_eq!(second.join().unwrap().body, b"2");
    // New settings give room.
    let parameters = settings_payload(&[(MAX_CONCURRENT_STREAMS, 2)]);
    one.send(frame(SETTINGS, 0, 0, parameters));
    one.acknowledged();
    let third = asked(&app, get("/items/3"));
    let third_stream = one.next(HEADERS).stream;
    one.respond(third_stream, "3");
    assert_eq!(third.join().unwrap().body, b"3");
    one.respond(stream, "1");
    assert_eq!(first.join().unwrap().body, b"1");
}

#[test]
fn an_upstream_that_allows_no_stream_is_too_slow() {
    let upstream = RawUpstream::new();
    let top = "[limits]\nupstream_connect_timeout = \"300ms\"";
    let app = App::start(Site::new(top).service("shop", SHOP, &upstream.url(), ""));
    let client = asked(&app, get("/items/1"));
    let mut connection = upstream.accept(&[(MAX_CONCURRENT_STREAMS, 0)]);
    assert_eq!(client.join().unwrap().status, 504);
    while connection.frame().is_some() {}
}

#[test]
fn an_upload_waits_for_the_windows_of_the_upstream() {
    let upstream = RawUpstream::new();
    let app = App::start(Site::new("").service("blobs", BLOBS, &upstream.url(), ""));
    let body = "b".repeat(100_000);
    let client = asked(&app, put(&body));
    let mut connection = upstream.accept(&[(INITIAL_WINDOW_SIZE, 1000)]);
    let stream = connection.next(HEADERS).stream;
    let mut received = connection.next(DATA).payload;
    assert_eq!(received.len(), 1000);
    // Another request of the connection is not stopped.
    let other = asked(&app, put(""));
    let other_stream = connection.next(HEADERS).stream;
    connection.respond(other_stream, "other");
    assert_eq!(other.join().unwrap().body, b"other");
    let parameters = settings_payload(&[(INITIAL_WINDOW_SIZE, 3000)]);
    connection.send(frame(SETTINGS, 0, 0, parameters));
    let increment = 200_000_u32.to_be_bytes();
    connection.send(frame(WINDOW_UPDATE, 0, 0, increment));
    connection.send(frame(WINDOW_UPDATE, 0, stream, increment));
    while received.len() < body.len() {
        received.extend(connection.next(DATA).payload);
    }
    assert_eq!(String::from_utf8(received).unwrap(), body);
    connection.respond(stream, "all");
    assert_eq!(client.join().unwrap().body, b"all");
}

#[test]
fn slow_clients_do_not_stop_others() {
    const BYTES: usize = 4 << 20;
    const SLOW: usize = 20;
    let upstream = Http2Upstream::start(Builder::new(), |call| async move {
        let path = call.request.uri().path().to_owned();
        let length = if path.ends_with("/1") { BYTES } else { 2 };
        let head = Response::new(());
        answer(call.respond, head, Bytes::from(vec![b'x'; length]), None)
    });
    let app = shop(&upstream.url());
    // None of them reads its answer.
    let slow: Vec<Client> = (0..SLOW)
        .map(|_| {
            let mut client = app.client();
            client.send(get("/items/1"));
            client
        })
        .collect();
    (0..SLOW).for_each(|_| drop(upstream.head()));
    for _ in 0..50 {
        assert_eq!(app.ask(get("/items/2")).body, b"xx");
    }
    for mut client in slow {
        let answer = client.answer();
        assert_eq!((answer.status, answer.body.len()), (200, BYTES));
    }
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 1);
}

/// The rest of a request is sent after its answer, if the upstream reads on.
#[test]
fn an_early_answer_does_not_end_the_upload() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&bodies);
    let upstream = Http2Upstream::start(Builder::new(), move |mut call| {
        let kept = Arc::clone(&kept);
        async move {
            let mut stream = call.respond.send_response(Response::new(()), false)?;
            stream.send_data(Bytes::from_static(b"early"), true)?;
            let (body, _) = read(call.request.into_body()).await?;
            kept.lock().unwrap().push(body.len());
            Ok(())
        }
    });
    let app = App::start(Site::new("").service("blobs", BLOBS, &upstream.url(), ""));
    const BYTES: usize = 500_000;
    for _ in 0..3 {
        let mut client = app.client();
        client.send(format!(
            "PUT /blob HTTP/1.1\r\nhost: shop\r\ncontent-type: application/octet-stream\r\n\
             content-length: {BYTES}\r\n\r\n"
        ));
        let answer = client.answer();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"early"[..]));
        client.send(vec![b'b'; BYTES]);
        client.send(get("/blob"));
        assert_eq!(client.answer().status, 405);
    }
    until(|| bodies.lock().unwrap().len() == 3);
    assert_eq!(*bodies.lock().unwrap(), [BYTES; 3]);
}

fn put(body: &str) -> String {
    let length = body.len();
    format!(
        "PUT /blob HTTP/1.1\r\nhost: shop\r\ncontent-type: application/octet-stream\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

const BLOBS: &str = "\
openapi: 3.1.0
info: { title: Blobs, version: '1' }
paths:
  /blob:
    put:
      requestBody: { content: { application/octet-stream: {} } }
      responses: { '200': { description: ok } }
";

#[test]
fn interim_responses_pass_to_the_client() {
    let upstream = Http2Upstream::start(Builder::new(), |mut call| async move {
        let hints = Response::builder().status(103).header("link", "</a>");
        call.respond.send_informational(hints.body(()).unwrap())?;
        answer(call.respond, Response::new(()), "ok".into(), None)
    });
    let app = shop(&upstream.url());
    let mut client = app.client();
    client.send(get("/items/1"));
    let (interim, last) = client.final_answer();
    assert_eq!((last.status, &last.body[..]), (200, &b"ok"[..]));
    let [hints] = &interim[..] else {
        panic!("{interim:?}");
    };
    assert_eq!((hints.status, hints.field("link")), (103, Some("</a>")));
    // A client of HTTP/2 gets them, too.
    let mut client = RawHttp2::connect(app.data);
    client.get(1, "/items/1");
    let statuses = [client.next(HEADERS), client.next(HEADERS)].map(|head| status(&head.payload));
    assert_eq!(statuses, [103, 200]);
}

#[test]
fn an_upstream_without_http2_is_named() {
    let upstream = Upstream::ok();
    let app = shop(&format!("h2c://{}", upstream.address));
    let problem = check_failed(&app, &app.ask(get("/items/1")), "no-http2");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("for HTTP/1.1, the upstream begins with `http://`"),
        "{detail}"
    );
}

/// The upstream chooses the version in the handshake of TLS: another proxy, with and without HTTP/2.
#[test]
fn the_upstream_chooses_the_version() {
    let authority = TestAuthority::new();
    let last = echo();
    for (alpn, version, expected) in [
        ("\"h2\", \"http/1.1\"", "auto", Some("2 ")),
        ("\"http/1.1\"", "auto", Some("1.1 ")),
        ("\"h2\", \"http/1.1\"", "1.1", Some("1.1 ")),
        ("\"h2\", \"http/1.1\"", "2", Some("2 ")),
        ("\"http/1.1\"", "2", None),
    ] {
        let top = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\nalpn = [{alpn}]\n\
             certificates = [{{ cert = \"a.pem\", key = \"a.key\" }}]"
        );
        let site = Site::shop(last.address, "hosts = [\"*\"]", &top);
        let upstream = App::start(site.certificate("a", &authority.sign(&["localhost", "shop"])));
        let keys = format!(
            "[services.upstream_tls]\nca = \"ca.pem\"\n\
             [services.upstream_http]\nversion = \"{version}\""
        );
        let url = format!("https://localhost:{}", upstream.data.port());
        let site = Site::new("").service("shop", SHOP, &url, &keys);
        let app = App::start(site.file("ca.pem", &authority.pem));
        for id in 0..3 {
            let answer = app.ask(get(&format!("/items/{id}")));
            let Some(expected) = expected else {
                assert_eq!(answer.status, 502);
                continue;
            };
            assert_eq!(answer.body, format!("/items/{id} ").as_bytes());
            let request = last.request();
            let via = request.fields("via").join(", ");
            assert!(
                via.contains(&format!(", {expected}")),
                "{alpn} {version}: {via}"
            );
        }
    }
}

/// An upstream that is gone without a word is noticed by a PING, and its requests move.
#[test]
fn a_dead_connection_is_noticed() {
    let upstream = RawUpstream::new();
    let keys = "[services.upstream_http]\nping_interval = \"1s\"";
    let app = App::start(Site::new("").service("shop", SHOP, &upstream.url(), keys));
    let client = asked(&app, get("/items/1"));
    let mut dead = upstream.accept(&[]);
    dead.next(HEADERS);
    // An answer to the PING is a sign of life, and so is any other frame.
    let ping = dead.next(PING);
    dead.send(frame(PING, ACK, 0, ping.payload));
    dead.next(PING);
    let mut alive = upstream.accept(&[]);
    let stream = alive.next(HEADERS).stream;
    alive.respond(stream, "again");
    assert_eq!(client.join().unwrap().body, b"again");
    while dead.frame().is_some() {}
}

#[test]
fn a_timeout_asks_whether_the_upstream_is_there() {
    let upstream = RawUpstream::new();
    let keys = "upstream_timeout = \"200ms\"";
    let app = App::start(Site::new("").service("shop", SHOP, &upstream.url(), keys));
    let client = asked(&app, get("/items/1"));
    let mut connection = upstream.accept(&[]);
    let stream = connection.next(HEADERS).stream;
    let ping = loop {
        let found = connection.frame().unwrap();
        match found.kind {
            RST_STREAM => assert_eq!((found.stream, found.code()), (stream, CANCEL)),
            PING => break found,
            _ => {}
        }
    };
    assert_eq!(client.join().unwrap().status, 504);
    connection.send(frame(PING, ACK, 0, ping.payload));
    let client = asked(&app, get("/items/2"));
    let stream = connection.next(HEADERS).stream;
    connection.respond(stream, "here");
    assert_eq!(client.join().unwrap().body, b"here");
}

#[test]
fn idle_and_old_connections_end() {
    let upstream = RawUpstream::new();
    let keys = "[services.upstream_http]\nage_max = \"1s\"";
    let top = "[limits]\nupstream_idle_timeout = \"300ms\"";
    let app = App::start(Site::new(top).service("shop", SHOP, &upstream.url(), keys));
    let client = asked(&app, get("/items/1"));
    let mut idle = upstream.accept(&[]);
    let stream = idle.next(HEADERS).stream;
    idle.respond(stream, "1");
    assert_eq!(client.join().unwrap().body, b"1");
    assert_eq!(idle.next(GOAWAY).code(), NO_ERROR);
    assert!(idle.frame().is_none());
    // An old connection keeps its stream and gets no other one.
    let kept = asked(&app, get("/items/2"));
    let mut old = upstream.accept(&[]);
    let stream = old.next(HEADERS).stream;
    thread::sleep(Duration::from_millis(1100));
    let other = asked(&app, get("/items/3"));
    let mut young = upstream.accept(&[]);
    let young_stream = young.next(HEADERS).stream;
    young.respond(young_stream, "3");
    assert_eq!(other.join().unwrap().body, b"3");
    old.respond(stream, "2");
    assert_eq!(kept.join().unwrap().body, b"2");
    assert_eq!(old.next(GOAWAY).code(), NO_ERROR);
}

/// Responses without a body end with their head, whatever the upstream adds.
#[test]
fn bodiless_responses_end_with_their_head() {
    let upstream = RawUpstream::new();
    let app = App::start(Site::new("").service("shop", SHOP, &upstream.url(), ""));
    let mut connection = None;
    let mut client = app.client();
    for (method, status) in [
        ("HEAD", "200"),
        ("GET", "304"),
        ("GET", "204"),
        ("GET", "200"),
    ] {
        client.send(format!("{method} /items/1 HTTP/1.1\r\nhost: shop\r\n\r\n"));
        let connection = connection.get_or_insert_with(|| upstream.accept(&[]));
        let stream = connection.next(HEADERS).stream;
        let head = block(&[(":status", status)]);
        connection.send(frame(HEADERS, END_HEADERS, stream, head));
        connection.send(frame(DATA, END_STREAM, stream, []));
        let answer = client.read_answer(method != "HEAD").unwrap();
        assert_eq!(answer.status.to_string(), status);
        assert_eq!(
            (answer.body.len(), answer.complete),
            (0, true),
            "{method} {status}"
        );
    }
}

/// What a client does not complete must not look complete to the upstream.
#[test]
fn clients_that_go_away_reset_their_streams() {
    let upstream = RawUpstream::new();
    let app = App::start(Site::new("").service("blobs", BLOBS, &upstream.url(), ""));
    let mut client = app.client();
    let request = put(&"b".repeat(1000));
    client.send(&request[..request.len() - 1]);
    let mut connection = upstream.accept(&[]);
    let stream = connection.next(HEADERS).stream;
    assert_eq!(connection.next(DATA).flags & END_STREAM, 0);
    drop(client);
    let reset = connection.next(RST_STREAM);
    assert_eq!((reset.stream, reset.code()), (stream, CANCEL));
    // A client of HTTP/2 cancels its request.
    let mut client = RawHttp2::connect(app.data);
    let mut fields = pseudo("PUT", "/blob").to_vec();
    fields.push(("content-type", "application/octet-stream"));
    client.send(frame(HEADERS, END_HEADERS, 1, block(&fields)));
    client.send(frame(DATA, 0, 1, "part"));
    let stream = connection.next(HEADERS).stream;
    connection.next(DATA);
    client.reset(1, CANCEL);
    let reset = connection.next(RST_STREAM);
    assert_eq!((reset.stream, reset.code()), (stream, CANCEL));
    // The connection serves others.
    let next = asked(&app, put("x"));
    let stream = connection.next(HEADERS).stream;
    connection.respond(stream, "next");
    assert_eq!(next.join().unwrap().body, b"next");
}

/// What arrives for requests that clients have cancelled must not be held against the upstream.
#[test]
fn late_frames_of_cancelled_requests_do_not_end_the_connection() {
    const BATCHES: usize = 2;
    const BATCH: usize = 600;
    let upstream = RawUpstream::new();
    let keys = "[services.upstream_http]\nstreams_max = 600\n";
    let app = App::start(Site::new("").service("shop", SHOP, &upstream.url(), keys));
    let ask = |count: usize| -> Vec<Client> {
        let one = || {
            let mut client = app.client();
            client.send(get("/items/1"));
            client
        };
        std::iter::repeat_with(one).take(count).collect()
    };
    let mut clients = ask(BATCH);
    let mut connection = upstream.accept(&[]);
    for batch in 1..=BATCHES {
        let streams: Vec<u32> = clients
            .iter()
            .map(|_| connection.next(HEADERS).stream)
            .collect();
        clients.clear();
        // Late frames of the batch before may be answered by resets, too.
        let mut cancelled = 0;
        while cancelled < streams.len() {
            cancelled += usize::from(connection.next(RST_STREAM).code() == CANCEL);
        }
        for stream in streams {
            connection.respond(stream, "late");
        }
        clients = ask(if batch < BATCHES { BATCH } else { 3 });
    }
    for _ in &clients {
        let stream = connection.next(HEADERS).stream;
        connection.respond(stream, "served");
    }
    for mut client in clients {
        assert_eq!(client.answer().body, b"served");
    }
}

/// Requests that begin together share the connection that the first one opens.
#[test]
fn a_burst_opens_few_connections() {
    const REQUESTS: usize = 60;
    let upstream = Http2Upstream::echo(Builder::new());
    let app = shop(&upstream.url());
    let clients = (0..REQUESTS).map(|id| asked(&app, get(&format!("/items/{id}"))));
    let clients: Vec<_> = clients.collect();
    for (id, client) in clients.into_iter().enumerate() {
        assert_eq!(
            client.join().unwrap().body,
            format!("/items/{id} ").as_bytes()
        );
    }
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn an_upstream_that_is_not_there_is_reported_to_all_who_wait() {
    let upstream = RawUpstream::new();
    let url = upstream.url();
    drop(upstream);
    let app = shop(&url);
    let clients: Vec<_> = (0..10).map(|_| asked(&app, get("/items/1"))).collect();
    for client in clients {
        check_failed(&app, &client.join().unwrap(), "connect");
    }
}
