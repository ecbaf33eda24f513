//! Upstreams that fail: the response to the client, and the recovery for the next request.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::support::app::{App, Site, admin, get, post, problem, until};
use crate::support::client::Answer;
use crate::support::upstream::{Step, Upstream, send};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn shop(upstream: SocketAddr) -> App {
    let top = "[limits]\nupstream_timeout = \"1s\"\nbody_idle_timeout = \"1s\"\n\
               upstream_connect_timeout = \"1s\"";
    App::start(Site::shop(upstream, "", top))
}

/// An upstream that plays these steps once, and answers normally after that.
fn once(steps: Vec<Step>) -> Upstream {
    let played = AtomicUsize::new(0);
    Upstream::start(move |_| match played.fetch_add(1, Ordering::Relaxed) {
        0 => steps.clone(),
        _ => vec![send(OK)],
    })
}

#[track_caller]
fn check_problem(answer: &Answer, status: u16, error: &str, detail: &str) {
    let problem = problem(answer);
    assert_eq!(
        (answer.status, problem["error"].as_str()),
        (status, Some(error)),
        "{problem}"
    );
    let found = problem["detail"].as_str().unwrap();
    assert!(found.contains(detail), "{found}");
    assert_eq!(problem["service"], "shop");
    assert!(problem.get("violations").is_none());
}

/// Checks the response to the client if the upstream plays these steps, and that the next request
/// on the same connection is answered normally.
#[track_caller]
fn check(steps: Vec<Step>, status: u16, error: &str, detail: &str) {
    let upstream = once(steps);
    let app = shop(upstream.address);
    let mut client = app.client();
    // A request that must not be retried.
    client.send(post(
        "/items",
        "x-tenant: a\r\n",
        r#"{"name":"a","quantity":1}"#,
    ));
    let answer = client.answer();
    check_problem(&answer, status, error, detail);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains(&upstream.address.to_string()), "{text}");
    client.send(get("/files/x"));
    assert_eq!(client.answer().body, b"ok");
    assert_eq!(upstream.requests.try_iter().count(), 2);
}

#[test]
fn explains_upstream_failures() {
    let unavailable = "UPSTREAM_UNAVAILABLE";
    check(vec![Step::Close], 502, unavailable, "closed the connection");
    check(
        vec![send("HTTP/1.1 200"), Step::Close],
        502,
        unavailable,
        "closed the connection",
    );
    let malformed = |text: &str| {
        check(
            vec![send(text), Step::Close],
            502,
            unavailable,
            "malformed response",
        );
    };
    malformed("garbage\r\n\r\n");
    malformed("HTTP/1.1 2x0 OK\r\n\r\n");
    malformed("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n");
    malformed("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab");
    malformed("HTTP/1.1 200 OK\r\nbad name: x\r\ncontent-length: 0\r\n\r\n");
    malformed(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    );
    let never = Arc::new(Notify::new());
    check(
        vec![Step::Wait(never)],
        504,
        "UPSTREAM_TIMEOUT",
        "did not begin its response in time",
    );
}

#[test]
fn recovers_after_an_unreachable_upstream() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let app = shop(address);
    let mut client = app.client();
    for _ in 0..2 {
        client.send(get("/files/x"));
        let answer = client.answer();
        check_problem(&answer, 502, "UPSTREAM_UNAVAILABLE", "is it running?");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(text.contains(&address.to_string()), "{text}");
        assert!(text.to_lowercase().contains("refused"), "{text}");
    }
    let listener = TcpListener::bind(address).unwrap();
    let serving = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let read = stream.read(&mut [0; 4096]).unwrap();
        assert!(read > 0);
        stream.write_all(OK.as_bytes()).unwrap();
    });
    client.send(get("/files/x"));
    assert_eq!(client.answer().body, b"ok");
    serving.join().unwrap();
}

#[test]
fn explains_an_unresolvable_name() {
    let site = Site::new("[limits]\nupstream_connect_timeout = \"1s\"").service(
        "shop",
        crate::support::app::SHOP,
        "http://no-such-host.invalid:80",
        "",
    );
    let answer = App::start(site).ask(get("/files/x"));
    assert_eq!(answer.status, 502, "{}", answer.head);
    let detail = problem(&answer)["detail"].take();
    assert!(
        detail.as_str().unwrap().contains("no-such-host.invalid:80"),
        "{detail}"
    );
}

/// What this machine lacks is counted separately and opens no circuit breaker.
#[test]
fn a_resolver_that_fails_is_not_the_upstream() {
    let limits = "[limits]\nupstream_connect_timeout = \"1s\"";
    let keys = "[services.breaker]\ncalls_min = 1\nunreachable_rate_max = 0.1\n";
    let app = App::start(Site::new(limits).service(
        "shop",
        crate::support::app::SHOP,
        "http://no-such-host.invalid:80",
        keys,
    ));
    for _ in 0..8 {
        check_problem(
            &app.ask(get("/files/x")),
            502,
            "UPSTREAM_UNAVAILABLE",
            "resolve",
        );
    }
    let has = |line: &str| {
        admin(app.admin, "/metrics")
            .1
            .lines()
            .any(|found| found == line)
    };
    until(|| has("portcullis_upstream_errors_total{service=\"shop\",reason=\"local-resolver\"} 8"));
    let shown = || admin(app.admin, "/metrics").1;
    until(|| shown().contains("outcome=\"unsent\"} 8"));
    assert!(!shown().contains("circuit_breaker_trips_by_squad_total{"));
}

/// A partial response must never look complete to the client.
#[test]
fn an_interrupted_response_looks_incomplete() {
    let check = |response: &str, request: &str| {
        let upstream = once(vec![send(response), Step::Close]);
        let app = shop(upstream.address);
        let mut client = app.client();
        client.send(request);
        let answer = client.answer();
        assert_eq!(answer.status, 200);
        assert_eq!(answer.field("x-portcullis"), None);
        assert!(!answer.complete, "{response}");
        assert!(client.is_closed());
        assert_eq!(app.ask(get("/files/x")).body, b"ok");
    };
    let request = get("/files/x");
    check("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", &request);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    check(chunked, &request);
    check(&chunked.replace("half\r\n", "ha"), &request);
    let stalled = Arc::new(Notify::new());
    let upstream = once(vec![
        send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
        Step::Wait(stalled),
    ]);
    let app = shop(upstream.address);
    let answer = app.ask(get("/files/x"));
    assert_eq!(answer.body, b"half");
    assert!(!answer.complete);
}

/// An upstream may close a kept connection just when it is reused. A repeatable request is then
/// sent again; any other is refused, and never reaches the upstream more than once.
#[test]
fn a_kept_connection_that_was_closed_is_replaced() {
    let upstream = Upstream::start(|_| vec![send(OK), Step::Close]);
    let app = shop(upstream.address);
    let mut client = app.client();
    for _ in 0..50 {
        client.send(get("/files/x"));
        let answer = client.answer();
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!((answer.status, &*text), (200, "ok"));
    }
    assert_eq!(upstream.requests.try_iter().count(), 50);
    let item = r#"{"name":"a","quantity":1}"#;
    let mut answered = 0;
    for _ in 0..50 {
        client.send(post("/items", "x-tenant: a\r\n", item));
        let answer = client.answer();
        if answer.status == 200 {
            answered += 1;
        } else {
            let closed = "closed the connection";
            check_problem(&answer, 502, "UPSTREAM_UNAVAILABLE", closed);
        }
    }
    assert_eq!(upstream.requests.try_iter().count(), answered);
}
