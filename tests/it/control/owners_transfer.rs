//! `portcullis owners transfer`: a service moves to another squad, and everything names the new one.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::{App, Site, admin, ask, run};

/// The samples in a folder, with CODEOWNERS, rules and a registry with one deployment.
struct MovingFixture(TempDir);

const GATE: &str =
    "--service orders --contract contracts/payments/orders/openapi.yaml --registry deployments";

impl MovingFixture {
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        copy(Path::new("contracts"), &fixture.path("contracts"));
        copy(
            Path::new("deploy/alertmanager"),
            &fixture.path("alertmanager"),
        );
        fs::create_dir_all(fixture.path("deployments")).unwrap();
        let (_, owners, _) = fixture.run("owners codeowners");
        fs::write(fixture.path("CODEOWNERS"), owners).unwrap();
        let (_, rules, _) = fixture.run("manifests slo");
        fs::write(fixture.path("rules.yaml"), rules).unwrap();
        let (code, text, errors) =
            fixture.run(&format!("gate --squad payments {GATE} --record --by ann"));
        assert_eq!(code, 0, "{text}{errors}");
        fixture
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn edit(&self, name: &str, before: &str, after: &str) {
        let text = self.read(name);
        assert!(text.contains(before), "{before}");
        fs::write(self.path(name), text.replacen(before, after, 1)).unwrap();
    }

