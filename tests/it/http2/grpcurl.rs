//! grpcurl calls a service that describes itself, through the proxy; and the health checks of such a service.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::app::{App, Site, admin, until};
use crate::support::tools::tool;

/// The service of `tests/peers/grpc_catalog.py`. It ends with this value.
struct CatalogService {
    process: Child,
    input: ChildStdin,
    port: u16,
}

impl CatalogService {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/grpc_catalog.py");
        let mut command = Command::new(tool("python3"));
        command.arg(script);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut port = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut port).unwrap();
        Self {
            input: process.stdin.take().unwrap(),
            process,
            port: port.trim().parse().unwrap(),
        }
    }

    fn upstream(&self) -> String {
        format!("h2c://127.0.0.1:{}", self.port)
    }

    /// Sets the state of its health, as a number of grpc.health.v1.
    fn set_health(&mut self, state: u8) {
        writeln!(self.input, "{state}").unwrap();
        self.input.flush().unwrap();
    }
}

impl Drop for CatalogService {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A contract with the calls of the catalog, and the reflection that clients ask first.
fn contract() -> String {
    let paths = [
        "shop.Catalog/Get",
        "shop.Catalog/List",
        "shop.Catalog/Wait",
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ];
    let operation = |path: &&str| {
        format!(
            "  /{path}:\n    post:\n      requestBody: {{ content: {{ application/grpc: {{}} }} }}\n      \
             responses: {{ '200': {{ description: ok, content: {{ application/grpc: {{}} }} }} }}\n"
        )
    };
    let paths: String = paths.iter().map(operation).collect();
    format!("openapi: 3.1.0\ninfo: {{ title: Catalog, version: '1' }}\npaths:\n{paths}")
}

/// Runs grpcurl. Returns its exit code, which is 64 and the status of gRPC, and what it printed.
fn grpcurl(app: &App, words: &[&str], method: &str) -> (Option<i32>, String) {
    let mut command = Command::new(tool("grpcurl"));
    command.arg("-plaintext").args(words);
    let output = command
        .args([&app.data.to_string(), method])
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

#[cfg_attr(
    not(all(has_grpcurl, has_python_grpc_reflection)),
    ignore = "SKIPPED: grpcurl, or the library grpcio-reflection of Python, is missing"
)]
#[test]
fn grpcurl_reads_the_description_and_calls() {
    let service = CatalogService::start();
    let app = App::start(Site::new("").service("catalog", &contract(), &service.upstream(), ""));
    let (code, listed) = grpcurl(&app, &[], "list");
    assert_eq!(code, Some(0), "{listed}");
    assert!(listed.contains("shop.Catalog\n"), "{listed}");
    let (code, item) = grpcurl(&app, &["-d", r#"{"name": "abc"}"#], "shop.Catalog/Get");
    assert_eq!(code, Some(0), "{item}");
    let item: Value = serde_json::from_str(&item).unwrap();
    assert_eq!(item, serde_json::json!({"name": "abc", "price": 3}));
    let query = r#"{"name": "a", "count": 500}"#;
    let (code, items) = grpcurl(&app, &["-d", query], "shop.Catalog/List");
    assert_eq!(code, Some(0), "{items}");
    let items = serde_json::Deserializer::from_str(&items).into_iter::<Value>();
    let names: Vec<String> = items
        .map(|item| item.unwrap()["name"].as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<String> = (0..500).map(|number| format!("a-{number}")).collect();
    assert_eq!(names, expected);
    // The deadline of the call ends it: DEADLINE_EXCEEDED.
    let began = Instant::now();
    let (code, late) = grpcurl(&app, &["-max-time", "0.5", "-d", "{}"], "shop.Catalog/Wait");
    assert_eq!(code, Some(64 + 4), "{late}");
    assert!(began.elapsed() < Duration::from_secs(10));
    // The proxy saw it, too, and reports the time of the call.
    until(|| {
        let (_, metrics) = admin(app.admin, "/metrics");
        metrics.contains("operation=\"POST /shop.Catalog/Wait\"")
    });
    // A method that the contract does not have: UNIMPLEMENTED, with a message that says so.
    let described = ["-d", "{}", "-import-path", ".", "-proto", "other.proto"];
    let folder = tempfile::tempdir().unwrap();
    let text = "syntax = \"proto3\"; package shop; message None {} \
                service Catalog { rpc Other(None) returns (None); }";
    std::fs::write(folder.path().join("other.proto"), text).unwrap();
    let mut command = Command::new(tool("grpcurl"));
    command.current_dir(folder.path()).arg("-plaintext");
    command
        .args(described)
        .args([&app.data.to_string(), "shop.Catalog/Other"]);
    let output = command.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64 + 12), "{error}");
    assert!(error.contains("Code: Unimplemented"), "{error}");
}

/// The state of the only server, and why.
fn server(app: &App) -> (String, String) {
    let (_, text) = admin(app.admin, "/upstreams");
    let view: Value = serde_json::from_str(&text).unwrap();
    let server = &view["services"][0]["servers"][0];
    let text = |name: &str| server[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("fault"))
}

#[cfg_attr(
    not(has_python_grpc_reflection),
    ignore = "SKIPPED: the library grpcio-reflection of Python is missing"
)]
#[test]
fn the_health_of_a_service_of_grpc_is_checked() {
    let mut service = CatalogService::start();
    let keys = "[services.health]\ngrpc = true\ngrpc_service = \"shop.Catalog\"\ninterval = \"50ms\"\n\
                unhealthy_after = 1\nhealthy_after = 1";
    let app = App::start(Site::new("").service("catalog", &contract(), &service.upstream(), keys));
    let passed = "portcullis_upstream_health_checks_total{service=\"catalog\",result=\"passed\"}";
    until(|| admin(app.admin, "/metrics").1.contains(passed));
    assert_eq!(server(&app), ("healthy".to_owned(), String::new()));
    service.set_health(2);
    until(|| server(&app).0 == "unhealthy");
    let fault = server(&app).1;
    assert!(
        fault.contains("/grpc.health.v1.Health/Check") && fault.contains("NOT_SERVING"),
        "{fault}"
    );
    service.set_health(1);
    until(|| server(&app).0 == "healthy");
}

/// A server that does not have the service of health is not healthy, and the reason names the status.
#[cfg_attr(
    not(has_python_grpc),
    ignore = "the library grpcio of Python is missing"
)]
#[test]
fn a_server_without_health_checks_is_unhealthy() {
    let service = super::grpc::PeerService::start();
    let keys = "[services.health]\ngrpc = true\ninterval = \"50ms\"";
    let app = App::start(Site::new("").service("catalog", &contract(), &service.upstream(), keys));
    until(|| server(&app).0 == "unhealthy");
    let fault = server(&app).1;
    assert!(fault.contains("grpc-status 12"), "{fault}");
}
