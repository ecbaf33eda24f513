//! Objectives of the catalog: which requests spend an error budget, as `/slo` and the metrics show it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use portcullis_config::parse_catalog;
use serde_json::Value;

use crate::admin::breakers_admin::{JSON, request};
use crate::support::app::{App, Site, admin, get, is_full, until};
use crate::support::client::Client;
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
    upstream_after(Duration::from_millis(600))
}

fn upstream_after(slow: Duration) -> Upstream {
    Upstream::start(move |request| {
        let line = request.request_line();
        if line.contains("cut") {
            return vec![Step::Close];
        }
        if line.contains("/slow") {
            std::thread::sleep(slow);
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
    start_with(upstream, keys, CATALOG)
}

fn start_with(upstream: &Upstream, keys: &str, catalog: &str) -> App {
    let top = format!("[catalog]\npath = \"squads.toml\"\n{keys}");
    let site = Site::new(&top).file("squads.toml", catalog);
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

/// A tier, the contract and the catalog, each for what the ones after it do not promise.
#[test]
fn tiers_and_contracts_promise_levels() {
    let upstream = upstream();
    let catalog = "[squads.payments]\nservices = [\"shop\"]\n[slo.tiers.gold]\navailability = 0.999\n\
         latency = { le = \"400ms\", share = 0.99 }\n[slo.tiers.bronze]\navailability = 0.9\n";
    let contract = CONTRACT
        .replace(
            "info: {title: t",
            "info: {x-sla-tier: bronze, x-slo: {window: 7d}, title: t",
        )
        .replace("operationId: slow", "operationId: slow, x-sla-tier: gold")
        .replace(
            "operationId: fetchItem",
            "operationId: fetchItem\n      x-slo: {availability: 0.75}",
        );
    let site = |catalog: &str| {
        let address = format!("http://{}", upstream.address);
        Site::new("[catalog]\npath = \"squads.toml\"\n[breaker]\nmode = \"off\"")
            .file("squads.toml", catalog)
            .service("shop", &contract, &address, "")
    };
    let first = site(catalog);
    let contract_path = first.path("shop.yaml");
    let app = App::start(first);
    let targets = |app: &App| -> Vec<(String, f64)> {
        let views = objectives(app.admin);
        let target = |view: &Value| {
            let operation = view["operation"].as_str().unwrap_or("*");
            let name = format!("{} {operation}", view["objective"].as_str().unwrap());
            (name, view["target"].as_f64().unwrap())
        };
        views.iter().map(target).collect()
    };
    let named = |expected: &[(&str, f64)]| -> Vec<(String, f64)> {
        let expected = expected.iter();
        expected
            .map(|(name, of)| ((*name).to_owned(), *of))
            .collect()
    };
    let of_contract = [
        ("availability *", 0.9),
        ("availability fetchItem", 0.75),
        ("availability slow", 0.999),
        ("latency slow", 0.99),
    ];
    assert_eq!(targets(&app), named(&of_contract));
    assert_eq!(objectives(app.admin)[0]["window_seconds"], 7 * 86_400);
    for (target, status) in [("/items/a", 200), ("/items/bad", 503), ("/slow", 200)] {
        assert_eq!(app.ask(get(target)).status, status);
    }
    assert_eq!(
        counts(app.admin),
        [
            row("availability", "*", 2, 1),
            row("availability", "fetchItem", 1, 1),
            row("availability", "slow", 1, 0),
            row("latency", "slow", 0, 1),
        ]
    );
    // A new contract changes what is promised, and counts continue.
    let stricter = contract.replace("availability: 0.75", "availability: 0.8");
    std::fs::write(&contract_path, stricter).unwrap();
    until(|| targets(&app)[1].1 == 0.8);
    assert_eq!(app.ask(get("/items/bad")).status, 503);
    assert_eq!(counts(app.admin)[1], row("availability", "fetchItem", 1, 2));
    let own = format!("{catalog}[services.shop.slo]\ntier = \"gold\"\navailability = 0.5\n");
    let app = App::start(site(&own));
    let of_catalog = [
        ("availability *", 0.5),
        ("latency *", 0.99),
        ("availability fetchItem", 0.75),
    ];
    assert_eq!(targets(&app), named(&of_catalog));
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

/// The requests of a counted run, by what happens to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SentRequest {
    Good,
    Failed,
    Cut,
    Slow,
    /// It violates the contract.
    Violating,
    /// It has no operation.
    Unknown,
    /// Its squad header is malformed.
    Unidentified,
}

impl SentRequest {
    /// The first ones are slow; the upstream answers them one after the other. Of the others, shares are
    /// of 1,000.
    const fn of(number: usize) -> Self {
        if number < 3 {
            return Self::Slow;
        }
        match number % 1000 {
            0..20 => Self::Failed,
            20..25 => Self::Cut,
            25..75 => Self::Violating,
            75..100 => Self::Unknown,
            100..110 => Self::Unidentified,
            _ => Self::Good,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Good => get("/items/a"),
            Self::Failed => get("/items/bad"),
            Self::Cut => get("/items/cut"),
            Self::Slow => get("/slow"),
            Self::Violating => get("/items/toolong"),
            Self::Unknown => get("/nowhere"),
            Self::Unidentified => get("/items/a").replacen("\r\n", "\r\nx-squad-owner: a b\r\n", 1),
        }
    }

    const fn status(self) -> u16 {
        match self {
            Self::Good | Self::Slow => 200,
            Self::Failed => 503,
            Self::Cut => 502,
            Self::Violating => 422,
            Self::Unknown => 404,
            Self::Unidentified => 400,
        }
    }
}

/// The clients of a counted run.
const CLIENTS: usize = 8;

/// Sends requests numbered from `from` on, by several clients.
fn send_numbered(data: SocketAddr, from: usize, count: usize) {
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            scope.spawn(move || {
                let mut connection = Client::connect(data);
                for number in (from + client..from + count).step_by(CLIENTS) {
                    let sent = SentRequest::of(number);
                    connection.send(sent.text());
                    let answer = connection.answer();
                    assert_eq!(answer.status, sent.status(), "{sent:?}");
                    if answer.field("connection") == Some("close") {
                        connection = Client::connect(data);
                    }
                }
            });
        }
    });
}

/// Prometheus and `/slo` have the counts of the sender, and the same error budgets: those of the
/// counters, and those of the rules for Prometheus.
///
/// `PORTCULLIS_TEST_LOAD=full` sends 100,000 requests; by default a smaller number is sent.
#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "SKIPPED: prometheus is missing; .ci/run installs it"
)]
fn prometheus_agrees_after_a_counted_run() {
    let total = if is_full() { 100_000 } else { 4_000 };
    // No other request takes as long, however busy the machine is.
    let upstream = upstream_after(Duration::from_millis(5300));
    let catalog = CATALOG.replace("400ms", "5s");
    let app = start_with(&upstream, "[breaker]\nmode = \"off\"", &catalog);
    let prometheus = Prometheus::start(app.admin);
    let all = "sum(portcullis_objective_requests_total)";
    prometheus.await_vector(all, &[], "0");
    // In parts, so that counters increase between scrapes.
    for part in 0..4 {
        send_numbered(app.data, part * total / 4, total / 4);
        let judged: u64 = counts(app.admin).iter().map(|row| row.2 + row.3).sum();
        prometheus.await_vector(all, &[], &judged.to_string());
    }
    // Requests that an operator refuses count for none.
    let breaker = "POST /breakers/shop/everybody";
    for (state, status) in [("open", 503), ("auto", 200)] {
        let body = format!("{{\"override\": \"{state}\", \"reason\": \"a test\"}}");
        assert_eq!(request(app.admin, breaker, JSON, &body).status, 200);
        assert_eq!(app.ask(get("/items/a")).status, status);
    }
    let sent = |kind: SentRequest| {
        let numbers = (0..total).filter(|number| SentRequest::of(*number) == kind);
        numbers.count() as u64
    };
    let (good, slow) = (sent(SentRequest::Good) + 1, sent(SentRequest::Slow));
    let failed = sent(SentRequest::Failed) + sent(SentRequest::Cut);
    assert_eq!(
        counts(app.admin),
        [
            row("availability", "*", good + slow, failed),
            row("latency", "*", good, slow),
            row("availability", "fetchItem", good, failed),
        ]
    );
    prometheus.await_vector(
        "sum by (objective, operation, result) (portcullis_objective_requests_total)",
        &["objective", "operation", "result"],
        &format!(
            "availability * bad {failed}
             availability * good {}
             availability fetchItem bad {failed}
             availability fetchItem good {good}
             latency * bad {slow}
             latency * good {good}",
            good + slow
        ),
    );
    for view in objectives(app.admin) {
        check_budget(&prometheus, &view);
    }
}

/// The budget of `/slo` is that of the counters, and of the rule that records the window.
fn check_budget(prometheus: &Prometheus, view: &Value) {
    let operation = view["operation"].as_str().unwrap_or("*");
    let selector = format!("objective={}, operation=\"{operation}\"", view["objective"]);
    let target = view["target"].as_f64().unwrap();
    let seen = view["budget_left"].as_f64().unwrap();
    let counters = |more: &str| format!("portcullis_objective_requests_total{{{selector}{more}}}");
    let left = |bad: &str, all: &str| {
        let expression = format!("1 - sum({bad}) / sum({all}) / (1 - {target})");
        let found = prometheus.vector(&expression, &[]);
        found.into_values().next().unwrap()
    };
    let (bad, all) = (counters(", result=\"bad\""), counters(""));
    let exact = left(&bad, &all);
    assert!((exact - seen).abs() < 1e-9, "{view}: {exact}");
    let recorded = left(&format!("rate({bad}[30d])"), &format!("rate({all}[30d])"));
    assert!((recorded - seen).abs() < 1e-6, "{view}: {recorded}");
}
