//! What cannot be written as manifests is refused, with its place and what to do.

use std::path::Path;

use tempfile::TempDir;

use crate::support::app::{program, run};
use crate::telemetry::deploy::file;

#[track_caller]
fn refused(folder: &Path, words: &str, expected: &str) {
    let output = run(folder, &format!("manifests {words}"), "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{words}: {error}");
    assert!(output.stdout.is_empty(), "{words}");
    assert!(error.contains(expected), "{words}: {error}");
}

#[track_caller]
fn refused_catalog(catalog: &str, kind: &str, expected: &str) {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("squads.toml"), catalog).unwrap();
    refused(
        folder.path(),
        &format!("{kind} --catalog squads.toml"),
        expected,
    );
}

#[test]
fn names_that_objects_cannot_have() {
    let squad = "squad --all";
    refused_catalog(
        "[squads.a]\nnamespaces = [\"A_b\"]\n",
        squad,
        "squads.toml:2: the namespace `A_b` cannot name an object of Kubernetes: expected 1 to 63",
    );
    refused_catalog(
        "[squads.a]\nservices = [\"x_y\"]\nnamespaces = [\"a\"]\n",
        squad,
        "squads.toml:2: the service `x_y` cannot name",
    );
    refused_catalog(
        "[squads.-a]\nnamespaces = [\"a\"]\n",
        squad,
        "squads.toml:1: the squad `-a` cannot be the value of a label",
    );
    refused_catalog(
        "[squads.a]\nnamespaces = [\"x\"]\n[squads.b]\nnamespaces = [\"x\"]\n",
        squad,
        "the namespace x of b also belongs to a, squads.toml:2",
    );
    refused_catalog(
        "[squads.a]\n",
        squad,
        "no squad has a namespace; add `namespaces`",
    );
    let long = "a".repeat(58);
    refused_catalog(
        &format!("[squads.{long}]\n"),
        "postgres",
        "squads.toml:1: the squad",
    );
    refused_catalog("", "redis", "the catalog has no squads");
    let argocd = "argocd --repository https://git.example.com/a.git";
    refused_catalog(
        "[squads.a_b]\nnamespaces = [\"x\"]\nservices = [\"s\"]\n",
        argocd,
        "squads.toml:1: the squad `a_b` cannot name",
    );
    refused_catalog(
        "[squads.a]\nnamespaces = [\"x\"]\nservices = [\"y-z\"]\n[squads.b]\nnamespaces = [\"x-y\"]\nservices = [\"z\"]\n",
        argocd,
        "the application x-y-z would be that of z and that of y-z in x",
    );
}

#[test]
fn quotas_that_admit_no_pod() {
    let squad = "squad --all";
    refused_catalog(
        "[squads.a]\nnamespaces = [\"a\"]\n[squads.a.quota]\nrequests_cpu = 20\n",
        squad,
        "squads.toml:4: squads.a.quota.requests_cpu: 20 is above limits_cpu, 16",
    );
    refused_catalog(
        "[squads.a.limits]\nmemory = \"512m\"\n",
        squad,
        "squads.toml:2: squads.a.limits.memory: expected memory such as \"512Mi\"",
    );
    refused_catalog(
        "[squads.a.limits]\nmemory = \"4Gi\"\n",
        squad,
        "4Gi is above memory_max, 2Gi",
    );
}

