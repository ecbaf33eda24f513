//! File descriptors: clients that hold them take away neither the probes nor the upstream.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::support::app::{Process, SHOP, Site, StopOnDrop, admin, ask, get, problem, until};
use crate::support::client::Client;
use crate::support::http2_upstream::{Http2Upstream, answer};
use crate::support::upstream::{Step, Upstream, send};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";

/// An upstream that closes each connection, so every request needs a new descriptor.
fn upstream() -> Upstream {
    Upstream::start(|_| vec![send(OK)])
}

#[test]
fn idle_clients_take_no_descriptors_from_the_probes_and_the_upstream() {
    let upstream = upstream();
    let site = Site::shop(upstream.address, "", "");
    let process = Process::start_limited(site, "-n 64");
    let mut client = Client::connect(process.data);
    let mut ask = || {
        client.send(get("/files/x"));
        client.answer()
    };
    assert_eq!(ask().body, b"ok");
    let idle: Vec<TcpStream> = (0..200)
        .filter_map(|_| TcpStream::connect(process.data).ok())
        .collect();
    assert!(idle.len() > 100, "{}", idle.len());
    for _ in 0..20 {
        assert_eq!(admin(process.admin, "/livez").0, 200);
        assert_eq!(admin(process.admin, "/readyz").0, 200);
        assert_eq!(ask().body, b"ok");
    }
    let (_, metrics) = admin(process.admin, "/metrics");
    assert!(
        !metrics.contains("portcullis_upstream_errors_total{"),
        "{metrics}"
    );
    // Clients beyond the number learn the reason.
    let (_, log) = {
        process.signal("TERM");
        process.wait()
    };
    assert!(
        log.contains("fewer client connections than limits.connections_max"),
        "{log}"
    );
}

#[test]
fn the_soft_limit_is_raised_to_the_hard_one() {
    let upstream = upstream();
    let top = "[limits]\nconnections_max = 100\n";
    let process = Process::start_limited(Site::shop(upstream.address, "", top), "-Sn 64");
    let (_, metrics) = admin(process.admin, "/metrics");
    let found = metrics
        .lines()
        .find_map(|line| line.strip_prefix("process_max_fds "));
    let limit: f64 = found.unwrap().parse().unwrap();
    assert!(limit == 0.0 || limit > 64.0, "{limit}");
    process.signal("TERM");
    let (_, log) = process.wait();
    assert!(!log.contains("limits.connections_max"), "{log}");
}

/// Without a free descriptor, a request is not sent. That is neither the upstream's failure nor a
/// matter of its circuit breakers.
#[test]
#[cfg_attr(not(has_prlimit), ignore = "needs prlimit")]
fn a_lack_of_descriptors_is_not_a_failure_of_the_upstream() {
    let upstream = upstream();
    let keys = "[services.breaker]\ncalls_min = 1\nunreachable_rate_max = 0.1\n";
    let mut process = Process::start(Site::shop(upstream.address, keys, ""));
    let mut client = Client::connect(process.data);
    let mut exchange = || {
        client.send(get("/files/x"));
        client.answer()
    };
    assert_eq!(exchange().body, b"ok");
    process.limit_files(4);
    for _ in 0..10 {
        let answer = exchange();
        let refused = problem(&answer);
        assert_eq!(
            (answer.status, &refused["error"]),
            (503, &"OVERLOADED".into())
        );
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("no free file descriptor"), "{detail}");
        assert_eq!(answer.field("retry-after"), Some("1"));
    }
    let waiting = TcpStream::connect(process.data).unwrap();
    process.await_line("a client connection cannot be accepted");
    process.limit_files(1000);
    assert_eq!(exchange().body, b"ok");
    drop(waiting);
    assert_eq!(ask(process.data, get("/files/x")).body, b"ok");
    let metrics = || admin(process.admin, "/metrics").1;
    let reason =
        "portcullis_upstream_errors_total{service=\"shop\",reason=\"local-descriptors\"} 10";
    until(|| metrics().contains(reason));
    until(|| metrics().contains("outcome=\"unsent\"} 10"));
    assert!(!metrics().contains("circuit_breaker_trips_by_squad_total{"));
}

/// Makes requests at the same time, on one connection of HTTP/2. All of them must succeed.
async fn burst(client: &mut h2::client::SendRequest<bytes::Bytes>, host: &str) {
    let mut answers = Vec::new();
    for _ in 0..BURST {
        let request = http::Request::get(format!("http://{host}/items"));
        let mut ready = client.clone().ready().await.unwrap();
        let (answer, _) = ready.send_request(request.body(()).unwrap(), true).unwrap();
        answers.push(answer);
    }
    for answer in answers {
        assert_eq!(answer.await.unwrap().status(), 200, "{host}");
    }
}

/// How many connections to each upstream a burst needs. Twice as many exceed the descriptors.
const BURST: usize = 60;

#[test]
fn idle_connections_to_one_upstream_make_room_for_those_to_another() {
    let slow = || {
        Http2Upstream::start(h2::server::Builder::new(), |call| async move {
            tokio::time::sleep(Duration::from_millis(500)).await;
            answer(call.respond, http::Response::new(()), "ok".into(), None)
        })
    };
    let (first, second) = (slow(), slow());
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    let third = Upstream::start(move |_| {
        let text = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        vec![Step::Wait(Arc::clone(&held)), send(text)]
    });
    let stop = AtomicBool::new(false);
    let one_each = "upstream_http = { streams_max = 1 }";
    let site = Site::new("")
        .service(
            "first",
            SHOP,
            &first.url(),
            &format!("hosts = [\"first\"]\n{one_each}"),
        )
        .service(
            "second",
            SHOP,
            &second.url(),
            &format!("hosts = [\"second\"]\n{one_each}"),
        )
        .service(
            "third",
            SHOP,
            &format!("http://{}", third.address),
            "hosts = [\"third\"]",
        );
    let process = Process::start_limited(site, "-n 140");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(100));
                gate.notify_waiters();
            }
        });
        let _stop = StopOnDrop(&stop);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let socket = tokio::net::TcpStream::connect(process.data).await.unwrap();
            let (mut client, driver) = h2::client::handshake(socket).await.unwrap();
            tokio::spawn(driver);
            for host in ["first", "second", "third", "first", "third", "second"] {
                burst(&mut client, host).await;
            }
        });
    });
    // Idle connections were closed and opened again, or this shows nothing.
    let opened = first.connections.load(Ordering::SeqCst);
    assert!(opened > BURST, "{opened}");
    let (_, metrics) = admin(process.admin, "/metrics");
    assert!(
        !metrics.contains("portcullis_upstream_errors_total{"),
        "{metrics}"
    );
}
