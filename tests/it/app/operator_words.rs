//! What the log, metrics and commands say about start, reloads and refusals is true.

use std::fs;

use serde_json::Value;

use crate::cli::operate::printed;
use crate::support::app::{App, Process, SHOP, Site, admin, get, until};
use crate::support::client::Client;

fn contract(version: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{title: Depot, version: {version}}}
paths:
  /items: {{get: {{operationId: listItems, responses: {{'200': {{description: d}}}}}}}}
"
    )
}

#[test]
fn ready_is_logged_when_readiness_holds() {
    let keys = "[services.reload]\nwait = true\npoll = \"200ms\"\n";
    let site = Site::new("").service("depot", "", "mock", keys);
    let file = site.path("depot.yaml");
    fs::remove_file(&file).unwrap();
    let mut process = Process::start(site);
    assert_eq!(admin(process.admin, "/readyz").0, 503);
    // The first read has failed.
    let view = || admin(process.admin, "/contracts/depot").1;
    until(|| view().contains("No such file"));
    fs::write(&file, "openapi: [").unwrap();
    process.await_line("contract refused: the service has no contract yet");
    fs::write(&file, contract("1.0.0")).unwrap();
    process.await_line("contract loaded");
    process.await_line(" ready ");
    assert_eq!(admin(process.admin, "/readyz").0, 200);
    fs::write(&file, contract("1.1.0")).unwrap();
    process.await_line("contract changed");
    fs::write(&file, "openapi: [").unwrap();
    process.await_line("contract refused: the active one stays");
    process.signal("TERM");
    let (_, log) = process.wait();
    let first = log.lines().find(|line| line.contains("address=")).unwrap();
    assert!(
        first.contains("listening, not ready yet")
            && first.contains("missing=\"the contract of depot is not ready\""),
        "{first}"
    );
    assert!(
        log.contains("contract unavailable: the service has no contract yet"),
        "{log}"
    );
    assert_eq!(log.matches("contract changed").count(), 1, "{log}");
}

#[test]
fn a_candidate_is_called_a_candidate() {
    let site = Site::new("").service(
        "depot",
        &contract("1.0.0"),
        "mock",
        "candidate = \"next.yaml\"\n",
    );
    let site = site.file("next.yaml", &contract("2.0.0"));
    let next = site.path("next.yaml");
    let mut process = Process::start(site);
    process.await_line("candidate loaded");
    fs::write(&next, "openapi: [").unwrap();
    process.await_line("candidate refused");
    process.signal("TERM");
    let (_, log) = process.wait();
    for wrong in ["contract changed", "contract refused"] {
        assert!(!log.contains(wrong), "{wrong}: {log}");
    }
}

#[test]
fn the_first_compilation_is_measured() {
    let app = App::start(Site::new("").service("shop", SHOP, "mock", ""));
    let metrics = admin(app.admin, "/metrics").1;
    let start = "contract_compile_seconds{service=\"shop\"} ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(start));
    assert!(line.unwrap().parse::<f64>().unwrap() > 0.0);
}

#[test]
fn a_contract_is_stale_since_it_became_stale() {
    let site = Site::new("").service("depot", &contract("1.0.0"), "mock", "");
    let file = site.path("depot.yaml");
    let app = App::start(site);
    let view = || -> Value {
        let text = admin(app.admin, "/contracts/depot").1;
        serde_json::from_str(&text).unwrap()
    };
    let active_since = view()["since"].as_str().unwrap().to_owned();
    assert_eq!(view()["stale_since"], Value::Null);
    // Two failed reads: the first one counts.
    fs::write(&file, "openapi: [").unwrap();
    until(|| view()["stale"] == true);
    let stale_since = view()["stale_since"].as_str().unwrap().to_owned();
    assert!(stale_since > active_since, "{stale_since} {active_since}");
    fs::write(&file, "openapi: [again").unwrap();
    until(|| view()["history"].as_array().unwrap().len() == 3);
    assert_eq!(view()["stale_since"], *stale_since);
    let shown = printed(app.admin, "contract show depot", 1);
    assert!(
        shown.contains(&format!("state       stale since {stale_since}")),
        "{shown}"
    );
    fs::write(&file, contract("1.1.0")).unwrap();
    until(|| view()["stale"] == false);
    assert_eq!(view()["stale_since"], Value::Null);
}

fn exchanges(log: &str) -> (Vec<Value>, Vec<Value>) {
    let lines = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let of = |message: &str| -> Vec<Value> {
        lines
            .iter()
            .filter(|line| line["message"] == message)
            .cloned()
            .collect()
    };
    (of("exchange"), of("exchanges alike"))
}

