//! What each kind prints for the sample catalog: the files below `deploy/kustomize`.
//!
//! `PORTCULLIS_TEST_WRITE=1 cargo test --test it manifests` writes them.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::docs::reference::assert_page;
use crate::support::app::run;
use crate::support::promql;
use crate::telemetry::deploy::{file, metric};
use crate::telemetry::label_values::{is_matched, values};

const IMAGE: &str = "registry.example.com/portcullis:0.1.0";

/// Each kind with its arguments for the samples.
pub(super) const KINDS: [(&str, &str); 17] = [
    (
        "deploy/kustomize/sidecar/kustomization.yaml",
        "sidecar --service orders --pod-network 10.244.0.0/16 --app-port 3000 --container app --image",
    ),
    (
        "deploy/kustomize/gateway/gateway.yaml",
        "gateway --config deploy/gateway.toml --requests-per-second 2000 --image",
    ),
    (
        "deploy/kustomize/squads/squads.yaml",
        "squad --all --gateway-namespace portcullis",
    ),
    (
        "deploy/kustomize/injection/injection.yaml",
        "injection --image",
    ),
    (
        "deploy/kustomize/argocd/argocd.yaml",
        "argocd --repository https://git.example.com/shop.git",
    ),
    (
        "deploy/kustomize/rollouts/analysis.yaml",
        "rollouts --prometheus http://prometheus.monitoring:9090",
    ),
    (
        "tests/fixtures/manifests/sidecar.patch.yaml",
        "sidecar --service ledger --pod-network 10.244.0.0/16 --app-port 3000 --format patch --image",
    ),
    (
        "tests/fixtures/manifests/sidecar.config-map.yaml",
        "sidecar --service orders --pod-network 10.244.0.0/16 --app-port 3000 --format config-map --image",
    ),
    (
        "tests/fixtures/manifests/gate-hook.yaml",
        "gate-hook --service orders --registry s3://deployments/prod --image",
    ),
    ("tests/fixtures/manifests/postgres.sql", "postgres"),
    (
        "tests/fixtures/manifests/pgbouncer.ini",
        "pgbouncer --host db.internal --database shop",
    ),
    (
        "tests/fixtures/manifests/pgbouncer.hba",
        "pgbouncer --host db.internal --database shop --format access",
    ),
    ("tests/fixtures/manifests/squads.redis", "redis"),
    ("deploy/prometheus/objectives.rules.yaml", "slo"),
    (
        "tests/fixtures/manifests/objectives.rule.yaml",
        "slo --service orders --format prometheus-rule",
    ),
    (
        "tests/fixtures/manifests/objectives.sloth.yaml",
        "slo --format sloth",
    ),
    (
        "tests/fixtures/manifests/objectives.openslo.yaml",
        "slo --format openslo",
    ),
];

