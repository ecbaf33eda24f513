//! The files of a ConfigMap, mounted as Kubernetes mounts them, are a configuration that starts.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis::app::build;
use portcullis_config::{FlagOverrides, load};
use serde_json::Value;
use tempfile::TempDir;

use super::printed_manifests::{objects, printed};
use crate::support::app::{ask, problem, run};
use crate::support::upstream::Upstream;
use crate::telemetry::deploy::file;

/// Writes the files as the kubelet does: in a folder of their own, with a link to it that can be
/// swapped, and a link for each first part of a path.
fn mount(folder: &Path, config_map: &Value, items: Option<&Value>) {
    let current = folder.join("..2026_11_29");
    let texts = config_map["data"].as_object().unwrap().iter();
    let mut contents: Vec<(&String, Vec<u8>)> = texts
        .map(|(key, text)| (key, text.as_str().unwrap().into()))
        .collect();
    for (key, text) in config_map["binaryData"].as_object().into_iter().flatten() {
        contents.push((key, STANDARD.decode(text.as_str().unwrap()).unwrap()));
    }
    for (key, content) in contents {
        let items = items.and_then(Value::as_array);
        let item = items.map(|items| {
            items
                .iter()
                .find(|item| item["key"] == *key.as_str())
                .unwrap()
        });
        let path = item.map_or(key.as_str(), |item| item["path"].as_str().unwrap());
        let target = current.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, content).unwrap();
        let first = path.split('/').next().unwrap();
        let link = folder.join(first);
        if link.symlink_metadata().is_err() {
            symlink(Path::new("..data").join(first), link).unwrap();
        }
    }
    symlink("..2026_11_29", folder.join("..data")).unwrap();
}

/// Checks the mounted configuration as a start would.
#[track_caller]
fn check(folder: &Path, services: &[&str]) {
    let output = run(folder, "config check config.toml --format json", "");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["errors"], 0, "{text}");
    let found = report["services"].as_array().unwrap();
    let found: Vec<&str> = found
        .iter()
        .map(|service| service["name"].as_str().unwrap())
        .collect();
    assert_eq!(found, services);
}

const SIDECAR: &str = "--pod-network 10.244.0.0/16 --app-port 3000";

fn sidecar(service: &str, rest: &str) -> Value {
    let words = format!("sidecar --service {service} {SIDECAR} {rest} --image");
    let [object] = objects(&printed(&file(""), &words)).try_into().unwrap();
    object
}

#[test]
fn a_contract_of_one_file_needs_no_list() {
    let folder = TempDir::new().unwrap();
    let config_map = sidecar("orders", "--format config-map");
    let patch = sidecar("orders", "--format patch");
    let volume = &patch["spec"]["template"]["spec"]["volumes"][0]["configMap"];
    assert_eq!(volume["name"], config_map["metadata"]["name"]);
    assert_eq!(volume.get("items"), None);
    mount(folder.path(), &config_map, None);
    check(folder.path(), &["orders"]);
    let config = config_map["data"]["config.toml"].as_str().unwrap();
    for line in [
        "address = \"0.0.0.0:8080\"",
        "address = \"0.0.0.0:9901\"",
        "trusted_peers = [\"10.244.0.0/16\"]",
        "upstream = \"http://127.0.0.1:3000\"",
    ] {
        assert!(
            config.lines().any(|found| found == line),
            "{line}: {config}"
        );
    }
}

