//! WebSocket over HTTP/2 (RFC 8441): one stream is one WebSocket, judged like a handshake of HTTP/1.1.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use http::{Method, Request, Response};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::Value;

use crate::proxy::websocket::await_metric;
use crate::support::app::{App, Process, Site};
use crate::support::browser::Browser;
use crate::support::certificates::TestAuthority;
use crate::support::client::PATIENCE;
use crate::support::upstream::{Upstream, send};

const ON: &str = "upgrade = [\"websocket\"]";

/// A server of WebSocket whose connections the test holds. Other requests get 200.
struct WebsocketUpstream {
    address: SocketAddr,
    connections: Receiver<(String, TcpStream)>,
}

impl WebsocketUpstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, connections) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map(Result::unwrap) {
                let sender = sender.clone();
                std::thread::spawn(move || serve(stream, |opened| sender.send(opened).is_ok()));
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
}

fn serve(mut stream: TcpStream, opened: impl FnOnce((String, TcpStream)) -> bool) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("sec-websocket-key: "));
        let Some(key) = key else {
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(answer.as_bytes()).unwrap();
            continue;
        };
        let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        let accept = STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
        // A browser that asked for no subprotocol accepts none.
        let protocol = head
            .lines()
            .find(|line| line.starts_with("sec-websocket-protocol: "));
        let protocol = protocol.map_or(String::new(), |line| format!("{line}\r\n"));
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-accept: {accept}\r\n{protocol}\r\n"
        );
        stream.write_all(answer.as_bytes()).unwrap();
        opened((head, stream));
        return;
    }
}

/// A WebSocket of a client: both halves of its stream.
struct Tunnel {
    sender: SendStream<Bytes>,
    receiver: RecvStream,
}

impl Tunnel {
    async fn send(&mut self, bytes: &[u8]) {
        let mut left = Bytes::copy_from_slice(bytes);
        while !left.is_empty() {
            self.sender.reserve_capacity(left.len());
            let capacity = std::future::poll_fn(|cx| self.sender.poll_capacity(cx)).await;
            let part = left.split_to(capacity.unwrap().unwrap().min(left.len()));
            self.sender.send_data(part, false).unwrap();
        }
    }

    async fn receive(&mut self, length: usize) -> Vec<u8> {
        let mut received = Vec::new();
        while received.len() < length {
            received.extend(self.next().await.unwrap().unwrap());
        }
        received
    }

    /// The next bytes; nothing at the end of the stream.
    async fn next(&mut self) -> Option<Result<Bytes, h2::Error>> {
        loop {
            let data = self.receiver.data().await?;
            if let Ok(data) = &data {
                let flow = self.receiver.flow_control();
                flow.release_capacity(data.len()).unwrap();
            }
            if !data.as_ref().is_ok_and(Bytes::is_empty) {
                return Some(data);
            }
        }
    }
}

/// Connects. The connection is driven by a thread of its own, so a test may wait without its runtime.
async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let (sender, opened) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        runtime().block_on(async move {
            let socket = tokio::net::TcpStream::connect(address).await.unwrap();
            // A stream that is not read must leave the others a part of the connection's window.
            let mut builder = Builder::new();
            builder.initial_connection_window_size(1 << 20);
            let (client, driver) = builder.handshake(socket).await.unwrap();
            let _ = sender.send(client);
            let _ = driver.await;
        });
    });
    let client: SendRequest<Bytes> = opened.await.unwrap();
    let mut client: SendRequest<Bytes> = client.ready().await.unwrap();
    // The settings of the server have arrived with its first answer.
    let ping = Request::get("http://shop/items").body(()).unwrap();
    client.send_request(ping, true).unwrap().0.await.unwrap();
    client.ready().await.unwrap()
}

fn handshake(target: &str, version: &str) -> Request<()> {
    let request = Request::builder().method(Method::CONNECT);
    request
        .uri(format!("http://shop{target}"))
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", version)
        .header("sec-websocket-protocol", "chat")
        .body(())
        .unwrap()
}

