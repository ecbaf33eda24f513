//! WebSocket: the handshake is judged like every request, and then bytes pass both ways.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::support::app::{App, Process, SHOP, Site, admin, ask, get, problem};
use crate::support::client::{Answer, Client, PATIENCE};

/// The key of RFC 6455 section 1.3, and what accepts it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const ON: &str = "upgrade = [\"websocket\"]";

fn fields() -> String {
    format!(
        "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: {KEY}\r\n\
         sec-websocket-version: 13\r\n"
    )
}

fn handshake() -> String {
    format!("GET /items HTTP/1.1\r\nhost: shop\r\n{}\r\n", fields())
}

fn accepting() -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {ACCEPT}\r\nsec-websocket-protocol: chat\r\n\r\n"
    )
}

/// An upstream whose connections the test holds itself, each after the head of its first request.
struct HeldUpstream {
    address: SocketAddr,
    connections: Receiver<(String, TcpStream)>,
}

impl HeldUpstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, connections) = channel();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map(Result::unwrap) {
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let head = read_head(&mut stream);
                if sender.send((head, stream)).is_err() {
                    return;
                }
            }
        });
        Self {
            address,
            connections,
        }
    }

    #[track_caller]
    fn accept(&self) -> (String, TcpStream) {
        self.connections.recv_timeout(PATIENCE).unwrap()
    }

    /// Completes a handshake. Returns both ends.
    #[track_caller]
    fn open(&self, data: SocketAddr) -> (Client, TcpStream) {
        let mut client = Client::connect(data);
        client.send(handshake());
        let (_, mut upstream) = self.accept();
        upstream.write_all(accepting().as_bytes()).unwrap();
        assert_eq!(client.read_answer(false).unwrap().status, 101);
        (client, upstream)
    }
}

/// Reads a head and nothing after it, in lower case.
fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