/// The mounted files serve: a valid call reaches the application, an invalid one is refused, and a
/// caller in the network of the pods is believed.
#[test]
fn a_mounted_sidecar_serves() {
    let application = Upstream::ok();
    let folder = TempDir::new().unwrap();
    let port = application.address.port();
    let words = format!(
        "sidecar --service orders --pod-network 127.0.0.0/8 --app-port {port} --format config-map --image"
    );
    let [config_map] = objects(&printed(&file(""), &words)).try_into().unwrap();
    mount(folder.path(), &config_map, None);
    let variable = |name: &str| (OsString::from(name), OsString::from("127.0.0.1:0"));
    let variables = ["PORTCULLIS_LISTEN__ADDRESS", "PORTCULLIS_ADMIN__ADDRESS"].map(variable);
    let path = folder.path().join("config.toml");
    let config = load(Some(&path), variables, &FlagOverrides::default());
    let running = build(config.unwrap_or_else(|errors| panic!("{errors}")));
    let running = running.unwrap_or_else(|error| panic!("{error}"));
    let call = |target: &str| {
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: orders.pay-prod\r\nx-squad-owner: checkout\r\n\r\n"
        );
        ask(running.data_port().unwrap(), request)
    };
    assert_eq!(call("/orders?limit=5").status, 200);
    let request = application.request();
    assert_eq!(request.request_line(), "GET /orders?limit=5 HTTP/1.1");
    assert_eq!(request.fields("x-squad-owner"), ["checkout"]);
    let refusal = call("/orders?limit=500");
    assert_eq!(problem(&refusal)["squad"], "checkout");
    assert_eq!(
        problem(&refusal)["violations"][0]["class"],
        "invalid-parameter"
    );
    running.stop();
}

#[test]
fn a_contract_of_several_files_keeps_its_folders() {
    let folder = TempDir::new().unwrap();
    let config_map = sidecar("ledger", "--format config-map");
    let patch = sidecar("ledger", "--format patch");
    let volume = &patch["spec"]["template"]["spec"]["volumes"][0]["configMap"];
    mount(folder.path(), &config_map, volume.get("items"));
    check(folder.path(), &["ledger"]);
}

/// A contract that a ConfigMap cannot hold is compressed, if it is one file, and read again.
#[test]
fn a_large_contract_is_compressed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let contract = file("contracts/payments/orders/openapi.yaml");
    let contract = std::fs::read_to_string(contract).unwrap();
    let large = format!("{contract}{}", "# a comment\n".repeat(100_000));
    std::fs::write(path.join("orders.yaml"), large).unwrap();
    let config =
        "[[services]]\nname = \"orders\"\ncontract = \"orders.yaml\"\nupstream = \"mock\"\n";
    std::fs::write(path.join("config.toml"), config).unwrap();
    let words = format!("sidecar --service orders {SIDECAR} --format");
    let text = printed(path, &format!("{words} config-map --image"));
    assert_eq!(text, printed(path, &format!("{words} config-map --image")));
    let [config_map] = objects(&text).try_into().unwrap();
    let config = config_map["data"]["config.toml"].as_str().unwrap();
    assert!(config.contains("contract = \"orders.yaml.gz\""), "{config}");
    assert!(text.len() < 50_000, "{} bytes", text.len());

    let mounted = TempDir::new().unwrap();
    mount(mounted.path(), &config_map, None);
    check(mounted.path(), &["orders"]);
    let compressed = mounted.path().join("orders.yaml.gz");
    let judge = |file: &Path| {
        let output = run(path, &format!("check {}", file.display()), "");
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let (code, text) = judge(&compressed);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("1 contract, 4 operations, 0 errors"),
        "{text}"
    );
    // It can be the source of manifests, too.
    std::fs::copy(&compressed, path.join("orders.yaml.gz")).unwrap();
    let config =
        "[[services]]\nname = \"orders\"\ncontract = \"orders.yaml.gz\"\nupstream = \"mock\"\n";
    std::fs::write(path.join("config.toml"), config).unwrap();
    let again = printed(path, &format!("{words} config-map --image"));
    let [again] = objects(&again).try_into().unwrap();
    assert_eq!(again["binaryData"], config_map["binaryData"]);

    // A part of it is an error with its name.
    let bytes = std::fs::read(&compressed).unwrap();
    let part = path.join("part.yaml.gz");
    std::fs::write(&part, &bytes[..bytes.len() / 2]).unwrap();
    let output = run(path, "check part.yaml.gz", "");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_ne!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("part.yaml.gz: not a complete gzip file"),
        "{text}"
    );
    // Kustomize has no form for it.
    let output = run(
        path,
        &format!("manifests {words} component --image a:1"),
        "",
    );
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("--format config-map and --format patch"),
        "{error}"
    );
}

