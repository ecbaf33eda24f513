//! Exchanges over HTTP/2: the same way as over HTTP/1.1, many at a time.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::support::app::{App, Process, Site, admin};
use crate::support::certificates::TestAuthority;
use crate::support::client::PATIENCE;
use crate::support::http2_client::*;
use crate::support::tls_client::TlsClient;
use crate::support::upstream::{AnswerAt, Step, Upstream, send};

/// An upstream whose answer contains the target and the body of the request.
pub(super) fn echo() -> Upstream {
    Upstream::start(|request| {
        let target = request.request_line().split(' ').nth(1).unwrap();
        let body = String::from_utf8_lossy(&request.body);
        let text = format!("{target} {body}");
        let length = text.len();
        vec![send(&format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\ncontent-type: text/plain\r\n\r\n{text}"
        ))]
    })
}

/// Sends one request and returns the status and the body of its answer.
async fn exchange(
    client: &mut h2::client::SendRequest<Bytes>,
    request: Request<()>,
    body: Option<Bytes>,
) -> (u16, Bytes) {
    let (answer, mut stream) = client.send_request(request, body.is_none()).unwrap();
    if let Some(body) = body {
        stream.send_data(body, true).unwrap();
    }
    let answer = answer.await.unwrap();
    let status = answer.status().as_u16();
    let mut stream = answer.into_body();
    let mut whole = Vec::new();
    while let Some(data) = stream.data().await {
        let data = data.unwrap();
        stream.flow_control().release_capacity(data.len()).unwrap();
        whole.extend_from_slice(&data);
    }
    (status, whole.into())
}

/// Requests of several connections and many streams, each with its own content, some cancelled.
#[test]
fn thousands_of_answers_belong_to_their_requests() {
    const CONNECTIONS: usize = 4;
    const STREAMS: usize = 25;
    const REQUESTS: usize = if cfg!(is_full_load) { 2000 } else { 40 };
    let upstream = echo();
    let app = App::shop(upstream.address);
    let address = app.data;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let answered = runtime.block_on(async move {
        let mut tasks = tokio::task::JoinSet::new();
        for connection in 0..CONNECTIONS {
            let socket = TcpStream::connect(address).await.unwrap();
            let (client, driver) = h2::client::handshake(socket).await.unwrap();
            tokio::spawn(driver);
            for stream in 0..STREAMS {
                let mut client = client.clone();
                tasks.spawn(async move {
                    for request in 0..REQUESTS {
                        client = client.ready().await.unwrap();
                        let id = (connection * STREAMS + stream) * REQUESTS + request;
                        check_exchange(&mut client, id).await;
                    }
                    REQUESTS
                });
            }
        }
        tasks.join_all().await.into_iter().sum::<usize>()
    });
    assert_eq!(answered, CONNECTIONS * STREAMS * REQUESTS);
}

/// One request with its own content, which depends on its number.
pub(super) async fn check_exchange(client: &mut h2::client::SendRequest<Bytes>, id: usize) {
    if id.is_multiple_of(3) {
        let body = format!("{{\"name\":\"n{id}\",\"quantity\":{}}}", id + 1);
        let request = Request::post("http://shop/items")
            .header("content-type", "application/json")
            .header("x-tenant", "abc");
        let request = request.body(()).unwrap();
        let (status, answer) = exchange(client, request, Some(body.clone().into())).await;
        assert_eq!((status, answer), (200, format!("/items {body}").into()));
        return;
    }
    let path = format!("/items/{id}");
    if id.is_multiple_of(10) {
        // Dropped, which cancels it.
        let request = Request::get(format!("http://shop{path}")).body(()).unwrap();
        drop(client.send_request(request, true).unwrap());
        return;
    }
    let request = Request::get(format!("http://shop{path}")).body(()).unwrap();
    let (status, answer) = exchange(client, request, None).await;
    assert_eq!((status, answer), (200, format!("{path} ").into()));
}