#[track_caller]
fn receive(stream: &mut impl Read, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

#[track_caller]
fn is_over(stream: &mut impl Read) -> bool {
    matches!(stream.read(&mut [0]), Ok(0) | Err(_))
}

/// Waits until the metrics have a line.
#[track_caller]
pub(crate) fn await_metric(address: SocketAddr, line: &str) {
    let until = Instant::now() + PATIENCE;
    loop {
        let metrics = admin(address, "/metrics").1;
        if metrics.lines().any(|found| found == line) {
            return;
        }
        assert!(Instant::now() < until, "{line} is missing in {metrics}");
        std::thread::yield_now();
    }
}

#[test]
fn bytes_of_every_size_pass_both_ways() {
    let upstream = HeldUpstream::start();
    let app = App::start(Site::shop(upstream.address, ON, ""));
    let mut client = app.client();
    client.send(handshake());
    let (head, mut far) = upstream.accept();
    for line in [
        "get /items http/1.1\r\n",
        "\r\nconnection: upgrade\r\n",
        "\r\nupgrade: websocket\r\n",
        "\r\nsec-websocket-version: 13\r\n",
        &format!("\r\nsec-websocket-key: {}\r\n", KEY.to_lowercase()),
        "\r\nvia: 1.1 portcullis-",
    ] {
        assert!(head.contains(line), "{line:?} is missing in {head:?}");
    }
    far.write_all(accepting().as_bytes()).unwrap();
    let answer = client.read_answer(false).unwrap();
    let shown = [
        "connection",
        "upgrade",
        "sec-websocket-accept",
        "sec-websocket-protocol",
    ]
    .map(|name| answer.field(name));
    let expected = [
        Some("upgrade"),
        Some("websocket"),
        Some(ACCEPT),
        Some("chat"),
    ];
    assert_eq!((answer.status, shown), (101, expected));
    let mut all = 0;
    for length in [1, 125, 126, 16 * 1024, 65_535, 65_536, 3 << 20] {
        let sent: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
        let echo = |mut from: TcpStream| {
            std::thread::spawn(move || {
                let bytes = receive(&mut from, length);
                from.write_all(&bytes).unwrap();
            })
        };
        let echoing = echo(far.try_clone().unwrap());
        let mut near = client.stream().try_clone().unwrap();
        let written = sent.clone();
        let writing = std::thread::spawn(move || near.write_all(&written).unwrap());
        assert!(receive(client.stream(), length) == sent, "{length}");
        writing.join().unwrap();
        echoing.join().unwrap();
        all += length;
    }
    let open = "portcullis_upgraded_connections{service=\"shop\"}";
    await_metric(app.admin, &format!("{open} 1"));
    for direction in ["from-client", "from-upstream"] {
        let bytes = "portcullis_upgraded_bytes_total";
        let labels = format!("service=\"shop\",direction=\"{direction}\"");
        await_metric(app.admin, &format!("{bytes}{{{labels}}} {all}"));
    }
    // Half close, first by the client.
    client.finish();
    assert_eq!(far.read(&mut [0]).unwrap(), 0);
    far.write_all(b"bye").unwrap();
    assert_eq!(receive(client.stream(), 3), b"bye");
    drop(far);
    assert!(client.is_closed());
    await_metric(app.admin, &format!("{open} 0"));
    let answered = "portcullis_requests_total{service=\"shop\",operation=\"listItems\",\
                    squad=\"unknown\",outcome=\"answered\"} 1";
    await_metric(app.admin, answered);
}

#[test]
fn the_end_of_the_upstream_reaches_the_client_first() {
    let upstream = HeldUpstream::start();
    let app = App::start(Site::shop(upstream.address, ON, ""));
    let (mut client, mut far) = upstream.open(app.data);
    far.write_all(b"last").unwrap();
    far.shutdown(Shutdown::Write).unwrap();
    assert_eq!(receive(client.stream(), 4), b"last");
    assert!(is_over(client.stream()));
    client.send("more");
    assert_eq!(receive(&mut far, 4), b"more");
    drop(client);
    assert!(is_over(&mut far));
}

#[test]
fn bytes_before_the_answer_are_not_lost_and_are_no_request() {
    let upstream = HeldUpstream::start();
    let app = App::start(Site::shop(upstream.address, ON, ""));
    let smuggled = get("/items/7");
    for later in [false, true] {
        let mut client = app.client();
        if later {
            client.send(handshake());
        } else {
            client.send(handshake() + &smuggled);
        }
        let (_, mut far) = upstream.accept();
        if later {
            client.send(&smuggled);
        }
        far.write_all((accepting() + "hello").as_bytes()).unwrap();
        let head = read_head(client.stream());
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert_eq!(receive(client.stream(), 5), b"hello");
        assert_eq!(receive(&mut far, smuggled.len()), smuggled.as_bytes());
    }
    // If the upstream does not accept, they are discarded.
    for later in [false, true] {
        let mut client = app.client();
        client.send(handshake() + if later { "" } else { &smuggled });
        let (_, mut far) = upstream.accept();
        if later {
            client.send(&smuggled);
        }
        let refused = "HTTP/1.1 403 No\r\ncontent-length: 2\r\n\r\nno";
        far.write_all(refused.as_bytes()).unwrap();
        let answer = client.answer();
        assert_eq!((answer.status, &answer.body[..]), (403, &b"no"[..]));
        assert_eq!(answer.field("connection"), Some("close"));
        assert!(client.is_closed());
        far.set_nonblocking(true).unwrap();
        let read = far.read(&mut [0]);
        assert!(matches!(read, Ok(0)) || read.is_err(), "{read:?}");
    }
    assert!(upstream.connections.try_recv().is_err());
    let refused = "portcullis_requests_total{service=\"shop\",operation=\"fetchItem\"";
    assert!(!admin(app.admin, "/metrics").1.contains(refused));
}

/// The handshake without the line that begins so.
fn without(message: &str, name: &str) -> String {
    let lines = message.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with(name)).collect()
}

/// The handshake with one more line.
fn with(line: &str) -> String {
    handshake().replace("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"))
}

