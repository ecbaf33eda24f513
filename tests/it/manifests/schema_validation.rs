//! The manifests against the schemas of Kubernetes, strictly: an unknown field is an error.
//!
//! Custom resources (Argo, Prometheus Operator) have no schema here.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::printed_manifests::{KINDS, objects, printed};
use crate::support::tools::tool;
use crate::telemetry::deploy::file;
use portcullis_manifests::yaml_text;

/// Whether all objects of a file are valid, and the report.
fn validated(path: &Path, version: &str) -> (bool, String) {
    let output = Command::new(tool("kubernetes-validate"))
        .args(["--strict", "-k", version])
        .arg(path)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// The least version that a kind needs.
fn version(name: &str) -> &'static str {
    if name.contains("injection") {
        "1.34"
    } else {
        "1.30"
    }
}

#[test]
#[cfg_attr(
    not(has_kubernetes_schemas),
    ignore = "SKIPPED: kubernetes-validate is missing; .ci/run installs it"
)]
fn kubernetes_accepts_all_objects() {
    let mut valid = 0;
    for (name, _) in KINDS {
        let text = std::fs::read_to_string(file(name)).unwrap();
        let is_other = text.contains("kind: Component") || text.contains("apiVersion: openslo/");
        if !text.contains("\nkind: ") || is_other {
            continue;
        }
        let (is_valid, report) = validated(&file(name), version(name));
        assert!(is_valid, "{name}: {report}");
        for line in report.lines().filter(|line| !line.contains(" passed ")) {
            let is_custom = ["argoproj.io/", "monitoring.coreos.com/"]
                .iter()
                .any(|group| line.contains(&format!("api version {group}")));
            assert!(is_custom, "{name}: {line}");
        }
        valid += report.matches(" passed ").count();
    }
    assert!(valid >= 40, "{valid} objects are valid");
}

#[test]
#[cfg_attr(
    not(has_kubernetes_schemas),
    ignore = "SKIPPED: kubernetes-validate is missing; .ci/run installs it"
)]
fn every_version_of_the_policy_is_valid() {
    let folder = TempDir::new().unwrap();
    for (api, version) in [("v1alpha1", "1.32"), ("v1beta1", "1.34"), ("v1", "1.36")] {
        let path = folder.path().join("policy.yaml");
        let text = printed(folder.path(), &format!("injection --api {api} --image"));
        std::fs::write(&path, text).unwrap();
        let (is_valid, report) = validated(&path, version);
        assert!(is_valid, "{report}");
        assert_eq!(report.matches(" passed ").count(), 2, "{report}");
    }
}

/// The patch as a workload: Kubernetes never sees it alone.
#[test]
#[cfg_attr(
    not(has_kubernetes_schemas),
    ignore = "SKIPPED: kubernetes-validate is missing; .ci/run installs it"
)]
fn a_patched_workload_is_valid_and_a_misspelt_field_is_not() {
    let patch = printed(
        &file(""),
        "sidecar --service orders --pod-network 10.0.0.0/8 --app-port 3000 --format patch --image",
    );
    let [patch] = objects(&patch).try_into().unwrap();
    let mut template = patch["spec"]["template"].clone();
    template["metadata"]["labels"]["app"] = json!("orders");
    template["spec"]["containers"] = json!([{"name": "app", "image": "app:1"}]);
    let mut deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "orders"},
        "spec": {"selector": {"matchLabels": {"app": "orders"}}, "template": template},
    });
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("deployment.yaml");
    std::fs::write(&path, yaml_text(&deployment)).unwrap();
    let (is_valid, report) = validated(&path, "1.30");
    assert!(is_valid && report.contains(" passed "), "{report}");

    let container = &mut deployment["spec"]["template"]["spec"]["initContainers"][0];
    let probe = container["readinessProbe"].take();
    container["readynessProbe"] = probe;
    container.as_object_mut().unwrap().remove("readinessProbe");
    std::fs::write(&path, yaml_text(&deployment)).unwrap();
    let (is_valid, report) = validated(&path, "1.30");
    assert!(!is_valid, "{report}");
    assert!(report.contains("readynessProbe"), "{report}");
}
