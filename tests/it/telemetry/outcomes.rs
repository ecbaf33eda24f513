//! The outcome of a request is named for who ended it, and its times add up, however it ended.

use std::io::Read;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::support::app::{App, Process, Site, admin, get, until};
use crate::support::client::Client;
use crate::support::faulty::Faulty;
use crate::support::upstream::{Step, Upstream, send};

fn site(upstream: std::net::SocketAddr, top: &str) -> Site {
    Site::shop(upstream, "", top)
}

/// The number of requests with this outcome.
fn count(address: std::net::SocketAddr, outcome: &str) -> u64 {
    let metrics = admin(address, "/metrics").1;
    let label = format!("outcome=\"{outcome}\"");
    let lines = metrics
        .lines()
        .filter(|line| line.starts_with("portcullis_requests_total{") && line.contains(&label));
    let values = lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    values.sum()
}

#[test]
fn a_client_that_leaves_during_the_answer_is_disconnected() {
    let gate = Arc::new(Notify::new());
    let wait = Step::Wait(Arc::clone(&gate));
    let upstream = Upstream::start(move |_| {
        let head = send("HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n");
        vec![head, Step::Fill(1_000_000), wait.clone()]
    });
    let app = App::start(site(upstream.address, ""));
    let mut client = app.client();
    client.send(get("/files/x"));
    let mut begun = [0; 1000];
    client.stream().read_exact(&mut begun).unwrap();
    drop(client);
    until(|| count(app.admin, "disconnected") == 1);
    assert_eq!(count(app.admin, "answered"), 0);
}

#[test]
fn an_answer_that_the_upstream_interrupts_is_truncated() {
    let upstream = Upstream::start(|_| {
        vec![
            send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
            Step::Close,
        ]
    });
    let app = App::start(site(upstream.address, ""));
    let mut client = app.client();
    client.send(get("/files/x"));
    assert!(
        client
            .read_answer(true)
            .is_none_or(|answer| !answer.complete)
    );
    until(|| count(app.admin, "truncated") == 1);
    assert_eq!(count(app.admin, "answered"), 0);
}

#[test]
fn a_request_that_the_drain_cuts_off_is_drained() {
    let gate = Arc::new(Notify::new());
    let wait = Step::Wait(Arc::clone(&gate));
    let upstream = Upstream::start(move |_| vec![wait.clone()]);
    let top =
        "[limits]\ndrain_timeout = \"0s\"\n[log]\nformat = \"json\"\n[access_log]\nsample = 1.0";
    let process = Process::start(site(upstream.address, top));
    let mut client = Client::connect(process.data);
    client.send(get("/files/x"));
    upstream.head();
    process.signal("TERM");
    let (_, log) = process.wait();
    assert!(log.contains("\"outcome\":\"drained\""), "{log}");
    assert!(!log.contains("\"outcome\":\"abandoned\""), "{log}");
}

#[test]
fn the_wait_of_an_abandoned_request_is_not_overhead() {
    let upstream = Faulty::start(100);
    let app = App::start(site(upstream.address, ""));
    let ask = |delay_ms: u32| {
        let mut client = app.client();
        client.send(format!(
            "GET /files/x HTTP/1.1\r\nhost: shop\r\nx-delay-ms: {delay_ms}\r\n\r\n"
        ));
        client
    };
    // The second answer shows that the first request has waited half a second.
    let impatient = ask(60_000);
    assert_eq!(ask(500).answer().status, 200);
    drop(impatient);
    until(|| count(app.admin, "abandoned") == 1);
    let metrics = admin(app.admin, "/metrics").1;
    let sums = metrics
        .lines()
        .filter(|line| line.starts_with("portcullis_overhead_seconds_sum"));
    let overhead: f64 = sums
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok())
        .sum();
    assert!(overhead < 0.25, "{overhead} s of at least 0.5 s of waiting");
}

