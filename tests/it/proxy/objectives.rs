//! Objectives of the catalog: which requests spend an error budget, as `/slo` and the metrics show it.

use std::net::SocketAddr;
use std::path::Path;

use portcullis_config::parse_catalog;
use serde_json::Value;

use crate::admin::breakers_admin::{JSON, request};
use crate::support::app::{App, Site, admin, get};
use crate::support::upstream::{Step, Upstream, send};
use crate::telemetry::prometheus::Prometheus;

const CONTRACT: &str = r##"openapi: 3.1.0
info: {title: t, version: "1"}
paths:
  /items/{id}:
    get:
      operationId: fetchItem
      parameters: [{name: id, in: path, required: true, schema: {type: string, maxLength: 5}}]
      responses: {"200": {description: ok}, default: {description: other}}
  /slow: {get: {operationId: slow, responses: {"200": {description: ok}}}}
"##;

const CATALOG: &str = "[squads.payments]\nservices = [\"shop\"]\n\
     [services.shop.slo]\navailability = 0.9\nlatency = { le = \"400ms\", share = 0.5 }\n\
     [[services.shop.slo.operations]]\noperation = \"fetchItem\"\navailability = 0.75\n";

/// `/items/bad` fails, `/items/cut` closes the connection, and `/slow` takes longer than promised.
fn upstream() -> Upstream {
    Upstream::start(|request| {
        let line = request.request_line();
        if line.contains("cut") {
            return vec![Step::Close];
        }
        if line.contains("/slow") {
            std::thread::sleep(std::time::Duration::from_millis(600));
        }
        let status = if line.contains("bad") {
            "503 No"
        } else {
            "200 OK"
        };
        vec![send(&format!(
            "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"
        ))]
    })
}

fn start(upstream: &Upstream, keys: &str) -> App {
    let top = format!("[catalog]\npath = \"squads.toml\"\n{keys}");
    let site = Site::new(&top).file("squads.toml", CATALOG);
    let address = format!("http://{}", upstream.address);
    App::start(site.service("shop", CONTRACT, &address, ""))
}

fn objectives(address: SocketAddr) -> Vec<Value> {
    let (status, text) = admin(address, "/slo");
    let view: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(status, 200, "{text}");
    view["objectives"].as_array().unwrap().clone()
}

/// Kind, operation, good and bad requests of each objective.
fn counts(address: SocketAddr) -> Vec<(String, String, u64, u64)> {
    let text = |value: &Value| value.as_str().unwrap_or("*").to_owned();
    let count = |view: &Value| {
        let number = |name: &str| view[name].as_u64().unwrap();
        let (kind, operation) = (text(&view["objective"]), text(&view["operation"]));
        (kind, operation, number("good"), number("bad"))
    };
    objectives(address).iter().map(count).collect()
}

fn row(kind: &str, operation: &str, good: u64, bad: u64) -> (String, String, u64, u64) {
    (kind.to_owned(), operation.to_owned(), good, bad)
}

#[test]
fn only_the_service_spends_its_error_budget() {
    let upstream = upstream();
    let app = start(&upstream, "[breaker]\nmode = \"off\"");
    let ask = |target: &str, status| assert_eq!(app.ask(get(target)).status, status, "{target}");
    for _ in 0..6 {
        ask("/items/a", 200);
    }
    ask("/items/bad", 503);
    ask("/items/cut", 502);
    // Refused for the contract, which the caller violates.
    ask("/items/toolong", 422);
    ask("/nowhere", 404);
    ask("/slow", 200);
    let expected = [
        row("availability", "*", 7, 2),
        row("latency", "*", 6, 1),
        row("availability", "fetchItem", 6, 2),
    ];
    assert_eq!(counts(app.admin), expected);
    let views = objectives(app.admin);
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!(
            (value - expected).abs() < 1e-9,
            "{value}, expected {expected}"
        );
    };
    near(&views[0]["budget_left"], 1.0 - 2.0 / 9.0 / 0.1);
    near(&views[2]["budget_left"], 0.0);
    near(&views[1]["le_seconds"], 0.4);
    assert_eq!(views[0]["provider"], "payments");
    let (_, metrics) = admin(app.admin, "/metrics");
    for sample in [
        "portcullis_objective_requests_total{service=\"shop\",objective=\"availability\",operation=\"*\",result=\"bad\"} 2",
        "portcullis_objective_requests_total{service=\"shop\",objective=\"latency\",operation=\"*\",result=\"good\"} 6",
        "portcullis_objective_requests_total{service=\"shop\",objective=\"availability\",operation=\"fetchItem\",result=\"good\"} 6",
    ] {
        assert!(metrics.contains(sample), "{sample}\n{metrics}");
    }
}

