//! `portcullis manifests alertmanager` and `escalation`: who gets an alert, and who is next.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::yaml_round_trip::parsed;
use crate::support::app::{App, SHOP, Site, admin, ask, run};
use crate::support::tools::tool;
use crate::support::upstream::{Upstream, send};

const CATALOG: &str = r##"
[squads.payments]
oncall = "payments-pager"
chat = "#payments"
services = ["shop"]
escalation = ["platform/oncall", "platform/email"]
[squads.checkout]
email = "checkout@example.com"
[squads.platform]
oncall = "platform-pager"
email = "platform@example.com"
[services.shop]
runbook = "https://wiki.example.com/shop"
[services.shop.slo]
availability = 0.99
"##;

const WORDS: &str = "manifests alertmanager --catalog squads.toml --webhook https://notify.example.com/ --fallback platform";

fn folder(catalog: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("squads.toml"), catalog).unwrap();
    folder
}

fn printed(words: &str, catalog: &str) -> (Option<i32>, String, String) {
    let output = run(folder(catalog).path(), words, "");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn critical_alerts_go_to_the_next_squad_if_they_last() {
    let (code, yaml, errors) = printed(WORDS, CATALOG);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let config = parsed(&yaml).unwrap();
    let critical = json!(["severity=\"critical\""]);
    assert_eq!(
        config["route"]["routes"][1],
        json!({
            "matchers": ["squad=\"payments\""],
            "receiver": "payments-chat",
            "routes": [
                {"matchers": critical, "receiver": "payments-oncall", "continue": true},
                {"matchers": critical, "receiver": "platform-oncall", "group_wait": "1800s", "continue": true},
                {"matchers": critical, "receiver": "platform-email", "group_wait": "3600s"},
            ],
        })
    );
    assert_eq!(config["route"]["receiver"], "platform-email");
    assert_eq!(
        config["receivers"][0],
        json!({
            "name": "checkout-email",
            "webhook_configs": [{"url": "https://notify.example.com/checkout/email"}],
        })
    );
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "needs prometheus, promtool and amtool: .ci/run installs them"
)]
fn amtool_accepts_the_routes() {
    let folder = folder(CATALOG);
    let output = run(folder.path(), WORDS, "");
    let path = folder.path().join("alertmanager.yml");
    fs::write(&path, output.stdout).unwrap();
    let amtool = |words: &[&str]| {
        let output = Command::new(tool("amtool")).args(words).output().unwrap();
        let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        (output.status.success(), text.concat())
    };
    let path = path.to_str().unwrap();
    let (is_valid, text) = amtool(&["check-config", path]);
    assert!(is_valid, "{text}");
    let check = |squad: &str, severity: &str, receivers: &str| {
        let (is_same, text) = amtool(&[
            "config",
            "routes",
            "test",
            "--config.file",
            path,
            "--verify.receivers",
            receivers,
            &format!("squad={squad}"),
            &format!("severity={severity}"),
        ]);
        assert!(is_same, "{squad} {severity}: {text}");
    };
    check(
        "payments",
        "critical",
        "payments-oncall,platform-oncall,platform-email",
    );
    check("payments", "warning", "payments-chat");
    check("checkout", "critical", "checkout-email");
    check("unknown", "critical", "platform-email");
}

