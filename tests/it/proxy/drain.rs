//! Graceful shutdown: after a signal the process fails its readiness first, then finishes the
//! requests in flight, and then exits.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use tokio::sync::Notify;

use crate::support::app::{Process, Site, admin, get, post};
use crate::support::client::{Client, PATIENCE};
use crate::support::upstream::{Step, Upstream, send};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn start(upstream: &Upstream, limits: &str) -> Process {
    let top = format!("[runtime]\ndata_cores = 2\n[limits]\n{limits}");
    Process::start(Site::shop(upstream.address, "", &top))
}

/// An upstream that waits before each answer until the test continues it.
fn slow() -> (Upstream, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    let wait = Arc::clone(&gate);
    let upstream = Upstream::start(move |_| vec![Step::Wait(Arc::clone(&wait)), send(OK)]);
    (upstream, gate)
}

fn await_closed_listener(address: SocketAddr) {
    let until = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(address) {
            Ok(_) => assert!(Instant::now() < until, "the listener stays open"),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => return,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn readiness_fails_first_without_lost_requests() {
    let upstream = Upstream::ok();
    let process = start(&upstream, "drain_delay = \"1s\"\ndrain_timeout = \"20s\"");
    assert_eq!(admin(process.admin, "/readyz").0, 200);
    let (answered, closing) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let (answered, closing, address) = (&answered, &closing, process.data);
            scope.spawn(move || while ask_until_closed(address, answered, closing) {});
        }
        while answered.load(Ordering::Relaxed) < 500 {
            std::thread::yield_now();
        }
        closing.store(true, Ordering::Relaxed);
        process.signal("TERM");
        let reason = loop {
            let (status, text) = admin(process.admin, "/readyz");
            if status == 503 {
                break text;
            }
        };
        assert_eq!(reason, "draining\n");
        assert_eq!(admin(process.admin, "/livez").0, 200);
        // Not ready, but new connections are still served.
        let mut client = Client::connect(process.data);
        client.send(get("/files/x"));
        let answer = client.answer();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
        assert_eq!(answer.field("connection"), Some("close"));
    });
    let answered = answered.load(Ordering::Relaxed) + 1;
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        log.contains(&format!("requests={answered}")),
        "{answered}: {log}"
    );
    assert!(!log.contains("cut at the drain deadline"), "{log}");
    let requests: Vec<_> = upstream.requests.try_iter().collect();
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| request.problems.is_empty()));
}

/// Sends requests on one connection until a response closes it; false if the connection is refused.
fn ask_until_closed(address: SocketAddr, answered: &AtomicUsize, closing: &AtomicBool) -> bool {
    let stream = match TcpStream::connect(address) {
        Ok(stream) => stream,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(
                closing.load(Ordering::Relaxed),
                "the listener closes only after the signal"
            );
            return false;
        }
    };
    let mut client = Client::from(stream);
    for number in 0.. {
        let request = match number % 3 {
            0 => get("/files/x").into_bytes(),
            1 => post("/items", "x-tenant: a\r\n", r#"{"name":"a","quantity":1}"#),
            _ => post("/items", "x-tenant: a\r\n", r#"{"name":"a","quantity":0}"#),
        };
        client.send(request);
        let Some(answer) = client.read_answer(true) else {
            panic!("request {number} of a connection is not answered");
        };
        assert!(
            answer.complete && [200, 422].contains(&answer.status),
            "{}",
            answer.head
        );
        answered.fetch_add(1, Ordering::Relaxed);
        if answer.field("connection") == Some("close") {
            break;
        }
    }
    assert!(client.is_closed());
    true
}

#[test]
fn a_request_in_flight_is_finished() {
    let (upstream, gate) = slow();
    let mut process = start(&upstream, "drain_timeout = \"20s\"");
    let mut client = Client::connect(process.data);
    client.send(get("/files/x"));
    upstream.head();
    process.signal("TERM");
    process.await_line("requests_left=1");
    await_closed_listener(process.data);
    gate.notify_one();
    let answer = client.answer();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
    assert_eq!(answer.field("connection"), Some("close"));
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        log.contains("requests=1") && !log.contains("cut at"),
        "{log}"
    );
}

