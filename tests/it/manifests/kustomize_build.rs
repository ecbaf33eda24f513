//! `kubectl kustomize` builds what is below `deploy/kustomize`, and adds the sidecar to the workload of
//! its service only.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::printed_manifests::{objects, printed};
use crate::support::tools::tool;
use crate::telemetry::deploy::file;
use portcullis_manifests::yaml_text;

fn build(folder: &Path) -> Vec<Value> {
    let output = Command::new(tool("kubectl"))
        .arg("kustomize")
        .arg(folder)
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    objects(&String::from_utf8(output.stdout).unwrap())
}

fn deployment(service: &str) -> Value {
    let labels = json!({"app.kubernetes.io/name": service});
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": format!("{service}-v1"), "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {
                "initContainers": [{"name": "migrate", "image": "m:1"}],
                "containers": [{"name": "app", "image": "app:1"}],
            }},
        },
    })
}

#[test]
#[cfg_attr(not(has_kubectl), ignore = "SKIPPED: kubectl is missing")]
fn the_component_changes_the_workload_of_its_service_only() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let write = |name: &str, text: &str| std::fs::write(path.join(name), text).unwrap();
    std::fs::create_dir(path.join("sidecar")).unwrap();
    // Kustomize removes quotation marks at both ends of a text.
    let contract = std::fs::read_to_string(file("contracts/payments/orders/openapi.yaml")).unwrap();
    let contract = contract.replacen("openapi: ", "\"openapi\": ", 1) + "\nx-end: \"end\"";
    write("orders.yaml", &contract);
    write(
        "config.toml",
        "[[services]]\nname = \"orders\"\ncontract = \"orders.yaml\"\nupstream = \"http://127.0.0.1:3000\"\n",
    );
    let words = "sidecar --service orders --pod-network 10.244.0.0/16 --container app --image";
    write("sidecar/kustomization.yaml", &printed(path, words));
    let config_map = printed(
        path,
        &words.replace("--image", "--format config-map --image"),
    );
    let both = format!(
        "{}---\n{}",
        yaml_text(&deployment("orders")),
        yaml_text(&deployment("other"))
    );
    write("apps.yaml", &both);
    write(
        "kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n\
         resources: [apps.yaml]\ncomponents: [sidecar]\n",
    );
    let built = build(path);
    let find = |name: &str| {
        let found = built
            .iter()
            .find(|object| object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(find("other-v1"), &deployment("other"));
    let pod = &find("orders-v1")["spec"]["template"]["spec"];
    let names = |list: &str| -> Vec<&str> {
        let list = pod[list].as_array().unwrap().iter();
        list.map(|item| item["name"].as_str().unwrap()).collect()
    };
    assert_eq!(names("initContainers"), ["portcullis", "migrate"]);
    assert_eq!(names("containers"), ["app"]);
    assert_eq!(pod["containers"][0]["image"], "app:1");
    assert_eq!(
        pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"],
        5
    );
    assert_eq!(pod["initContainers"][0]["restartPolicy"], "Always");

    // The generated ConfigMap has the texts of the printed one.
    let [printed] = objects(&config_map).try_into().unwrap();
    let generated = &find("portcullis-orders")["data"];
    let texts = printed["data"].as_object().unwrap();
    assert_eq!(generated.as_object().unwrap().len(), texts.len());
    for (key, text) in texts {
        let same = |text: &Value| text.as_str().unwrap().trim().to_owned();
        assert_eq!(same(&generated[key]), same(text), "{key}");
    }
}

#[test]
#[cfg_attr(not(has_kubectl), ignore = "SKIPPED: kubectl is missing")]
fn the_shipped_bases_can_be_built() {
    for (folder, name) in [
        ("gateway", "gateway.yaml"),
        ("squads", "squads.yaml"),
        ("injection", "injection.yaml"),
        ("argocd", "argocd.yaml"),
        ("rollouts", "analysis.yaml"),
    ] {
        let folder = file("deploy/kustomize").join(folder);
        let printed = std::fs::read_to_string(folder.join(name)).unwrap();
        let count = printed.split("\n---\n").count();
        assert_eq!(build(&folder).len(), count, "{name}");
    }
}