#[test]
fn refuses_what_would_reach_no_one() {
    for (before, after, expected) in [
        (
            "email = \"checkout@example.com\"",
            "",
            "checkout has no contact",
        ),
        (
            "platform/oncall",
            "platfrom/oncall",
            "expected a squad of this catalog",
        ),
        ("platform/oncall", "platform/chat", "platform has no `chat`"),
        (
            "platform/oncall",
            "platform-pager",
            "expected a squad and one of its contacts",
        ),
    ] {
        let (code, text, errors) = printed(WORDS, &CATALOG.replace(before, after));
        assert_eq!((code, text.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
    let words = WORDS.replace("--fallback platform", "--fallback ops");
    let (code, _, errors) = printed(&words, CATALOG);
    assert_eq!(code, Some(2));
    assert!(errors.contains("no squad is called ops"), "{errors}");
}

#[test]
fn alerts_on_objectives_name_the_escalation_and_the_runbook() {
    let (code, yaml, errors) = printed("manifests slo --catalog squads.toml", CATALOG);
    assert_eq!(code, Some(0), "{errors}");
    let rules = parsed(&yaml).unwrap();
    let groups = rules["groups"].as_array().unwrap().iter();
    let rules = groups.flat_map(|group| group["rules"].as_array().unwrap());
    let alerts: Vec<&Value> = rules.filter(|rule| rule["alert"].is_string()).collect();
    assert_eq!(alerts.len(), 2);
    for alert in alerts {
        assert_eq!(alert["labels"]["squad"], "payments");
        let annotations = &alert["annotations"];
        assert_eq!(
            annotations["escalation"],
            "platform-pager (platform), then platform@example.com (platform)"
        );
        assert_eq!(
            annotations["service_runbook_url"],
            "https://wiki.example.com/shop"
        );
    }
}

#[test]
fn refusals_and_owners_show_the_escalation() {
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", CATALOG)
        .service("shop", SHOP, "mock", "");
    let app = App::start(site);
    let expected = json!([
        {"squad": "platform", "contact": "platform-pager"},
        {"squad": "platform", "contact": "platform@example.com"},
    ]);
    let refusal = ask(app.data, "GET /items?limit=x HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(refusal.status, 422);
    let refusal: Value = serde_json::from_slice(&refusal.body).unwrap();
    assert_eq!(refusal["provider"]["escalation"], expected);
    let owner = ask(app.data, "GET /__owner HTTP/1.1\r\nhost: a\r\n\r\n");
    let owner: Value = serde_json::from_slice(&owner.body).unwrap();
    assert_eq!(owner["escalation"], expected);
    let owners: Value = serde_json::from_str(&admin(app.admin, "/owners").1).unwrap();
    assert_eq!(owners["services"][0]["escalation"], expected);
    let squads = owners["squads"].as_array().unwrap().iter();
    let mut payments = squads.filter(|squad| squad["squad"] == "payments");
    assert_eq!(payments.next().unwrap()["escalation"], expected);
}

/// A folder with a catalog, contracts and configurations.
struct ObjectiveSite(TempDir);

impl ObjectiveSite {
    /// The services `shop`, with a contract next to the catalog, `ledger` and `far`.
    fn new() -> Self {
        let site = Self(TempDir::new().unwrap());
        site.write(
            "squads.toml",
            "[squads.payments]\nservices = [\"shop\", \"ledger\", \"far\"]\n[slo.tiers.gold]\navailability = 0.99\n",
        );
        site.write(
            "payments/shop/openapi.yaml",
            &Self::contract("x-slo: {availability: 0.9}"),
        );
        site.write("ledger.yaml", &Self::contract("x-sla-tier: gold"));
        site
    }

    fn contract(members: &str) -> String {
        format!(
            "openapi: 3.1.0\n{members}\ninfo: {{title: t, version: '1'}}\npaths:\n  /a:\n    \
             get: {{operationId: a, x-sla-tier: gold, responses: {{'200': {{description: d}}}}}}\n"
        )
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A configuration with these services and the places of their contracts.
    fn configure(&self, name: &str, services: &[(&str, &str)]) {
        let service = |(name, place): &(&str, &str)| {
            format!(
                "[[services]]\nname = \"{name}\"\ncontract = \"{place}\"\nupstream = \"mock\"\nhosts = [\"{name}\"]\n"
            )
        };
        self.write(name, &services.iter().map(service).collect::<String>());
    }

    /// The exit code and the outputs of `manifests slo`.
    fn slo(&self, words: &str) -> (Option<i32>, String, String) {
        let words = format!("manifests slo --catalog squads.toml {words}");
        let output = run(self.0.path(), &words, "");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// The names of the objectives.
    #[track_caller]
    fn names(&self, words: &str) -> String {
        let (code, yaml, errors) = self.slo(&format!("--format openslo {words}"));
        assert_eq!(code, Some(0), "{errors}");
        let names = yaml
            .lines()
            .filter_map(|line| line.strip_prefix("  name: "));
        names.collect::<Vec<_>>().join(" ")
    }
}

/// Contracts next to the catalog, and those that a configuration names.
#[test]
fn objectives_of_contracts_have_rules() {
    let site = ObjectiveSite::new();
    site.configure("config.toml", &[("ledger", "ledger.yaml")]);
    assert_eq!(site.names(""), "shop-availability shop-availability-a");
    let all = "ledger-availability shop-availability shop-availability-a";
    assert_eq!(site.names("--config config.toml"), all);
    for (text, expected) in [
        (
            ObjectiveSite::contract("x-slo: {availability: 90}"),
            "shop/openapi.yaml:2: `x-slo.availability` must be a share",
        ),
        (
            "openapi: [".to_owned(),
            "the contract of shop (payments/shop/openapi.yaml) cannot be read, so its objectives are not \
             known",
        ),
    ] {
        site.write("payments/shop/openapi.yaml", &text);
        let (code, yaml, errors) = site.slo("");
        assert_eq!((code, yaml.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.contains(expected), "{errors}");
        let ledger = site.names("--config config.toml --service ledger");
        assert_eq!(ledger, "ledger-availability");
    }
}

/// A contract at an address is fetched as the proxy does it. Rules without the objectives of one that
/// cannot be read would look complete.
#[test]
fn objectives_of_contracts_at_addresses_have_rules() {
    let site = ObjectiveSite::new();
    let text = ObjectiveSite::contract("x-slo: {availability: 0.95}");
    let server = Upstream::start(move |_| {
        vec![send(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        ))]
    });
    let far = format!("http://{}/far.yaml?key=hidden", server.address);
    site.configure("config.toml", &[("far", &far)]);
    let all = "far-availability far-availability-a shop-availability shop-availability-a";
    assert_eq!(site.names("--config config.toml"), all);
    let gone = "http://127.0.0.1:1/far.yaml?key=hidden";
    site.configure("gone.toml", &[("ledger", "ledger.yaml"), ("far", gone)]);
    let (code, yaml, errors) = site.slo("--config gone.toml");
    assert_eq!((code, yaml.as_str()), (Some(2), ""), "{errors}");
    let unread = "the contract of far (http://127.0.0.1:1/far.yaml) cannot be read, so its objectives are \
                  not known: ";
    assert!(
        errors.contains(unread) && !errors.contains("hidden"),
        "{errors}"
    );
    let ledger = site.names("--config gone.toml --service ledger");
    assert_eq!(ledger, "ledger-availability");
}
