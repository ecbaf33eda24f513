//! `portcullis owners scorecard`: what the squads of services have arranged, and what is missing.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::manifests::yaml_round_trip::parsed;
use crate::support::app::run;

const CATALOG: &str = r##"
[squads.payments]
oncall = "payments-pager"
chat = "#payments"
services = ["orders"]
[squads.search]
services = ["find", "index"]
[services.orders]
runbook = "https://wiki.example.com/orders"
dashboard = "https://grafana.example.com/d/orders"
[services.orders.slo]
availability = 0.999
[[dependencies]]
service = "orders"
uses = ["find"]
fallbacks = ["find"]
[[dependencies]]
service = "find"
uses = ["orders", "index"]
[[resources]]
name = "orders-db"
kind = "database"
owner = "payments"
used_by = ["orders", "index"]
"##;

const CONTRACT: &str = "\
openapi: 3.1.0
info: {title: Orders, version: 1.0.0, x-squad-owner: payments}
paths:
  /orders:
    get:
      operationId: listOrders
      deprecated: true
      x-sunset: '2999-01-01'
      responses: {'200': {description: d}}
";

struct ScorecardFixture(TempDir);

impl ScorecardFixture {
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fixture.write("contracts/squads.toml", CATALOG);
        fixture.write("contracts/payments/orders/openapi.yaml", CONTRACT);
        fixture
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, words: &str) -> (Option<i32>, String, String) {
        let output = run(self.0.path(), &format!("owners scorecard {words}"), "");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// The checks of a service with their results, and the details of the gaps.
    fn checks(&self, service: &str) -> (String, Vec<String>) {
        let (code, text, errors) = self.run(&format!("{service} --format json"));
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{text}");
        let report: Value = serde_json::from_str(&text).unwrap();
        let checks = report["services"][0]["checks"].as_array().unwrap();
        let name = |check: &Value| check["check"].as_str().unwrap().to_owned();
        let is_gap = |check: &&Value| check["result"] == "gap";
        let gaps = checks.iter().filter(is_gap);
        let details = gaps.clone().map(|check| {
            assert!(check["advice"].is_string(), "{check}");
            format!("{}: {}", name(check), check["detail"].as_str().unwrap())
        });
        let details = details.collect();
        let gaps: Vec<String> = gaps.map(name).collect();
        (gaps.join(" "), details)
    }
}

#[test]
fn shows_what_is_missing_and_how_to_close_it() {
    let fixture = ScorecardFixture::new();
    let (gaps, details) = fixture.checks("orders");
    assert_eq!(gaps, "autonomy");
    assert_eq!(details, ["autonomy: shares orders-db with other squads"]);
    let (gaps, details) = fixture.checks("find");
    assert_eq!(
        gaps,
        "owner on-call contract slo runbook dashboard autonomy"
    );
    assert_eq!(details[6], "autonomy: needs orders of other squads");
    let (code, text, _) = fixture.run("");
    assert_eq!(code, Some(0));
    assert!(text.contains("orders of payments: 8 of 9"), "{text}");
    assert!(
        text.contains("add runbook = \"https://…\" to [services.find] (contracts/squads.toml:7)"),
        "{text}"
    );
    assert!(text.ends_with("3 services, 12 passed, 15 gaps\n"), "{text}");
    assert_eq!(fixture.run("--fail-on-gap").0, Some(1));
    let (_, markdown, _) = fixture.run("--squad payments --format markdown");
    assert!(
        markdown.contains(
            "| orders | payments | pass | pass | pass | pass | pass | pass | pass | pass | gap |"
        ),
        "{markdown}"
    );
}