/// Sends a request and bytes that a WebSocket client would send after it.
#[track_caller]
fn refused(app: &App, request: &str, (status, error): (u16, &str), part: &str) -> Answer {
    let mut client = app.client();
    client.send(format!("{request}\u{81}\u{5}hello"));
    let answer = client.answer();
    assert_eq!(answer.status, status, "{request:?}: {}", answer.head);
    let problem = problem(&answer);
    assert_eq!(problem["error"], error, "{request:?}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(part), "{request:?}: {detail}");
    assert!(answer.field("connection").unwrap().contains("close"));
    assert!(client.is_closed(), "{request:?}");
    answer
}

#[test]
fn hostile_handshakes_are_refused() {
    let upstream = HeldUpstream::start();
    let app = App::start(Site::shop(upstream.address, ON, ""));
    let keyed = |key: &str| handshake().replace(KEY, key);
    for request in [
        without(&handshake(), "sec-websocket-key"),
        with(&format!("sec-websocket-key: {KEY}")),
        keyed("dGhlIHNhbXBsZQ=="),
        keyed("not base64 at all!"),
        keyed(""),
        keyed(&format!("{KEY}, {KEY}")),
    ] {
        let bad = (400, "MALFORMED_HANDSHAKE");
        refused(&app, &request, bad, "Sec-WebSocket-Key is not one");
    }
    for request in [
        without(&handshake(), "sec-websocket-version"),
        with("sec-websocket-version: 13"),
        handshake().replace(": 13", ": 8"),
        handshake().replace(": 13", ": 13, 8"),
    ] {
        let bad = (426, "MALFORMED_HANDSHAKE");
        let answer = refused(&app, &request, bad, "Sec-WebSocket-Version is not 13");
        assert_eq!(answer.field("sec-websocket-version"), Some("13"));
        assert_eq!(answer.field("upgrade"), Some("websocket"));
        assert_eq!(answer.field("connection"), Some("upgrade, close"));
    }
    let delete = handshake().replace("GET /items ", "DELETE /items/1 ");
    refused(&app, &delete, (400, "MALFORMED_HANDSHAKE"), "is a GET");
    for (line, status, part) in [
        ("content-length: 1", 400, "has a body"),
        ("transfer-encoding: chunked", 400, "has a body"),
        (
            "content-length: 0\r\ncontent-length: 1",
            400,
            "more than once",
        ),
        ("transfer-encoding: gzip", 400, "not `chunked`"),
        ("host: other", 400, "more than one Host"),
        ("expect: x", 417, "expectation"),
    ] {
        refused(&app, &with(line), (status, "MALFORMED_REQUEST"), part);
    }
    assert!(upstream.connections.try_recv().is_err());
    let open = "portcullis_upgraded_connections{";
    assert!(!admin(app.admin, "/metrics").1.contains(open));
}

#[test]
fn the_contract_is_asked_first() {
    let upstream = HeldUpstream::start();
    let app = App::start(Site::shop(upstream.address, ON, ""));
    let check = |request: String, status, part| {
        refused(&app, &request, (status, "CONTRACT_VIOLATION"), part);
    };
    check(handshake().replace("/items ", "/nowhere "), 404, "path");
    check(
        handshake().replace("/items ", "/items?limit=x "),
        422,
        "limit",
    );
    check(handshake().replace("GET", "PATCH"), 405, "PATCH");
    assert!(upstream.connections.try_recv().is_err());
}

#[test]
fn a_contract_may_declare_the_fields_of_the_handshake() {
    const CHAT: &str = "\
openapi: 3.1.0
info: { title: Chat, version: '1' }
paths:
  /chat:
    get:
      parameters:
        - { name: Upgrade, in: header, required: true, schema: { const: websocket } }
        - { name: Connection, in: header, required: true, schema: { type: string } }
        - { name: Sec-WebSocket-Version, in: header, required: true, schema: { type: integer } }
        - { name: room, in: query, required: true, schema: { type: integer } }
      responses:
        '101': { description: Messages follow. }
";
    let upstream = HeldUpstream::start();
    let address = format!("http://{}", upstream.address);
    let keys = format!("{ON}\n[services.enforcement.classes]\nunknown-header = \"reject\"");
    let app = App::start(Site::new("").service("chat", CHAT, &address, &keys));
    let mut client = app.client();
    client.send(handshake().replace("/items", "/chat?room=1"));
    let (_, mut far) = upstream.accept();
    far.write_all(accepting().as_bytes()).unwrap();
    assert_eq!(client.read_answer(false).unwrap().status, 101);
    let other = handshake().replace("/items", "/chat?room=x");
    refused(&app, &other, (422, "CONTRACT_VIOLATION"), "room");
}

#[test]
fn an_answer_that_accepts_something_else_is_refused() {
    let upstream = HeldUpstream::start();
    let app = App::start(Site::shop(upstream.address, ON, ""));
    let check = |answer: String, part: &str| {
        let mut client = app.client();
        client.send(handshake());
        let (_, mut far) = upstream.accept();
        far.write_all((answer.clone() + "HTTP/1.1 200 OK\r\n\r\n").as_bytes())
            .unwrap();
        let refusal = client.answer();
        assert_eq!(refusal.status, 502, "{answer:?}");
        let problem = problem(&refusal);
        assert_eq!(problem["error"], "UPSTREAM_UNAVAILABLE");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{answer:?}: {detail}");
        assert!(client.is_closed());
        assert!(is_over(&mut far), "{answer:?}");
    };
    let accepting = accepting();
    let accept = "Sec-WebSocket-Accept does not belong";
    check(accepting.replace("s3p", "S3p"), accept);
    check(without(&accepting, "sec-websocket-accept"), accept);
    check(without(&accepting, "upgrade"), "another protocol");
    check(without(&accepting, "connection"), "connection option");
    check(
        accepting.replace(": websocket", ": h2c"),
        "another protocol",
    );
    check(
        accepting.replace(": Upgrade", ": close"),
        "connection option",
    );
    // To a request that did not ask.
    let mut client = app.client();
    client.send(get("/items"));
    let (_, mut far) = upstream.accept();
    far.write_all(accepting.as_bytes()).unwrap();
    let refused = problem(&client.answer());
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("did not ask for"), "{detail}");
    assert!(is_over(&mut far));
}

