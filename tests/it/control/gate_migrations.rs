//! Migrations in the verdict of the gate, and the leases on shared tables.

use std::path::PathBuf;
use std::thread;

use serde_json::{Value, json};

use super::gate::{GateFixture, contract};
use crate::support::app::program;

/// Two services that use one table, of two squads.
const CATALOG: &str = r#"
[squads.payments]
services = ["orders"]
[squads.checkout]
services = ["cart"]
[[resources]]
name = "orders-db"
kind = "database"
owner = "payments"
used_by = ["orders", "cart"]
tables = ["shop.orders"]
"#;

const BASE: &str = "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, note text, total int);";
/// It changes nothing that the other squad could not accept.
const HARMLESS: &str = "SET lock_timeout = '1s'; ALTER TABLE shop.orders ADD COLUMN NAME int;";

fn fixture() -> GateFixture {
    let fixture = GateFixture::new();
    fixture.write("tables.toml", CATALOG);
    fixture.write("base.sql", BASE);
    fixture.write("orders.yaml", &contract("1.0.0", 100, ""));
    fixture.write("cart.yaml", &contract("1.0.0", 100, "cart"));
    for service in ["orders", "cart"] {
        std::fs::create_dir(fixture.path(service)).unwrap();
        let migration = HARMLESS.replace("NAME", &format!("of_{service}"));
        fixture.write(&format!("{service}/1_add.sql"), &migration);
    }
    fixture
}

/// The arguments of a gate for a service that records.
fn words(service: &str, more: &str) -> String {
    let squad = if service == "orders" {
        "payments"
    } else {
        "checkout"
    };
    format!(
        "gate --squad {squad} --service {service} --contract {service}.yaml --registry registry \
         --by {service}-pipeline --format json --catalog tables.toml --migrations {service} \
         --scratch --base base.sql {more}"
    )
}

#[track_caller]
fn decide(fixture: &GateFixture, service: &str, more: &str) -> (i32, Value) {
    let output = fixture.run(&words(service, more));
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let verdict = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{errors}"));
    (output.status.code().unwrap(), verdict)
}

/// The rules of a verdict with their weights.
fn rules(verdict: &Value) -> Vec<String> {
    let reasons = verdict["reasons"].as_array().unwrap().iter();
    let text = |reason: &Value, key: &str| reason[key].as_str().unwrap().to_owned();
    reasons
        .map(|reason| format!("{} {}", text(reason, "weight"), text(reason, "rule")))
        .collect()
}

/// Approves everything that a verdict misses.
fn approve(fixture: &GateFixture, service: &str, file: &str) {
    let output = fixture.run(&words(service, "--print-approvals"));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("[[approval]]"), "{text}");
    fixture.write(file, &text.replace("reason = \"\"", "reason = \"fine\""));
}

/// The first try of a service lacks an approval; afterwards both services have theirs.
#[track_caller]
fn squads_must_approve(fixture: &GateFixture) {
    let (code, verdict) = decide(fixture, "orders", "--record");
    assert_eq!(
        (code, rules(&verdict)),
        (
            1,
            vec![
                "blocks shared-table".to_owned(),
                "informs first-deployment".to_owned()
            ]
        )
    );
    assert_eq!(
        verdict["blast_radius"]["squads"][0]["why"],
        json!(["database orders-db", "table shop.orders"])
    );
    assert_eq!(
        verdict["reasons"][0]["change"]["approvals_missing"],
        json!(["checkout"])
    );
    approve(fixture, "orders", "orders.toml");
    approve(fixture, "cart", "cart.toml");
}