/// What the command prints; it must succeed.
pub(super) fn printed(folder: &Path, words: &str) -> String {
    let words = match words.strip_suffix("--image") {
        Some(words) => format!("{words} --image {IMAGE}"),
        None => words.to_owned(),
    };
    let output = run(folder, &format!("manifests {words}"), "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{words}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The objects of a stream.
pub(super) fn objects(yaml: &str) -> Vec<Value> {
    yaml.split("---\n")
        .map(|document| super::yaml_round_trip::parsed(document).unwrap())
        .collect()
}

#[test]
fn every_kind_prints_the_shown_manifests() {
    for (name, words) in KINDS {
        let text = printed(&file(""), words);
        assert_page(name, &text);
        // Nothing depends on the run.
        assert_eq!(text, printed(&file(""), words), "{name}");
    }
}

/// Prometheus would answer a misspelt name with nothing.
#[test]
fn the_analysis_of_rollouts_names_metrics_that_exist() {
    let yaml = printed(&file(""), "rollouts --prometheus http://p:9090");
    let [template] = objects(&yaml).try_into().unwrap();
    let metrics = template["spec"]["metrics"].as_array().unwrap().clone();
    assert_eq!(metrics.len(), 2);
    for judged in metrics {
        let query = judged["provider"]["prometheus"]["query"].as_str().unwrap();
        let query = query.replace("{{args.service}}", "orders");
        let (selectors, _) = promql::read(&query);
        assert!(!selectors.is_empty(), "{query}");
        for selector in selectors {
            let metric = metric(&selector.series).unwrap_or_else(|| panic!("{query}"));
            for (label, _, pattern) in &selector.matchers {
                let is_label = metric.labels.contains(&label.as_str());
                assert!(is_label, "{query}: {label}");
                let values = values(metric.name, label);
                assert!(is_matched(&values, pattern), "{query}: {label}");
            }
        }
    }
}

/// Names that YAML takes for other types, and what the catalog says instead of the defaults.
#[test]
fn the_catalog_sets_quotas_and_limits() {
    let folder = TempDir::new().unwrap();
    let catalog = "[squads.no]\nnamespaces = [\"1e3\"]\noncall = \"a: b # c\"\n\
        [squads.no.quota]\nrequests_cpu = 4\nlimits_memory = \"64Gi\"\npods = 7\n\
        [squads.no.limits]\nmemory_max = \"4Gi\"\ncpu = \"2\"\n";
    std::fs::write(folder.path().join("squads.toml"), catalog).unwrap();
    let objects = objects(&printed(folder.path(), "squad no --catalog squads.toml"));
    let find = |kind: &str| {
        objects
            .iter()
            .find(|object| object["kind"] == kind)
            .unwrap()
    };
    let namespace = &find("Namespace")["metadata"];
    assert_eq!(namespace["name"], "1e3");
    assert_eq!(namespace["labels"]["portcullis.dev/squad"], "no");
    assert_eq!(
        namespace["annotations"]["portcullis.dev/oncall"],
        "a: b # c"
    );
    let hard = &find("ResourceQuota")["spec"]["hard"];
    for (name, expected) in [
        ("requests.cpu", "4"),
        ("requests.memory", "16Gi"),
        ("limits.cpu", "16"),
        ("limits.memory", "64Gi"),
        ("pods", "7"),
    ] {
        assert_eq!(hard[name], expected, "{name}");
    }
    let limits = &find("LimitRange")["spec"]["limits"][0];
    assert_eq!(limits["max"]["memory"], "4Gi");
    assert_eq!(limits["default"]["cpu"], "2");
    assert_eq!(limits["default"]["memory"], "512Mi");
}

/// Traffic between squads is what the catalog declares, on both sides, and DNS.
#[test]
fn network_policies_follow_the_dependencies() {
    let policies = objects(&printed(&file(""), "squad --all"));
    let find = |namespace: &str, name: &str| {
        let found = policies.iter().find(|policy| {
            policy["kind"] == "NetworkPolicy"
                && policy["metadata"]["namespace"] == namespace
                && policy["metadata"]["name"] == name
        });
        found.map(|policy| policy["spec"].clone())
    };
    let peer = |policy: &Value, rules: &str, side: &str| {
        let rule = &policy[rules][0];
        assert_eq!(rule["ports"][0]["port"], 8080);
        let peer = &rule[side][0];
        let namespaces = &peer["namespaceSelector"]["matchExpressions"][0]["values"];
        let service = &peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"];
        (namespaces[0].clone(), service.clone())
    };
    let callers = find("pay-prod", "callers-of-orders").unwrap();
    let expected = (Value::from("discovery-prod"), Value::from("search-api"));
    assert_eq!(peer(&callers, "ingress", "from"), expected);
    let calls = find("discovery-prod", "calls-of-search-api").unwrap();
    let expected = (Value::from("pay-prod"), Value::from("orders"));
    assert_eq!(peer(&calls, "egress", "to"), expected);
    // No one is declared to call it, and there is no gateway.
    assert_eq!(find("pay-prod", "callers-of-ledger"), None);
    for namespace in ["pay-prod", "discovery-prod", "checkout-prod"] {
        let deny = find(namespace, "default-deny").unwrap();
        assert_eq!(deny["policyTypes"].as_array().unwrap().len(), 2);
        assert!(deny.get("ingress").is_none() && deny.get("egress").is_none());
        let dns = find(namespace, "allow-dns").unwrap();
        assert_eq!(dns["egress"][0]["ports"][0]["port"], 53);
    }
}
