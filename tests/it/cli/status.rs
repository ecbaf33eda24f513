//! `portcullis status` with a running proxy.

use std::net::SocketAddr;

use serde_json::Value;

use super::operate::{error_message, printed};
use crate::support::app::{App, SHOP, Site, program, until};

/// Runs a command against an admin port. Returns its exit code and its output.
fn run_at(admin: SocketAddr, words: &str) -> (Option<i32>, String) {
    let mut command = program();
    command
        .args(words.split(' '))
        .env("PORTCULLIS_ADMIN_URL", format!("http://{admin}"));
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

/// A service without an upstream, one with a mock, and the squads of both.
fn site() -> Site {
    let catalog = "[squads.checkout]\ntier = \"gold\"\n";
    Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", catalog)
        .service("shop", SHOP, "http://127.0.0.1:1", "hosts = [\"shop\"]")
        .service("other", SHOP, "mock", "hosts = [\"other\"]")
}

#[test]
fn a_proxy_without_faults_is_well() {
    let app = App::start(site());
    let text = printed(app.admin, "status", 0);
    assert!(text.contains("shop     2.3.1"), "{text}");
    assert!(
        text.contains("nothing is wrong; figures are of the last "),
        "{text}"
    );
    let json: Value = serde_json::from_str(&printed(app.admin, "status --format json", 0)).unwrap();
    assert_eq!(json["services"].as_array().unwrap().len(), 2);
    assert_eq!(json["faults"].as_array().unwrap().len(), 0);
    assert!(error_message("status --admin http://127.0.0.1:1", &[]).contains("127.0.0.1:1"));
}

/// As the health check of a container asks.
#[test]
fn readiness_is_the_exit_code() {
    let app = App::start(site());
    assert_eq!(printed(app.admin, "status --ready", 0), "ready\n");
    let waiting = Site::new("[reload]\nwait = true").at("shop", "none.yaml");
    let app = App::start(waiting);
    let text = printed(app.admin, "status --ready", 1);
    assert!(
        text.contains("is not ready") && text.contains("shop"),
        "{text}"
    );
}

#[test]
fn faults_say_what_is_wrong_and_what_shows_more() {
    let site = site();
    let contract = site.path("shop.yaml");
    let app = App::start(site);
    let request = |host: &str, target: &str| {
        let text = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        app.ask(text).status
    };
    assert_eq!(request("shop", "/items"), 502);
    assert_eq!(request("other", "/nowhere"), 404);
    // The figures follow within seconds.
    let status = || run_at(app.admin, "status");
    until(|| {
        let text = status().1;
        text.contains("failed because of") && text.contains("violated the contract")
    });
    let (code, text) = status();
    assert_eq!(code, Some(1), "{text}");
    for line in [
        "shop: 1 request failed because of the service in the last ",
        "other: 1 request violated the contract in the last ",
        "2 faults; ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // A circuit that an operator opened, and a contract that was refused.
    let set = "breakers set other checkout open --reason tests";
    assert_eq!(run_at(app.admin, set).0, Some(0));
    std::fs::write(contract, "openapi: 3.1.0").unwrap();
    assert_eq!(run_at(app.admin, "contract reload shop").0, Some(1));
    let (_, json) = run_at(app.admin, "status --format json");
    let json: Value = serde_json::from_str(&json).unwrap();
    let faults: Vec<String> = json["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| format!("{}: {}", fault["subject"], fault["message"]))
        .collect();
    let has = |start: &str| faults.iter().any(|fault| fault.starts_with(start));
    assert!(
        has("\"shop\": \"an older contract is active since "),
        "{faults:?}"
    );
    assert!(has("\"other\": \"the circuit of checkout"), "{faults:?}");
}
