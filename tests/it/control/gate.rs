//! `portcullis gate`: verdicts, the registry and the exported figures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use portcullis_contract::ContractLoadOptions;
use portcullis_control::gate::{GateRule, RegisteredContract};
use portcullis_vocabulary::Limits;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{program, run};
use crate::support::upstream::{Upstream, send};
use crate::telemetry::deploy::{file, value};

/// Two squads with three services. Payments has a cooldown only in `strict.toml`.
const CATALOG: &str = r#"
[squads.payments]
tier = "gold"
services = ["orders", "ledger"]
[squads.payments.deploy]
risk_max = 60
[squads.checkout]
tier = "silver"
services = ["cart"]
[[dependencies]]
service = "cart"
uses = ["orders"]
[[resources]]
name = "orders-db"
kind = "database"
owner = "payments"
used_by = ["orders", "cart"]
[[flags]]
name = "new-checkout"
service = "orders"
cross_squad = true
target = "checkout"
version = 3
rollback_approval = true
"#;

/// A contract whose orders have at most this quantity.
pub(crate) fn contract(version: &str, most: u32, words: &str) -> String {
    format!(
        "openapi: 3.1.0
info: {{title: Orders, version: {version}, description: '{words}'}}
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [quantity]
              properties: {{quantity: {{type: integer, minimum: 1, maximum: {most}}}}}
      responses: {{201: {{description: d}}}}
    get:
      operationId: listOrders
      responses: {{200: {{description: d}}}}
"
    )
}

/// A working directory of a pipeline: contracts, a catalog and a registry.
pub(crate) struct GateFixture {
    pub(crate) folder: TempDir,
}