/// One service migrates the table, so the other one waits.
#[track_caller]
fn the_second_deployment_waits(fixture: &GateFixture) {
    let (code, verdict) = decide(fixture, "orders", "--record --approvals orders.toml");
    assert_eq!((code, &verdict["recorded"]), (0, &json!(1)), "{verdict:#}");
    let (code, verdict) = decide(fixture, "cart", "--record --approvals cart.toml");
    assert_eq!(
        (code, rules(&verdict)[0].as_str()),
        (1, "blocks table-lease"),
        "{verdict:#}"
    );
    let message = verdict["reasons"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with(
            "shop.orders is being migrated by orders of payments (orders-pipeline) since "
        ),
        "{message}"
    );
    assert_eq!(verdict["recommended_action"], "wait");
    let history = fixture.run("gate history --squad payments --service orders --registry registry");
    let text = String::from_utf8(history.stdout).unwrap();
    for line in [
        "      migrates shop.orders\n",
        "shop.orders is held by orders of payments (orders-pipeline) until ",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// The pipeline of a new migration of a deployed contract cannot wait.
#[track_caller]
fn an_urgent_deployment_takes_the_lease(fixture: &GateFixture) {
    fixture.write("orders/2_more.sql", &HARMLESS.replace("NAME", "more"));
    let (code, verdict) = decide(
        fixture,
        "orders",
        "--record --approvals orders.toml --after 1_add.sql",
    );
    assert_eq!(
        (code, rules(&verdict)),
        (
            1,
            vec![
                "blocks shared-table".to_owned(),
                "blocks table-lease".to_owned()
            ]
        )
    );
    let output = fixture.run(&words("orders", "--print-approvals --after 1_add.sql"));
    let more = String::from_utf8(output.stdout)
        .unwrap()
        .replace("reason = \"\"", "reason = \"fine\"");
    fixture.write("orders.toml", &more);
    let urgent =
        "--record --approvals orders.toml --after 1_add.sql --override ann --reason outage";
    let (code, verdict) = decide(fixture, "orders", urgent);
    assert_eq!((code, &verdict["recorded"]), (0, &json!(2)), "{verdict:#}");
    assert_eq!(verdict["overridden"]["rules"], json!(["table-lease"]));
    let leases =
        std::fs::read_to_string(fixture.path("registry/Tables/shop.orders/leases.json")).unwrap();
    let leases: Value = serde_json::from_str(&leases).unwrap();
    let last = leases["leases"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["service"], &last["taken_over"]),
        (&json!("orders"), &json!("ann: outage"))
    );
}

/// Two concurrent migrations of one table: 47 s of lock, 12,000 failed transactions.
#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn one_deployment_at_a_time_migrates_a_table() {
    let fixture = fixture();
    squads_must_approve(&fixture);
    the_second_deployment_waits(&fixture);
    // The roll-out ends, and the other one is next.
    let released =
        fixture.run("gate release --squad payments --service orders --registry registry");
    assert!(released.status.success());
    let (code, verdict) = decide(&fixture, "cart", "--record --approvals cart.toml");
    assert_eq!(code, 0, "{verdict:#}");

    an_urgent_deployment_takes_the_lease(&fixture);

    // A rollback gives the lease back, too.
    let rolled_back = fixture.run("gate rollback --squad payments --service orders --registry registry --catalog tables.toml --reason broken");
    assert!(
        rolled_back.status.success(),
        "{}",
        String::from_utf8_lossy(&rolled_back.stderr)
    );
    let history = fixture.run("gate history --squad payments --service orders --registry registry");
    assert!(
        !String::from_utf8(history.stdout)
            .unwrap()
            .contains("is held by")
    );
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn of_concurrent_pipelines_one_gets_the_table() {
    let fixture = fixture();
    for service in ["orders", "cart"] {
        approve(&fixture, service, &format!("{service}.toml"));
    }
    let folder: PathBuf = fixture.folder.path().into();
    let pipelines: Vec<_> = ["orders", "cart"]
        .into_iter()
        .map(|service| {
            let words = words(service, &format!("--record --approvals {service}.toml"));
            let folder = folder.clone();
            thread::spawn(move || {
                let output = program()
                    .args(words.split_whitespace())
                    .current_dir(folder)
                    .output()
                    .unwrap();
                output.status.code().unwrap()
            })
        })
        .collect();
    let mut codes: Vec<i32> = pipelines
        .into_iter()
        .map(|one| one.join().unwrap())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1]);
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn an_expired_lease_holds_nothing_and_a_damaged_one_is_refused() {
    let fixture = fixture();
    for service in ["orders", "cart"] {
        approve(&fixture, service, &format!("{service}.toml"));
    }
    let (code, _) = decide(
        &fixture,
        "orders",
        "--record --approvals orders.toml --lease 1s",
    );
    assert_eq!(code, 0);
    let mut tries = (0..20).map(|_| decide(&fixture, "cart", "--approvals cart.toml").0);
    assert_eq!(tries.find(|code| *code == 0), Some(0));
    fixture.write("registry/Tables/shop.orders/leases.json", "{}");
    let output = fixture.run(&words("cart", "--approvals cart.toml"));
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("leases.json: line 1, column 2: missing field `format`"),
        "{errors}"
    );
}

#[test]
fn migrations_need_a_place_to_run() {
    let fixture = fixture();
    let without = words("orders", "").replace("--scratch --base base.sql", "");
    let output = fixture.run(without.trim());
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("nothing says where the migrations run: --scratch"),
        "{errors}"
    );
}
