//! The manifests in a real API server of Kubernetes with etcd: it accepts every object strictly, stores
//! it as it was sent, and its injection policy adds the sidecar.
//!
//! `PORTCULLIS_TEST_APISERVER` names the program, which `tests/apiserver/build` builds. No other part of
//! Kubernetes runs, so nothing is scheduled, and quotas are stored and not counted. Custom resources are
//! applied if their definitions are next to the program, in `PROGRAM.crds`.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::printed_manifests::{KINDS, objects};
use super::yaml_round_trip::parsed;
use crate::telemetry::deploy::file;

const TOKEN: &str = "token-of-the-test";

/// How long the server may take to start, or to follow a change, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A server with its store.
struct ApiServer {
    folder: TempDir,
    address: String,
    processes: Vec<Child>,
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        // The server ends before its store.
        for process in self.processes.iter_mut().rev() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

/// The API server, and etcd next to it or on the path.
fn programs() -> (PathBuf, PathBuf) {
    let server = PathBuf::from(std::env::var_os("PORTCULLIS_TEST_APISERVER").unwrap());
    let etcd = server.with_file_name("etcd");
    let etcd = if etcd.is_file() { etcd } else { "etcd".into() };
    (server, etcd)
}

impl ApiServer {
    fn start() -> Self {
        let (program, etcd) = programs();
        let (store, peers, port) = (free_port(), free_port(), free_port());
        let mut server = Self {
            folder: TempDir::new().unwrap(),
            address: format!("https://127.0.0.1:{port}"),
            processes: Vec::new(),
        };
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        server.run(
            &etcd,
            &[
                ("--data-dir", server.path("etcd")),
                ("--listen-client-urls", url(store)),
                ("--advertise-client-urls", url(store)),
                ("--listen-peer-urls", url(peers)),
                ("--initial-advertise-peer-urls", url(peers)),
                ("--initial-cluster", format!("default={}", url(peers))),
            ],
        );
        let key = server.path("accounts.key");
        let mut openssl = Command::new("openssl");
        let made = openssl.args(["genrsa", "-out", &key, "2048"]).output();
        assert!(made.unwrap().status.success());
        let tokens = server.path("tokens.csv");
        std::fs::write(&tokens, format!("{TOKEN},admin,1,system:masters\n")).unwrap();
        let beta = "admissionregistration.k8s.io/v1beta1=true";
        server.run(
            &program,
            &[
                ("--etcd-servers", url(store)),
                ("--bind-address", "127.0.0.1".to_owned()),
                ("--secure-port", port.to_string()),
                ("--cert-dir", server.path("certificates")),
                ("--service-account-issuer", server.address.clone()),
                ("--service-account-key-file", key.clone()),
                ("--service-account-signing-key-file", key),
                ("--service-cluster-ip-range", "10.96.0.0/16".to_owned()),
                ("--authorization-mode", "RBAC".to_owned()),
                ("--token-auth-file", tokens),
                // Another part of Kubernetes would create the accounts that pods need.
                ("--disable-admission-plugins", "ServiceAccount".to_owned()),
                ("--feature-gates", "MutatingAdmissionPolicy=true".to_owned()),
                ("--runtime-config", beta.to_owned()),
            ],
        );
        let is_ready = || server.request("GET", "/readyz", None).0 == 200;
        server.until("the server is ready", is_ready);
        server
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn run(&mut self, program: &Path, flags: &[(&str, String)]) {
        let name = program.file_name().unwrap().to_string_lossy();
        let log = File::create(self.path(&format!("{name}.log"))).unwrap();
        let flags = flags.iter().map(|(flag, value)| format!("{flag}={value}"));
        let mut command = Command::new(program);
        command.args(flags).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.processes.push(command.spawn().unwrap());
    }

    #[track_caller]
    fn until(&self, what: &str, done: impl Fn() -> bool) {
        let began = Instant::now();
        while !done() {
            if began.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.path("kube-apiserver.log"));
                panic!("{what}: not in time; {}", log.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// The status and the JSON of an answer. The body is a media type and an object.
    fn request(&self, method: &str, path: &str, body: Option<(&str, &Value)>) -> (u16, Value) {
        let answer = self.path("answer");
        let mut curl = Command::new("curl");
        // The certificate of the server is one of its own.
        curl.args([
            "-s",
            "-k",
            "-X",
            method,
            "-w",
            "%{http_code}",
            "-o",
            &answer,
        ]);
        curl.args(["-H", &format!("Authorization: Bearer {TOKEN}")]);
        if let Some((media_type, object)) = body {
            let sent = self.path("sent");
            std::fs::write(&sent, object.to_string()).unwrap();
            curl.args(["-H", &format!("Content-Type: {media_type}")]);
            curl.args(["--data-binary", &format!("@{sent}")]);
        }
        let output = curl
            .arg(format!("{}{path}", self.address))
            .output()
            .unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        let answer = std::fs::read(answer).unwrap_or_default();
        let answer = serde_json::from_slice(&answer).unwrap_or_default();
        (status.parse().unwrap_or_default(), answer)
    }

    /// Applies an object on the server's side. Unknown and repeated fields are errors.
    fn apply(&self, object: &Value, is_dry: bool) -> (u16, Value) {
        let dry = if is_dry { "&dryRun=All" } else { "" };
        let query = format!("?fieldManager=portcullis&force=true&fieldValidation=Strict{dry}");
        let path = address_of(object) + &query;
        self.request(
            "PATCH",
            &path,
            Some(("application/apply-patch+yaml", object)),
        )
    }

    #[track_caller]
    fn apply_all(&self, objects: &[&Value]) {
        for object in objects {
            for is_dry in [true, false] {
                let (status, answer) = self.apply(object, is_dry);
                let path = address_of(object);
                assert!(matches!(status, 200 | 201), "{path}: {status} {answer}");
            }
        }
    }

    /// Creates a pod without keeping it, and returns it as it would be stored.
    fn pod(&self, namespace: &str, annotations: &Value) -> Value {
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "probe", "annotations": annotations},
            "spec": {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]},
        });
        let path = format!("/api/v1/namespaces/{namespace}/pods?dryRun=All");
        let (status, pod) = self.request("POST", &path, Some(("application/json", &pod)));
        assert_eq!(status, 201, "{pod}");
        pod
    }
}