#[test]
fn where_it_is_off_the_refusal_names_the_key() {
    let upstream = HeldUpstream::start();
    let app = App::start(Site::shop(upstream.address, "", ""));
    let mut client = app.client();
    client.send(handshake() + &get("/items"));
    let answer = client.answer();
    assert_eq!(answer.status, 501);
    let problem = problem(&answer);
    assert_eq!(problem["error"], "UPGRADE_OFF");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("upgrade = [\"websocket\"]"), "{detail}");
    assert!(client.is_closed());
    assert!(upstream.connections.try_recv().is_err());
}

/// The message names no key that the configuration would refuse.
#[test]
fn a_service_that_cannot_accept_it_says_what_it_lacks() {
    let check = |upstream: &str, expected: &str| {
        let app = App::start(Site::new("").service("shop", SHOP, upstream, ""));
        let answer = app.ask(handshake());
        assert_eq!(answer.status, 501);
        let problem = problem(&answer);
        assert_eq!(problem["error"], "UPGRADE_OFF");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(expected), "{detail}");
    };
    check("mock", "it has no upstream server");
    check("h2c://127.0.0.1:1", "it needs HTTP/1.1 to the upstream");
}

#[test]
fn a_connection_holds_one_slot_until_its_end() {
    let upstream = HeldUpstream::start();
    let shares = "[services.shares]\nin_flight_max = 1\nlimit = \"fixed\"\nwait_max = \"50ms\"";
    let app = App::start(Site::shop(upstream.address, &format!("{ON}\n{shares}"), ""));
    for _ in 0..3 {
        let (client, far) = upstream.open(app.data);
        let refused = ask(app.data, get("/items"));
        assert_eq!(problem(&refused)["error"], "OVERLOADED");
        drop((client, far));
        let open = "portcullis_upgraded_connections{service=\"shop\"} 0";
        await_metric(app.admin, open);
    }
    let mut client = app.client();
    client.send(get("/items"));
    let (_, mut far) = upstream.accept();
    far.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .unwrap();
    assert_eq!(client.answer().status, 200);
}

#[test]
fn silence_ends_it_and_the_log_says_so_once() {
    let upstream = HeldUpstream::start();
    let keys = format!("{ON}\nupgrade_idle_timeout = \"300ms\"");
    let mut process = Process::start(Site::shop(upstream.address, &keys, ""));
    let (mut client, mut far) = upstream.open(process.data);
    client.send("ping");
    assert_eq!(receive(&mut far, 4), b"ping");
    let since = Instant::now();
    assert!(client.is_closed());
    assert!(is_over(&mut far));
    assert!(since.elapsed() >= Duration::from_millis(250));
    let line = process.await_line(" 101 idle ");
    for part in [
        "duration_ms=",
        "client_bytes=4",
        "upstream_bytes=0",
        "open_ms=",
        "upgrade_idle_timeout",
    ] {
        assert!(line.contains(part), "{part} is missing in {line}");
    }
    process.signal("TERM");
    let log = process.wait().1;
    assert_eq!(log.matches("GET /items 101").count(), 1, "{log}");
}

#[test]
fn a_side_that_breaks_off_ends_it() {
    let upstream = HeldUpstream::start();
    let mut process = Process::start(Site::shop(upstream.address, ON, ""));
    let reset =
        |stream: &TcpStream| socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let (mut client, far) = upstream.open(process.data);
    reset(&far).unwrap();
    drop(far);
    assert!(client.is_closed());
    let line = process.await_line(" 101 truncated ");
    assert!(line.contains("broke the connection off"), "{line}");
    let (mut client, mut far) = upstream.open(process.data);
    reset(client.stream()).unwrap();
    drop(client);
    assert!(is_over(&mut far));
    process.await_line(" 101 disconnected ");
}

#[test]
fn the_drain_ends_it_at_its_deadline() {
    let upstream = HeldUpstream::start();
    let top = "[limits]\ndrain_timeout = \"1s\"";
    let mut process = Process::start(Site::shop(upstream.address, ON, top));
    let (mut client, mut far) = upstream.open(process.data);
    process.signal("TERM");
    process.await_line("signal");
    client.send("still here");
    assert_eq!(receive(&mut far, 10), b"still here");
    assert!(client.is_closed());
    assert!(is_over(&mut far));
    let line = process.await_line(" 101 drained ");
    assert!(line.contains("client_bytes=10"), "{line}");
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}