impl GateFixture {
    pub(crate) fn new() -> Self {
        let fixture = Self {
            folder: TempDir::new().unwrap(),
        };
        fixture.write("squads.toml", CATALOG);
        fixture.write(
            "strict.toml",
            &CATALOG.replace("risk_max = 60", "risk_max = 60\ncooldown = \"4h\""),
        );
        fs::create_dir(fixture.path("registry")).unwrap();
        fixture
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn run(&self, words: &str) -> Output {
        run(self.folder.path(), words, "")
    }

    /// Runs the gate for the service orders of payments with the contract in a file.
    pub(crate) fn decide(&self, file: &str, more: &str) -> (i32, Value) {
        let words = format!(
            "gate --squad payments --service orders --contract {file} --registry registry --by ci \
             --format json --catalog squads.toml {more}"
        );
        // A repeated flag is an error, so `more` replaces the default catalog.
        let words = if more.contains("--catalog") {
            words.replacen("--catalog squads.toml ", "", 1)
        } else {
            words
        };
        let output = self.run(&words);
        let text = String::from_utf8(output.stdout).unwrap();
        let value = serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!(
                "{words}: {error}: {text}{}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        (output.status.code().unwrap(), value)
    }

    /// The deployments of the registry: number, version and state.
    fn history(&self) -> String {
        let output =
            self.run("gate history --squad payments --service orders --registry registry --verify");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let first = |line: &&str| !line.starts_with("      ");
        let lines = text
            .lines()
            .filter(first)
            .map(|line| line.split("  20").next().unwrap().trim());
        lines.collect::<Vec<_>>().join("; ")
    }

    fn registry(&self) -> Value {
        let text = fs::read(self.path("registry/payments/orders/registry.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }
}

/// The weights and rules of the reasons, the most serious first.
fn reasons(verdict: &Value) -> String {
    let reasons = verdict["reasons"].as_array().unwrap().iter();
    let lines = reasons.map(|reason| {
        format!(
            "{} {}",
            reason["weight"].as_str().unwrap(),
            reason["rule"].as_str().unwrap()
        )
    });
    lines.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(found: (i32, Value), code: i32, decision: &str, action: &str, expected: &str) -> Value {
    let (found_code, verdict) = found;
    assert_eq!(
        (
            found_code,
            verdict["decision"].as_str().unwrap(),
            verdict["recommended_action"].as_str().unwrap(),
            &*reasons(&verdict)
        ),
        (code, decision, action, expected),
        "{verdict:#}"
    );
    verdict
}

#[test]
fn records_deployments_from_the_first_to_a_rollback() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    fixture.write("1.1.yaml", &contract("1.1.0", 200, "more is allowed"));
    fixture.write("1.2.yaml", &contract("1.2.0", 50, "less is allowed"));
    fixture.write("2.0.yaml", &contract("2.0.0", 50, "less is allowed"));

    first_deployments(&fixture);
    breaking_change(&fixture);
    cooldown(&fixture);
    rollback(&fixture);
}

/// The first deployment is recorded only with `--record`; a compatible one follows.
fn first_deployments(fixture: &GateFixture) {
    let verdict = check(
        fixture.decide("1.0.yaml", ""),
        0,
        "allowed",
        "deploy",
        "informs first-deployment",
    );
    assert_eq!(verdict["recorded"], Value::Null);
    assert!(!fixture.path("registry/payments").exists());
    let verdict = check(
        fixture.decide("1.0.yaml", "--record"),
        0,
        "allowed",
        "deploy",
        "informs first-deployment",
    );
    // One squad, one database, one flag.
    assert_eq!(
        (&verdict["risk_score"], &verdict["recorded"]),
        (&60.into(), &1.into())
    );
    assert_eq!(verdict["blast_radius"]["squads"][0]["squad"], "checkout");
    assert_eq!(
        verdict["blast_radius"]["tiers"],
        serde_json::json!(["silver"])
    );
    check(
        fixture.decide("1.0.yaml", "--record"),
        0,
        "unchanged",
        "nothing",
        "informs already-deployed",
    );

    // A compatible contract.
    let verdict = check(
        fixture.decide("1.1.yaml", "--record"),
        0,
        "allowed",
        "deploy",
        "",
    );
    assert_eq!(
        (&verdict["replaces"], &verdict["recorded"]),
        (&"1.0.0".into(), &2.into())
    );
    // A replaced revision needs a rollback, not a deployment.
    check(
        fixture.decide("1.0.yaml", "--record"),
        1,
        "blocked",
        "roll-back-instead",
        "blocks replaced-revision, blocks version, blocks breaking-change",
    );
}

/// A breaking change is blocked with its witness. A major version alone does not help, nor do
/// approvals of other squads. The valid approval stays for the next step.
fn breaking_change(fixture: &GateFixture) {
    let verdict = check(
        fixture.decide("1.2.yaml", "--record"),
        1,
        "blocked",
        "raise-the-version",
        "blocks version, blocks breaking-change",
    );
    let change = &verdict["reasons"][1]["change"];
    assert_eq!(change["witness"], r#"{"quantity":51}"#);
    assert!(
        change["curl"].as_str().unwrap().contains("/orders"),
        "{change}"
    );
    assert_eq!(change["approvals_missing"], serde_json::json!(["checkout"]));
    // A major version alone does not help, nor does the approval of another squad.
    let verdict = check(
        fixture.decide("2.0.yaml", "--record"),
        1,
        "blocked",
        "get-approvals",
        "blocks breaking-change",
    );
    let fingerprint = verdict["reasons"][0]["change"]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned();
    let approval = |owner: &str, expires: &str| {
        format!(
            "[[approval]]\nfingerprint = \"{fingerprint}\"\nowner = \"{owner}\"\nreason = \"we send 20 at most\"\n{expires}\n"
        )
    };
    fixture.write("approvals.toml", &approval("payments", ""));
    check(
        fixture.decide("2.0.yaml", "--approvals approvals.toml --record"),
        1,
        "blocked",
        "get-approvals",
        "blocks breaking-change",
    );
    fixture.write(
        "approvals.toml",
        &approval("checkout", "expires = \"2020-01-01\""),
    );
    check(
        fixture.decide("2.0.yaml", "--approvals approvals.toml --record"),
        1,
        "blocked",
        "get-approvals",
        "blocks breaking-change",
    );
    assert_eq!(fixture.history(), "2  1.1.0  deployed; 1  1.0.0  replaced");

    fixture.write("approvals.toml", &approval("checkout", ""));
}

/// During a cooldown an approved change is blocked too, and an override is recorded.
fn cooldown(fixture: &GateFixture) {
    let strict = "--approvals approvals.toml --record --catalog strict.toml";
    check(
        fixture.decide("2.0.yaml", strict),
        1,
        "blocked",
        "wait",
        "blocks cooldown, informs breaking-change",
    );
    let words = format!("{strict} --override ann --reason outage");
    check(
        fixture.decide("2.0.yaml", &words),
        0,
        "overridden",
        "deploy",
        "overridden cooldown, informs breaking-change",
    );
    let recorded = &fixture.registry()["deployments"][2];
    assert_eq!(
        recorded["overridden"],
        serde_json::json!({"name": "ann", "reason": "outage", "rules": ["cooldown"]})
    );
    assert_eq!(recorded["approvals"][0]["owner"], "checkout");
    assert_eq!(
        fixture.history(),
        "3  2.0.0  deployed; 2  1.1.0  replaced; 1  1.0.0  replaced"
    );
}

/// A released deployment is rolled back.
fn rollback(fixture: &GateFixture) {
    let target = "--squad payments --service orders --registry registry";
    assert!(
        fixture
            .run(&format!("gate release {target}"))
            .status
            .success()
    );
    assert!(fixture.history().starts_with("3  2.0.0  released"));
    let rollback = format!("gate rollback {target} --catalog squads.toml --reason slow --by ann");
    assert!(fixture.run(&rollback).status.success());
    assert_eq!(
        fixture.history(),
        "4  1.1.0  deployed; 3  2.0.0  rolled back; 2  1.1.0  replaced; 1  1.0.0  replaced"
    );
    assert_eq!(fixture.registry()["deployments"][3]["rollback_of"], 3);
    // A rolled-back revision may be deployed again, even during a cooldown.
    check(
        fixture.decide("2.0.yaml", "--approvals approvals.toml"),
        0,
        "allowed",
        "deploy",
        "informs breaking-change",
    );
}

#[test]
fn blocks_risk_and_foreign_services() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    fixture.write(
        "tight.toml",
        &CATALOG.replace("risk_max = 60", "risk_max = 59"),
    );
    check(
        fixture.decide("1.0.yaml", "--catalog tight.toml --record"),
        1,
        "blocked",
        "lower-the-risk",
        "blocks risk, informs first-deployment",
    );
    // An override does not apply to ownership.
    let words = "gate --squad checkout --service orders --contract 1.0.yaml --registry registry --catalog squads.toml --override ann --reason x --format json --record";
    let output = fixture.run(words);
    assert_eq!(output.status.code(), Some(1));
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        reasons(&verdict),
        "blocks ownership, informs first-deployment"
    );
    // The catalog sets the weights.
    fixture.write(
        "weights.toml",
        &format!("{CATALOG}[risk]\nsquad = 1\ndatabase = 2\nflag = 3\n"),
    );
    let (_, verdict) = fixture.decide("1.0.yaml", "--catalog weights.toml");
    assert_eq!(verdict["risk_score"], 6);
    assert!(!fixture.path("registry/payments").exists());
}

#[test]
fn keeps_the_older_version_for_a_notice_period() {
    let fixture = GateFixture::new();
    fixture.write(
        "notice.toml",
        &CATALOG.replace("risk_max = 60", "notice = \"30d\""),
    );
    fixture.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    fixture.write("1.1.yaml", &contract("1.1.0", 200, "more"));
    fixture.write("2.0.yaml", &contract("2.0.0", 50, "less"));
    fixture.write("2.1.yaml", &contract("2.1.0", 60, "a little more"));
    let catalog = "--catalog notice.toml --record";
    check(
        fixture.decide("1.0.yaml", catalog),
        0,
        "allowed",
        "deploy",
        "informs first-deployment",
    );
    // A period shorter than the notice still needs the approval; a longer one does not.
    let soon = humantime::format_rfc3339_seconds(
        std::time::SystemTime::now() + std::time::Duration::from_secs(10 * 86_400),
    )
    .to_string();
    let words = format!("--keep 1.0.0 --until {} {catalog}", &soon[..10]);
    check(
        fixture.decide("2.0.yaml", &words),
        1,
        "blocked",
        "get-approvals",
        "blocks breaking-change, informs kept-version",
    );
    let words = format!("--keep 1.0.0 --until 2999-01-01 {catalog}");
    check(
        fixture.decide("2.0.yaml", &words),
        0,
        "allowed",
        "deploy",
        "warns breaking-change, informs kept-version",
    );
    assert_eq!(fixture.history(), "2  2.0.0  deployed; 1  1.0.0  kept");
    // Both versions continue, and a new revision is compared with both.
    check(
        fixture.decide("2.1.yaml", catalog),
        0,
        "allowed",
        "deploy",
        "informs kept-version",
    );
    check(
        fixture.decide("1.1.yaml", catalog),
        0,
        "allowed",
        "deploy",
        "informs kept-version",
    );
    assert_eq!(
        fixture.history(),
        "4  1.1.0  kept; 3  2.1.0  deployed; 2  2.0.0  replaced; 1  1.0.0  replaced"
    );
}

#[test]
fn changed_flags_need_approval_for_a_rollback() {
    let fixture = GateFixture::new();
    for (file, version) in [("1.0.yaml", "1.0.0"), ("1.1.yaml", "1.1.0")] {
        let most = if version == "1.0.0" { 100 } else { 200 };
        fixture.write(file, &contract(version, most, version));
        assert_eq!(fixture.decide(file, "--record").0, 0);
    }
    fixture.write("later.toml", &CATALOG.replace("version = 3", "version = 4"));
    let words = "gate rollback --squad payments --service orders --registry registry --catalog later.toml --reason slow";
    let output = fixture.run(words);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("going back to 1.0.0 needs the approval of checkout (the flag new-checkout has another version now)"), "{error}");
    assert_eq!(fixture.history(), "2  1.1.0  deployed; 1  1.0.0  replaced");
    let output = fixture.run(&format!("{words} --approved-by checkout"));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "rolled back: orders 1.1.0 → 1.0.0, as deployment 3\n1 changes break or may break clients that already rely on 1.1.0; portcullis diff shows them\n"
    );
}

#[test]
#[rustfmt::skip]
fn explains_bad_input_and_writes_nothing() {
    let fixture = GateFixture::new();
    fixture.write("good.yaml", &contract("1.0.0", 100, "first"));
    fixture.write("next.yaml", &contract("1.1.0", 200, "next"));
    fixture.write("broken.yaml", "openapi: 3.1.0\ninfo: {title: A, version: 1}\npaths: {/a: {get: {parameters: [{name: a}]}}}\n");
    fixture.write("broken.toml", "[squads.payments]\ntire = \"gold\"\n");
    let snapshot = |folder: &Path| {
        let mut files: Vec<(PathBuf, Vec<u8>)> = Vec::new();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { open.push(path) } else { files.push((path.clone(), fs::read(&path).unwrap())) }
            }
        }
        files.sort();
        files
    };
    let check = |words: &str, message: &str| {
        let before = snapshot(fixture.folder.path());
        let output = fixture.run(&format!("gate --record --by ci {words}"));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}: {error}");
        assert!(error.contains(message), "{words}: {error}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{words}");
        assert_eq!(snapshot(fixture.folder.path()), before, "{words}");
    };
    let command_line = |squad: &str, service: &str, contract: &str, registry: &str, catalog: &str| {
        format!("--squad {squad} --service {service} --contract {contract} --registry {registry} --catalog {catalog}")
    };
    let good = command_line("payments", "orders", "good.yaml", "registry", "squads.toml");
    check(&command_line("payment", "orders", "good.yaml", "registry", "squads.toml"), "squads.toml: no squad is called `payment`; did you mean `payments`? Known: ");
    check(&command_line("payments", "order", "good.yaml", "registry", "squads.toml"), "squads.toml: no service is called `order`; did you mean `orders`? Known: ");
    check(&command_line("payments", "orders", "good.yaml", "registry", "broken.toml"), "broken.toml:2: squads.payments.tire: ");
    check(&command_line("payments", "orders", "good.yaml", "registry", "nowhere.toml"), "nowhere.toml: cannot be read: there is no such file");
    check(&command_line("payments", "orders", "good.yaml", "nowhere", "squads.toml"), "nowhere: there is no such directory");
    check(&command_line("payments", "orders", "good.yaml", "ftp://a/b", "squads.toml"), "\"ftp://a/b\" is not a registry: expected a directory or s3://bucket/prefix");
    check(&command_line("payments", "orders", "good.yaml", "s3://a/../b", "squads.toml"), "no part that is `.` or `..`");
    check(&command_line("payments", "orders", "broken.yaml", "registry", "squads.toml"), "broken.yaml is refused\nbroken.yaml:3");
    check(&command_line("payments", "orders", "nowhere.yaml", "registry", "squads.toml"), "nowhere.yaml: No such file");
    check(&command_line("payments", "orders", "registry", "registry", "squads.toml"), "--contract registry: expected one contract, found a directory");
    check(&format!("{good} --prometheus http://127.0.0.1:1"), "Prometheus cannot be queried: http://127.0.0.1:1/api/v1/query: cannot connect");
    check(&format!("{good} --prometheus nowhere"), "--prometheus: not an http or https address");
    check(&format!("{good} --open-window 10m --admin http://127.0.0.1:1"), "cannot connect to http://127.0.0.1:1");
    check(&format!("{good} --override ann"), "--reason <TEXT>");
    check(&format!("{good} --scratch"), "--migrations <DIR>");
    check(&format!("{good} --after 1.sql"), "--migrations <DIR>");
    check(&format!("{good} --migrations db --scratch --lease 0s"), "expected at least 1s");
    check(&format!("{good} --contract next.yaml"), "good.yaml and next.yaml: both contracts describe requests (OpenAPI), and a service has one of them");
    check(&format!("{good} --keep 0.9.0 --until 2999-01-01"), "--keep 0.9.0: no deployment could be kept");
    check(&format!("{good} --approvals nowhere.toml"), "nowhere.toml: No such file");

    // The registry is validated before a deployment is added.
    assert_eq!(fixture.decide("good.yaml", "--record").0, 0);
    let next = command_line("payments", "orders", "next.yaml", "registry", "squads.toml");
    let file = "registry/payments/orders/registry.json";
    let text = fs::read_to_string(fixture.path(file)).unwrap();
    let damaged = |from: &str, to: &str, message: &str| {
        assert!(text.contains(from), "{text}");
        fixture.write(file, &text.replacen(from, to, 1));
        check(&next, message);
        fixture.write(file, &text);
    };
    damaged("\"format\": 1", "\"format\": 9", "registry.json: the registry is damaged: /format: expected 1, found 9");
    damaged("{", "", "registry.json: the registry is damaged: line 2, column 10: ");
    damaged("\"deployed_at\": \"20", "\"deployed_at\": \"21", "this machine's clock says 20");
    damaged("\"revision\": \"sha256:", "\"revision\": \"sha256:/", "/deployments/0/revision: expected sha256:");
    let kept = fs::read_dir(fixture.path("registry/payments/orders/revisions")).unwrap().next().unwrap().unwrap().path();
    let content = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, content.replace("maximum: 100", "maximum: 900")).unwrap();
    check(&next, "it was altered: its files have the hash sha256:");
    fs::remove_file(&kept).unwrap();
    check(&next, "deployment 1 refers to this contract, which is missing");
}