/// Where an object is. Objects of a kustomization belong to the namespace of their service.
fn address_of(object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap();
    let kind = object["kind"].as_str().unwrap();
    let group = if version.contains('/') { "apis" } else { "api" };
    let name = object["metadata"]["name"].as_str().unwrap();
    let plural = match kind.to_lowercase() {
        kind if kind.ends_with('y') => format!("{}ies", &kind[..kind.len() - 1]),
        kind => format!("{kind}s"),
    };
    let scope = match kind {
        "Namespace"
        | "CustomResourceDefinition"
        | "MutatingAdmissionPolicy"
        | "MutatingAdmissionPolicyBinding" => String::new(),
        _ => {
            let namespace = object["metadata"]["namespace"].as_str();
            format!("/namespaces/{}", namespace.unwrap_or("pay-prod"))
        }
    };
    format!("/{group}/{version}{scope}/{plural}/{name}")
}

/// Everything that is printed for the samples: what the server has itself, and custom resources.
fn printed_objects() -> (Vec<Value>, Vec<Value>) {
    let mut found = Vec::new();
    for (name, _) in KINDS {
        let text = std::fs::read_to_string(file(name)).unwrap();
        if !text.contains("\nkind: ") || text.contains("kind: Component") || name.contains("patch")
        {
            continue;
        }
        found.extend(objects(&text));
    }
    // OpenSLO looks like Kubernetes and is not applied to it.
    found.retain(|object| object["apiVersion"] != "openslo/v1");
    found.into_iter().partition(|object| {
        let version = object["apiVersion"].as_str().unwrap();
        !version.starts_with("argoproj.io/") && !version.starts_with("monitoring.coreos.com/")
    })
}

/// The definitions of custom resources next to the program.
fn custom_definitions() -> Vec<Value> {
    let mut folder = programs().0.into_os_string();
    folder.push(".crds");
    let entries = Path::new(&folder)
        .read_dir()
        .into_iter()
        .flatten()
        .flatten();
    let texts = entries.map(|entry| std::fs::read_to_string(entry.path()).unwrap());
    texts
        .map(|text| parsed(text.trim_start().trim_start_matches("---")).unwrap())
        .collect()
}