async fn ask(
    client: &mut SendRequest<Bytes>,
    request: Request<()>,
) -> Result<(Response<()>, Tunnel), h2::Error> {
    let (answer, sender) = client.send_request(request, false).unwrap();
    let (head, receiver) = answer.await?.into_parts();
    Ok((Response::from_parts(head, ()), Tunnel { sender, receiver }))
}

async fn open(client: &mut SendRequest<Bytes>) -> Tunnel {
    let (answer, tunnel) = ask(client, handshake("/items", "13")).await.unwrap();
    assert_eq!(answer.status(), 200);
    tunnel
}

fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap()
}

fn run<T>(test: impl Future<Output = T>) -> T {
    runtime().block_on(test)
}

fn app(upstream: &WebsocketUpstream, keys: &str) -> App {
    App::start(Site::shop(upstream.address, &format!("{ON}\n{keys}"), ""))
}

#[test]
fn bytes_pass_both_ways_and_each_side_ends_its_own() {
    let upstream = WebsocketUpstream::start();
    let app = app(&upstream, "");
    run(async {
        let mut client = connect(app.data).await;
        assert!(client.is_extended_connect_protocol_enabled());
        let (answer, mut tunnel) = ask(&mut client, handshake("/items?limit=3", "13"))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
        for name in [
            "sec-websocket-accept",
            "upgrade",
            "connection",
            "content-length",
        ] {
            assert!(!answer.headers().contains_key(name), "{name}");
        }
        let (head, mut far) = upstream.accept();
        for line in [
            "GET /items?limit=3 HTTP/1.1\r\n",
            "\r\nhost: shop\r\n",
            "\r\nconnection: upgrade\r\n",
            "\r\nupgrade: websocket\r\n",
            "\r\nsec-websocket-version: 13\r\n",
            "\r\nvia: 2 portcullis-",
        ] {
            assert!(head.contains(line), "{line:?} is missing in {head:?}");
        }
        await_metric(
            app.admin,
            "portcullis_upgraded_connections{service=\"shop\"} 1",
        );
        let data: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        let echo = std::thread::spawn(move || {
            let mut received = vec![0; 300_000];
            far.read_exact(&mut received).unwrap();
            far.write_all(&received).unwrap();
            far
        });
        tunnel.send(&data).await;
        assert!(tunnel.receive(data.len()).await == data);
        let mut far = echo.join().unwrap();
        tunnel
            .sender
            .send_data(Bytes::from_static(b"last"), true)
            .unwrap();
        let far = std::thread::spawn(move || {
            let mut rest = Vec::new();
            far.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, b"last");
            far.write_all(b"answer").unwrap();
        });
        assert_eq!(tunnel.receive(6).await, b"answer");
        assert!(tunnel.next().await.is_none(), "the stream ended in order");
        far.join().unwrap();
        await_metric(
            app.admin,
            "portcullis_upgraded_connections{service=\"shop\"} 0",
        );
    });
}

/// The answer to a handshake that is refused.
async fn refused(client: &mut SendRequest<Bytes>, request: Request<()>) -> (u16, Value) {
    let (answer, mut tunnel) = ask(client, request).await.unwrap();
    let mut body = Vec::new();
    while let Some(data) = tunnel.next().await {
        body.extend(data.unwrap());
    }
    let problem = serde_json::from_slice(&body).unwrap();
    (answer.status().as_u16(), problem)
}

#[test]
fn a_handshake_is_judged_like_that_of_http1() {
    let upstream = WebsocketUpstream::start();
    let app = app(&upstream, "");
    run(async {
        let mut client = connect(app.data).await;
        for (request, status, error) in [
            (handshake("/items?limit=x", "13"), 422, "CONTRACT_VIOLATION"),
            (handshake("/nothing", "13"), 404, "CONTRACT_VIOLATION"),
            (handshake("/items", "8"), 426, "MALFORMED_HANDSHAKE"),
            (with_length(), 400, "MALFORMED_REQUEST"),
            (tunnel_of("connect-udp"), 501, "MALFORMED_REQUEST"),
        ] {
            let (answered, problem) = refused(&mut client, request).await;
            assert_eq!(
                (answered, &problem["error"]),
                (status, &error.into()),
                "{problem}"
            );
        }
        // The connection serves further requests and further WebSockets.
        let _tunnel = open(&mut client).await;
    });
}