#[test]
fn gaps_can_be_closed() {
    let fixture = ScorecardFixture::new();
    let catalog = CATALOG.replace(
        "used_by = [\"orders\", \"index\"]",
        "used_by = [\"orders\"]",
    );
    fixture.write("contracts/squads.toml", &catalog);
    assert_eq!(fixture.checks("orders").0, "");
    assert_eq!(fixture.run("orders --fail-on-gap").0, Some(0));
    for (before, after, gap) in [
        ("oncall = \"payments-pager\"", "", "on-call"),
        ("chat = \"#payments\"", "", "owner"),
        ("[services.orders.slo]\navailability = 0.999", "", "slo"),
        (
            "runbook = \"https://wiki.example.com/orders\"",
            "",
            "runbook",
        ),
        (
            "dashboard = \"https://grafana.example.com/d/orders\"",
            "",
            "dashboard",
        ),
        ("fallbacks = [\"find\"]", "", "autonomy"),
    ] {
        fixture.write("contracts/squads.toml", &catalog.replace(before, after));
        assert_eq!(fixture.checks("orders").0, gap);
    }
    fixture.write("contracts/squads.toml", &catalog);
    for (before, after, gap) in [
        ("'2999-01-01'", "'2020-01-01'", "deprecations"),
        ("      x-sunset: '2999-01-01'\n", "", "deprecations"),
        (
            "x-squad-owner: payments",
            "x-squad-owner: search",
            "ownership-drift",
        ),
        ("openapi: 3.1.0", "openapi: 9", "contract"),
    ] {
        fixture.write(
            "contracts/payments/orders/openapi.yaml",
            &CONTRACT.replace(before, after),
        );
        assert_eq!(fixture.checks("orders").0, gap, "{before}");
    }
    // A contract in the folder of another squad.
    fs::remove_dir_all(fixture.0.path().join("contracts/payments")).unwrap();
    fixture.write("contracts/search/orders/openapi.yaml", CONTRACT);
    assert_eq!(fixture.checks("orders").0, "ownership-drift");
}

#[test]
fn writes_annotations_for_backstage() {
    let (code, yaml, errors) = ScorecardFixture::new().run("orders --format backstage");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let entity = parsed(yaml.strip_prefix("---\n").unwrap()).unwrap();
    assert_eq!(entity["kind"], "Component");
    assert_eq!(entity["spec"]["owner"], "group:payments");
    let annotations = &entity["metadata"]["annotations"];
    assert_eq!(annotations["portcullis/scorecard"], "8/9");
    assert_eq!(annotations["portcullis/scorecard-runbook"], "pass");
    let autonomy = annotations["portcullis/scorecard-autonomy"]
        .as_str()
        .unwrap();
    assert!(autonomy.starts_with("gap: shares orders-db"), "{autonomy}");
    assert_eq!(
        entity["metadata"]["links"][0]["url"],
        "https://wiki.example.com/orders"
    );
}

#[test]
fn wrong_names_and_links_are_refused() {
    let fixture = ScorecardFixture::new();
    for (words, expected) in [
        ("order", "lists a service `order`"),
        ("--squad paymnets", "is called `paymnets`"),
    ] {
        let (code, _, errors) = fixture.run(words);
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
    for (before, after, expected) in [
        (
            "https://wiki.example.com/orders",
            "wiki/orders",
            "expected an address such as",
        ),
        (
            "fallbacks = [\"find\"]",
            "fallbacks = [\"index\"]",
            "expected a service that `uses` lists",
        ),
    ] {
        fixture.write("contracts/squads.toml", &CATALOG.replace(before, after));
        let (code, _, errors) = fixture.run("");
        assert_eq!(code, Some(2), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
}

#[test]
fn an_objective_of_a_contract_counts() {
    let fixture = ScorecardFixture::new();
    fixture.write(
        "contracts/squads.toml",
        &CATALOG.replace("[services.orders.slo]\navailability = 0.999\n", ""),
    );
    let slo = |x_slo: &str| {
        let text = CONTRACT.replacen("paths:", &format!("{x_slo}paths:"), 1);
        fixture.write("contracts/payments/orders/openapi.yaml", &text);
        let output = run(
            fixture.0.path(),
            "owners scorecard orders --format json",
            "",
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let checks = report["services"][0]["checks"].as_array().unwrap();
        let slo = checks.iter().find(|check| check["check"] == "slo").unwrap();
        format!(
            "{} {}",
            slo["result"].as_str().unwrap(),
            slo["detail"].as_str().unwrap()
        )
    };
    assert_eq!(slo(""), "gap no objective");
    assert_eq!(slo("x-slo: {availability: 0.99}\n"), "pass 1 objective");
    let unread = slo("x-slo: {availability: 99}\n");
    assert!(
        unread.starts_with("gap ") && unread.contains("`x-slo.availability`"),
        "{unread}"
    );
}