/// Custom resources, as their own projects define them.
fn assert_custom_resources_are_accepted(server: &ApiServer, objects: &[Value]) {
    let definitions = custom_definitions();
    if definitions.is_empty() {
        return;
    }
    for definition in &definitions {
        server.apply_all(&[definition]);
        let is_established = || {
            let (_, stored) = server.request("GET", &address_of(definition), None);
            let conditions = stored["status"]["conditions"].as_array().cloned();
            let mut conditions = conditions.into_iter().flatten();
            conditions.any(|one| one["type"] == "Established" && one["status"] == "True")
        };
        server.until("the definition applies", is_established);
    }
    for object in objects {
        if let Some(namespace) = object["metadata"]["namespace"].as_str() {
            let metadata = json!({"name": namespace});
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
            // Those of squads have labels that stay.
            if server.request("GET", &address_of(&namespace), None).0 == 404 {
                server.apply_all(&[&namespace]);
            }
        }
        // The server offers a new kind a moment after it is established.
        server.until("the kind is offered", || {
            server.apply(object, true).0 != 404
        });
        server.apply_all(&[object]);
        let mut misspelt = object.clone();
        misspelt["spec"]["mispelt"] = json!(1);
        let (status, answer) = server.apply(&misspelt, true);
        assert!(status >= 400, "{status} {answer}");
        assert!(answer.to_string().contains("mispelt"), "{answer}");
    }
    assert!(objects.len() >= 8, "{} objects", objects.len());
}

#[test]
#[cfg_attr(
    not(has_api_server),
    ignore = "SKIPPED: PORTCULLIS_TEST_APISERVER names no API server, or etcd is missing"
)]
fn the_server_stores_what_is_printed_and_injects_the_sidecar() {
    let server = ApiServer::start();
    let (all, custom) = printed_objects();
    let (namespaces, rest): (Vec<&Value>, Vec<&Value>) =
        all.iter().partition(|object| object["kind"] == "Namespace");
    server.apply_all(&namespaces);
    server.apply_all(&rest);
    let applied = namespaces.len() + rest.len();
    assert!(applied >= 40, "{applied} objects");

    assert_custom_resources_are_accepted(&server, &custom);

    // What isolates squads is stored as it was sent.
    let mut compared = 0;
    for object in &rest {
        if ["NetworkPolicy", "ResourceQuota", "LimitRange"]
            .contains(&object["kind"].as_str().unwrap())
        {
            let (status, stored) = server.request("GET", &address_of(object), None);
            assert_eq!(status, 200, "{stored}");
            assert_eq!(stored["spec"], object["spec"], "{}", address_of(object));
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared} objects are compared");

    // A misspelt field is an error, and not ignored.
    let mut misspelt = (*rest
        .iter()
        .find(|one| one["kind"] == "NetworkPolicy")
        .unwrap())
    .clone();
    let selector = misspelt["spec"]["podSelector"].take();
    misspelt["spec"]
        .as_object_mut()
        .unwrap()
        .remove("podSelector");
    misspelt["spec"]["podSelecter"] = selector;
    let (status, answer) = server.apply(&misspelt, true);
    assert!(status >= 400, "{status} {answer}");
    assert!(answer.to_string().contains("podSelecter"), "{answer}");

    // The policy adds the sidecar to an annotated pod of a squad, and to no other.
    let squad = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "injected", "labels": {"portcullis.dev/squad": "payments"}},
    });
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other"}});
    server.apply_all(&[&squad, &other]);
    let annotated = json!({"portcullis.dev/contract": "portcullis-orders"});
    let sidecars = |pod: &Value| pod["spec"]["initContainers"].as_array().map_or(0, Vec::len);
    let is_injected = || sidecars(&server.pod("injected", &annotated)) == 1;
    server.until("the policy applies", is_injected);
    let pod = server.pod("injected", &annotated);
    let sidecar = &pod["spec"]["initContainers"][0];
    assert_eq!(sidecar["name"], "portcullis");
    assert_eq!(sidecar["restartPolicy"], "Always");
    assert_eq!(sidecar["image"], "registry.example.com/portcullis:0.1.0");
    assert!(pod.to_string().contains("\"portcullis-orders\""), "{pod}");
    assert_eq!(sidecars(&server.pod("injected", &json!({}))), 0);
    assert_eq!(sidecars(&server.pod("other", &annotated)), 0);
}