/// Only 101 accepts a WebSocket on HTTP/1.1, and every 2xx would accept it on this stream, so what an upstream
/// answers instead never looks like that.
#[test]
fn an_upstream_that_answers_otherwise_accepts_nothing() {
    for (status, expected) in [
        ("200 OK", 502),
        ("204 No Content", 502),
        ("404 Not Found", 404),
        ("502 Bad Gateway", 502),
        ("101 Switching Protocols", 502),
    ] {
        let upstream = Upstream::start(move |request| {
            let is_handshake = !request.fields("sec-websocket-key").is_empty();
            let status = if is_handshake { status } else { "200 OK" };
            let length = match status {
                "204 No Content" | "101 Switching Protocols" => "",
                _ => "content-type: text/html\r\ncontent-length: 0\r\n",
            };
            vec![send(&format!("HTTP/1.1 {status}\r\n{length}\r\n"))]
        });
        let app = App::start(Site::shop(upstream.address, ON, ""));
        run(async {
            let mut client = connect(app.data).await;
            let (answer, mut tunnel) = ask(&mut client, handshake("/items", "13")).await.unwrap();
            assert_eq!(answer.status(), expected, "{status}");
            while let Some(data) = tunnel.next().await {
                data.unwrap();
            }
            // The connection serves further requests.
            let next = Request::get("http://shop/items").body(()).unwrap();
            let next = client.send_request(next, true).unwrap().0.await.unwrap();
            assert_eq!(next.status(), 200, "{status}");
        });
    }
}

fn with_length() -> Request<()> {
    let mut request = handshake("/items", "13");
    request.headers_mut().insert("content-length", 5.into());
    request
}

fn tunnel_of(protocol: &'static str) -> Request<()> {
    let mut request = handshake("/items", "13");
    request
        .extensions_mut()
        .insert(Protocol::from_static(protocol));
    request
}

#[test]
fn where_no_service_accepts_it_it_is_not_offered() {
    let upstream = WebsocketUpstream::start();
    let app = App::start(Site::shop(upstream.address, "", ""));
    run(async {
        let mut client = connect(app.data).await;
        assert!(!client.is_extended_connect_protocol_enabled());
        let refused = ask(&mut client, handshake("/items", "13")).await;
        let error = refused.err().unwrap();
        assert_eq!(error.reason(), Some(Reason::PROTOCOL_ERROR), "{error}");
    });
}

#[test]
fn where_another_service_accepts_it_the_refusal_names_the_key() {
    let upstream = WebsocketUpstream::start();
    let keys = format!("{ON}\nhosts = [\"chat\"]");
    let site = Site::shop(upstream.address, "", "").service(
        "chat",
        crate::support::app::SHOP,
        &format!("http://{}", upstream.address),
        &keys,
    );
    let app = App::start(site);
    run(async {
        let mut client = connect(app.data).await;
        let (status, problem) = refused(&mut client, handshake("/items", "13")).await;
        assert_eq!((status, &problem["error"]), (501, &"UPGRADE_OFF".into()));
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("upgrade = [\"websocket\"]")
        );
    });
}

#[test]
fn a_side_that_breaks_off_breaks_off_the_other() {
    let upstream = WebsocketUpstream::start();
    let app = app(&upstream, "");
    run(async {
        let mut client = connect(app.data).await;
        let mut tunnel = open(&mut client).await;
        let (_, mut far) = upstream.accept();
        tunnel.sender.send_reset(Reason::CANCEL);
        assert!(matches!(far.read(&mut [0]), Ok(0) | Err(_)));
        let mut tunnel = open(&mut client).await;
        let (_, far) = upstream.accept();
        socket2::SockRef::from(&far)
            .set_linger(Some(std::time::Duration::ZERO))
            .unwrap();
        drop(far);
        let ended = tunnel.next().await;
        let error = ended.and_then(Result::err).expect("the stream is reset");
        assert_eq!(error.reason(), Some(Reason::CANCEL), "{error}");
        await_metric(
            app.admin,
            "portcullis_upgraded_connections{service=\"shop\"} 0",
        );
    });
}