/// A scanner gets a line for each kind of refusal and interval, the numbers add up, and the last
/// one is written although the traffic has stopped.
#[test]
fn repeated_refusals_are_folded_and_add_up() {
    const PATHS: u64 = 400;
    let top = "[log]\nformat = \"json\"\n[access_log]\nfold_interval = \"3s\"\n";
    let mut process =
        Process::start(Site::new(top).service("shop", SHOP, "mock", "hosts = [\"shop\"]\n"));
    let mut client = Client::connect(process.data);
    for number in 0..PATHS {
        client.send(get(&format!("/scan/{number}")));
        assert_eq!(client.answer().status, 404);
        client.send(format!(
            "GET /scan/{number} HTTP/1.1\r\nhost: other\r\n\r\n"
        ));
        assert_eq!(client.answer().status, 404);
    }
    // One line for each kind, in any order, as the traffic has stopped.
    let mut missing = vec!["\"service\":\"shop\"", "NO_SERVICE"];
    while !missing.is_empty() {
        let line = process.await_line("exchanges alike");
        missing.retain(|kind| !line.contains(kind));
    }
    process.signal("TERM");
    let (_, log) = process.wait();
    let (written, folded) = exchanges(&log);
    for service in [Value::from("shop"), Value::Null] {
        let is_of = |line: &&Value| line["service"] == service;
        let first = written.iter().filter(is_of).count() as u64;
        let alike = folded.iter().filter(is_of);
        let alike: u64 = alike.map(|line| line["alike"].as_u64().unwrap()).sum();
        assert_eq!(first + alike, PATHS, "{service}: {log}");
        assert!(first < PATHS / 4, "{first} lines: {log}");
    }
    let kind = folded
        .iter()
        .find(|line| line["service"] == "shop")
        .unwrap();
    assert_eq!(
        (
            &kind["status"],
            &kind["outcome"],
            &kind["class"],
            &kind["squad"]
        ),
        (
            &404.into(),
            &"refused".into(),
            &"unknown-path".into(),
            &"unknown".into()
        )
    );
}

#[test]
fn folding_can_be_switched_off() {
    let top = "[log]\nformat = \"json\"\n[access_log]\nfold_interval = \"0s\"\n";
    let process = Process::start(Site::new(top).service("shop", SHOP, "mock", ""));
    let mut client = Client::connect(process.data);
    for _ in 0..20 {
        client.send(get("/scan"));
        client.answer();
    }
    process.signal("TERM");
    let (_, log) = process.wait();
    let (written, folded) = exchanges(&log);
    assert_eq!((written.len(), folded.len()), (20, 0), "{log}");
}

/// What an idle service exports is small, and a request adds the rest.
#[test]
fn an_idle_service_exports_few_series() {
    let squads = (0..10).fold(String::new(), |mut text, number| {
        use std::fmt::Write;
        write!(text, "[squads.squad-{number}]\ntier = \"gold\"\n").unwrap();
        text
    });
    let top = "[catalog]\npath = \"squads.toml\"\n";
    let site = Site::new(top).file("squads.toml", &squads);
    let app = App::start(site.service("shop", SHOP, "mock", ""));
    let series = || {
        let metrics = admin(app.admin, "/metrics").1;
        let lines = metrics
            .lines()
            .filter(|line| line.contains("service=\"shop\""));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        lines
    };
    until(|| {
        series()
            .iter()
            .any(|line| line.starts_with("portcullis_in_flight_limit"))
    });
    let idle = series();
    assert!(idle.len() <= 12, "{} series: {idle:#?}", idle.len());
    let bytes: usize = idle.iter().map(|line| line.len() + 1).sum();
    assert!(bytes < 1200, "{bytes} bytes: {idle:#?}");
    app.ask("GET /files/x HTTP/1.1\r\nhost: shop\r\nx-squad-owner: squad-3\r\n\r\n");
    let has = |name: &str| series().iter().any(|line| line.starts_with(name));
    for name in [
        "portcullis_requests_total",
        "portcullis_request_duration_seconds_bucket",
        "portcullis_overhead_seconds_bucket",
    ] {
        assert!(has(name), "{name}");
    }
    until(|| has("portcullis_guaranteed_requests") && has("portcullis_in_flight_requests"));
    let guaranteed = series();
    let guaranteed = guaranteed
        .iter()
        .filter(|line| line.starts_with("portcullis_guaranteed"));
    assert_eq!(guaranteed.count(), 1);
}
