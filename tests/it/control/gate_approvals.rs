//! Approvals between `diff` and `gate`, and deployed contracts as a side of `diff`.

use std::process::Output;

use serde_json::Value;

use super::gate::{GateFixture, contract};

/// A request with two alternatives; the seats of each have a maximum.
fn vehicles(version: &str, car: u32, bus: u32) -> String {
    let alternative = |kind: &str, most: u32| {
        format!(
            "{{type: object, required: [kind, seats], properties: {{kind: {{const: {kind}}}, seats: {{type: integer, minimum: 1, maximum: {most}}}}}}}"
        )
    };
    format!(
        "openapi: 3.1.0
info: {{title: Orders, version: {version}}}
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json:
            schema:
              oneOf: [{}, {}]
              discriminator: {{propertyName: kind}}
      responses: {{201: {{description: d}}}}
",
        alternative("car", car),
        alternative("bus", bus)
    )
}

fn rules(verdict: &Value, weight: &str) -> Vec<String> {
    let reasons = verdict["reasons"].as_array().unwrap().iter();
    let of_weight = reasons.filter(|reason| reason["weight"] == weight);
    of_weight
        .map(|reason| reason["rule"].as_str().unwrap().to_owned())
        .collect()
}

const GATE: &str =
    "gate --squad payments --service orders --registry registry --catalog squads.toml --contract";

#[test]
fn printed_approvals_are_what_the_gate_asks_for_and_cover_nothing_else() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &vehicles("1.0.0", 20, 20));
    fixture.write("car.yaml", &vehicles("2.0.0", 10, 20));
    fixture.write("bus.yaml", &vehicles("2.0.0", 20, 10));
    fixture.write("both.yaml", &vehicles("2.0.0", 10, 10));
    assert_eq!(fixture.decide("1.0.yaml", "--record").0, 0);
    let printed = fixture.run(&format!("{GATE} car.yaml --print-approvals"));
    let text = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(printed.status.code(), Some(0), "{text}");
    assert_eq!(text.matches("[[approval]]").count(), 1, "{text}");
    assert!(text.contains("owner = \"checkout\""), "{text}");
    assert!(
        text.contains("maximum lowered from 20 to 10 [schema.maximum.decreased]"),
        "{text}"
    );
    fixture.write(
        "approvals.toml",
        &text.replace("reason = \"\"", "reason = \"no car has more\""),
    );
    for (file, code, blocked) in [("car.yaml", 0, 0), ("bus.yaml", 1, 1), ("both.yaml", 1, 1)] {
        let (found, verdict) = fixture.decide(file, "--approvals approvals.toml");
        assert_eq!(found, code, "{file}: {verdict:#}");
        assert_eq!(rules(&verdict, "blocks").len(), blocked, "{verdict:#}");
    }
    // The rest of the approvals is printed, and nothing is recorded.
    let rest = fixture.run(&format!(
        "{GATE} both.yaml --approvals approvals.toml --print-approvals"
    ));
    let rest = String::from_utf8(rest.stdout).unwrap();
    assert_eq!(rest.matches("[[approval]]").count(), 1, "{rest}");
    let both = fixture.run("diff 1.0.yaml both.yaml --print-approvals");
    let both = String::from_utf8(both.stdout).unwrap();
    let fingerprint = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.starts_with("fingerprint"));
        lines.map(str::to_owned).collect()
    };
    assert!(
        fingerprint(&both).contains(&fingerprint(&rest)[0]),
        "{both}{rest}"
    );
    let refused = fixture.run(&format!("{GATE} both.yaml --print-approvals --record"));
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn diff_compares_with_a_deployed_contract() {
    let fixture = GateFixture::new();
    fixture.write("1.0.yaml", &contract("1.0.0", 20, ""));
    fixture.write("1.1.yaml", &contract("1.1.0", 20, "more words"));
    fixture.write("2.0.yaml", &contract("2.0.0", 10, ""));
    for file in ["1.0.yaml", "1.1.yaml"] {
        let (code, verdict) = fixture.decide(file, "--record");
        assert_eq!(code, 0, "{verdict:#}");
    }
    let check = |words: &str, code: i32, version: &str| {
        let output = fixture.run(&format!("diff {words} 2.0.yaml --format json"));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words}: {error}");
        if code == 2 {
            assert!(error.contains(version), "{words}: {error}");
            return;
        }
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let contract = &report["contracts"][0];
        assert_eq!(contract["old"]["version"], version, "{words}");
        let rules = contract["findings"].as_array().unwrap().iter();
        let mut rules = rules.map(|finding| finding["rule"].as_str().unwrap());
        assert!(rules.any(|rule| rule == "schema.maximum.decreased"));
    };
    check("registry:registry/payments/orders", 1, "1.1.0");
    check("registry:./registry/payments/orders@1.0.0", 1, "1.0.0");
    check("registry:registry/payments/orders@1", 1, "1.0.0");
    check(
        "registry:registry/payments/orders@3.0.0",
        2,
        "no deployment has the version, number or revision 3.0.0; recorded are 1.1.0, 1.0.0",
    );
    check(
        "registry:registry/payments/carts",
        2,
        "no deployment of this service is recorded; check the registry, the squad and the service",
    );
    check(
        "registry:orders",
        2,
        "expected registry:LOCATION/SQUAD/SERVICE or registry:LOCATION/SQUAD/SERVICE@VERSION",
    );
    let both = fixture.run(
        "diff registry:registry/payments/orders@1.0.0 registry:registry/payments/orders@1.1.0",
    );
    assert_eq!(both.status.code(), Some(0));
    let folder = fixture.run("diff registry:registry/payments/orders .");
    assert_eq!(folder.status.code(), Some(2));
}

