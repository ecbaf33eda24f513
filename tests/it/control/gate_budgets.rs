//! Error budgets at the gate, measured by a real Prometheus with made samples: counters that were
//! reset, samples that are missing, and services without requests.

use std::fmt::Write as _;
use std::fs;
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::app::program;
use crate::telemetry::prometheus::Prometheus;

/// The seconds between samples, which instant queries look back further than.
const STEP: u64 = 240;

/// How far back samples go, a day more than the window.
const DAYS: u64 = 8;

const SERVICES: [&str; 8] = [
    "steady", "reset", "young", "newborn", "crashed", "idle", "lost", "burnt",
];

/// One bad request in 200, unless the service is `burnt`; the objective allows two.
fn samples() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap().as_secs();
    let count = DAYS * 24 * 3600 / STEP;
    let mut text = "# TYPE portcullis_objective_requests counter\n".to_owned();
    for service in SERVICES {
        let bad_each = if service == "burnt" { 10 } else { 1 };
        for (result, each) in [("good", 200 - bad_each), ("bad", bad_each)] {
            for number in 0..count {
                let ago = (count - 1 - number) * STEP;
                let value = match service {
                    "reset" => number % 500 * each,
                    "young" if ago > 2 * 24 * 3600 => continue,
                    "newborn" if ago > 3 * STEP => continue,
                    // All of its requests were before the first scrape, half of them bad.
                    "crashed" if ago > 3 * STEP => continue,
                    "crashed" => 50,
                    "idle" => 7,
                    // It ended before the window.
                    "lost" if ago < (7 * 24 + 12) * 3600 => continue,
                    _ => number * each,
                };
                writeln!(
                    text,
                    "portcullis_objective_requests_total{{service=\"{service}\",objective=\"availability\",\
                     operation=\"*\",result=\"{result}\"}} {value} {}",
                    now - ago
                )
                .unwrap();
            }
        }
    }
    text.push_str("# EOF\n");
    text
}

struct BudgetGate {
    folder: TempDir,
    prometheus: String,
}

impl BudgetGate {
    fn new(prometheus: &Prometheus) -> Self {
        let gate = Self {
            folder: TempDir::new().unwrap(),
            prometheus: format!("http://{}", prometheus.address),
        };
        let services = SERVICES.map(|name| format!("\"{name}\"")).join(", ");
        let catalog = format!(
            "[squads.payments]\nservices = [{services}]\n[squads.payments.deploy]\nbudget_min = 0.4\n\
             [slo.tiers.gold]\navailability = 0.99\nwindow = \"7d\"\n"
        );
        fs::write(gate.folder.path().join("squads.toml"), catalog).unwrap();
        gate
    }

    /// The decision and the reasons of the rules on objectives, about a contract with these members of
    /// `info`.
    fn decide(&self, service: &str, version: &str, info: &str, more: &[&str]) -> (String, String) {
        let contract = format!(
            "openapi: 3.1.0\ninfo: {{title: t, version: {version}, x-squad-owner: payments{info}}}\n\
             paths: {{/a: {{get: {{responses: {{'200': {{description: d}}}}}}}}}}\n"
        );
        fs::write(self.folder.path().join("a.yaml"), contract).unwrap();
        let output = program()
            .args("gate --squad payments --catalog squads.toml --registry registry".split(' '))
            .args("--contract a.yaml --format json --service".split(' '))
            .arg(service)
            .args(["--prometheus", &self.prometheus])
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        let verdict: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let reasons = verdict["reasons"].as_array().unwrap().iter();
        let rules = ["error-budget", "lowered-objective"];
        let reasons = reasons.filter(|reason| rules.iter().any(|rule| reason["rule"] == **rule));
        let texts = reasons.map(|reason| {
            let text = |name: &str| reason[name].as_str().unwrap();
            format!("{} {}", text("weight"), text("message"))
        });
        let decision = verdict["decision"].as_str().unwrap().to_owned();
        (decision, texts.collect::<Vec<_>>().join("\n"))
    }
}

#[test]
#[cfg_attr(
    not(has_prometheus),
    ignore = "SKIPPED: prometheus is missing; .ci/run installs it"
)]
fn only_a_measured_budget_holds_or_passes_a_deployment() {
    let prometheus = Prometheus::of_samples(&samples());
    let gate = BudgetGate::new(&prometheus);
    fs::create_dir(gate.folder.path().join("registry")).unwrap();
    let gold = ", x-sla-tier: gold";
    let check = |service: &str, decision: &str, parts: &[&str]| {
        let (found, reasons) = gate.decide(service, "1.0.0", gold, &[]);
        assert_eq!(found, decision, "{service}: {reasons}");
        assert_eq!(reasons.is_empty(), parts.is_empty(), "{service}: {reasons}");
        for part in parts {
            assert!(reasons.contains(part), "{service}: {part}: {reasons}");
        }
    };
    check("steady", "allowed", &[]);
    check("reset", "allowed", &[]);
    check(
        "young",
        "allowed",
        &[
            "warns Prometheus has only ",
            " requests within 1day 23h ",
            "the window is 7days",
        ],
    );
    check(
        "newborn",
        "allowed",
        &["warns Prometheus has only ", "the window is 7days"],
    );
    let none = "warns Prometheus has no requests that judge the availability of";
    check("idle", "allowed", &[none]);
    check("lost", "allowed", &[none]);
    let spent = "of the error budget for the availability of burnt is left within 7days, by";
    let unscraped = "blocks -4900 % of the error budget for the availability of crashed is left within 7days, by \
         100 requests within ";
    check("crashed", "blocked", &[unscraped]);
    let blocked = [
        "blocks -4",
        spent,
        "and budget_min is 40 %: sum((max_over_time(",
    ];
    check("burnt", "blocked", &blocked);
    // Without an objective there is no budget, which is not silent.
    let (decision, reasons) = gate.decide("burnt", "1.0.0", "", &[]);
    assert_eq!(decision, "allowed");
    let none =
        "warns budget_min is 40 %, and burnt has no objective, so no error budget holds it back";
    assert_eq!(reasons, none);
    let (decision, reasons) = gate.decide("burnt", "1.0.0", ", x-slo: {availability: 99}", &[]);
    assert_eq!(decision, "allowed");
    assert!(
        reasons.starts_with("warns an objective is not judged: `x-slo.availability`"),
        "{reasons}"
    );
    // A contract cannot lower the level that holds it back.
    let overriding = ["--record", "--override", "ann", "--reason", "first"];
    let promised = ", x-slo: {availability: 0.99, window: 7d}";
    let (decision, reasons) = gate.decide("burnt", "1.0.0", promised, &overriding);
    assert_eq!(decision, "overridden", "{reasons}");
    let lower = ", x-slo: {availability: 0.5, window: 7d}";
    let (decision, reasons) = gate.decide("burnt", "1.1.0", lower, &[]);
    assert_eq!(decision, "blocked", "{reasons}");
    assert!(reasons.contains(spent), "{reasons}");
    let lowered = "warns the contract: availability objective lowered from 0.99 to 0.5 \
                   [objective.availability.lowered]";
    assert!(reasons.contains(lowered), "{reasons}");
    // Its consumers must approve it where the rule is set to break.
    let level = ["--level", "objective.availability.lowered=breaking"];
    let (decision, reasons) = gate.decide("burnt", "2.0.0", lower, &level);
    assert_eq!(decision, "blocked");
    assert!(!reasons.contains("lowered from"), "{reasons}");
}