    fn run(&self, words: &str) -> (i32, String, String) {
        let output = run(self.0.path(), words, "");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn json(&self, words: &str) -> Value {
        let (_, text, errors) = self.run(&format!("{words} --format json"));
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{words}: {text}{errors}"))
    }

    fn transfer(&self, words: &str) -> Value {
        self.json(&format!("owners transfer --service orders {words}"))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The steps of this state: kind and location.
fn steps(report: &Value, state: &str) -> Vec<String> {
    let steps = report["steps"].as_array().unwrap().iter();
    let steps = steps.filter(|step| step["state"] == state);
    let text = |step: &Value| {
        let file = step["file"].as_str().unwrap_or("-").to_owned();
        let line = step["line"].as_u64().map(|line| format!(":{line}"));
        format!(
            "{} {file}{}",
            step["kind"].as_str().unwrap(),
            line.unwrap_or_default()
        )
    };
    steps.map(text).collect()
}

#[test]
fn shows_what_changes_with_file_and_line() {
    let fixture = MovingFixture::new();
    let before = fixture.read("contracts/squads.toml");
    let report = fixture.transfer("--from payments --to checkout --registry deployments");
    assert_eq!(
        steps(&report, "planned"),
        [
            "service contracts/squads.toml:16",
            "path contracts/squads.toml:17",
            "path contracts/squads.toml:39",
            "resource contracts/squads.toml:68",
            "transfer contracts/squads.toml",
        ]
    );
    let open = steps(&report, "open");
    for expected in [
        "codeowners CODEOWNERS:5",
        "contract contracts/payments/orders/openapi.yaml:6",
        "folder contracts/payments/orders:1",
        "question contracts/squads.toml:74",
        "on-call contracts/squads.toml:12",
        "registry -",
    ] {
        assert!(open.contains(&expected.to_owned()), "{expected} {open:#?}");
    }
    assert!(
        open.iter()
            .any(|step| step.starts_with("alert-rules rules.yaml:"))
    );
    // The sample configuration of Alertmanager has a route for checkout.
    assert!(
        !open.iter().any(|step| step.starts_with("alert-route")),
        "{open:#?}"
    );
    assert_eq!(fixture.read("contracts/squads.toml"), before);
    fixture.edit(
        "alertmanager/alertmanager.yml",
        "squad=\"checkout\"",
        "squad=\"other\"",
    );
    let report = fixture.transfer("--from payments --to checkout");
    let open = steps(&report, "open");
    assert!(
        open.iter()
            .any(|step| step.starts_with("alert-route alertmanager/alertmanager.yml:"))
    );
}

#[test]
fn after_a_transfer_everything_names_the_new_squad() {
    let fixture = MovingFixture::new();
    let report = fixture.transfer("--from payments --to checkout --until 2999-12-31 --write");
    assert_eq!(
        (
            &report["written"],
            report["steps"].as_array().unwrap().len() > 5
        ),
        (&Value::Bool(true), true)
    );
    let catalog = fixture.read("contracts/squads.toml");
    assert!(catalog.contains("services = [\"ledger\"]\n"), "{catalog}");
    assert!(
        catalog.contains("# What several services share"),
        "{catalog}"
    );

    // The gate: both squads can act, and it continues the registry.
    for (squad, code) in [("checkout", 0), ("payments", 0), ("discovery", 1)] {
        let (found, text, errors) = fixture.run(&format!("gate --squad {squad} {GATE}"));
        assert_eq!(found, code, "{text}{errors}");
        assert!(
            text.contains("orders moves from payments to checkout: until 2999-12-31"),
            "{text}"
        );
        assert!(text.contains("already deployed"), "{text}");
    }
    let contract = "contracts/payments/orders/openapi.yaml";
    fixture.edit(
        contract,
        "x-squad-owner: payments",
        "x-squad-owner: checkout",
    );
    fixture.edit(contract, "version: 1.4.0", "version: 1.4.1");
    let (code, text, errors) = fixture.run(&format!(
        "gate --squad checkout {GATE} --record --by bob --override bob --reason moved"
    ));
    assert_eq!(code, 0, "{text}{errors}");
    let history =
        fixture.json("gate history --squad checkout --service orders --registry deployments");
    let versions = history["deployments"].as_array().unwrap().iter();
    let versions: Vec<&str> = versions
        .map(|one| one["version"].as_str().unwrap())
        .collect();
    assert_eq!(versions, ["1.4.0", "1.4.1"]);
    let (code, text, errors) = fixture
        .run("gate history --squad checkout --service orders --registry deployments --verify");
    assert_eq!(code, 0, "{text}{errors}");
    check_new_owner(&fixture, contract);
}

/// Paths, CODEOWNERS, the catalog, alerts and a running proxy name the new squad.
#[track_caller]
fn check_new_owner(fixture: &MovingFixture, contract: &str) {
    let paths = format!("{contract} services/orders/main.rs");
    assert_eq!(
        fixture.run(&format!("owners --squad checkout {paths}")).0,
        0
    );
    assert_eq!(
        fixture.run(&format!("owners --squad payments {paths}")).0,
        1
    );
    let (_, owners, _) = fixture.run("owners codeowners");
    assert!(
        owners
            .lines()
            .any(|line| line.starts_with("/services/orders ") && line.ends_with("@checkout")),
        "{owners}"
    );
    let (code, text, errors) = fixture.run("owners check");
    assert_eq!(code, 0, "{text}{errors}");

    // Alerts.
    let (_, rules, _) = fixture.run("manifests slo");
    assert!(rules.contains("squad: checkout") && !rules.contains("squad: payments"));

    // The running proxy.
    let site = Site::new(&format!(
        "[catalog]\npath = {:?}",
        fixture.path("contracts/squads.toml")
    ));
    let app = App::start(site.at("orders", fixture.path(contract).to_str().unwrap()));
    let owner = ask(app.data, "GET /__owner HTTP/1.1\r\nhost: a\r\n\r\n");
    let owner: Value = serde_json::from_slice(&owner.body).unwrap();
    assert_eq!(
        (&owner["squad"], &owner["oncall"]),
        (&"checkout".into(), &"checkout-pager".into())
    );
    assert!(admin(app.admin, "/owners").1.contains("checkout"));
}

#[test]
fn either_squad_can_approve_a_break_until_the_last_day() {
    let fixture = MovingFixture::new();
    fixture.transfer("--from payments --to checkout --until 2999-12-31 --write");
    // Without consumers, the provider approves.
    let catalog = fixture.read("contracts/squads.toml");
    fixture.edit(
        "contracts/squads.toml",
        "uses = [\"orders\"]",
        "uses = [\"ledger\"]",
    );
    let contract = "contracts/payments/orders/openapi.yaml";
    fixture.edit(
        contract,
        "x-squad-owner: payments",
        "x-squad-owner: checkout",
    );
    fixture.edit(contract, "maximum: 100\n", "maximum: 50\n");
    fixture.edit(contract, "version: 1.4.0", "version: 2.0.0");
    let gate = format!("gate --squad checkout {GATE} --override bob --reason moved");
    let (code, text, _) = fixture.run(&gate);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("it needs the approval of checkout or payments"),
        "{text}"
    );
    let (_, approvals, _) = fixture.run(&format!("{gate} --print-approvals"));
    for (owner, until, code) in [
        ("payments", "2999-12-31", 0),
        ("checkout", "2999-12-31", 0),
        ("discovery", "2999-12-31", 1),
        ("payments", "2020-01-01", 1),
        ("checkout", "2020-01-01", 0),
    ] {
        let approval = approvals.replace("owner = \"checkout\"", &format!("owner = \"{owner}\""));
        let approval = approval.replace("reason = \"\"", "reason = \"announced\"");
        fs::write(fixture.path("approvals.toml"), &approval).unwrap();
        fixture.edit(
            "contracts/squads.toml",
            "until = \"2",
            &format!("until = \"{until}\" #"),
        );
        let (found, text, errors) = fixture.run(&format!("{gate} --approvals approvals.toml"));
        assert_eq!(found, code, "{owner} {until}: {text}{errors}{approval}");
        fixture.edit(
            "contracts/squads.toml",
            &format!("until = \"{until}\" #"),
            "until = \"2",
        );
    }
    assert_ne!(fixture.read("contracts/squads.toml"), catalog);
}

#[test]
fn nothing_is_written_if_something_stands_against_it() {
    let fixture = MovingFixture::new();
    let before = fixture.read("contracts/squads.toml");
    for (words, expected) in [
        (
            "--from discovery --to checkout",
            "orders belongs to payments, not to discovery",
        ),
        (
            "--from payments --to payments",
            "name another squad with --to",
        ),
        (
            "--from payments --to checkout --until 2020-01-01",
            "--until 2020-01-01 is over",
        ),
        (
            "--from payments --to checkout --path libs/**",
            "has no such pattern",
        ),
    ] {
        let (code, text, errors) =
            fixture.run(&format!("owners transfer --service orders {words} --write"));
        assert_eq!(code, 1, "{text}{errors}");
        assert!(text.contains(expected), "{words}: {text}");
        assert!(text.contains("nothing was written"), "{text}");
        assert_eq!(fixture.read("contracts/squads.toml"), before);
    }
    fixture.edit("contracts/squads.toml", "oncall = \"checkout-pager\"\n", "");
    let report = fixture.transfer("--from payments --to checkout --write");
    assert_eq!(
        steps(&report, "obstacle"),
        ["obstacle contracts/squads.toml:39"]
    );
    for (words, expected) in [
        (
            "--service orders --from paymnets --to checkout",
            "is called `paymnets`",
        ),
        (
            "--service order --from payments --to checkout",
            "lists a service `order`",
        ),
    ] {
        let (code, _, errors) = fixture.run(&format!("owners transfer {words} --write"));
        assert_eq!(code, 2, "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
}

#[test]
fn a_catalog_with_a_wrong_transfer_is_refused() {
    let fixture = MovingFixture::new();
    let catalog = fixture.read("contracts/squads.toml");
    for (entry, expected) in [
        (
            "service = 'orders'\nfrom = 'payments'\nto = 'checkout'\nuntil = '2026-12-31'",
            "expected the squad that lists the service, payments",
        ),
        (
            "service = 'orders'\nfrom = 'payments'\nto = 'payments'\nuntil = '2026-12-31'",
            "moves to another squad than payments",
        ),
        (
            "service = 'orders'\nfrom = 'checkout'\nto = 'payments'\nuntil = 'soon'",
            "expected a day such as",
        ),
        (
            "service = 'order'\nfrom = 'checkout'\nto = 'payments'\nuntil = 2026-12-31",
            "expected a service that a squad of this catalog lists",
        ),
    ] {
        fs::write(
            fixture.path("contracts/squads.toml"),
            format!("{catalog}[[transfers]]\n{entry}\n"),
        )
        .unwrap();
        let (code, _, errors) = fixture.run("owners codeowners");
        assert_eq!(code, 2, "{entry}: {errors}");
        assert!(errors.contains(expected), "{entry}: {errors}");
    }
}