#[test]
fn a_body_in_flight_is_finished() {
    let upstream = Upstream::ok();
    let process = start(&upstream, "drain_timeout = \"20s\"");
    let mut client = Client::connect(process.data);
    client.send(
        "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\ncontent-type: application/json\r\n\
         content-length: 25\r\nexpect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.answer().status, 100);
    process.signal("TERM");
    await_closed_listener(process.data);
    client.send(r#"{"name":"a","quantity":1}"#);
    assert_eq!(client.answer().body, b"ok");
    assert!(client.is_closed());
    assert_eq!(process.wait().0.code(), Some(0));
}

#[test]
fn aborts_and_counts_requests_after_the_deadline() {
    let (upstream, _gate) = slow();
    let process = start(&upstream, "drain_timeout = \"300ms\"");
    let ask = |_| {
        let mut client = Client::connect(process.data);
        client.send(get("/files/x"));
        upstream.head();
        client
    };
    let mut clients: Vec<Client> = (0..5).map(ask).collect();
    process.signal("TERM");
    for client in &mut clients {
        assert!(client.read_answer(true).is_none());
    }
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        log.contains("cut at the drain deadline connections=5"),
        "{log}"
    );
}

#[test]
fn idle_connections_are_closed() {
    let upstream = Upstream::ok();
    let process = start(&upstream, "drain_timeout = \"20s\"");
    let ask = |_| {
        let mut client = Client::connect(process.data);
        client.send(get("/files/x"));
        assert_eq!(client.answer().status, 200);
        client
    };
    let mut used: Vec<Client> = (0..5).map(ask).collect();
    let mut fresh = Client::connect(process.data);
    process.signal("TERM");
    for client in used.iter_mut().chain([&mut fresh]) {
        assert!(client.is_closed());
    }
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(
        log.contains("requests=5") && !log.contains("cut at"),
        "{log}"
    );
}

#[test]
fn sighup_does_not_stop_the_process_and_sigint_does() {
    let upstream = Upstream::ok();
    let mut process = start(&upstream, "drain_timeout = \"1s\"");
    for _ in 0..2 {
        process.signal("HUP");
        process.await_line("SIGHUP");
        let answer = crate::support::app::ask(process.data, get("/files/x"));
        assert_eq!(answer.body, b"ok");
    }
    process.signal("INT");
    let (status, log) = process.wait();
    assert_eq!(status.code(), Some(0), "{log}");
}

/// Requests that are read, wait for the upstream or are answered slowly are left; answered ones are not.
#[test]
fn the_first_signal_says_how_many_requests_are_left() {
    let (upstream, _gate) = slow();
    let mut process = start(&upstream, "drain_delay = \"1h\"\ndrain_timeout = \"1h\"");
    for signal in ["HUP", "HUP"] {
        process.signal(signal);
        process.await_line("configuration unchanged");
    }
    let waiting = |_| {
        let mut client = Client::connect(process.data);
        client.send(get("/files/x"));
        upstream.head();
        client
    };
    let mut clients: Vec<Client> = (0..3).map(waiting).collect();
    let mut refused = Client::connect(process.data);
    refused.send(post("/items", "x-tenant: a\r\n", "{}"));
    assert_eq!(refused.answer().status, 422);
    let mut sending = Client::connect(process.data);
    sending.send(
        "POST /items HTTP/1.1\r\nhost: a\r\nx-tenant: a\r\ncontent-type: application/json\r\n\
         content-length: 25\r\nexpect: 100-continue\r\n\r\n",
    );
    assert_eq!(sending.answer().status, 100);
    clients.push(sending);
    process.signal("INT");
    let line = process.await_line("a second signal ends the process");
    assert!(line.contains("requests_left=4"), "{line}");
    process.signal("INT");
    assert_eq!(process.wait().0.code(), Some(130));
}

/// A second signal ends the process although a request is in flight and the drain has just begun.
#[test]
fn a_second_signal_ends_the_process_at_once() {
    for (first, second, code) in [
        ("TERM", "TERM", 143),
        ("TERM", "INT", 130),
        ("INT", "INT", 130),
    ] {
        let (upstream, _gate) = slow();
        let mut process = start(&upstream, "drain_delay = \"1h\"\ndrain_timeout = \"1h\"");
        let mut client = Client::connect(process.data);
        client.send(get("/files/x"));
        upstream.head();
        process.signal(first);
        process.await_line("a second signal ends the process");
        // SIGHUP does not count.
        process.signal("HUP");
        process.signal(second);
        let (status, log) = process.wait();
        assert_eq!(status.code(), Some(code), "{first} {second}: {log}");
    }
}
