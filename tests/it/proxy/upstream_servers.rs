//! Services with several servers: the choice between them, servers that are down, and health checks.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::sync::Notify;

use crate::support::app::{App, Process, SHOP, Site, admin, get, post, until};
use crate::support::client::Client;
use crate::support::upstream::{Recorded, Step, Upstream, send};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The keys of health checks that decide quickly.
const HEALTH: &str = "health = { path = \"/healthz\", interval = \"50ms\", timeout = \"5s\", \
                      unhealthy_after = 2, healthy_after = 2 }";

/// The shop with these servers.
fn site(servers: &[SocketAddr], keys: &str, top: &str) -> Site {
    let servers: Vec<String> = servers
        .iter()
        .map(|of| format!("\"http://{of}\""))
        .collect();
    let service = format!(
        "[[services]]\nname = \"shop\"\ncontract = \"shop.yaml\"\nupstream = [{}]\n{keys}\n",
        servers.join(", ")
    );
    Site::new(top).file("shop.yaml", SHOP).services(&service)
}

/// An address that refuses connections.
fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// The servers at `/upstreams`.
fn servers(port: SocketAddr) -> Vec<Value> {
    let (status, text) = admin(port, "/upstreams");
    assert_eq!(status, 200, "{text}");
    let view: Value = serde_json::from_str(&text).unwrap();
    view["services"][0]["servers"].as_array().unwrap().clone()
}

fn states(port: SocketAddr) -> Vec<String> {
    let text = |server: Value| server["state"].as_str().unwrap().to_owned();
    servers(port).into_iter().map(text).collect()
}

/// A server whose health is what the flag says. Its other answers are 200.
fn checked(is_healthy: &Arc<AtomicBool>) -> Upstream {
    let is_healthy = Arc::clone(is_healthy);
    Upstream::start(move |request| {
        let is_check = request.request_line().starts_with("GET /healthz ");
        if is_check && !is_healthy.load(Ordering::Relaxed) {
            return vec![send(
                "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
            )];
        }
        vec![send(OK)]
    })
}

/// The requests of callers that an upstream has got, without checks.
fn calls(upstream: &Upstream) -> usize {
    let is_call = |request: &Recorded| !request.request_line().contains("/healthz");
    upstream.requests.try_iter().filter(is_call).count()
}

#[test]
fn each_request_goes_to_the_server_with_the_fewest() {
    let gate = Arc::new(Notify::new());
    let slow = {
        let gate = Arc::clone(&gate);
        Upstream::start(move |_| vec![Step::Wait(Arc::clone(&gate)), send(OK)])
    };
    let fast = Upstream::ok();
    let app = App::start(site(&[slow.address, fast.address], "", ""));
    // Equal servers take turns, so one of two requests is held.
    let mut held: Vec<Client> = (0..2).map(|_| app.client()).collect();
    for client in &mut held {
        client.send(get("/items"));
    }
    slow.request();
    fast.request();
    for _ in 0..10 {
        // The client may have its answer before the request is over.
        until(|| servers(app.admin)[1]["in_flight"] == 0);
        assert_eq!(app.ask(get("/items")).status, 200);
        fast.request();
    }
    until(|| servers(app.admin)[1]["in_flight"] == 0);
    assert_eq!(slow.requests.try_iter().count(), 0);
    let in_flight: Vec<u64> = servers(app.admin)
        .iter()
        .map(|server| server["in_flight"].as_u64().unwrap())
        .collect();
    assert_eq!(in_flight, [1, 0]);
    gate.notify_waiters();
    for client in &mut held {
        assert_eq!(client.answer().status, 200);
    }
    until(|| {
        servers(app.admin)
            .iter()
            .all(|server| server["in_flight"] == 0)
    });
}

#[test]
fn no_request_fails_because_one_server_accepts_no_connection() {
    let good = Upstream::ok();
    let app = App::start(site(&[closed(), good.address], "", ""));
    for _ in 0..10 {
        assert_eq!(app.ask(get("/items")).status, 200);
        // What is not idempotent was not sent, so it can be sent to another server.
        let fields = "x-tenant: abc\r\n";
        assert_eq!(app.ask(post("/items", fields, ITEM)).status, 200);
    }
    assert_eq!(states(app.admin), ["resting", "healthy"]);
    // While it rests, it is tried no further: it had its turn once.
    assert_eq!(servers(app.admin)[0]["connect_failures"], 1);
    let (_, metrics) = admin(app.admin, "/metrics");
    assert!(
        !metrics.contains("portcullis_upstream_errors_total{"),
        "{metrics}"
    );
    assert!(
        !metrics.contains("circuit_breaker_trips_by_squad_total{"),
        "{metrics}"
    );
}

const ITEM: &str = "{\"name\":\"a\",\"quantity\":1}";

#[test]
fn a_request_fails_when_no_server_accepts_a_connection() {
    let app = App::start(site(&[closed(), closed()], "", ""));
    let answer = app.ask(get("/items"));
    assert_eq!(answer.status, 502);
    assert_eq!(states(app.admin), ["resting", "resting"]);
    // Servers that rest are tried when there is no other one.
    assert_eq!(app.ask(get("/items")).status, 502);
    let failures = |server: &Value| server["connect_failures"].as_u64().unwrap();
    assert_eq!(servers(app.admin).iter().map(failures).sum::<u64>(), 4);
}

