//! The admin port: probes, and metrics compared with the traffic that was sent.

use std::collections::BTreeMap;
use std::net::TcpListener;

use prometheus_parse::{Scrape, Value};

use crate::support::app::{App, SHOP, Site, admin, ask, get, post};
use crate::support::client::Client;
use crate::support::upstream::{Upstream, send};

const CATALOG: &str = "[squads.payments]\ntier = \"gold\"\n[squads.checkout]\ntier = \"bronze\"\n";

/// Every series with its value, by name and sorted labels; histograms by their counts.
fn scrape(app: &App) -> BTreeMap<String, f64> {
    let (status, text) = admin(app.admin, "/metrics");
    assert_eq!(status, 200);
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let mut series = BTreeMap::new();
    for sample in Scrape::parse(lines).unwrap().samples {
        let mut labels: Vec<String> = sample
            .labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        labels.sort();
        let name = format!("{} {}", sample.metric, labels.join(" "));
        let value = match sample.value {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => value,
            Value::Histogram(buckets) => {
                let mut previous = 0.0;
                for bucket in &buckets {
                    assert!(bucket.count >= previous, "{name}: {buckets:?}");
                    previous = bucket.count;
                }
                previous
            }
            Value::Summary(_) => panic!("{name} is a summary"),
        };
        assert_eq!(
            series.insert(name.trim_end().to_owned(), value),
            None,
            "{name} twice"
        );
    }
    series
}

/// Checks all series of a metric: each line has the labels and the value.
#[track_caller]
fn check(series: &BTreeMap<String, f64>, metric: &str, expected: &str) {
    let of_metric = |(name, value): (&String, &f64)| {
        let labels = name.strip_prefix(metric)?;
        let is_whole = labels.is_empty() || labels.starts_with(' ');
        is_whole.then(|| format!("{labels} {value}").trim_start().to_owned())
    };
    let found: Vec<String> = series.iter().filter_map(of_metric).collect();
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(found, expected, "{metric}");
}

/// A shop that answers, and one with an unreachable upstream.
fn two_shops() -> (App, Upstream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let unreachable = listener.local_addr().unwrap();
    drop(listener);
    let upstream = Upstream::start(|request| {
        let status = if request.request_line().contains("/files/bad") {
            "503 No"
        } else {
            "200 OK"
        };
        vec![send(&format!(
            "HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nok"
        ))]
    });
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", CATALOG)
        .service(
            "shop",
            SHOP,
            &format!("http://{}", upstream.address),
            "hosts = [\"shop\"]",
        )
        .service(
            "gone",
            SHOP,
            &format!("http://{unreachable}"),
            "hosts = [\"gone\"]",
        );
    let app = App::start(site);
    (app, upstream)
}

