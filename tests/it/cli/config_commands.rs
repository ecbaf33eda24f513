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
    let top = "[listen]\naddress = \"0.0.0.0:0\"\n[limits]\nconnections_max = 10\n\
               [identity]\ntrusted_peers = [\"10.0.0.0/8\"]";
    let site = site(top).service("shop", SHOP, "http://127.0.0.1:1", "");
    let facts = "shop.yaml 2.3.1, ";
    let verdict = "config.toml can start: 1 service, 0 errors, 0 warnings";
    check(&site, "", 0, &["shop  payments  ", facts, verdict]);
    check(&site, "config.toml --fail-on warning", 0, &[verdict]);
    check(
        &site,
        "other.toml",
        2,
        &["there is no other.toml", "name one as the argument"],
    );
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
fn keys_without_effect_are_named_with_their_place() {
    let top = "[listen]\naddress = \"127.0.0.1:0\"\nunix_mode = \"600\"\nproxy_peers = [\"10.0.0.0/8\"]\n\
               [limits]\nconnections_max = 10\nupgrade_idle_timeout = \"1m\"";
    let warned = site(top).service("shop", SHOP, "mock", "upgrade_idle_timeout = \"2m\"");
    let expected = [
        ": listen.unix_mode has no effect, because listen.address has no Unix socket",
        ": listen.proxy_peers has no effect, because listen.proxy_protocol is \"off\"",
        ": limits.upgrade_idle_timeout has no effect, because no service has `upgrade`",
        "services.shop.upgrade_idle_timeout has no effect, because the service has no `upgrade`",
        "0 errors, 4 warnings",
    ];
    check(&warned, "", 0, &expected);
    let top = "[listen]\naddress = \"unix:a.sock\"\nunix_mode = \"600\"\nproxy_protocol = \"required\"\n\
               proxy_peers = [\"unix\"]\n[identity]\ntrusted_peers = [\"10.0.0.0/8\"]\n\
               [limits]\nconnections_max = 10\nupgrade_idle_timeout = \"1m\"";
    let fine = site(top).service(
        "shop",
        SHOP,
        "http://127.0.0.1:1",
        "upgrade = [\"websocket\"]",
    );
    check(&fine, "", 0, &["0 errors, 0 warnings"]);
}

/// A peer is trusted only if it can connect.
#[test]
fn verdicts_that_no_one_can_ask_for_are_an_error() {
    let verdict = |top: &str| {
        site(&format!("{top}\n[limits]\nconnections_max = 10")).service(
            "shop",
            SHOP,
            "verdict",
            "[services.verdict]\nfrom = \"envoy\"\n",
        )
    };
    let no_peer = "error  shop: every question is refused";
    let none = "[identity]\ntrusted_peers = []";
    check(
        &verdict(none),
        "",
        1,
        &[no_peer, "x-squad-owner is believed of no caller"],
    );
    let socket = "[listen]\naddress = \"unix:a.sock\"\n";
    check(&verdict(socket), "", 1, &[no_peer]);
    let trusted = format!("{socket}[identity]\ntrusted_peers = [\"unix\"]");
    check(&verdict(&trusted), "", 0, &["0 errors, 0 warnings"]);
    let remote = "[listen]\naddress = \"0.0.0.0:0\"";
    check(
        &verdict(remote),
        "",
        0,
        &["warning  shop: verdicts are given to callers on this machine only"],
    );
    check(&verdict(""), "", 0, &["0 errors, 0 warnings"]);
}

#[test]
fn addresses_that_cannot_be_bound_together() {
    let listen = |addresses: &str, admin: &str| {
        let top = format!(
            "[listen]\naddress = {addresses}\n[admin]\naddress = \"{admin}\"\n\
             [limits]\nconnections_max = 10\n[identity]\ntrusted_peers = [\"10.0.0.0/8\"]"
        );
        site(&top).service("shop", SHOP, "mock", "")
    };
    let admin = "127.0.0.1:9901";
    let both = listen(r#"["0.0.0.0:80", "127.0.0.1:80"]"#, admin);
    check(
        &both,
        "",
        1,
        &[": listen.address: 0.0.0.0:80 and 127.0.0.1:80 overlap"],
    );
    let twice = listen(r#"["127.0.0.1:80", "127.0.0.1:80"]"#, admin);
    check(&twice, "", 1, &["expected 1 to 16 different addresses"]);
    let covered = listen(r#""0.0.0.0:9901""#, admin);
    check(
        &covered,
        "",
        1,
        &["listen.address: overlaps with the admin address, 127.0.0.1:9901"],
    );
    let families = listen(r#"["[::]:80", "0.0.0.0:80"]"#, admin);
    check(
        &families,
        "",
        0,
        &["warning  [::]:80 takes IPv4 connections, too"],
    );
    let separate = listen(
        r#"["127.0.0.1:80", "127.0.0.2:80", "[::1]:80", "0.0.0.0:81", "0.0.0.0:0", "0.0.0.0:0"]"#,
        admin,
    );
    check(&separate, "", 0, &["0 errors, 0 warnings"]);
}

/// Each command names what it accepts itself.
#[test]
fn a_missing_configuration_is_named_as_the_command_takes_it() {
    let folder = tempfile::TempDir::new().unwrap();
    for (words, expected) in [
        (
            "config check",
            "there is no config.toml in the working directory; name one as the argument or in PORTCULLIS_CONFIG",
        ),
        (
            "config check a/b.toml",
            "there is no file a/b.toml; name one as the argument",
        ),
        (
            "config show b.toml",
            "there is no b.toml in the working directory; name one as the argument",
        ),
        (
            "owners services",
            "; name one with --config or PORTCULLIS_CONFIG",
        ),
        (
            "manifests gateway --image a --config b.toml",
            "; name one with --config or PORTCULLIS_CONFIG",
        ),
        (
            "serve",
            "there is no config.toml in the working directory; put one there",
        ),
        (
            "serve --config /etc/none/config.toml",
            "portcullis serve --demo",
        ),
        ("serve --config b.toml", "docs/install.md"),
    ] {
        let (code, text) = run_in(folder.path(), words);
        assert_eq!(code, Some(2), "{words}: {text}");
        assert!(text.contains(expected), "{words}: {text}");
    }
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