#[test]
fn a_silent_one_ends_and_holds_one_slot_until_then() {
    let upstream = WebsocketUpstream::start();
    let app = app(
        &upstream,
        "upgrade_idle_timeout = \"300ms\"\nshares = { in_flight_max = 1, waiting_max = 0 }",
    );
    run(async {
        let mut client = connect(app.data).await;
        let mut tunnel = open(&mut client).await;
        let (_, mut far) = upstream.accept();
        let (status, _) = refused(&mut client, handshake("/items", "13")).await;
        assert_eq!(status, 503);
        assert!(tunnel.next().await.is_none_or(|ended| ended.is_err()));
        assert_eq!(far.read(&mut [0]).unwrap(), 0);
        let _tunnel = open(&mut client).await;
    });
}

#[test]
fn one_that_does_not_read_does_not_stop_the_others() {
    const TUNNELS: usize = 30;
    let upstream = WebsocketUpstream::start();
    let app = app(&upstream, "");
    run(async {
        let mut client = connect(app.data).await;
        let _stalled = open(&mut client).await;
        let (_, mut far) = upstream.accept();
        let flood = std::thread::spawn(move || while far.write_all(&[7; 4096]).is_ok() {});
        for number in 0..TUNNELS {
            let mut tunnel = open(&mut client).await;
            let (_, mut far) = upstream.accept();
            let text = format!("message {number}");
            // Small frames cost the connection nothing once they are read.
            for _ in 0..100 {
                tunnel.send(text.as_bytes()).await;
            }
            let length = text.len();
            let echo = std::thread::spawn(move || {
                let mut received = vec![0; 100 * length];
                far.read_exact(&mut received).unwrap();
                far.write_all(&received).unwrap();
                far.shutdown(Shutdown::Write).unwrap();
            });
            let received = tunnel.receive(100 * length).await;
            assert_eq!(received, text.repeat(100).into_bytes());
            echo.join().unwrap();
        }
        drop(client);
        drop(_stalled);
        flood.join().unwrap();
    });
}

#[test]
fn a_drain_ends_them_after_its_time() {
    let upstream = WebsocketUpstream::start();
    let top = "[limits]\ndrain_timeout = \"500ms\"";
    let process = Process::start(Site::shop(upstream.address, ON, top));
    let data = process.data;
    run(async {
        let mut client = connect(data).await;
        let mut tunnel = open(&mut client).await;
        let (_, mut far) = upstream.accept();
        process.signal("TERM");
        // It still passes bytes meanwhile.
        far.write_all(b"bye").unwrap();
        assert_eq!(tunnel.receive(3).await, b"bye");
        let (status, log) = process.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains("client_bytes=0 upstream_bytes=3"), "{log}");
        assert!(tunnel.next().await.is_none_or(|ended| ended.is_err()));
    });
}

#[cfg_attr(not(has_browser), ignore = "the browser of the tests is missing")]
#[test]
fn a_browser_talks_over_http2() {
    let upstream = WebsocketUpstream::start();
    let certificate = TestAuthority::new().sign(&["localhost"]);
    let top = "[listen]\naddress = \"127.0.0.1:0\"\n[listen.tls]\n\
               certificates = [{ cert = \"a.pem\", key = \"a.key\" }]";
    let site = Site::shop(upstream.address, ON, top).certificate("a", &certificate);
    let app = App::start(site);
    let browser = Browser::start("websocket.mjs", app.data);
    let (head, mut far) = upstream.accept();
    // A browser uses its connection of HTTP/2 only where that offers RFC 8441.
    assert!(head.contains("\r\nvia: 2 portcullis-"), "{head}");
    far.write_all(b"\x81\x05hello").unwrap();
    let mut frame = [0; 10];
    far.read_exact(&mut frame).unwrap();
    assert_eq!(frame[..2], [0x81, 0x84]);
    let text: Vec<u8> = frame[6..]
        .iter()
        .zip(&frame[2..6])
        .map(|(a, b)| a ^ b)
        .collect();
    assert_eq!(text, b"back");
    // Close with the code 1000.
    far.write_all(b"\x88\x02\x03\xe8").unwrap();
    browser.succeed();
}
