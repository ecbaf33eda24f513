//! The blast radius from live traffic: a real Prometheus scrapes a real proxy under load.

use std::fs;
use std::net::SocketAddr;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::{Process, SHOP, Site, admin, get, post, program};
use crate::support::client::Client;
use crate::support::upstream::Upstream;
use crate::telemetry::prometheus::Prometheus;

/// The provider and four other squads. The declared dependency is of a squad that never calls.
const CATALOG: &str = r#"
[squads.payments]
tier = "gold"
services = ["shop", "ledger"]
[squads.checkout]
tier = "gold"
services = ["cart"]
[squads.search]
tier = "silver"
services = ["index"]
[squads.billing]
tier = "bronze"
services = ["invoices"]
[squads.archive]
tier = "gold"
services = ["vault"]
[[dependencies]]
service = "vault"
uses = ["shop"]
"#;

/// How often each squad sends in each half of the load.
const ROUNDS: usize = 40;

/// Two squads and the provider create items, another squad reads files.
fn send_load(data: SocketAddr) {
    let send = |squad: &str, request: &dyn Fn(&str) -> Vec<u8>| {
        let mut client = Client::connect(data);
        for _ in 0..ROUNDS {
            client.send(request(&format!(
                "x-tenant: a\r\nx-squad-owner: {squad}\r\n"
            )));
            assert_eq!(client.answer().status, 200);
        }
    };
    let create = |squad: &str| post("/items", squad, r#"{"name":"a","quantity":1}"#);
    let fetch = |squad: &str| {
        get("/files/x")
            .replacen("\r\n\r\n", &format!("\r\n{squad}\r\n"), 1)
            .into_bytes()
    };
    thread::scope(|scope| {
        scope.spawn(move || send("checkout", &create));
        scope.spawn(move || send("search", &create));
        scope.spawn(move || send("payments", &create));
        scope.spawn(move || send("billing", &fetch));
    });
}

struct MeasuredGate {
    folder: TempDir,
    url: String,
}

impl MeasuredGate {
    fn decide(&self, contract: &str, more: &[&str]) -> (Option<i32>, Value) {
        let output = program()
            .args([
                "gate",
                "--squad",
                "payments",
                "--service",
                "shop",
                "--catalog",
                "squads.toml",
            ])
            .args([
                "--registry",
                ".",
                "--format",
                "json",
                "--contract",
                contract,
            ])
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let verdict = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code(), verdict)
    }

    fn measured(&self, contract: &str) -> Value {
        self.decide(contract, &["--prometheus", &self.url, "--window", "1h"])
            .1
    }
}

/// The affected squads with their points. `!` marks those that the change breaks.
fn squads(verdict: &Value) -> String {
    let reached = verdict["blast_radius"]["squads"].as_array().unwrap().iter();
    let lines = reached.map(|reached| {
        let mark = if reached["broken"] == true { "!" } else { "" };
        format!(
            "{}{mark} {}",
            reached["squad"].as_str().unwrap(),
            reached["points"]
        )
    });
    lines.collect::<Vec<_>>().join(", ")
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn affects_only_the_squads_that_call_the_broken_operation() {
    let upstream = Upstream::ok();
    let address = format!("http://{}", upstream.address);
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", CATALOG)
        .service("shop", SHOP, &address, "");
    let process = Process::start(site);
    let prometheus = Prometheus::start(process.admin);
    prometheus.await_vector("up", &["job"], "portcullis 1");
    for half in 1..=2 {
        send_load(process.data);
        let sent = (4 * ROUNDS * half).to_string();
        prometheus.await_vector("sum(portcullis_requests_total)", &[], &sent);
    }
    let gate = MeasuredGate {
        folder: TempDir::new().unwrap(),
        url: format!("http://{}", prometheus.address),
    };
    gate.write_contracts();
    assert_eq!(gate.decide("shop.yaml", &["--record"]).0, Some(0));
    called(&gate);
    uncalled(&gate);
    unknown(&gate);
    announced(&gate, process.admin);
}

impl MeasuredGate {
    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn write_contracts(&self) {
        let major = SHOP.replace("version: 2.3.1", "version: 3.0.0");
        self.write("squads.toml", CATALOG);
        self.write("shop.yaml", SHOP);
        self.write(
            "create.yaml",
            &major.replace("minimum: 1 # quantity-minimum", "minimum: 2"),
        );
        self.write(
            "list.yaml",
            &major.replace("maximum: 100 # limit-maximum", "maximum: 50"),
        );
    }
}

/// The breaking change of a verdict.
fn breaking(verdict: &Value) -> &Value {
    let mut reasons = verdict["reasons"].as_array().unwrap().iter();
    &reasons
        .find(|reason| reason["rule"] == "breaking-change")
        .unwrap()["change"]
}

/// Squads that called the operation count by their tier. Squads that called other operations count
/// little, and so do declared consumers that never called.
fn called(gate: &MeasuredGate) {
    let called = gate.measured("create.yaml");
    assert_eq!(
        squads(&called),
        "archive 10, billing 10, checkout! 60, search! 45"
    );
    assert_eq!(
        (&called["risk_score"], &called["window"]),
        (&json!(125), &json!("1h"))
    );
    let change = breaking(&called);
    assert_eq!(change["approvals_missing"], json!(["checkout", "search"]));
    let calls = &called["blast_radius"]["squads"][2]["calls"];
    let count = calls["createItem"].as_u64().unwrap();
    assert!(
        count >= ROUNDS as u64 && calls.as_object().unwrap().len() == 1,
        "{calls}"
    );
    assert_eq!(called["drift_score"], json!(0.0));
}

/// An operation without callers counts least, and only its provider must approve.
fn uncalled(gate: &MeasuredGate) {
    let uncalled = gate.measured("list.yaml");
    assert_eq!(
        squads(&uncalled),
        "archive 10, billing 10, checkout 10, search 10"
    );
    let change = breaking(&uncalled);
    assert_eq!(change["approvals_missing"], json!(["payments"]));
    // Without measurements the declared consumers count in full.
    assert_eq!(squads(&gate.decide("create.yaml", &[]).1), "archive 30");
}

/// A service that Prometheus does not know counts as not measured.
fn unknown(gate: &MeasuredGate) {
    let output = program()
        .args("gate --squad payments --service ledger --catalog squads.toml".split(' '))
        .args("--registry . --contract shop.yaml --format json --prometheus".split(' '))
        .arg(&gate.url)
        .current_dir(gate.folder.path())
        .output()
        .unwrap();
    let unknown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(unknown["blast_radius"]["measured"], false);
    assert_eq!(unknown["reasons"][0]["rule"], "measurement");
}

/// A deploy window is opened only if the deployment is allowed.
fn announced(gate: &MeasuredGate, address: SocketAddr) {
    let admin_url = format!("http://{address}");
    let window = ["--open-window", "10m", "--admin", &admin_url];
    assert_eq!(gate.decide("create.yaml", &window).0, Some(1));
    assert!(
        admin(address, "/deploy-windows")
            .1
            .contains("\"deploy_window\":null")
    );
    gate.write(
        "next.yaml",
        &SHOP.replace("version: 2.3.1", "version: 2.3.2"),
    );
    assert_eq!(gate.decide("next.yaml", &window).0, Some(0));
    let (_, windows) = admin(address, "/deploy-windows");
    assert!(windows.contains("portcullis gate: next.yaml"), "{windows}");
}