/// Two services with equal contracts, deployed, and the next revisions of both.
struct EqualContracts(GateFixture);

impl EqualContracts {
    fn deployed() -> Self {
        let equal = Self(GateFixture::new());
        for (folder, version, most) in [("before", "1.0.0", 20), ("after", "2.0.0", 10)] {
            std::fs::create_dir(equal.0.path(folder)).unwrap();
            for file in ["orders.yaml", "ledger.yaml"] {
                let text = contract(version, most, "");
                equal.0.write(&format!("{folder}/{file}"), &text);
            }
        }
        for service in ["orders", "ledger"] {
            let deployed = equal.gate(service, "before", "--record");
            assert!(deployed.status.success());
        }
        equal
    }

    fn gate(&self, service: &str, folder: &str, more: &str) -> Output {
        self.0.run(&format!(
            "gate --squad payments --service {service} --registry registry --catalog squads.toml \
             --contract {folder}/{service}.yaml {more}"
        ))
    }

    /// The approvals that a command prints, with a reason.
    fn printed(output: Output) -> String {
        let text = String::from_utf8(output.stdout).unwrap();
        let text = text.replace("owner = \"\"", "owner = \"checkout\"");
        text.replace("reason = \"\"", "reason = \"agreed\"")
    }

    /// The exit codes of the gate for both services with these approvals.
    fn gate_codes(&self, approvals: &str) -> [i32; 2] {
        self.0.write("approvals.toml", approvals);
        ["orders", "ledger"].map(|service| {
            let output = self.gate(service, "after", "--approvals approvals.toml");
            output.status.code().unwrap()
        })
    }

    fn diff(&self, sides: &str, approvals: &str) -> (i32, String) {
        self.0.write("approvals.toml", approvals);
        let output = self
            .0
            .run(&format!("diff {sides} --approvals approvals.toml"));
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text)
    }
}

const ORDERS: &str = "before/orders.yaml after/orders.yaml";
const LEDGER: &str = "before/ledger.yaml after/ledger.yaml";

#[test]
fn an_approval_of_files_is_for_the_name_that_both_share() {
    let equal = EqualContracts::deployed();
    let printed = equal.0.run(&format!("diff {ORDERS} --print-approvals"));
    let printed = EqualContracts::printed(printed);
    assert!(printed.contains("contract = \"orders.yaml\""), "{printed}");
    let (code, text) = equal.diff("before after", &printed);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("1 breaking"), "{text}");
    assert_eq!(equal.diff(ORDERS, &printed).0, 0);
    assert_eq!(equal.diff(LEDGER, &printed).0, 1);
    assert_eq!(equal.gate_codes(&printed), [0, 1]);
    let refused = equal.gate("ledger", "after", "--approvals approvals.toml");
    let error = String::from_utf8(refused.stderr).unwrap();
    let expected =
        "the approval at line 1 is for contract orders.yaml, not for after/ledger.yaml of ledger";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn an_approval_of_the_gate_is_for_the_service() {
    let equal = EqualContracts::deployed();
    let printed = EqualContracts::printed(equal.gate("orders", "after", "--print-approvals"));
    assert!(printed.contains("service = \"orders\""), "{printed}");
    assert_eq!(equal.gate_codes(&printed), [0, 1]);
    assert_eq!(equal.diff(ORDERS, &printed).0, 0);
    // `diff` does not know the services of files, and two contracts fit.
    let (code, text) = equal.diff("before after", &printed);
    assert_eq!(code, 1, "{text}");
    let expected = "an approval matches changes of several contracts and covers none of them";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("2 breaking"), "{text}");
    // It knows those of a registry.
    let deployed = |service: &str| {
        let sides = format!("registry:registry/payments/{service} after/{service}.yaml");
        equal.diff(&sides, &printed).0
    };
    assert_eq!((deployed("orders"), deployed("ledger")), (0, 1));
}

#[test]
fn approvals_of_a_directory_are_for_the_paths_below_it() {
    let equal = EqualContracts::deployed();
    let printed = equal.0.run("diff before after --print-approvals");
    let printed = EqualContracts::printed(printed);
    assert_eq!(printed.matches("contract = ").count(), 2, "{printed}");
    assert_eq!(equal.diff("before after", &printed).0, 0);
    assert_eq!(
        equal.gate_codes(&printed),
        [0, 1],
        "payments approves ledger"
    );
    let both = printed.replace("\"checkout\"", "\"payments\"") + &printed;
    assert_eq!(equal.gate_codes(&both), [0, 0]);
}