#[test]
fn requests_are_judged_as_over_http1() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let mut client = RawHttp2::connect(app.data);
    let mut fields = pseudo("GET", "/items?limit=5").to_vec();
    fields.extend([
        ("cookie", "a=1"),
        ("te", "trailers"),
        ("cookie", "b=2"),
        ("x-squad-owner", "x"),
    ]);
    client.ask(1, &fields);
    assert_eq!(client.answer(1), (200, b"ok".to_vec()));
    let request = upstream.request();
    assert_eq!(request.request_line(), "GET /items?limit=5 HTTP/1.1");
    assert_eq!(request.fields("host"), ["shop"]);
    assert_eq!(request.fields("cookie"), ["a=1; b=2"]);
    assert_eq!(request.fields("x-forwarded-host"), ["shop"]);
    assert!(
        request.fields("via")[0].starts_with("2 portcullis-"),
        "{request:?}"
    );
    client.get(3, "/items?limit=500");
    let (status, body) = client.answer(3);
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, &problem["violations"][0]["name"]),
        (422, &"limit".into())
    );
    client.ask(5, &pseudo("HEAD", "/unknown"));
    let (status, body) = client.answer(5);
    assert_eq!((status, body.len()), (404, 0));
    // A fragment is cut off before anything sees it.
    client.get(7, "/items#/unknown");
    assert_eq!(client.answer(7).1, b"ok");
    assert_eq!(upstream.request().request_line(), "GET /items HTTP/1.1");
    let metrics = admin(app.admin, "/metrics").1;
    assert!(metrics.contains("operation=\"listItems\""), "{metrics}");
}

#[test]
fn a_client_that_waits_for_it_gets_100_continue() {
    let upstream = echo();
    let app = App::shop(upstream.address);
    let mut client = RawHttp2::connect(app.data);
    let mut fields = pseudo("POST", "/items").to_vec();
    fields.extend([("content-type", "application/json"), ("x-tenant", "abc")]);
    fields.extend([("expect", "100-continue")]);
    client.send(frame(HEADERS, END_HEADERS, 1, block(&fields)));
    assert_eq!(client.end_of(1), StreamEnd::Answer(100));
    client.send(frame(
        DATA,
        END_STREAM,
        1,
        b"{\"name\":\"a\",\"quantity\":1}",
    ));
    let (status, body) = client.answer(1);
    assert_eq!((status, &body[..7]), (200, &b"/items "[..]));
    // An invalid head is refused instead.
    fields[3] = (":path", "/unknown");
    client.send(frame(HEADERS, END_HEADERS, 3, block(&fields)));
    assert_eq!(client.end_of(3), StreamEnd::Answer(404));
}

/// RFC 9113 section 8.1: an answer may end before its request does, and the rest is not needed.
#[test]
fn an_early_refusal_ends_only_its_stream() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let mut client = RawHttp2::connect(app.data);
    // More than the window of the connection in all, which unread bodies must give back.
    for number in 0..40 {
        let stream = 2 * number + 1;
        client.send(frame(
            HEADERS,
            END_HEADERS,
            stream,
            block(&pseudo("POST", "/unknown")),
        ));
        for _ in 0..3 {
            client.send(frame(DATA, 0, stream, vec![b'x'; 16_384]));
        }
        assert!(matches!(client.end_of(stream), StreamEnd::Answer(404 | 0)));
        assert_eq!(client.end_of(stream), StreamEnd::Reset(NO_ERROR));
    }
    client.get(99, "/items");
    assert_eq!(client.answer(99).1, b"ok");
    assert_eq!(upstream.request().request_line(), "GET /items HTTP/1.1");
}