#[test]
fn sends_figures_to_a_collector_without_affecting_the_verdict() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    let collector = Upstream::start(|_| vec![send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")]);
    let address = collector.address;
    let words = format!("--otlp http://{address}/otlp");
    assert_eq!(fixture.decide("1.0.yaml", &words).0, 0);
    let sent = collector.request();
    assert_eq!(sent.request_line(), "POST /otlp/v1/metrics HTTP/1.1");
    assert_eq!(sent.fields("content-type"), ["application/json"]);
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let metrics = &sent["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
    let figure = |name: &str| {
        let mut metrics = metrics.as_array().unwrap().iter();
        let metric = metrics.find(|metric| metric["name"] == name).unwrap();
        let point = &metric[if metric["sum"].is_null() {
            "gauge"
        } else {
            "sum"
        }]["dataPoints"][0];
        assert_eq!(point["attributes"][0]["value"]["stringValue"], "orders");
        let at: u128 = point["timeUnixNano"].as_str().unwrap().parse().unwrap();
        assert!(at > 1_700_000_000_000_000_000, "{at}");
        point.clone()
    };
    assert!(figure("gate_duration_ms")["asDouble"].as_f64().unwrap() > 0.0);
    assert!(figure("deployment_risk_score")["asDouble"].is_number());
    assert_eq!(figure("deployment_conflicts_total")["asInt"], "0");
    // An unreachable collector, and an invalid URL.
    drop(collector);
    assert_eq!(fixture.decide("1.0.yaml", &words).0, 0);
    assert_eq!(fixture.decide("1.0.yaml", "--otlp nonsense").0, 0);
}

#[test]
fn every_format_has_the_reasons_and_figures() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    fixture.write("1.1.yaml", &contract("1.1.0", 50, "less"));
    assert_eq!(fixture.decide("1.0.yaml", "--record").0, 0);
    let print = |format: &str| {
        let output = program()
            .args("gate --squad payments --service orders --contract 1.1.yaml --registry registry --catalog squads.toml".split_whitespace())
            .args(["--format", format, "--metrics-file", "gate.prom"])
            .current_dir(fixture.folder.path())
            .env("GITHUB_OUTPUT", fixture.path("output"))
            .env("GITHUB_STEP_SUMMARY", fixture.path("summary.md"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let text = print("text");
    for part in [
        "BLOCKED  orders of payments: 1.0.0 → 1.1.0",
        "for example {\"quantity\":51}",
        "blast_radius        checkout (silver)",
        "risk_score          60 of 60",
        "recommended_action  raise-the-version",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(print("markdown").contains("| blocks | breaking-change | POST /orders: "));
    let github = print("github");
    assert!(
        github.contains("::error file=1.1.yaml,line=")
            && github.contains("title=gate%3A breaking-change::"),
        "{github}"
    );
    let outputs = fs::read_to_string(fixture.path("output")).unwrap();
    assert!(
        outputs.starts_with("decision=blocked\nrecommended_action=raise-the-version\n"),
        "{outputs}"
    );
    assert!(
        outputs.contains("\nblast_radius=checkout\nblast_radius_tiers=silver\nrisk_score=60\n"),
        "{outputs}"
    );
    assert!(
        fs::read_to_string(fixture.path("summary.md"))
            .unwrap()
            .starts_with("## Gate: orders blocked")
    );
    let junit = print("junit");
    assert!(
        junit.contains("tests=\"2\" failures=\"2\"")
            && junit.contains("<failure type=\"breaking-change\""),
        "{junit}"
    );
    let issues: Value = serde_json::from_str(&print("code-quality")).unwrap();
    assert_eq!(
        (&issues[1]["severity"], &issues[1]["location"]["path"]),
        (&"blocker".into(), &"1.1.yaml".into())
    );
    check_metrics(&fs::read_to_string(fixture.path("gate.prom")).unwrap());
}

fn check_metrics(metrics: &str) {
    let scrape =
        prometheus_parse::Scrape::parse(metrics.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let mut names: Vec<String> = scrape
        .samples
        .iter()
        .map(|sample| sample.metric.clone())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "deployment_conflicts_total",
            "deployment_risk_score",
            "gate_duration_ms"
        ]
    );
    assert!(
        metrics.contains("deployment_risk_score{service=\"orders\",squad=\"payments\"} 60\n"),
        "{metrics}"
    );
}

/// A contract of others is deployed with its overlay, and read as the service reads it.
#[test]
fn the_gate_reads_tolerantly_and_with_overlays() {
    let fixture = GateFixture::new();
    let flawed = |version: &str, most: u32| {
        contract(version, most, "first")
            + "  /orders#all:\n    get: {responses: {200: {description: d}}}\n"
    };
    fixture.write("1.0.yaml", &flawed("1.0.0", 100));
    fixture.write("1.1.yaml", &flawed("1.1.0", 100));
    let overlay = "overlay: 1.0.0\ninfo: {title: o, version: '1'}\nactions:\n- {target: $..quantity, update: {maximum: 50}}\n";
    fixture.write("lower.yaml", overlay);
    let words = "gate --squad payments --service orders --contract 1.0.yaml --registry registry --catalog squads.toml";
    let refused = fixture.run(words);
    assert_eq!(refused.status.code(), Some(2));
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(text.contains("1.0.yaml"), "{text}");
    assert_eq!(
        fixture.decide("1.0.yaml", "--reading tolerant --record").0,
        0
    );
    assert_eq!(fixture.decide("1.1.yaml", "--reading tolerant").0, 0);
    // The overlay breaks the callers of the deployed contract, which has none.
    let more = "--reading tolerant --overlay lower.yaml";
    let (_, verdict) = fixture.decide("1.1.yaml", more);
    assert!(verdict.to_string().contains("maximum"), "{verdict}");
    // Deployed with its overlay, the contract is compared with it.
    fixture.write("1.2.yaml", &flawed("1.2.0", 50));
    let fresh = GateFixture::new();
    for name in ["1.0.yaml", "1.2.yaml", "lower.yaml"] {
        fresh.write(name, &fs::read_to_string(fixture.path(name)).unwrap());
    }
    assert_eq!(fresh.decide("1.0.yaml", &format!("{more} --record")).0, 0);
    let (code, verdict) = fresh.decide("1.2.yaml", "--reading tolerant");
    assert_eq!(code, 0, "{verdict}");
    assert!(!verdict.to_string().contains("maximum"), "{verdict}");
}

/// A deployed contract that this version of the gate would refuse is compared around the broken
/// part; the candidate is refused.
#[test]
fn deployed_contracts_are_compared_around_broken_parts() {
    let fixture = GateFixture::new();
    let good = contract("1.0.0", 100, "first");
    let broken = good.replace("    get:\n", "    put: {requestBody: {content: {application/json: {schema: {oneOf: []}}}}, responses: {201: {description: d}}}\n    get:\n");
    fixture.write("1.0.yaml", &good);
    fixture.write("broken.yaml", &broken);
    assert_eq!(fixture.decide("1.0.yaml", "--record").0, 0);
    // The registry as an older version of the gate would have written it.
    let read = |path: &Path, _| Ok(fs::read(fixture.path(path.to_str().unwrap())).unwrap());
    let (_, stored) = RegisteredContract::load(
        Path::new("broken.yaml"),
        "a",
        &ContractLoadOptions::default(),
        &Limits::default(),
        &read,
    )
    .unwrap();
    let digits = stored.revision.trim_start_matches("sha256:");
    let name = format!("registry/payments/orders/revisions/{digits}.json");
    fixture.write(&name, &stored.text());
    let registry =
        fs::read_to_string(fixture.path("registry/payments/orders/registry.json")).unwrap();
    let known = fixture.registry()["deployments"][0]["revision"]
        .as_str()
        .unwrap()
        .to_owned();
    fixture.write(
        "registry/payments/orders/registry.json",
        &registry.replace(&known, &stored.revision),
    );
    fixture.write(
        "1.1.yaml",
        &broken
            .replace("{oneOf: []}", "{}")
            .replace("1.0.0", "1.1.0"),
    );
    fixture.write(
        "1.2.yaml",
        &broken
            .replace("{oneOf: []}", "{}")
            .replace("1.0.0", "1.2.0")
            .replace("maximum: 100", "maximum: 50"),
    );
    let verdict = check(
        fixture.decide("1.1.yaml", ""),
        0,
        "allowed",
        "deploy",
        "informs broken-part",
    );
    let message = verdict["reasons"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("broken.yaml:16: `oneOf` is empty"),
        "{message}"
    );
    let verdict = fixture.decide("1.2.yaml", "").1;
    assert_eq!(verdict["decision"], "blocked");
    assert!(
        reasons(&verdict).contains("blocks breaking-change"),
        "{verdict:#}"
    );
    let words = "gate --squad payments --service orders --contract broken.yaml --registry registry --catalog squads.toml";
    let output = fixture.run(words);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("broken.yaml is refused"), "{error}");
}

/// A change that passes only because of a level setting is a warning of the verdict.
#[test]
fn level_settings_apply_and_are_reported() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &contract("1.0.0", 100, ""));
    fixture.write("1.1.yaml", &contract("1.1.0", 50, ""));
    let (code, verdict) = fixture.decide("1.0.yaml", "--record");
    assert_eq!(code, 0, "{verdict:#}");
    let (code, verdict) = fixture.decide("1.1.yaml", "");
    assert_eq!(code, 1, "{verdict:#}");
    fixture.write(
        "levels.toml",
        "[diff.levels]\nschema.maximum.decreased = \"info\"\n",
    );
    for setting in ["--levels levels.toml", "--level schema.maximum.*=off"] {
        let (code, verdict) = fixture.decide("1.1.yaml", setting);
        assert_eq!(code, 0, "{setting}: {verdict:#}");
        let reasons = verdict["reasons"].as_array().unwrap();
        let lowered = |reason: &&Value| reason["rule"] == "level-setting";
        let message = &reasons.iter().find(lowered).unwrap()["message"];
        assert_eq!(
            message,
            "POST /orders, request body application/json /quantity: maximum lowered from 100 to 50: \
             breaking, but a level setting lets it pass [schema.maximum.decreased]",
            "{setting}"
        );
    }
    // A level can be raised, too.
    fixture.write("1.2.yaml", &contract("1.1.0", 150, ""));
    let (code, verdict) = fixture.decide("1.2.yaml", "--level schema.maximum.increased=breaking");
    assert_eq!(code, 1, "{verdict:#}");
}

#[test]
fn every_rule_is_documented() {
    let page = fs::read_to_string(file("docs/gate.md")).unwrap();
    for rule in GateRule::ALL {
        let (name, action) = (rule.as_str(), rule.action());
        assert!(page.contains(&format!("`{name}`")), "{name}");
        assert!(page.contains(&format!("`{action}`")), "{action}");
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let is_overridable = row.is_some_and(|row| row.ends_with("| yes |"));
        assert_eq!(is_overridable, rule.can_be_overridden(), "{name}");
    }
}

#[test]
fn stores_all_files_of_a_contract_from_a_git_revision() {
    let fixture = GateFixture::new();
    let git = |words: &str| {
        let output = Command::new("git")
            .args(words.split(' '))
            .current_dir(fixture.folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{words}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    fs::create_dir_all(fixture.path("shop/schemas")).unwrap();
    let entry = "openapi: 3.1.0\ninfo: {title: A, version: 1.0.0}\npaths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: 'schemas/a.yaml'}}}}\n      responses: {200: {description: d}}\n";
    fixture.write("shop/openapi.yaml", entry);
    fixture.write("shop/schemas/a.yaml", "type: integer\nmaximum: 10\n");
    git("init -q .");
    git("add shop");
    git("-c user.name=a -c user.email=a@example.com commit -q -m a");
    assert_eq!(fixture.decide("HEAD:shop/openapi.yaml", "--record").0, 0);
    // The same bytes have the same revision, no matter where they are read.
    assert_eq!(
        fixture.decide("./shop/openapi.yaml", "").1["decision"],
        "unchanged"
    );
    assert_eq!(fixture.history(), "1  1.0.0  deployed");
    fixture.write("shop/schemas/a.yaml", "type: integer\nmaximum: 5\n");
    let (code, verdict) = fixture.decide("shop/openapi.yaml", "");
    assert_eq!(
        (code, &verdict["reasons"][1]["change"]["witness"]),
        (1, &"6".into())
    );
    assert_eq!(
        verdict["reasons"][1]["place"]["file"],
        "shop/schemas/a.yaml"
    );
}

/// Runs the script of a pipeline step in a shell with these variables.
fn step(fixture: &GateFixture, shell: &str, script: &str, variables: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_portcullis"));
    let path = std::env::var("PATH").unwrap();
    Command::new(shell)
        .args(["-e", "-c", script])
        .current_dir(fixture.folder.path())
        .env(
            "PATH",
            format!("{}:{path}", binary.parent().unwrap().display()),
        )
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn runs_the_shipped_pipeline_steps() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    fixture.write("1.1.yaml", &contract("1.1.0", 50, "less"));
    github_step(&fixture);
    assert_eq!(fixture.history(), "1  1.0.0  deployed");
    gitlab_step(&fixture);
}

fn github_step(fixture: &GateFixture) {
    let action = value("deploy/github/action.yml");
    let script = action["runs"]["steps"][0]["run"].as_str().unwrap();
    // Each variable of the step is an input, and each output is one of the gate.
    let inputs = action["inputs"].as_object().unwrap();
    let handed = action["runs"]["steps"][0]["env"].as_object().unwrap();
    assert_eq!(inputs.len(), handed.len());
    for (name, text) in handed {
        let input = name.strip_prefix("GATE_").unwrap().to_lowercase();
        assert_eq!(*text, format!("${{{{ inputs.{input} }}}}"));
        assert!(
            inputs.contains_key(&input) && script.contains(name),
            "{name}"
        );
    }
    let (output, summary) = (fixture.path("output"), fixture.path("summary"));
    let github = |contract: &str, record: &str| {
        let variables = [
            ("GATE_PORTCULLIS", "portcullis"),
            ("GATE_SQUAD", "payments"),
            ("GATE_SERVICE", "orders"),
            ("GATE_CONTRACT", contract),
            ("GATE_REGISTRY", "registry"),
            ("GATE_CATALOG", "squads.toml"),
            ("GATE_PROMETHEUS", ""),
            ("GATE_WINDOW", "7d"),
            ("GATE_APPROVALS", ""),
            ("GATE_OVERRIDE", "Ann; echo $(id)"),
            ("GATE_REASON", "a 'quoted' \"reason\""),
            ("GATE_RECORD", record),
            ("GITHUB_OUTPUT", output.to_str().unwrap()),
            ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ];
        step(fixture, "bash", script, &variables).status.code()
    };
    assert_eq!(github("1.0.yaml", "true"), Some(0));
    assert_eq!(github("1.1.yaml", "false"), Some(1));
    let outputs = fs::read_to_string(&output).unwrap();
    for name in action["outputs"].as_object().unwrap().keys() {
        assert!(outputs.contains(&format!("{name}=")), "{name}: {outputs}");
    }
}

fn gitlab_step(fixture: &GateFixture) {
    let job = &value("deploy/gitlab/portcullis.yml")[".portcullis-gate"];
    let lines = job["script"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap());
    let script = lines.collect::<Vec<_>>().join("\n");
    let gitlab = |options: &str, actions: &str| {
        let variables = [
            ("GATE_SQUAD", "payments"),
            ("GATE_SERVICE", "orders"),
            ("GATE_CONTRACT", "1.1.yaml"),
            ("GATE_REGISTRY", "registry"),
            ("GATE_CATALOG", "squads.toml"),
            ("GATE_OPTIONS", options),
            ("GATE_ACTIONS", actions),
        ];
        step(fixture, "sh", &script, &variables).status.code()
    };
    assert_eq!(gitlab("", "--record"), Some(1));
    let reports = &job["artifacts"]["reports"];
    let report =
        |name: &str| fs::read_to_string(fixture.path(reports[name].as_str().unwrap())).unwrap();
    assert!(report("junit").contains("<failure type=\"breaking-change\""));
    assert!(report("codequality").contains("\"check_name\": \"gate/breaking-change\""));
    // The reports show the decision: all runs have the same options.
    assert_eq!(gitlab("--level schema.maximum.*=info", ""), Some(0));
    assert!(!report("junit").contains("<failure"));
    assert!(!report("codequality").contains("breaking-change"));
    assert_eq!(fixture.history(), "1  1.0.0  deployed");
}

/// A process that runs the gate and records a revision.
pub(crate) fn recording(folder: &Path, contract: &str, registry: &str) -> Command {
    let mut command = program();
    command
        .args([
            "gate",
            "--squad",
            "payments",
            "--service",
            "orders",
            "--catalog",
            "squads.toml",
        ])
        .args([
            "--record",
            "--format",
            "json",
            "--by",
            contract,
            "--contract",
            contract,
            "--registry",
            registry,
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
