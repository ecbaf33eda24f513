//! Four reports of the same traffic: metrics, the access log, `/traffic`, and the clients' own
//! counts.

use std::collections::BTreeMap;

use prometheus_parse::{Scrape, Value as Sample};
use serde_json::Value;

use crate::support::app::{App, Process, SHOP, Site, admin, ask, get, post, until};
use crate::support::client::Client;
use crate::support::upstream::{Upstream, send};

const CATALOG: &str = "\
[squads.payments]
tier = \"gold\"
services = [\"shop\"]
email = \"payments@example.com\"
chat = \"#payments\"
oncall = \"payments-pager\"
cost_center = \"4711\"
domains = [\"Ordering\"]
[squads.checkout]
tier = \"silver\"
[squads.search]
";

fn site(upstream: &Upstream, top: &str, keys: &str) -> Site {
    let top = format!("[catalog]\npath = \"squads.toml\"\n{top}");
    let site = Site::new(&top).file("squads.toml", CATALOG);
    // One operation declares only one status.
    let item = "'200': { description: One item. }\n";
    let contract = SHOP.replacen(
        &format!("{item}        default: {{ description: Anything else. }}\n"),
        item,
        1,
    );
    assert_ne!(contract, SHOP);
    let address = format!("http://{}", upstream.address);
    site.service("shop", &contract, &address, keys)
}

/// An upstream whose response depends on the path.
fn upstream() -> Upstream {
    Upstream::start(|request| {
        let status = match request.request_line() {
            line if line.contains("/files/bad") => "503 No",
            line if line.contains("/items/418") => "418 I am a teapot",
            _ => "200 OK",
        };
        let json = "content-type: application/json\r\ncontent-length: 2\r\n\r\n[]";
        vec![send(&format!("HTTP/1.1 {status}\r\n{json}"))]
    })
}

fn from(squad: &str, target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: shop\r\nx-squad-owner: {squad}\r\n\r\n").into_bytes()
}

fn json(admin_address: std::net::SocketAddr, path: &str) -> Value {
    let (status, text) = admin(admin_address, path);
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The number of exchanges by operation, squad and outcome.
type Counts = BTreeMap<(String, String, String), u64>;

fn by_metrics(text: &str) -> Counts {
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let samples = Scrape::parse(lines).unwrap().samples.into_iter();
    let of_requests = samples.filter(|sample| sample.metric == "portcullis_requests_total");
    let count = |sample: prometheus_parse::Sample| {
        let Sample::Counter(value) = sample.value else {
            panic!("{sample:?}");
        };
        let label = |name: &str| sample.labels.get(name).unwrap().to_owned();
        let key = (label("operation"), label("squad"), label("outcome"));
        (key, value as u64)
    };
    of_requests.map(count).collect()
}

fn by_traffic(service: &Value) -> Counts {
    let mut counts = Counts::new();
    for operation in service["operations"].as_array().unwrap() {
        for consumer in operation["consumers"].as_array().unwrap() {
            for (outcome, count) in consumer["outcomes"].as_object().unwrap() {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                let key = (
                    text(&operation["operation"]),
                    text(&consumer["squad"]),
                    outcome.clone(),
                );
                if count != 0 {
                    counts.insert(key, count.as_u64().unwrap());
                }
            }
        }
    }
    counts
}

fn by_log(log: &str) -> (Counts, Vec<Value>) {
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_exchange =
        |line: &Value| line["message"] == "exchange" || line["message"] == "exchanges alike";
    let mut lines: Vec<Value> = lines.filter(is_exchange).collect();
    let mut counts = Counts::new();
    for line in &lines {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let key = (text("operation"), text("squad"), text("outcome"));
        // Repeated refusals are one line with their number.
        *counts.entry(key).or_default() += line["alike"].as_u64().unwrap_or(1);
    }
    lines.retain(|line| line["message"] == "exchange");
    (counts, lines)
}

/// One kind of request in the plan.
struct PlannedRequests {
    request: Vec<u8>,
    operation: &'static str,
    squad: &'static str,
    outcome: &'static str,
    status: u16,
    times: u64,
}

fn planned(
    request: Vec<u8>,
    (operation, squad, outcome): (&'static str, &'static str, &'static str),
    status: u16,
    times: u64,
) -> PlannedRequests {
    PlannedRequests {
        request,
        operation,
        squad,
        outcome,
        status,
        times,
    }
}

#[rustfmt::skip]
fn plan() -> Vec<PlannedRequests> {
    let item = r#"{"name":"x","quantity":0}"#;
    let item = post("/items", "x-squad-owner: checkout\r\nx-tenant: a\r\n", item);
    let [checkout, search] = ["checkout", "search"];
    vec![
        planned(from(checkout, "/items"), ("listItems", checkout, "answered"), 200, 40),
        planned(from(search, "/items?limit=1"), ("listItems", search, "answered"), 200, 25),
        planned(from("nobody", "/items"), ("listItems", "unknown", "answered"), 200, 5),
        planned(from(search, "/items?limit=x"), ("listItems", search, "refused"), 422, 7),
        planned(from(search, "/items?sort=up"), ("listItems", search, "answered"), 200, 3),
        planned(item, ("createItem", checkout, "refused"), 422, 11),
        planned(from(checkout, "/nowhere/17"), ("unknown", checkout, "refused"), 404, 6),
        planned(from(checkout, "/nowhere/18"), ("unknown", checkout, "refused"), 404, 2),
        planned(from(checkout, "/files/bad"), ("fetchFile", checkout, "failed"), 503, 4),
        planned(from(checkout, "/items/418"), ("fetchItem", checkout, "answered"), 418, 3),
        planned(from(checkout, "/__owner"), ("__owner", checkout, "answered"), 200, 2),
    ]
}

/// Sends the plan over several connections and returns what was sent.
fn send_all(process: &Process) -> Counts {
    let (plan, data) = (plan(), process.data);
    std::thread::scope(|scope| {
        for planned in &plan {
            scope.spawn(move || {
                let mut client = Client::connect(data);
                for _ in 0..planned.times {
                    client.send(&planned.request);
                    assert_eq!(client.answer().status, planned.status);
                }
            });
        }
    });
    let mut counts = Counts::new();
    for planned in plan {
        let key = [planned.operation, planned.squad, planned.outcome];
        let [operation, squad, outcome] = key.map(str::to_owned);
        *counts.entry((operation, squad, outcome)).or_default() += planned.times;
    }
    counts
}

#[test]
fn metrics_logs_and_traffic_report_equal_counts() {
    let upstream = upstream();
    let top = "[runtime]\ndata_cores = 2\n[log]\nformat = \"json\"\n[access_log]\nsample = 1.0";
    let process = Process::start(site(&upstream, top, ""));
    let sent = send_all(&process);
    // Response bodies are checked and counted after the client has received them.
    until(|| by_traffic(&json(process.admin, "/traffic/shop")) == sent);
    let metrics = admin(process.admin, "/metrics").1;
    let traffic = json(process.admin, "/traffic/shop");
    assert_eq!(by_metrics(&metrics), sent);
    assert_eq!(by_traffic(&traffic), sent);
    assert_eq!(traffic["requests"], sent.values().sum::<u64>());
    process.signal("TERM");
    let (_, log) = process.wait();
    let (logged, lines) = by_log(&log);
    assert_eq!(logged, sent);
    // The numbers of violations are equal too.
    let violations = |part: &str| {
        let of_line = |line: &Value| {
            let violations = line["violations"].as_array().cloned().unwrap_or_default();
            violations
                .iter()
                .filter(|violation| violation["in"] == part)
                .count()
        };
        lines.iter().map(of_line).sum::<usize>() as u64
    };
    let drift = |part: &str| {
        let kinds = traffic["drift"].as_array().unwrap().iter();
        let of_part = kinds.filter(|kind| kind["in"] == part);
        of_part
            .map(|kind| kind["count"].as_u64().unwrap())
            .sum::<u64>()
    };
    for part in ["query", "body", "target", "status"] {
        assert!(drift(part) > 0, "{part}: {traffic}");
        assert_eq!(violations(part), drift(part), "{part}");
    }
}

#[test]
fn drift_lists_departures_from_the_contract() {
    let upstream = upstream();
    let app = App::start(site(&upstream, "", ""));
    for planned in plan() {
        for _ in 0..planned.times {
            app.ask(&planned.request);
        }
    }
    app.ask("BREW /items HTTP/1.1\r\nhost: shop\r\n\r\n");
    until(|| json(app.admin, "/traffic/shop")["requests"] == 109);
    let traffic = json(app.admin, "/traffic/shop");
    let kinds = traffic["drift"].as_array().unwrap();
    let check = |class: &str, expected: &str| {
        let of_class = kinds.iter().filter(|kind| kind["class"] == class);
        let shown = of_class.map(|kind| {
            let text = |name: &str| match &kind[name] {
                Value::Null => "-".to_owned(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let names = ["operation", "method", "path", "name", "status", "count"];
            let consumers = kind["consumers"].as_array().unwrap().iter();
            let consumers = consumers.map(|one| one["squad"].as_str().unwrap());
            let shown: Vec<_> = names.map(text).into_iter().collect();
            format!(
                "{} {}",
                shown.join(" "),
                consumers.collect::<Vec<_>>().join(",")
            )
        });
        let mut shown: Vec<String> = shown.collect();
        shown.sort();
        assert_eq!(shown.join("\n"), expected, "{class}");
    };
    check("unknown-path", "- GET /nowhere/{} - - 8 checkout");
    check("unknown-method", "- * /items - - 1 unknown");
    check("unknown-query", "listItems - - sort - 3 search");
    check("invalid-parameter", "listItems - - limit - 7 search");
    check("undeclared-status", "fetchItem - - - 418 3 checkout");
    let uncalled = traffic["uncalled"].to_string();
    assert!(
        uncalled.contains("deleteItem") && !uncalled.contains("listItems"),
        "{uncalled}"
    );
    assert_eq!(traffic["drift_more"], 0);
    let newest = &traffic["violations"][0];
    assert_eq!(
        (&newest["class"], &newest["squad"]),
        (&"unknown-method".into(), &"unknown".into())
    );
    let of_body = traffic["violations"].as_array().unwrap().iter();
    let mut of_body = of_body.filter(|violation| violation["class"] == "invalid-body");
    let found = of_body.next().expect("an invalid body");
    assert_eq!(
        (&found["operation"], &found["pointer"]),
        (&"createItem".into(), &"/quantity".into())
    );
    assert!(
        found["line"].as_u64().unwrap() > 1 && found["file"].is_string(),
        "{found}"
    );
    let departed: u64 = 7 + 3 + 11 + 8 + 3 + 1;
    assert!(
        traffic["departed"].as_u64().unwrap() >= departed,
        "{traffic}"
    );
}

#[test]
fn rates_cover_the_last_minute() {
    let upstream = upstream();
    let app = App::start(site(&upstream, "", ""));
    for _ in 0..3 {
        app.ask(from("checkout", "/any"));
        app.ask(from("search", "/nowhere"));
    }
    until(|| {
        let metrics = admin(app.admin, "/metrics").1;
        metrics.contains("team_autonomy_health{squad=\"search\"} 0\n")
    });
    let metrics = admin(app.admin, "/metrics").1;
    let value = |series: &str| -> f64 {
        let line = metrics.lines().find(|line| line.starts_with(series));
        let line = line.unwrap_or_else(|| panic!("{series}: {metrics}"));
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    assert!(value("contract_drift_rate{service=\"shop\"}") > 0.4);
    assert!(!metrics.contains("squad=\"unknown\"} 0"));
    let traffic = json(app.admin, "/traffic");
    let squads = traffic["squads"].as_array().unwrap();
    let search = squads
        .iter()
        .find(|squad| squad["squad"] == "search")
        .unwrap();
    assert_eq!(
        (&search["violation_rate"], &search["health"]),
        (&1.0.into(), &0.0.into())
    );
    until(|| {
        let traffic = json(app.admin, "/traffic/shop");
        let points = traffic["series"]["points"].as_array().unwrap().iter();
        points
            .map(|point| point["requests"].as_u64().unwrap())
            .sum::<u64>()
            == 6
    });
}

#[test]
fn owner_route_returns_the_provider() {
    let upstream = upstream();
    let site = site(&upstream, "", "commit = \"4f2a9c1\"\npath_prefix = \"/\"");
    let app = App::start(site);
    let answer = app.ask(get("/__owner"));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.field("x-portcullis"), Some("OWNER"));
    let owner: Value = serde_json::from_slice(&answer.body).unwrap();
    for (name, value) in [
        ("service", "shop"),
        ("squad", "payments"),
        ("email", "payments@example.com"),
        ("chat", "#payments"),
        ("oncall", "payments-pager"),
        ("cost_center", "4711"),
        ("tier", "gold"),
        ("commit", "4f2a9c1"),
    ] {
        assert_eq!(owner[name], value, "{owner}");
    }
    assert_eq!(owner["domains"], serde_json::json!(["Ordering"]));
    assert_eq!(owner["contract"]["version"], "2.3.1");
    assert_eq!(owner["portcullis"]["version"], env!("CARGO_PKG_VERSION"));
    let all = json(app.admin, "/owners");
    assert_eq!(all["services"], serde_json::json!([owner]));
    // The route is read-only, and its subpaths do not exist.
    assert_eq!(app.ask(post("/__owner", "", "{}")).status, 404);
    assert_eq!(app.ask(get("/__owner/x")).status, 404);
    let head = "HEAD /__owner HTTP/1.1\r\nhost: shop\r\n\r\n";
    assert_eq!(ask(app.data, head).status, 200);
}

/// A template that matches everything does not hide the reserved path.
#[test]
fn the_owner_path_precedes_a_template() {
    let upstream = upstream();
    let contract = "\
openapi: 3.1.0
info: {title: t, version: 1.0.0}
paths:
  /orders/{id}: {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {'200': {description: ok}}}}
";
    let address = format!("http://{}", upstream.address);
    let site = Site::new("").service("shop", contract, &address, "path_prefix = \"/orders\"");
    let app = App::start(site);
    let answer = app.ask(get("/orders/__owner"));
    assert_eq!(
        (answer.status, answer.field("x-portcullis")),
        (200, Some("OWNER"))
    );
    let answer = app.ask(get("/orders/other"));
    assert_eq!((answer.status, answer.field("x-portcullis")), (200, None));
}

#[test]
fn a_declared_owner_path_is_forwarded() {
    let upstream = upstream();
    let contract = "\
openapi: 3.1.0
info: {title: t, version: 1.0.0}
paths:
  /__owner: {get: {operationId: own, responses: {'200': {description: ok}}}}
";
    let address = format!("http://{}", upstream.address);
    let app = App::start(Site::new("").service("shop", contract, &address, ""));
    let answer = app.ask(get("/__owner"));
    assert_eq!((answer.status, answer.field("x-portcullis")), (200, None));
    let off = Site::new("[owner]\nenabled = false");
    let app = App::start(off.service("shop", SHOP, &address, ""));
    assert_eq!(app.ask(get("/__owner")).status, 404);
    let other = Site::new("[owner]\npath = \"/about/owner\"");
    let app = App::start(other.service("shop", SHOP, &address, ""));
    assert_eq!(app.ask(get("/about/owner")).status, 200);
}

#[test]
fn always_logs_refusals_and_failures() {
    let upstream = upstream();
    let top = "[log]\nformat = \"json\"";
    let process = Process::start(site(&upstream, top, ""));
    let sent = send_all(&process);
    ask(
        process.data,
        "GET /x HTTP/1.1\r\nhost: other\r\nhost: two\r\n\r\n",
    );
    process.signal("TERM");
    let (_, log) = process.wait();
    let (strays, own): (Vec<&str>, Vec<&str>) = log
        .lines()
        .partition(|line| line.contains("MALFORMED_REQUEST"));
    assert_eq!(strays.len(), 1, "{log}");
    assert!(strays[0].contains("\"peer\":\"127.0.0.1\""), "{log}");
    let (logged, lines) = by_log(&own.join("\n"));
    let expected = sent
        .into_iter()
        .filter(|((_, _, outcome), _)| outcome != "answered");
    assert_eq!(logged, expected.collect());
    let refused = lines
        .iter()
        .find(|line| line["operation"] == "createItem")
        .unwrap();
    for (name, value) in [
        ("method", "POST"),
        ("path", "/items"),
        ("error", "CONTRACT_VIOLATION"),
        ("tier", "bronze"),
        ("provider", "payments"),
        ("contract_version", "2.3.1"),
        ("peer", "127.0.0.1"),
    ] {
        assert_eq!(refused[name], value, "{refused}");
    }
    let stray = lines
        .iter()
        .find(|line| line["operation"] == "unknown")
        .unwrap();
    assert_eq!(stray["path"], "/nowhere/{}");
    assert_eq!(refused["status"], 422);
    assert_eq!(refused["violations"][0]["class"], "invalid-body");
    assert!(refused["own_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(refused["request_id"].as_str().unwrap().len(), 36);
}

#[test]
fn logs_raw_paths_only_if_configured() {
    let upstream = upstream();
    let check = |keys: &str, path: &str| {
        let top = format!("[log]\nformat = \"json\"\n[access_log]\nsample = 1.0\n{keys}");
        let process = Process::start(site(&upstream, &top, ""));
        ask(process.data, get("/items/s3cret?x=s3cret"));
        process.signal("TERM");
        let (_, log) = process.wait();
        let (_, lines) = by_log(&log);
        assert_eq!(lines[0]["path"], path);
        assert_eq!(log.contains("s3cret"), !keys.is_empty());
    };
    check("", "/items/{id}");
    check("path = \"raw\"", "/items/s3cret?x=s3cret");
}

#[test]
fn metrics_can_be_disabled() {
    let upstream = upstream();
    let app = App::start(site(&upstream, "[metrics]\nenabled = false", ""));
    assert_eq!(app.ask(from("checkout", "/items")).status, 200);
    let (status, text) = admin(app.admin, "/metrics");
    assert_eq!(status, 404);
    assert!(text.contains("metrics.enabled"), "{text}");
    until(|| json(app.admin, "/traffic/shop")["requests"] == 1);
}

#[test]
fn exposes_process_metrics() {
    let app = App::start(site(&upstream(), "", ""));
    let metrics = admin(app.admin, "/metrics").1;
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(
            metrics.contains(&format!("# TYPE {name} ")),
            "{name}: {metrics}"
        );
        assert!(metrics.contains(&format!("# HELP {name} ")), "{name}");
    }
}

#[test]
fn an_unknown_service_has_no_traffic() {
    let app = App::start(site(&upstream(), "", ""));
    let (status, text) = admin(app.admin, "/traffic/shap");
    assert_eq!(status, 404);
    assert!(text.contains("did you mean `shop`?"), "{text}");
}