#[test]
fn a_gateway_has_all_services() {
    let folder = TempDir::new().unwrap();
    let words = "gateway --config deploy/gateway.toml --image";
    let text = printed(&file(""), words);
    // The rules have expressions and are not read here.
    let text = text
        .split("---\n")
        .take(3)
        .collect::<Vec<_>>()
        .join("---\n");
    let [_, config_map, deployment] = objects(&text).try_into().unwrap();
    let pod = &deployment["spec"]["template"]["spec"];
    let volume = &pod["volumes"][0]["configMap"];
    mount(folder.path(), &config_map, volume.get("items"));
    check(folder.path(), &["orders", "ledger", "search-api"]);
    // Sleep before SIGTERM, drain, and a reserve.
    assert_eq!(pod["terminationGracePeriodSeconds"], 35);
}

/// The arguments of the Job are those of the program.
#[test]
fn the_hook_runs_the_gate() {
    for service in ["orders", "ledger"] {
        let folder = TempDir::new().unwrap();
        let words =
            format!("gate-hook --service {service} --registry s3://deployments/prod --image");
        let [config_map, job] = objects(&printed(&file(""), &words)).try_into().unwrap();
        let pod = &job["spec"]["template"]["spec"];
        let volume = &pod["volumes"][0]["configMap"];
        mount(folder.path(), &config_map, volume.get("items"));
        std::fs::create_dir(folder.path().join("deployments")).unwrap();
        let args = pod["containers"][0]["args"].as_array().unwrap().iter();
        let args: Vec<&str> = args.map(|arg| arg.as_str().unwrap()).collect();
        let args = args
            .join(" ")
            .replace("s3://deployments/prod", "deployments");
        let args = args.replace("/etc/portcullis", &folder.path().display().to_string());
        let output = run(folder.path(), &args, "");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("ALLOWED"), "{text}");
    }
}

#[test]
fn a_contract_at_an_address_is_not_in_the_config_map() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let address = "https://contracts.example.com/orders.yaml";
    let config = format!(
        "[[services]]\nname = \"orders\"\ncontract = \"{address}\"\nupstream = \"http://127.0.0.1:3000\"\n"
    );
    std::fs::write(path.join("config.toml"), config).unwrap();
    let words = format!("sidecar --service orders {SIDECAR} --format config-map --image");
    let [config_map] = objects(&printed(path, &words)).try_into().unwrap();
    let data = config_map["data"].as_object().unwrap();
    assert_eq!(data.len(), 1);
    let config = data["config.toml"].as_str().unwrap();
    assert!(
        config.contains(&format!("contract = \"{address}\"")),
        "{config}"
    );
}

/// A ConfigMap is not for secrets, and variables of this machine are not for the pod.
#[test]
fn secrets_stay_out_of_the_config_map() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let contract = file("contracts/payments/orders/openapi.yaml");
    std::fs::copy(contract, path.join("orders.yaml")).unwrap();
    let config = "[admin]\ntoken = \"0123456789abcdef-token\"\n\
        [tracing]\nendpoint = \"http://collector:4318\"\n\
        [tracing.headers]\nauthorization = \"Bearer pass-word\"\n\
        [[services]]\nname = \"orders\"\ncontract = \"orders.yaml\"\nupstream = \"http://127.0.0.1:3000\"\n";
    std::fs::write(path.join("config.toml"), config).unwrap();
    let words = format!("sidecar --service orders {SIDECAR}");
    for format in ["config-map", "patch", "component"] {
        let text = printed(path, &format!("{words} --format {format} --image"));
        assert!(!text.contains("0123456789abcdef"), "{text}");
        assert!(!text.contains("pass-word"), "{text}");
    }
    let patch = printed(path, &format!("{words} --format patch --image"));
    let [patch] = objects(&patch).try_into().unwrap();
    let env = &patch["spec"]["template"]["spec"]["initContainers"][0]["env"];
    let secret = |index: usize| &env[index]["valueFrom"]["secretKeyRef"];
    assert_eq!(secret(1)["key"], "PORTCULLIS_ADMIN__TOKEN");
    assert_eq!(
        secret(2)["key"],
        "PORTCULLIS_TRACING__HEADERS__AUTHORIZATION"
    );
    assert_eq!(secret(1)["name"], "portcullis-orders");
}
