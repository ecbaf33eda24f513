//! The documents and the secrets of vendors, without a call: what commands say about them, and what a reload
//! does with them.

use serde_json::Value;

use super::LOCAL;
use super::vendors::CONTRACT;
use crate::support::app::{Process, Site, ask, run};
use crate::support::upstream::{Upstream, send};

const CATALOG: &str = "\
[squads.payments]
services = [\"orders\", \"acquirer\"]
[squads.search]
services = [\"find\"]
[squads.other]
";

/// A site whose vendor `acquirer` has its key in the file `key`, and is used by two squads.
fn site(upstream: &str) -> Site {
    let top = format!(
        "[catalog]\npath = \"squads.toml\"\n[egress]\naddress = \"127.0.0.1:0\"\n\
         service = \"orders\"\n{LOCAL}\n"
    );
    let keys = "[services.vendor]\nprefix = \"/acquirer\"\nused_by = [\"payments\", \"find\"]\n\
                header_files = { x-api-key = \"key\" }\n";
    Site::new(&top)
        .file("squads.toml", CATALOG)
        .service("acquirer", CONTRACT, upstream, keys)
}

/// Runs a command in the folder of a site. Returns its exit code, and all that it prints.
fn run_in(site: &Site, words: &str, input: &str) -> (Option<i32>, String) {
    let config = site.write();
    let output = run(config.parent().unwrap(), words, input);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_check_of_the_configuration_reads_the_files_with_secrets() {
    let site = site("https://api.acquirer.example");
    let (code, text) = run_in(&site, "config check", "");
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("service `acquirer`: vendor.header_files.x-api-key: "),
        "{text}"
    );
    let site = site.file("key", "hidden\nhidden");
    let (code, text) = run_in(&site, "config check", "");
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("write one line") && !text.contains("hidden"),
        "{text}"
    );
    let site = site.file("key", "hidden\n");
    let (code, text) = run_in(&site, "config check", "");
    assert_eq!(code, Some(0), "{text}");
}

/// A reload that names a file without a value is refused. One that names a readable file has its value from
/// the first call on.
#[test]
fn a_reload_has_all_secrets_or_is_refused() {
    let list = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 14\r\n\r\n\
                {\"charges\":[]}";
    let vendor = Upstream::start(move |_| vec![send(list)]);
    let site = site(&format!("http://{}", vendor.address)).file("key", "first");
    let (config, other) = (site.path("config.toml"), site.path("other"));
    let mut process = Process::start(site);
    let own = process.egress();
    let key = || {
        let call = format!("GET /acquirer/v1/charges HTTP/1.1\r\nhost: {own}\r\n\r\n");
        let answer = ask(own, call);
        assert_eq!(answer.status, 200, "{}", answer.head);
        vendor.request().fields("x-api-key").join(",")
    };
    assert_eq!(key(), "first");
    let text = std::fs::read_to_string(&config).unwrap();
    let changed = text.replace("x-api-key = \"key\"", "x-api-key = \"other\"");
    std::fs::write(&config, changed).unwrap();
    process.signal("HUP");
    let line = process.await_line("reload refused");
    assert!(line.contains("vendor.header_files.x-api-key"), "{line}");
    assert_eq!(key(), "first");
    std::fs::write(other, "second").unwrap();
    process.signal("HUP");
    process.await_line("configuration changed");
    assert_eq!(key(), "second");
}

#[test]
fn documents_of_vendors_are_checked_and_replayed() {
    let site = site("https://api.acquirer.example");
    let (code, text) = run_in(&site, "check acquirer.yaml", "");
    assert_eq!(code, Some(0), "{text}");
    let broken = site.file(
        "broken.yaml",
        &CONTRACT.replace("type: integer", "type: whole"),
    );
    let (code, text) = run_in(&broken, "check broken.yaml", "");
    assert_eq!(code, Some(1), "{text}");
    let charge = |amount: &str, answer: &str| {
        format!(
            r#"{{"request": {{"method": "POST", "path": "/v1/charges", "headers": {{"content-type": "application/json", "x-api-key": "k"}}, "body": {{"amount": {amount}}}}}, "response": {{"status": 201, "headers": {{"content-type": "application/json"}}, "body": {answer}}}}}"#
        )
    };
    // What we send and what the vendor answers.
    for (traffic, code, expected) in [
        (charge("1", r#"{"id": "c1"}"#), 0, ""),
        (charge("\"1\"", r#"{"id": "c1"}"#), 1, "invalid-body"),
        (charge("1", "{}"), 1, "invalid-response-body"),
    ] {
        let (found, text) = run_in(&broken, "replay --contract acquirer.yaml -", &traffic);
        assert_eq!(found, Some(code), "{traffic}: {text}");
        assert!(text.contains(expected), "{traffic}: {text}");
    }
}

/// The gate finds the consumers of a vendor in the configuration, and the version that the vendor chose does
/// not block.
#[test]
fn the_gate_asks_the_squads_that_use_a_vendor() {
    let next = CONTRACT.replace("required: [amount]", "required: [amount, currency]");
    let site = site("https://api.acquirer.example")
        .file("next.yaml", &next)
        .file("key", "k");
    std::fs::create_dir(site.path("registry")).unwrap();
    let gate = |contract: &str, more: &str| {
        let words = format!(
            "gate --squad payments --service acquirer --contract {contract} --registry registry \
             --catalog squads.toml --by ci --format json {more}"
        );
        let (code, text) = run_in(&site, &words, "");
        let verdict: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        (code, verdict)
    };
    let (code, first) = gate("acquirer.yaml", "--config config.toml --record");
    assert_eq!(code, Some(0), "{first:#}");
    let squads = |verdict: &Value| {
        let squads = verdict["blast_radius"]["squads"].as_array().unwrap().iter();
        let squads = squads.map(|squad| format!("{}: {}", squad["squad"], squad["why"][0]));
        squads.collect::<Vec<_>>().join("; ").replace('"', "")
    };
    let users = "payments: uses acquirer; search: uses acquirer by find";
    assert_eq!(squads(&first), users);
    let (code, verdict) = gate("next.yaml", "--config config.toml");
    assert_eq!(code, Some(1));
    assert_eq!(squads(&verdict), users);
    let reasons = verdict["reasons"].as_array().unwrap();
    let rule = |index: usize| {
        let reason: &Value = &reasons[index];
        format!("{} {}", reason["weight"], reason["rule"]).replace('"', "")
    };
    assert_eq!(
        (rule(0), rule(1)),
        ("blocks breaking-change".into(), "warns version".into())
    );
    let missing = &reasons[0]["change"]["approvals_missing"];
    assert_eq!(missing, &serde_json::json!(["payments", "search"]));
    // Without the configuration, the gate knows no consumers and judges it as a service of payments.
    let (code, unknown) = gate("next.yaml", "");
    assert_eq!((code, squads(&unknown)), (Some(1), String::new()));
}