#[test]
fn operations_have_latencies_of_their_own() {
    let upstream = upstream();
    let catalog = "[squads.payments]\nservices = [\"shop\"]\n\
         [[services.shop.slo.operations]]\noperation = \"slow\"\nlatency = { le = \"400ms\", share = 0.5 }\n";
    let site = Site::new("[catalog]\npath = \"squads.toml\"").file("squads.toml", catalog);
    let address = format!("http://{}", upstream.address);
    let app = App::start(site.service("shop", CONTRACT, &address, ""));
    for target in ["/items/a", "/slow"] {
        assert_eq!(app.ask(get(target)).status, 200);
    }
    assert_eq!(counts(app.admin), [row("latency", "slow", 0, 1)]);
    for entry in ["", "latency = { le = \"400ms\" }\n"] {
        let text = format!(
            "[squads.payments]\nservices = [\"shop\"]\n[[services.shop.slo.operations]]\noperation = \"slow\"\n{entry}"
        );
        let refused = parse_catalog(&text, Path::new("squads.toml")).unwrap_err();
        assert!(refused.to_string().contains("is missing"), "{refused}");
    }
}

/// Otherwise an outage would hardly spend the budget: its circuit refuses almost all requests.
#[test]
fn an_open_circuit_spends_the_budget_and_a_forced_one_does_not() {
    let upstream = upstream();
    let app = start(&upstream, "[breaker]\ncalls_min = 5");
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(app.ask(get("/items/bad")).status);
    }
    let sent = upstream.requests.try_iter().count();
    assert!(sent < 40, "the circuit stayed closed: {statuses:?}");
    assert_eq!(counts(app.admin)[0], row("availability", "*", 0, 40));
    let forced = start(&upstream, "");
    let body = r#"{"override": "open", "reason": "test"}"#;
    let line = "POST /breakers/shop/everybody";
    assert_eq!(request(forced.admin, line, JSON, body).status, 200);
    assert_eq!(forced.ask(get("/items/a")).status, 503);
    assert_eq!(counts(forced.admin)[0], row("availability", "*", 0, 0));
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "SKIPPED: prometheus is missing; .ci/run installs it"
)]
fn prometheus_has_the_same_counts() {
    let upstream = upstream();
    let app = start(&upstream, "[breaker]\nmode = \"off\"");
    let prometheus = Prometheus::start(app.admin);
    for round in 0..50 {
        assert_eq!(app.ask(get("/items/a")).status, 200);
        if round % 10 == 0 {
            assert_eq!(app.ask(get("/items/bad")).status, 503);
        }
    }
    prometheus.await_vector(
        "sum by (objective, operation, result) (portcullis_objective_requests_total)",
        &["objective", "operation", "result"],
        "availability * bad 5
         availability * good 50
         availability fetchItem bad 5
         availability fetchItem good 50
         latency * bad 0
         latency * good 50",
    );
    assert_eq!(counts(app.admin)[0], row("availability", "*", 50, 5));
    let left = "round((1 - sum(portcullis_objective_requests_total{objective=\"availability\", operation=\"*\", \
                result=\"bad\"}) / sum(portcullis_objective_requests_total{objective=\"availability\", \
                operation=\"*\"}) / 0.1) * 1e6) / 1e6";
    let seen = objectives(app.admin)[0]["budget_left"].as_f64().unwrap();
    let seen = (seen * 1e6).round() / 1e6;
    prometheus.await_vector(left, &[], &format!("{seen}"));
}
