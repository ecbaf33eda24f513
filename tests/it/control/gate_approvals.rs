//! Approvals between `diff` and `gate`, and deployed contracts as a side of `diff`.

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

#[test]
fn an_approval_is_for_one_of_several_contracts_with_equal_contents() {
    let fixture = GateFixture::new();
    for (folder, most) in [("before", 20), ("after", 10)] {
        std::fs::create_dir(fixture.path(folder)).unwrap();
        let version = if most == 20 { "1.0.0" } else { "2.0.0" };
        for file in ["orders.yaml", "ledger.yaml"] {
            fixture.write(&format!("{folder}/{file}"), &contract(version, most, ""));
        }
    }
    let gate = |service: &str, file: &str, more: &str| {
        fixture.run(&format!(
            "gate --squad payments --service {service} --registry registry --catalog squads.toml \
             --contract {file} {more}"
        ))
    };
    for service in ["orders", "ledger"] {
        let file = format!("before/{service}.yaml");
        assert!(gate(service, &file, "--record").status.success());
    }
    let diff_code = |more: &str| {
        let output = fixture.run(&format!("diff {more} --approvals approvals.toml"));
        let text = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap(), text)
    };
    let gate_codes = || {
        ["orders", "ledger"].map(|service| {
            let file = format!("after/{service}.yaml");
            let output = gate(service, &file, "--approvals approvals.toml");
            output.status.code().unwrap()
        })
    };
    // Approvals of a directory name the contract by its path, those of a file by the name that
    // both revisions share, and those of the gate by the service.
    let printed = [
        fixture.run("diff before after --print-approvals"),
        fixture.run("diff before/orders.yaml after/orders.yaml --print-approvals"),
        gate("orders", "after/orders.yaml", "--print-approvals"),
    ];
    let texts = printed.map(|output| String::from_utf8(output.stdout).unwrap());
    let [directory, single, of_gate] = texts.map(|text| {
        let text = text.replace("owner = \"\"", "owner = \"checkout\"");
        text.replace("reason = \"\"", "reason = \"agreed\"")
    });
    assert_eq!(directory.matches("contract = ").count(), 2, "{directory}");
    assert!(single.contains("contract = \"orders.yaml\""), "{single}");
    assert!(of_gate.contains("service = \"orders\""), "{of_gate}");

    fixture.write("approvals.toml", &single);
    let (code, text) = diff_code("before after");
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("1 breaking"), "{text}");
    assert_eq!(gate_codes(), [0, 1]);
    assert_eq!(diff_code("before/orders.yaml after/orders.yaml").0, 0);
    assert_eq!(diff_code("before/ledger.yaml after/ledger.yaml").0, 1);

    let refused = gate("ledger", "after/ledger.yaml", "--approvals approvals.toml");
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        error.contains(
            "the approval at line 1 is for contract orders.yaml, not for after/ledger.yaml of ledger"
        ),
        "{error}"
    );

    fixture.write("approvals.toml", &of_gate);
    assert_eq!(gate_codes(), [0, 1]);
    assert_eq!(diff_code("before/orders.yaml after/orders.yaml").0, 0);
    // `diff` does not know the services of files, and two contracts fit.
    let (code, text) = diff_code("before after");
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("an approval matches changes of several contracts and covers none of them"),
        "{text}"
    );
    assert!(text.contains("2 breaking"), "{text}");

    fixture.write("approvals.toml", &directory);
    assert_eq!(diff_code("before after").0, 0);
    assert_eq!(gate_codes(), [0, 1], "payments approves ledger");
    fixture.write(
        "approvals.toml",
        &format!(
            "{directory}{}",
            directory.replace("\"checkout\"", "\"payments\"")
        ),
    );
    assert_eq!(gate_codes(), [0, 0]);
}
