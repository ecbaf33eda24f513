//! `portcullis gate` as a pipeline meets it: contracts and a catalog in, a verdict and a registry
//! out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use portcullis_control::gate::GateRule;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{program, run};
use crate::support::upstream::{Upstream, send};
use crate::telemetry::deploy::{file, value};

/// Two squads, three services. Payments has a cooldown in `strict.toml` alone.
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

/// A contract whose orders hold at most so many.
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

/// What a pipeline has: a checkout with a catalog, and a registry.
pub(crate) struct Site {
    pub(crate) folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self {
            folder: TempDir::new().unwrap(),
        };
        site.write("squads.toml", CATALOG);
        site.write(
            "strict.toml",
            &CATALOG.replace("risk_max = 60", "risk_max = 60\ncooldown = \"4h\""),
        );
        fs::create_dir(site.path("registry")).unwrap();
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn run(&self, words: &str) -> Output {
        run(self.folder.path(), words, "")
    }

    /// Judges the contract in a file, as payments do for orders.
    fn judge(&self, file: &str, more: &str) -> (i32, Value) {
        let words = format!(
            "gate --squad payments --service orders --contract {file} --registry registry --by ci \
             --format json --catalog squads.toml {more}"
        );
        // The last one of a flag that is there twice would be an error: cases name the catalog last.
        let words = match more.contains("--catalog") {
            true => words.replacen("--catalog squads.toml ", "", 1),
            false => words,
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

    /// The registry's deployments: version, state and number of what they take back.
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

/// The rules with what they mean, most serious first.
fn reasons(verdict: &Value) -> String {
    let reasons = verdict["reasons"].as_array().unwrap().iter();
    let said = reasons.map(|reason| {
        format!(
            "{} {}",
            reason["weight"].as_str().unwrap(),
            reason["rule"].as_str().unwrap()
        )
    });
    said.collect::<Vec<_>>().join(", ")
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
fn from_the_first_deployment_to_a_rollback() {
    let site = Site::new();
    site.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    site.write("1.1.yaml", &contract("1.1.0", 200, "more is allowed"));
    site.write("1.2.yaml", &contract("1.2.0", 50, "less is allowed"));
    site.write("2.0.yaml", &contract("2.0.0", 50, "less is allowed"));

    first_ones(&site);
    breaking_one(&site);
    in_a_cooldown(&site);
    taken_back(&site);
}

/// The first one is not recorded unless that is asked for; a compatible one follows.
fn first_ones(site: &Site) {
    let verdict = check(
        site.judge("1.0.yaml", ""),
        0,
        "allowed",
        "deploy",
        "tells first-deployment",
    );
    assert_eq!(verdict["recorded"], Value::Null);
    assert!(!site.path("registry/payments").exists());
    let verdict = check(
        site.judge("1.0.yaml", "--record"),
        0,
        "allowed",
        "deploy",
        "tells first-deployment",
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
        site.judge("1.0.yaml", "--record"),
        0,
        "unchanged",
        "nothing",
        "tells already-deployed",
    );

    // A compatible one.
    let verdict = check(
        site.judge("1.1.yaml", "--record"),
        0,
        "allowed",
        "deploy",
        "",
    );
    assert_eq!(
        (&verdict["replaces"], &verdict["recorded"]),
        (&"1.0.0".into(), &2.into())
    );
    // What was replaced is gone back to, not deployed.
    check(
        site.judge("1.0.yaml", "--record"),
        1,
        "blocked",
        "roll-back-instead",
        "blocks replaced-revision, blocks version, blocks breaking-change",
    );
}

/// It is refused with its witness, and with a major version and approvals of others, too. The one
/// that would do is left for whoever comes next.
fn breaking_one(site: &Site) {
    let verdict = check(
        site.judge("1.2.yaml", "--record"),
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
    // A major version alone does not do, nor does the approval of somebody else.
    let verdict = check(
        site.judge("2.0.yaml", "--record"),
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
    site.write("approvals.toml", &approval("payments", ""));
    check(
        site.judge("2.0.yaml", "--approvals approvals.toml --record"),
        1,
        "blocked",
        "get-approvals",
        "blocks breaking-change",
    );
    site.write(
        "approvals.toml",
        &approval("checkout", "expires = \"2020-01-01\""),
    );
    check(
        site.judge("2.0.yaml", "--approvals approvals.toml --record"),
        1,
        "blocked",
        "get-approvals",
        "blocks breaking-change",
    );
    assert_eq!(site.history(), "2  1.1.0  deployed; 1  1.0.0  replaced");

    site.write("approvals.toml", &approval("checkout", ""));
}

/// What is approved is refused all the same, and an override is recorded.
fn in_a_cooldown(site: &Site) {
    let strict = "--approvals approvals.toml --record --catalog strict.toml";
    check(
        site.judge("2.0.yaml", strict),
        1,
        "blocked",
        "wait",
        "blocks cooldown, tells breaking-change",
    );
    let words = format!("{strict} --override ann --reason outage");
    check(
        site.judge("2.0.yaml", &words),
        0,
        "overridden",
        "deploy",
        "overridden cooldown, tells breaking-change",
    );
    let recorded = &site.registry()["deployments"][2];
    assert_eq!(
        recorded["overridden"],
        serde_json::json!({"name": "ann", "reason": "outage", "rules": ["cooldown"]})
    );
    assert_eq!(recorded["approvals"][0]["owner"], "checkout");
    assert_eq!(
        site.history(),
        "3  2.0.0  deployed; 2  1.1.0  replaced; 1  1.0.0  replaced"
    );
}

/// A roll-out ends, and then it is taken back.
fn taken_back(site: &Site) {
    let place = "--squad payments --service orders --registry registry";
    assert!(site.run(&format!("gate release {place}")).status.success());
    assert!(site.history().starts_with("3  2.0.0  released"));
    let rollback = format!("gate rollback {place} --catalog squads.toml --reason slow --by ann");
    assert!(site.run(&rollback).status.success());
    assert_eq!(
        site.history(),
        "4  1.1.0  deployed; 3  2.0.0  rolled back; 2  1.1.0  replaced; 1  1.0.0  replaced"
    );
    assert_eq!(site.registry()["deployments"][3]["rollback_of"], 3);
    // What was taken back may go out again, and a cooldown does not hold that up.
    check(
        site.judge("2.0.yaml", "--approvals approvals.toml"),
        0,
        "allowed",
        "deploy",
        "tells breaking-change",
    );
}

#[test]
fn risk_and_ownership() {
    let site = Site::new();
    site.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    site.write(
        "tight.toml",
        &CATALOG.replace("risk_max = 60", "risk_max = 59"),
    );
    check(
        site.judge("1.0.yaml", "--catalog tight.toml --record"),
        1,
        "blocked",
        "lower-the-risk",
        "blocks risk, tells first-deployment",
    );
    // An override lifts what can be lifted, and nothing else.
    let words = "gate --squad checkout --service orders --contract 1.0.yaml --registry registry --catalog squads.toml --override ann --reason x --format json --record";
    let output = site.run(words);
    assert_eq!(output.status.code(), Some(1));
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        reasons(&verdict),
        "blocks ownership, tells first-deployment"
    );
    // The weights are the catalog's.
    site.write(
        "weights.toml",
        &format!("{CATALOG}[risk]\nsquad = 1\ndatabase = 2\nflag = 3\n"),
    );
    let (_, verdict) = site.judge("1.0.yaml", "--catalog weights.toml");
    assert_eq!(verdict["risk_score"], 6);
    assert!(!site.path("registry/payments").exists());
}

#[test]
fn a_major_version_with_a_window_runs_beside_the_older_one() {
    let site = Site::new();
    site.write(
        "notice.toml",
        &CATALOG.replace("risk_max = 60", "notice = \"30d\""),
    );
    site.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    site.write("1.1.yaml", &contract("1.1.0", 200, "more"));
    site.write("2.0.yaml", &contract("2.0.0", 50, "less"));
    site.write("2.1.yaml", &contract("2.1.0", 60, "a little more"));
    let catalog = "--catalog notice.toml --record";
    check(
        site.judge("1.0.yaml", catalog),
        0,
        "allowed",
        "deploy",
        "tells first-deployment",
    );
    // Too short a window needs the approval as ever; a long one does not.
    let soon = humantime::format_rfc3339_seconds(
        std::time::SystemTime::now() + std::time::Duration::from_secs(10 * 86_400),
    )
    .to_string();
    let words = format!("--keep 1.0.0 --until {} {catalog}", &soon[..10]);
    check(
        site.judge("2.0.yaml", &words),
        1,
        "blocked",
        "get-approvals",
        "blocks breaking-change, tells kept-version",
    );
    let words = format!("--keep 1.0.0 --until 2999-01-01 {catalog}");
    check(
        site.judge("2.0.yaml", &words),
        0,
        "allowed",
        "deploy",
        "warns breaking-change, tells kept-version",
    );
    assert_eq!(site.history(), "2  2.0.0  deployed; 1  1.0.0  kept");
    // Both go on by themselves, and each is compared with both.
    check(
        site.judge("2.1.yaml", catalog),
        0,
        "allowed",
        "deploy",
        "tells kept-version",
    );
    check(
        site.judge("1.1.yaml", catalog),
        0,
        "allowed",
        "deploy",
        "tells kept-version",
    );
    assert_eq!(
        site.history(),
        "4  1.1.0  kept; 3  2.1.0  deployed; 2  2.0.0  replaced; 1  1.0.0  replaced"
    );
}

#[test]
fn flags_that_changed_hold_up_a_rollback() {
    let site = Site::new();
    for (file, version) in [("1.0.yaml", "1.0.0"), ("1.1.yaml", "1.1.0")] {
        let most = if version == "1.0.0" { 100 } else { 200 };
        site.write(file, &contract(version, most, version));
        assert_eq!(site.judge(file, "--record").0, 0);
    }
    site.write("later.toml", &CATALOG.replace("version = 3", "version = 4"));
    let words = "gate rollback --squad payments --service orders --registry registry --catalog later.toml --reason slow";
    let output = site.run(words);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("going back to 1.0.0 needs the approval of checkout (the flag new-checkout has another version now)"), "{error}");
    assert_eq!(site.history(), "2  1.1.0  deployed; 1  1.0.0  replaced");
    let output = site.run(&format!("{words} --approved-by checkout"));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "rolled back: orders 1.1.0 → 1.0.0, as deployment 3\n1 changes break whoever relies on 1.1.0 already; portcullis diff shows them\n"
    );
}

#[test]
#[rustfmt::skip]
fn bad_input_is_explained_and_nothing_is_written() {
    let site = Site::new();
    site.write("good.yaml", &contract("1.0.0", 100, "first"));
    site.write("next.yaml", &contract("1.1.0", 200, "next"));
    site.write("broken.yaml", "openapi: 3.1.0\ninfo: {title: A, version: 1}\npaths: {/a: {get: {parameters: [{name: a}]}}}\n");
    site.write("broken.toml", "[squads.payments]\ntire = \"gold\"\n");
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
        let before = snapshot(site.folder.path());
        let output = site.run(&format!("gate --record --by ci {words}"));
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}: {error}");
        assert!(error.contains(message), "{words}: {error}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{words}");
        assert_eq!(snapshot(site.folder.path()), before, "{words}");
    };
    let asked = |squad: &str, service: &str, contract: &str, registry: &str, catalog: &str| {
        format!("--squad {squad} --service {service} --contract {contract} --registry {registry} --catalog {catalog}")
    };
    let good = asked("payments", "orders", "good.yaml", "registry", "squads.toml");
    check(&asked("payment", "orders", "good.yaml", "registry", "squads.toml"), "squads.toml: no squad is called \"payment\"; did you mean \"payments\"?");
    check(&asked("payments", "order", "good.yaml", "registry", "squads.toml"), "squads.toml: no service is called \"order\"; did you mean \"orders\"?");
    check(&asked("payments", "orders", "good.yaml", "registry", "broken.toml"), "broken.toml:2: squads.payments.tire: ");
    check(&asked("payments", "orders", "good.yaml", "registry", "nowhere.toml"), "nowhere.toml: cannot be read: there is no such file");
    check(&asked("payments", "orders", "good.yaml", "nowhere", "squads.toml"), "nowhere: there is no such directory");
    check(&asked("payments", "orders", "good.yaml", "ftp://a/b", "squads.toml"), "\"ftp://a/b\" is not a registry: expected a directory or s3://bucket/prefix");
    check(&asked("payments", "orders", "good.yaml", "s3://a/../b", "squads.toml"), "no part that is `.` or `..`");
    check(&asked("payments", "orders", "broken.yaml", "registry", "squads.toml"), "broken.yaml is refused\nbroken.yaml:3");
    check(&asked("payments", "orders", "nowhere.yaml", "registry", "squads.toml"), "nowhere.yaml: No such file");
    check(&asked("payments", "orders", "registry", "registry", "squads.toml"), "--contract registry: expected one contract, found a directory");
    check(&format!("{good} --prometheus http://127.0.0.1:1"), "Prometheus cannot be asked: http://127.0.0.1:1/api/v1/query: cannot connect");
    check(&format!("{good} --prometheus nowhere"), "--prometheus: not an http or https address");
    check(&format!("{good} --open-window 10m --admin http://127.0.0.1:1"), "cannot connect to http://127.0.0.1:1");
    check(&format!("{good} --override ann"), "--reason <TEXT>");
    check(&format!("{good} --keep 0.9.0 --until 2999-01-01"), "--keep 0.9.0: nothing is deployed that could be kept");
    check(&format!("{good} --approvals nowhere.toml"), "nowhere.toml: No such file");

    // What is in the registry is looked at before anything is added to it.
    assert_eq!(site.judge("good.yaml", "--record").0, 0);
    let next = asked("payments", "orders", "next.yaml", "registry", "squads.toml");
    let file = "registry/payments/orders/registry.json";
    let text = fs::read_to_string(site.path(file)).unwrap();
    let damaged = |from: &str, to: &str, message: &str| {
        assert!(text.contains(from), "{text}");
        site.write(file, &text.replacen(from, to, 1));
        check(&next, message);
        site.write(file, &text);
    };
    damaged("\"format\": 1", "\"format\": 9", "registry.json: the registry is damaged: /format: expected 1, found 9");
    damaged("{", "", "registry.json: the registry is damaged: line 2, column 10: ");
    damaged("\"deployed_at\": \"20", "\"deployed_at\": \"21", "this machine's clock says 20");
    damaged("\"revision\": \"sha256:", "\"revision\": \"sha256:/", "/deployments/0/revision: expected sha256:");
    let kept = fs::read_dir(site.path("registry/payments/orders/revisions")).unwrap().next().unwrap().unwrap().path();
    let content = fs::read_to_string(&kept).unwrap();
    fs::write(&kept, content.replace("maximum: 100", "maximum: 900")).unwrap();
    check(&next, "it was altered: its files have the hash sha256:");
    fs::remove_file(&kept).unwrap();
    check(&next, "deployment 1 refers to this contract, and it is not there");
}

#[test]
fn a_collector_gets_the_figures_and_decides_nothing() {
    let site = Site::new();
    site.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    let collector = Upstream::start(|_| vec![send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")]);
    let address = collector.address;
    let words = format!("--otlp http://{address}/otlp");
    assert_eq!(site.judge("1.0.yaml", &words).0, 0);
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
    // One that is away, and one that is none.
    drop(collector);
    assert_eq!(site.judge("1.0.yaml", &words).0, 0);
    assert_eq!(site.judge("1.0.yaml", "--otlp nonsense").0, 0);
}

#[test]
fn every_format_says_what_was_found() {
    let site = Site::new();
    site.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    site.write("1.1.yaml", &contract("1.1.0", 50, "less"));
    assert_eq!(site.judge("1.0.yaml", "--record").0, 0);
    let print = |format: &str| {
        let output = program()
            .args("gate --squad payments --service orders --contract 1.1.yaml --registry registry --catalog squads.toml".split_whitespace())
            .args(["--format", format, "--metrics-file", "gate.prom"])
            .current_dir(site.folder.path())
            .env("GITHUB_OUTPUT", site.path("output"))
            .env("GITHUB_STEP_SUMMARY", site.path("summary.md"))
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
    let outputs = fs::read_to_string(site.path("output")).unwrap();
    assert!(
        outputs.starts_with("decision=blocked\nrecommended_action=raise-the-version\n"),
        "{outputs}"
    );
    assert!(
        outputs.contains("\nblast_radius=checkout\nblast_radius_tiers=silver\nrisk_score=60\n"),
        "{outputs}"
    );
    assert!(
        fs::read_to_string(site.path("summary.md"))
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
    check_metrics(&fs::read_to_string(site.path("gate.prom")).unwrap());
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

/// A contract of several files, from a revision of git, is kept whole and read back.
#[test]
fn a_contract_with_all_its_files_comes_from_a_revision() {
    let site = Site::new();
    let git = |words: &str| {
        let output = Command::new("git")
            .args(words.split(' '))
            .current_dir(site.folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{words}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    fs::create_dir_all(site.path("shop/schemas")).unwrap();
    let entry = "openapi: 3.1.0\ninfo: {title: A, version: 1.0.0}\npaths:\n  /a:\n    post:\n      requestBody: {content: {application/json: {schema: {$ref: 'schemas/a.yaml'}}}}\n      responses: {200: {description: d}}\n";
    site.write("shop/openapi.yaml", entry);
    site.write("shop/schemas/a.yaml", "type: integer\nmaximum: 10\n");
    git("init -q .");
    git("add shop");
    git("-c user.name=a -c user.email=a@example.com commit -q -m a");
    assert_eq!(site.judge("HEAD:shop/openapi.yaml", "--record").0, 0);
    // The same bytes are the same revision, wherever they are read.
    assert_eq!(
        site.judge("./shop/openapi.yaml", "").1["decision"],
        "unchanged"
    );
    assert_eq!(site.history(), "1  1.0.0  deployed");
    site.write("shop/schemas/a.yaml", "type: integer\nmaximum: 5\n");
    let (code, verdict) = site.judge("shop/openapi.yaml", "");
    assert_eq!(
        (code, &verdict["reasons"][1]["change"]["witness"]),
        (1, &"6".into())
    );
    assert_eq!(
        verdict["reasons"][1]["place"]["file"],
        "shop/schemas/a.yaml"
    );
}

/// The words of a step that platforms run, in a shell with these variables.
fn step(site: &Site, shell: &str, script: &str, variables: &[(&str, &str)]) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_portcullis"));
    let path = std::env::var("PATH").unwrap();
    Command::new(shell)
        .args(["-e", "-c", script])
        .current_dir(site.folder.path())
        .env(
            "PATH",
            format!("{}:{path}", binary.parent().unwrap().display()),
        )
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

#[test]
fn the_steps_that_are_shipped_run() {
    let site = Site::new();
    site.write("1.0.yaml", &contract("1.0.0", 100, "first"));
    site.write("1.1.yaml", &contract("1.1.0", 50, "less"));
    github_step(&site);
    assert_eq!(site.history(), "1  1.0.0  deployed");
    gitlab_step(&site);
}

fn github_step(site: &Site) {
    let action = value("deploy/github/action.yml");
    let script = action["runs"]["steps"][0]["run"].as_str().unwrap();
    // What the action hands on is an input, and what it gives back is an output of the gate.
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
    let (output, summary) = (site.path("output"), site.path("summary"));
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
        step(site, "bash", script, &variables).status.code()
    };
    assert_eq!(github("1.0.yaml", "true"), Some(0));
    assert_eq!(github("1.1.yaml", "false"), Some(1));
    let outputs = fs::read_to_string(&output).unwrap();
    for name in action["outputs"].as_object().unwrap().keys() {
        assert!(outputs.contains(&format!("{name}=")), "{name}: {outputs}");
    }
}

fn gitlab_step(site: &Site) {
    let job = &value("deploy/gitlab/portcullis.yml")[".portcullis-gate"];
    let lines = job["script"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap());
    let script = lines.collect::<Vec<_>>().join("\n");
    let variables = [
        ("GATE_SQUAD", "payments"),
        ("GATE_SERVICE", "orders"),
        ("GATE_CONTRACT", "1.1.yaml"),
        ("GATE_REGISTRY", "registry"),
        ("GATE_CATALOG", "squads.toml"),
        ("GATE_WORDS", "--record"),
    ];
    assert_eq!(step(site, "sh", &script, &variables).status.code(), Some(1));
    let reports = &job["artifacts"]["reports"];
    let report =
        |name: &str| fs::read_to_string(site.path(reports[name].as_str().unwrap())).unwrap();
    assert!(report("junit").contains("<failure type=\"breaking-change\""));
    assert!(report("codequality").contains("\"check_name\": \"gate/breaking-change\""));
}

/// A gate as a process of its own that records a revision.
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