/// An upstream that is silent after the head of an event stream, or after a part of a body whose
/// length it has announced. It answers every other request.
fn silent_upstream() -> Upstream {
    let never = Arc::new(Notify::new());
    Upstream::start(move |request| {
        let target = request.request_line().split(' ').nth(1).unwrap();
        let wait = Step::Wait(Arc::clone(&never));
        match target {
            "/files/stream" => vec![
                send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n"),
                wait,
            ],
            "/files/sized" => vec![
                send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
                wait,
            ],
            "/files/late" => vec![wait],
            _ => vec![send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")],
        }
    })
}

fn is_cut_off(app: &App, target: &str) -> bool {
    let mut client = app.client();
    client.send(get(target));
    client
        .read_answer(true)
        .is_none_or(|answer| !answer.complete)
}

/// Silence is a failure only where the upstream has announced more.
#[test]
fn a_stream_without_events_is_idle_and_no_failure() {
    let upstream = silent_upstream();
    let keys = "[services.breaker]\ncalls_min = 1\n";
    let top = "[limits]\nbody_idle_timeout = \"100ms\"\n[access_log]\nsample = 0.0";
    let app = App::start(Site::shop(upstream.address, keys, top));
    for _ in 0..5 {
        assert!(is_cut_off(&app, "/files/stream"));
    }
    until(|| count(app.admin, "idle") == 5);
    assert_eq!(app.ask(get("/files/x")).status, 200);
    assert!(is_cut_off(&app, "/files/sized"));
    until(|| count(app.admin, "truncated") == 1);
    // One of seven calls failed, which is below the threshold.
    assert_eq!(app.ask(get("/files/x")).status, 200);
    for _ in 0..8 {
        if !is_cut_off(&app, "/files/sized") {
            break;
        }
    }
    assert_eq!(app.ask(get("/files/x")).status, 503, "the circuit opens");
}

#[test]
fn a_service_and_an_operation_have_their_own_times() {
    const CONTRACT: &str = r#"{
        "openapi": "3.0.3", "info": {"title": "Files", "version": "1.0.0"},
        "paths": {
            "/files/stream": {"get": {
                "x-portcullis": {"body_idle_timeout": "100ms"},
                "responses": {"default": {"description": "any"}}}},
            "/files/late": {"get": {
                "x-portcullis": {"upstream_timeout": "100ms"},
                "responses": {"default": {"description": "any"}}}},
            "/files/sized": {"get": {"responses": {"default": {"description": "any"}}}}
        }
    }"#;
    let upstream = silent_upstream();
    let address = format!("http://{}", upstream.address);
    let site = Site::new("[limits]\nbody_idle_timeout = \"1h\"\nupstream_timeout = \"1h\"")
        .service("files", CONTRACT, &address, "body_idle_timeout = \"200ms\"");
    let app = App::start(site);
    assert!(is_cut_off(&app, "/files/stream"), "by the operation");
    assert!(is_cut_off(&app, "/files/sized"), "by the service");
    assert_eq!(app.ask(get("/files/late")).status, 504);
    until(|| count(app.admin, "idle") == 1 && count(app.admin, "truncated") == 1);
}

/// A body that is read whole to be judged must have an end.
#[test]
fn silence_in_a_body_that_is_judged_whole_is_a_failure() {
    const CONTRACT: &str = r#"{
        "openapi": "3.0.3", "info": {"title": "Files", "version": "1.0.0"},
        "paths": {"/list": {"get": {"responses": {"200": {"description": "any",
            "content": {"application/json": {"schema": {"type": "array"}}}}}}}}
    }"#;
    let never = Arc::new(Notify::new());
    let upstream = Upstream::start(move |_| {
        vec![
            send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[1,"),
            Step::Wait(Arc::clone(&never)),
        ]
    });
    let keys = "body_idle_timeout = \"100ms\"\n[services.enforcement]\nresponse = \"reject\"\n\
                [services.breaker]\ncalls_min = 1\n";
    let address = format!("http://{}", upstream.address);
    let app = App::start(Site::new("").service("files", CONTRACT, &address, keys));
    assert_eq!(app.ask(get("/list")).status, 504);
    until(|| count(app.admin, "unanswered") == 1);
    assert_eq!(app.ask(get("/list")).status, 503, "the circuit is open");
}
