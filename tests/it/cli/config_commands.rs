//! `portcullis config check` and `config show`: what a start would find, without one.

use std::path::Path;

use serde_json::Value;

use crate::support::app::{SHOP, Site, run};

const CATALOG: &str = "\
[squads.payments]
tier = \"gold\"
services = [\"shop\"]
";

fn site(top: &str) -> Site {
    let top = format!("{top}\n[catalog]\npath = \"squads.toml\"");
    Site::new(&top).file("squads.toml", CATALOG)
}

/// Runs a command in the folder of a configuration. Returns its exit code and its output.
fn run_in(folder: &Path, words: &str) -> (Option<i32>, String) {
    let output = run(folder, words, "");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn check(site: &Site, words: &str, code: i32, expected: &[&str]) {
    let config = site.write();
    let (found, text) = run_in(config.parent().unwrap(), &format!("config check {words}"));
    assert_eq!(found, Some(code), "{text}");
    for expected in expected {
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
}

#[test]
fn a_configuration_that_can_start_is_fine() {
    let site = site("[limits]\nconnections_max = 10\n[identity]\ntrusted_peers = [\"10.0.0.0/8\"]")
        .service("shop", SHOP, "http://127.0.0.1:1", "");
    let facts = "shop.yaml 2.3.1, ";
    let verdict = "config.toml can start: 1 service, 0 errors, 0 warnings";
    check(&site, "", 0, &["shop  payments  ", facts, verdict]);
    check(&site, "config.toml --fail-on warning", 0, &[verdict]);
    check(&site, "other.toml", 2, &["other.toml", "no such file"]);
}

#[test]
fn what_is_legal_and_wrong_is_a_warning() {
    let top = "[listen]\naddress = \"0.0.0.0:0\"\n[limits]\nconnections_max = 1000000";
    let site = site(top)
        .service("shop", SHOP, "mock", "")
        .service("part", SHOP, "mock", "path_prefix = \"/items\"")
        .at("far", "http://127.0.0.1:1/a.yaml")
        .services("hosts = [\"far\"]\n");
    let expected = [
        "warning  far: no squad of the catalog provides it",
        "warning  shop: 4 of 9 operations cannot be reached: service `part`",
        "warning  x-squad-owner is believed of callers on this machine only",
        "warning  the limit of ",
        "far   -         http://127.0.0.1:1/a.yaml, not read",
    ];
    check(&site, "", 0, &expected);
    check(&site, "--fail-on warning", 1, &expected);
}

#[test]
fn what_stops_a_start_is_an_error_with_its_place() {
    let site = site("[listen.tls]\ncertificates = [{ cert = \"no.pem\", key = \"no.key\" }]")
        .service("shop", SHOP, "mock", "path_prefix = \"/nowhere\"")
        .at("gone", "gone.yaml")
        .services("path_prefix = \"/gone\"\n")
        .service("bad", "{openapi: 3.0.3}", "mock", "path_prefix = \"/bad\"");
    let expected = [
        "error  shop: no operation is reachable",
        "error  service `gone`: ",
        "gone.yaml: No such file",
        "error  service `bad`: the contract is refused",
        "no.pem",
    ];
    check(&site, "", 1, &expected);
    let config = site.write();
    let folder = config.parent().unwrap();
    std::fs::write(
        folder.join("wrong.toml"),
        "[listen]\nadress = \"127.0.0.1:1\"",
    )
    .unwrap();
    let (code, text) = run_in(folder, "config check wrong.toml --format json");
    assert_eq!(code, Some(1), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["location"], "wrong.toml:2");
    assert_eq!(finding["key"], "listen.adress");
    assert_eq!(
        report["errors"],
        report["findings"].as_array().unwrap().len()
    );
}

#[test]
fn shows_each_key_with_its_source() {
    let site = site("[admin]\ntoken = \"a-secret-of-operators\"").service("shop", SHOP, "mock", "");
    let config = site.write();
    let folder = config.parent().unwrap();
    let (code, text) = run_in(folder, "config show");
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("a-secret"), "{text}");
    let line = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap();
    assert!(line("# token = \"(not shown)\"").contains("# config.toml:"));
    assert!(line("json_depth_max = 128").ends_with("# default"));
    let (code, json) = run_in(folder, "config show --format json");
    assert_eq!(code, Some(0), "{json}");
    let keys: Value = serde_json::from_str(&json).unwrap();
    let keys = keys.as_array().unwrap();
    let upstream = keys
        .iter()
        .find(|key| key["key"] == "services.shop.upstream");
    assert_eq!(upstream.unwrap()["value"], "\"mock\"");
    std::fs::write(folder.join("wrong.toml"), "[listen]\nadress = 1").unwrap();
    let (code, text) = run_in(folder, "config show wrong.toml");
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("wrong.toml:2: listen.adress: unknown key"),
        "{text}"
    );
}