/// Sends a number of requests of every kind.
fn send_traffic(app: &App) {
    let mut client = app.client();
    let mut send_times = |times: usize, request: &[u8]| {
        for _ in 0..times {
            client.send(request);
            client.answer();
        }
    };
    let squad = "x-tenant: a\r\nx-squad-owner: checkout\r\n";
    send_times(5, get("/files/x").as_bytes());
    send_times(2, get("/files/bad").as_bytes());
    send_times(4, &post("/items", squad, r#"{"name":"a","quantity":1}"#));
    send_times(3, &post("/items", squad, r#"{"name":"a","quantity":0}"#));
    send_times(
        1,
        &post(
            "/items",
            "x-squad-owner: nobody\r\n",
            r#"{"name":1,"quantity":0}"#,
        ),
    );
    send_times(2, get("/nowhere").as_bytes());
    send_times(2, &post("/watched", "", r#"{"name":1,"quantity":0}"#));
    send_times(1, get("/items?more=1").as_bytes());
    send_times(3, b"GET /items HTTP/1.1\r\nhost: gone\r\n\r\n");
    send_times(4, b"GET /items HTTP/1.1\r\nhost: other\r\n\r\n");
    send_times(1, b"GET /items HTTP/1.1\r\n\r\n");
    ask(app.data, "GET / HTTP/1.1\r\nhost : a\r\n\r\n");
}

#[test]
fn metrics_equal_the_sent_traffic() {
    let (app, _upstream) = two_shops();
    send_traffic(&app);
    let series = scrape(&app);
    let requests = "
        operation=createItem outcome=answered service=shop squad=checkout 4
        operation=createItem outcome=refused service=shop squad=checkout 3
        operation=createItem outcome=refused service=shop squad=unknown 1
        operation=fetchFile outcome=answered service=shop squad=unknown 5
        operation=fetchFile outcome=failed service=shop squad=unknown 2
        operation=listItems outcome=answered service=shop squad=unknown 1
        operation=listItems outcome=unanswered service=gone squad=unknown 3
        operation=unknown outcome=refused service=shop squad=unknown 2
        operation=watchItem outcome=answered service=shop squad=unknown 2";
    check(&series, "portcullis_requests_total", requests);
    let violations = "
        class=invalid-body enforcement=reject operation=createItem service=shop squad=checkout 3
        class=invalid-body enforcement=report operation=watchItem service=shop squad=unknown 4
        class=missing-parameter enforcement=reject operation=createItem service=shop squad=unknown 1
        class=unknown-path enforcement=reject operation=unknown service=shop squad=unknown 2
        class=unknown-query enforcement=report operation=listItems service=shop squad=unknown 1";
    check(&series, "contract_validation_errors_total", violations);
    let upstream = "reason=connect service=gone 3";
    check(&series, "portcullis_upstream_errors_total", upstream);
    let http = "reason=missing-host 1\nreason=space-before-colon 1";
    check(&series, "portcullis_http_refusals_total", http);
    check(&series, "portcullis_unrouted_requests_total", "4");
    check(&series, "portcullis_panics_total", "0");
    let build = concat!("commit= version=", env!("CARGO_PKG_VERSION"), " 1");
    check(&series, "portcullis_build_info", build);
    check_histograms(&series);
}

fn check_histograms(series: &BTreeMap<String, f64>) {
    let of_outcomes = |metric: &str| {
        let found = series
            .iter()
            .filter(|(name, _)| name.starts_with(&format!("{metric} ")));
        let found = found.filter(|(_, value)| **value > 0.0);
        found
            .map(|(name, value)| (name[metric.len() + 1..].to_owned(), *value))
            .collect::<Vec<_>>()
    };
    let durations = [
        ("outcome=answered service=shop", 12.0),
        ("outcome=failed service=shop", 2.0),
        ("outcome=refused service=shop", 6.0),
        ("outcome=unanswered service=gone", 3.0),
    ];
    let durations = durations
        .map(|(labels, count)| (labels.to_owned(), count))
        .to_vec();
    assert_eq!(
        of_outcomes("portcullis_request_duration_seconds"),
        durations
    );
    let overheads = [
        ("service=gone".to_owned(), 3.0),
        ("service=shop".to_owned(), 20.0),
    ];
    assert_eq!(of_outcomes("portcullis_overhead_seconds"), overheads);
    let revisions = of_outcomes("contract_revision_info");
    assert_eq!(revisions.len(), 2, "{revisions:?}");
    assert!(
        revisions[1].0.starts_with("revision=sha256:")
            && revisions[1].0.ends_with("service=shop version=2.3.1")
    );
}

#[test]
fn every_metric_has_help_and_type() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    app.ask(get("/files/x"));
    let (_, text) = admin(app.admin, "/metrics");
    let mut described = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            described.push(rest.split(' ').next().unwrap().to_owned());
        }
    }
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let name = line.split(['{', ' ']).next().unwrap();
        let is_of = |metric: &String| {
            name == metric
                || ["_bucket", "_sum", "_count"]
                    .iter()
                    .any(|suffix| name.strip_suffix(suffix) == Some(metric))
        };
        let metric = described.iter().find(|metric| is_of(metric));
        let metric = metric.unwrap_or_else(|| panic!("{line}"));
        assert!(text.contains(&format!("# HELP {metric} ")), "{line}");
    }
}

#[test]
fn probes_answer() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    assert_eq!(admin(app.admin, "/livez"), (200, "ok\n".to_owned()));
    assert_eq!(admin(app.admin, "/readyz"), (200, "ok\n".to_owned()));
    assert_eq!(admin(app.admin, "/").0, 200);
    for path in ["/nothing", "/livez/", "/metrics/x", "/METRICS"] {
        assert_eq!(admin(app.admin, path).0, 404, "{path}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let answer = ask(
            app.admin,
            format!("{method} /readyz HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"),
        );
        assert_eq!(
            (answer.status, answer.field("allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
    }
    let answer = ask(app.admin, "HEAD /metrics HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(
        answer.field("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    // Each port serves only its own routes.
    assert_eq!(app.ask(get("/metrics")).status, 404);
    assert_eq!(admin(app.admin, "/files/x").0, 404);
}

/// Idle client connections do not block probes, and idle probes do not block clients.
#[test]
fn probes_and_clients_do_not_block_each_other() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let mut probes: Vec<Client> = (0..50).map(|_| Client::connect(app.admin)).collect();
    let clients: Vec<Client> = (0..50).map(|_| app.client()).collect();
    for probe in &mut probes {
        probe.send("GET /readyz HTTP/1.1\r\nhost: a\r\n\r\n");
        assert_eq!(probe.answer().status, 200);
    }
    assert_eq!(app.ask(get("/files/x")).status, 200);
    drop(clients);
}