/// An upstream that answers before it has read the request, and reads on.
#[test]
fn an_upload_goes_on_after_its_answer() {
    const PART: usize = 16_384;
    const PARTS: usize = 20;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = listener.local_addr().unwrap();
    let receiver = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut received = vec![0; PART];
        let mut length = socket.read(&mut received).unwrap();
        socket
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            .unwrap();
        received.truncate(length);
        while !received.ends_with(b"\r\n0\r\n\r\n") {
            let mut part = vec![0; PART];
            length = socket.read(&mut part).unwrap();
            assert!(length > 0, "the upload was cut");
            received.extend_from_slice(&part[..length]);
        }
        received.iter().filter(|byte| **byte == b'~').count()
    });
    let top = "[limits]\nrequest_body_timeout = \"1s\"";
    let app = App::start(Site::shop(upstream, "", top));
    let mut client = RawHttp2::connect(app.data);
    let mut fields = pseudo("PUT", "/files/a").to_vec();
    fields.push(("content-type", "application/octet-stream"));
    client.send(frame(HEADERS, END_HEADERS, 1, block(&fields)));
    client.send(frame(DATA, 0, 1, vec![b'~'; PART]));
    assert_eq!(client.answer(1).1, b"ok");
    for number in 1..PARTS {
        let flags = if number + 1 == PARTS { END_STREAM } else { 0 };
        client.send(frame(DATA, flags, 1, vec![b'~'; PART]));
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(receiver.join().unwrap(), PART * PARTS);
    // The connection serves further requests.
    client.get(3, "/unknown");
    assert_eq!(client.answer(3).0, 404);
}

/// A client that stops sending after the answer does not hold the upload for ever.
#[test]
fn an_upload_that_stops_after_its_answer_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = listener.local_addr().unwrap();
    let receiver = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut part = vec![0; 1000];
        assert!(socket.read(&mut part).unwrap() > 0);
        socket
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            .unwrap();
        // Until the connection is closed.
        while socket.read(&mut part).is_ok_and(|length| length > 0) {}
    });
    let top = "[limits]\nrequest_body_timeout = \"300ms\"";
    let app = App::start(Site::shop(upstream, "", top));
    let mut client = RawHttp2::connect(app.data);
    let mut fields = pseudo("PUT", "/files/a").to_vec();
    fields.push(("content-type", "application/octet-stream"));
    client.send(frame(HEADERS, END_HEADERS, 1, block(&fields)));
    client.send(frame(DATA, 0, 1, vec![b'~'; 1000]));
    assert_eq!(client.answer(1).1, b"ok");
    let began = Instant::now();
    receiver.join().unwrap();
    assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
}

#[test]
fn trailers_of_the_upstream_arrive() {
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: grpc-status\r\n\r\n\
             2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n",
        )]
    });
    let app = App::shop(upstream.address);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let trailers = runtime.block_on(async {
        let socket = TcpStream::connect(app.data).await.unwrap();
        let (mut client, driver) = h2::client::handshake(socket).await.unwrap();
        tokio::spawn(driver);
        let request = Request::get("http://shop/items").body(()).unwrap();
        let answer = client.send_request(request, true).unwrap().0.await.unwrap();
        let mut body = answer.into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "ok");
        body.trailers().await.unwrap().unwrap()
    });
    assert_eq!(trailers["grpc-status"], "0");
}

/// A stream whose upload or answer does not move holds its own window, and no other stream.
#[test]
fn slow_streams_do_not_stop_others() {
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let upstream = Upstream::start(move |request| {
        if request.request_line().contains("/items/") {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 4 << 20);
            return vec![send(&head), Step::Fill(4 << 20)];
        }
        if request.request_line().contains("limit=1 ") {
            return vec![
                Step::Wait(Arc::clone(&held)),
                send("HTTP/1.1 204 No Content\r\n\r\n"),
            ];
        }
        vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")]
    });
    let app = App::shop(upstream.address);
    let mut client = RawHttp2::connect(app.data);
    // An answer that is not read: the window of the stream is 65,535 bytes, that of the connection is
    // opened.
    client.send(frame(WINDOW_UPDATE, 0, 0, [0x3f, 0, 0, 0]));
    client.get(1, "/items/1");
    // An upload that does not end, with as much data as its window allows.
    let mut fields = pseudo("POST", "/items").to_vec();
    fields.extend([("content-type", "application/json"), ("x-tenant", "abc")]);
    client.send(frame(HEADERS, END_HEADERS, 3, block(&fields)));
    for _ in 0..3 {
        client.send(frame(DATA, 0, 3, vec![b' '; 16_384]));
    }
    // An answer that does not begin.
    client.get(5, "/items?limit=1");
    for stream in (7..107).step_by(2) {
        client.get(stream, "/items");
        let (status, body) = client.answer(stream);
        assert!(
            matches!(status, 200 | 0) && body == b"ok",
            "stream {stream}"
        );
    }
    gate.notify_one();
    assert!(matches!(client.end_of(5), StreamEnd::Answer(204)));
}

