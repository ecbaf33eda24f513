//! Unix sockets on both sides, and several addresses for clients.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use crate::support::app::{App, Process, SHOP, Site, get, problem};
use crate::support::client::{Client, PATIENCE};
use crate::support::upstream::Upstream;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn connect(path: &Path) -> Client<UnixStream> {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Client::over(stream)
}

/// An upstream at a Unix socket that answers every request with `200`. Returns the heads.
fn serve_at(path: &Path) -> Receiver<String> {
    let listener = UnixListener::bind(path).unwrap();
    let (sender, heads) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        let text = String::from_utf8(std::mem::take(&mut head)).unwrap();
                        let _ = sender.send(text);
                        let _ = stream.write_all(OK.as_bytes());
                    }
                }
            });
        }
    });
    heads
}

#[test]
fn clients_connect_to_any_of_several_addresses() {
    let upstream = Upstream::ok();
    let top = "[listen]\naddress = [\"unix:p.sock\", \"127.0.0.1:0\", \"[::1]:0\"]\n\
               unix_mode = \"600\"\n[runtime]\ndata_cores = 2";
    let site = Site::shop(upstream.address, "", top);
    let path = site.path("p.sock");
    let mut process = Process::start(site);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ports = process.ports.clone();
    assert!(ports[0].is_ipv4() && ports[1].is_ipv6(), "{ports:?}");
    for _ in 0..4 {
        let mut client = connect(&path);
        for _ in 0..3 {
            client.send(get("/items"));
            assert_eq!(client.answer().body, b"ok");
            let request = upstream.request();
            assert_eq!(request.fields("x-forwarded-for"), ["unknown"]);
            let forwarded = "for=unknown;host=\"shop\";proto=http";
            assert_eq!(request.fields("forwarded"), [forwarded]);
        }
        for address in &ports {
            let mut client = Client::connect(*address);
            client.send(get("/items"));
            assert_eq!(client.answer().body, b"ok");
            let ip = address.ip().to_string();
            assert_eq!(upstream.request().fields("x-forwarded-for"), [ip]);
        }
    }
    let mut client = connect(&path);
    client.send(get("/items?limit=x"));
    assert_eq!(client.answer().status, 422);
    process.await_line("limit");
    process.signal("TERM");
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!path.exists(), "the file is removed");
}

#[test]
fn peers_at_a_unix_socket_are_trusted_only_where_that_is_configured() {
    for (peers, trusted) in [("", false), ("trusted_peers = [\"unix\"]", true)] {
        let upstream = Upstream::ok();
        let top = format!("[listen]\naddress = \"unix:p.sock\"\n[identity]\n{peers}");
        let site = Site::shop(upstream.address, "", &top);
        let path = site.path("p.sock");
        let _app = App::start(site);
        let mut client = connect(&path);
        let forwarded = "x-forwarded-for: 203.0.113.7\r\n";
        client.send(format!(
            "GET /items HTTP/1.1\r\nhost: shop\r\n{forwarded}\r\n"
        ));
        assert_eq!(client.answer().status, 200);
        let expected = if trusted {
            "203.0.113.7, unknown"
        } else {
            "unknown"
        };
        assert_eq!(upstream.request().fields("x-forwarded-for"), [expected]);
    }
}

#[test]
fn an_upstream_may_be_at_a_unix_socket() {
    let site = Site::new("").service("shop", SHOP, "unix:app.sock", "");
    let path = site.path("app.sock");
    let heads = serve_at(&path);
    let app = App::start(site);
    let mut client = app.client();
    for _ in 0..3 {
        client.send(get("/items"));
        assert_eq!(client.answer().body, b"ok");
        assert!(heads.recv().unwrap().contains("host: shop\r\n"));
    }
    client.send("GET /items HTTP/1.0\r\n\r\n");
    assert_eq!(client.answer().body, b"ok");
    assert!(heads.recv().unwrap().contains("host: localhost\r\n"));
}

#[test]
fn a_socket_that_nobody_answers_at_is_unavailable() {
    let site = Site::new("").service("shop", SHOP, "unix:app.sock", "");
    let app = App::start(site);
    let answer = app.ask(get("/items"));
    let problem = problem(&answer);
    assert_eq!(problem["error"], "UPSTREAM_UNAVAILABLE");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("unix:/") && detail.contains("app.sock"),
        "{detail}"
    );
}