#[test]
fn arguments_that_cannot_work() {
    let root = file("");
    let check = |words: &str, expected: &str| refused(&root, words, expected);
    let image = "--image r.example.com/portcullis:0.1.0";
    let sidecar = format!("sidecar --service orders {image}");
    check(&sidecar, "--pod-network is missing");
    let sidecar = format!("{sidecar} --pod-network 10.0.0.0/8");
    check(&sidecar, "--app-port is missing");
    check(
        &format!("{sidecar} --app-port 8080"),
        "cannot both listen on port 8080",
    );
    check(
        &format!("{sidecar} --app-port 9901"),
        "cannot both listen on port 9901",
    );
    check(
        &format!("sidecar --service orders {image} --pod-network 10.0/8 --app-port 1"),
        "--pod-network: expected a network such as 10.244.0.0/16, found \"10.0/8\"",
    );
    check(
        &format!("sidecar --service order {image}"),
        "did you mean `orders`",
    );
    check(
        "squad payment",
        "no squad of contracts/squads.toml is called `payment`; did you mean",
    );
    check(
        "squad --all --monitoring-namespace A",
        "--monitoring-namespace: expected the name",
    );
    check(
        "postgres --connections 50",
        "--connections 50: expected at least 1 and fewer",
    );
    check(
        "pgbouncer --host h --database d --connections 2 --server-connections 5",
        "fewer than one connection for each of 3 squads",
    );
    check(
        &format!("gateway {image} --replicas-min 5 --replicas-max 2"),
        "--replicas-min 5: expected at most the 2",
    );
    check(
        &format!("gate-hook --service orders {image} --registry deployments"),
        "expected s3://bucket/prefix",
    );
    check(
        "rollouts --prometheus http://p --violations-max 2",
        "expected a share",
    );
}

#[test]
fn values_that_name_nothing() {
    let root = file("");
    let check = |words: &str, expected: &str| refused(&root, words, expected);
    let image = "--image r.example.com/portcullis:0.1.0";
    for registry in [
        "s3://",
        "s3:/deployments",
        "S4://deployments/prod",
        "s3:///x",
    ] {
        check(
            &format!("gate-hook --service orders {image} --registry {registry}"),
            "invalid value",
        );
    }
    check("rollouts --prometheus p:9090", "invalid value 'p:9090'");
    check(
        "injection --image https://r.example.com/portcullis",
        "expected an image such as registry.example.com/portcullis:0.1.0",
    );
    // Arguments that are empty.
    let blank = |words: &[&str]| {
        let output = program().arg("manifests").args(words).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {error}");
    };
    blank(&["injection", "--image", ""]);
    blank(&["argocd", "--repository", ""]);
    blank(&["argocd", "--repository", "https://git.example.com/a b"]);
    blank(&["rollouts", "--prometheus", ""]);
}

#[test]
fn files_that_are_not_in_the_pod() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let contract = std::fs::read_to_string(file("contracts/payments/orders/openapi.yaml")).unwrap();
    std::fs::write(path.join("orders.yaml"), &contract).unwrap();
    let service = "[[services]]\nname = \"orders\"\ncontract = \"orders.yaml\"\nupstream = \"http://127.0.0.1:3000\"\n";
    let config = format!("[reload]\ncache = \"cache\"\n{service}");
    std::fs::write(path.join("config.toml"), config).unwrap();
    let words = "sidecar --service orders --image a --pod-network 10.0.0.0/8";
    refused(
        path,
        words,
        "config.toml:2: reload.cache: the file `cache` is not in the pod; mount it",
    );
    let vendor = "[services.vendor]\nprefix = \"/a\"\nheader_files = { x-key = \"key\" }\n";
    std::fs::write(path.join("config.toml"), format!("{service}{vendor}")).unwrap();
    refused(
        path,
        words,
        "config.toml:7: services.orders.vendor.header_files.x-key: the file `key` is not in the pod",
    );
    std::fs::write(path.join("config.toml"), service).unwrap();
    let long = format!("{contract}# {}\n", "x".repeat(1 << 20));
    std::fs::write(path.join("orders.yaml"), long).unwrap();
    refused(
        path,
        words,
        "orders.yaml.gz is compressed, and a component of kustomize cannot contain it",
    );
    // A contract that the proxy would refuse.
    std::fs::write(path.join("orders.yaml"), "openapi: 3.1.0\npaths: []\n").unwrap();
    refused(path, words, "orders.yaml is refused");
}