#[test]
fn a_cancelled_request_is_abandoned() {
    let upstream = Upstream::start_at(AnswerAt::Head, |_| vec![Step::Wait(Arc::default())]);
    let app = App::shop(upstream.address);
    let mut client = RawHttp2::connect(app.data);
    client.get(1, "/items");
    upstream.head();
    client.send(frame(RST_STREAM, 0, 1, CANCEL.to_be_bytes()));
    let counted = "operation=\"listItems\",squad=\"unknown\",outcome=\"abandoned\"} 1";
    let began = Instant::now();
    while !admin(app.admin, "/metrics").1.contains(counted) {
        assert!(began.elapsed() < Duration::from_secs(10), "it is counted");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_drain_serves_what_has_arrived() {
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let upstream = Upstream::start(move |request| {
        if request.request_line().contains("limit=1 ") {
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate";
            return vec![Step::Wait(Arc::clone(&held)), send(answer)];
        }
        vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")]
    });
    let top = "[limits]\ndrain_timeout = \"20s\"\ndrain_delay = \"0s\"";
    let process = Process::start(Site::shop(upstream.address, "", top));
    let mut client = RawHttp2::connect(process.data);
    client.get(1, "/items");
    assert_eq!(client.answer(1).1, b"ok");
    client.get(3, "/items?limit=1");
    upstream.head();
    upstream.head();
    process.signal("TERM");
    // The first GOAWAY allows requests that are on their way, and asks for a sign of life.
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let found = client.frame().unwrap();
        if matches!(found.kind, GOAWAY | PING) {
            seen.push(found);
        }
    }
    let [first, ping] = &seen[..] else {
        unreachable!()
    };
    assert_eq!((first.kind, first.code()), (GOAWAY, NO_ERROR));
    assert_eq!(first.payload[..4], [0x7f, 0xff, 0xff, 0xff]);
    client.get(5, "/items");
    assert_eq!(client.answer(5).1, b"ok");
    client.send(frame(PING, ACK, 0, &ping.payload));
    let second = std::iter::from_fn(|| client.frame()).find(|found| found.kind == GOAWAY);
    let second = second.unwrap();
    assert_eq!(
        (second.code(), &second.payload[..4]),
        (NO_ERROR, &[0, 0, 0, 5][..])
    );
    gate.notify_one();
    assert_eq!(client.answer(3).1, b"late");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
    assert!(log.contains("requests=3"), "{log}");
}

#[test]
fn a_drain_ends_at_its_deadline() {
    let upstream = Upstream::start(|_| vec![Step::Wait(Arc::default())]);
    let top = "[limits]\ndrain_timeout = \"700ms\"\ndrain_delay = \"0s\"\n\
               [log]\nformat = \"json\"\n[access_log]\nsample = 1.0";
    let process = Process::start(Site::shop(upstream.address, "", top));
    let mut client = RawHttp2::connect(process.data);
    for stream in [1, 3, 5] {
        client.get(stream, "/items");
        upstream.head();
    }
    let began = Instant::now();
    process.signal("TERM");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
    assert!(began.elapsed() < Duration::from_secs(10), "{log}");
    assert!(log.contains("cut at the drain deadline"), "{log}");
    assert_eq!(log.matches("\"outcome\":\"drained\"").count(), 3, "{log}");
}

/// Inside TLS, the handshake chooses the protocol, and the certificate the hosts.
#[test]
fn inside_tls_the_handshake_chooses() {
    let authority = TestAuthority::new();
    let upstream = Upstream::ok();
    let start = |keys: &str| {
        let top = format!(
            "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
             certificates = [{{ cert = \"a.pem\", key = \"a.key\" }}]\n{keys}"
        );
        let site = Site::shop(upstream.address, "", &top);
        App::start(site.certificate("a", &authority.sign(&["a.test", "*.a.test"])))
    };
    let client = TlsClient::speaking(&authority, &["h2", "http/1.1"]);
    let app = start("");
    let stream = client.handshake(app.data, "a.test").unwrap();
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"h2"[..]));
    let mut raw = RawHttp2::over(stream);
    raw.send([PREFACE, &frame(SETTINGS, 0, 0, [])].concat());
    let at = |host: &'static str| {
        let mut fields = pseudo("GET", "/items");
        fields[2] = (":authority", host);
        fields
    };
    for (stream, host, status) in [(1, "a.test", 200), (3, "b.test", 421), (5, "x.a.test", 200)] {
        raw.ask(stream, &at(host));
        let found = raw.answer(stream).0;
        assert!(
            found == status || (found, status) == (0, 200),
            "{host}: {found}"
        );
    }
    assert_eq!(upstream.request().fields("x-forwarded-proto"), ["https"]);
    for keys in ["alpn = [\"http/1.1\"]", "[listen.http2]\nenabled = \"off\""] {
        let app = start(keys);
        let stream = client.handshake(app.data, "a.test").unwrap();
        assert_eq!(
            stream.conn.alpn_protocol(),
            Some(&b"http/1.1"[..]),
            "{keys}"
        );
    }
}

#[test]
fn where_it_is_off_clients_get_an_answer_in_their_language() {
    let upstream = Upstream::ok();
    let top = "[listen]\naddress = \"127.0.0.1:0\"\n[listen.http2]\nenabled = \"off\"";
    let app = App::start(Site::shop(upstream.address, "", top));
    let mut client = RawHttp2::connect(app.data);
    client.get(1, "/items");
    assert_eq!(client.end_of(1), StreamEnd::GoAway(HTTP_1_1_REQUIRED));
    let metrics = admin(app.admin, "/metrics").1;
    let counted = "portcullis_http_refusals_total{reason=\"http2-off\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
}

/// A client may close its sending side after its requests.
#[test]
fn a_half_closed_client_gets_its_answers() {
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| {
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate";
        vec![Step::Wait(Arc::clone(&held)), send(answer)]
    });
    let app = App::shop(upstream.address);
    let mut client = RawHttp2::connect(app.data);
    client.get(1, "/items");
    client.get(3, "/items");
    client.finish();
    upstream.head();
    upstream.head();
    gate.notify_one();
    gate.notify_one();
    let mut answers = client.answers(2);
    answers.sort();
    assert_eq!(answers, [(1, b"late".to_vec()), (3, b"late".to_vec())]);
    while client.frame().is_some() {}
    // A client that gets no answer in time is not waited for.
    let mut client = RawHttp2::connect(app.data);
    client.get(1, "/items");
    client.finish();
    upstream.head();
    while client.frame().is_some() {}
}

/// A head that is not complete does not hold up a drain.
#[test]
fn unfinished_heads_do_not_hold_up_a_drain() {
    let upstream = Upstream::ok();
    let top =
        "[limits]\ndrain_timeout = \"20s\"\ndrain_delay = \"0s\"\nrequest_head_timeout = \"15s\"";
    let process = Process::start(Site::shop(upstream.address, "", top));
    let clients: Vec<RawHttp2> = [
        &PREFACE[..5],
        PREFACE,
        b"GET /items HTTP/1.1\r\nhost:",
        &[
            PREFACE,
            &frame(SETTINGS, 0, 0, []),
            &frame(HEADERS, 0, 1, [0x82]),
        ]
        .concat(),
    ]
    .into_iter()
    .map(|bytes| {
        let mut client = RawHttp2::silent(process.data);
        client.send(bytes);
        client
    })
    .collect();
    let mut client = RawHttp2::connect(process.data);
    client.get(1, "/items");
    assert_eq!(client.answer(1).1, b"ok");
    let began = Instant::now();
    process.signal("TERM");
    let (status, log) = process.wait();
    assert!(status.success(), "{log}");
    assert!(began.elapsed() < Duration::from_secs(10), "{log}");
    drop(clients);
}