#[test]
fn a_retry_goes_to_another_server() {
    let bad = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        )]
    });
    let good = Upstream::ok();
    let keys = "retries = { attempts_max = 1, per_second_min = 100, backoff_base = \"0s\" }";
    let app = App::start(site(&[bad.address, good.address], keys, ""));
    for _ in 0..6 {
        assert_eq!(app.ask(get("/items")).status, 200);
    }
    assert!(bad.requests.try_iter().count() > 0, "it had its turns");
}

#[test]
fn a_server_whose_checks_fail_gets_no_requests() {
    let flags = [true, true].map(|flag| Arc::new(AtomicBool::new(flag)));
    let upstreams = [checked(&flags[0]), checked(&flags[1])];
    let addresses = upstreams.each_ref().map(|upstream| upstream.address);
    let mut process = Process::start(site(&addresses, HEALTH, ""));
    let data = process.data;
    let ask = || {
        let mut client = Client::connect(data);
        client.send(get("/items"));
        client.answer().status
    };
    let check = upstreams[0].request();
    assert_eq!(check.request_line(), "GET /healthz HTTP/1.1");
    assert_eq!(check.fields("user-agent"), ["portcullis-health"]);
    let (status, _) = admin(process.admin, "/upstreams");
    assert_eq!(status, 200);
    flags[0].store(false, Ordering::Relaxed);
    until(|| states(process.admin) == ["unhealthy", "healthy"]);
    calls(&upstreams[0]);
    for _ in 0..10 {
        assert_eq!(ask(), 200);
    }
    assert_eq!(upstreams.each_ref().map(calls), [0, 10]);
    let server = &servers(process.admin)[0];
    assert!(
        server["fault"]
            .as_str()
            .unwrap()
            .contains("answered /healthz with 503"),
        "{server}"
    );
    assert!(server["since"].is_string(), "{server}");
    // If no server is healthy, all are tried.
    flags[1].store(false, Ordering::Relaxed);
    until(|| states(process.admin) == ["unhealthy", "unhealthy"]);
    for _ in 0..10 {
        assert_eq!(ask(), 200);
    }
    let both = upstreams.each_ref().map(calls);
    assert!(both[0] > 0 && both[1] > 0, "{both:?}");
    flags[0].store(true, Ordering::Relaxed);
    until(|| states(process.admin) == ["healthy", "unhealthy"]);
    for _ in 0..10 {
        assert_eq!(ask(), 200);
    }
    assert_eq!(upstreams.each_ref().map(calls), [10, 0]);
    until(|| admin(process.admin, "/metrics").1.contains(UNHEALTHY));
    let (_, metrics) = admin(process.admin, "/metrics");
    // Checks do not count as traffic of callers.
    let counted: f64 = metrics
        .lines()
        .filter(|line| line.starts_with("portcullis_requests_total{"))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
        .sum();
    assert_eq!(counted, 30.0, "{metrics}");
    assert!(
        metrics.contains(
            "portcullis_upstream_health_checks_total{service=\"shop\",result=\"failed\"}"
        )
    );
    assert!(
        !metrics.contains("circuit_breaker_trips_by_squad_total{"),
        "{metrics}"
    );
    process.await_line("an upstream server is unhealthy");
    process.await_line("an upstream server is healthy again");
}

const UNHEALTHY: &str = "portcullis_upstream_servers{service=\"shop\",state=\"unhealthy\"} 1";

#[test]
fn a_server_that_does_not_answer_a_check_in_time_is_unhealthy() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let good = Upstream::ok();
    let servers_of = [silent.local_addr().unwrap(), good.address];
    let keys = HEALTH.replace("5s", "300ms");
    let app = App::start(site(&servers_of, &keys, ""));
    until(|| states(app.admin) == ["unhealthy", "healthy"]);
    let server = &servers(app.admin)[0];
    assert!(
        server["fault"]
            .as_str()
            .unwrap()
            .contains("no answer within 300ms"),
        "{server}"
    );
}

#[test]
fn each_address_of_a_name_is_a_server() {
    let upstream = Upstream::ok();
    let port = upstream.address.port();
    let keys = format!("upstream_refresh = \"1s\"\n{HEALTH}");
    let name = format!("http://localhost:{port}");
    let app = App::start(Site::new("").service("shop", SHOP, &name, &keys));
    let address = || servers(app.admin)[0]["address"].clone();
    until(|| address() == format!("127.0.0.1:{port}") || address() == format!("[::1]:{port}"));
    until(|| servers(app.admin)[0]["state"].is_string());
    assert_eq!(app.ask(get("/items")).status, 200);
}

#[test]
fn a_reload_changes_the_servers() {
    let (first, second) = (Upstream::ok(), Upstream::ok());
    let site = site(&[closed(), first.address], "", "");
    let config = site.path("config.toml");
    let mut process = Process::start(site);
    let data = process.data;
    let ask = || {
        let mut client = Client::connect(data);
        client.send(get("/items"));
        client.answer().status
    };
    assert_eq!(ask(), 200);
    let text = std::fs::read_to_string(&config).unwrap();
    let next = text.replace(&first.address.to_string(), &second.address.to_string());
    std::fs::write(&config, next).unwrap();
    process.signal("HUP");
    process.await_line("configuration changed");
    let second_name = second.address.to_string();
    until(|| servers(process.admin)[1]["address"] == second_name.as_str());
    first.requests.try_iter().count();
    assert_eq!(ask(), 200);
    second.request();
    assert_eq!(first.requests.try_iter().count(), 0);
}
