//! Real proxies that ask for verdicts, with the configurations of `deploy/verdict`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::support::app::{App, Site, ask, get, post};
use crate::support::running_proxy::{RunningProxy, free_address};
use crate::support::tools::tool;
use crate::support::upstream::Upstream;

/// A file of `deploy/verdict` with the addresses of the test, each of which must occur in it.
fn example(name: &str, replaced: &[(&str, String)]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = std::fs::read_to_string(root.join("deploy/verdict").join(name)).unwrap();
    for (old, new) in replaced {
        assert!(text.contains(old), "{name} has no {old}");
        text = text.replace(old, new);
    }
    text
}

/// The shop, asked by a proxy, and the upstream of the proxy.
fn shop(from: &str) -> (App, Upstream) {
    let keys = format!(
        "[services.verdict]\nfrom = \"{from}\"\npath = \"/{from}\"\nempty_bodies = \"pass\"\n"
    );
    let site = Site::new("").service("shop", crate::support::app::SHOP, "verdict", &keys);
    (App::start(site), Upstream::ok())
}

fn envoy(app: &App, upstream: &Upstream, replaced: &[(&str, String)]) -> RunningProxy {
    let address = free_address();
    let port = |address: SocketAddr| format!("port_value: {}", address.port());
    let mut all = vec![
        ("port_value: 10000", port(address)),
        ("port_value: 8080", port(app.data)),
        ("port_value: 3000", port(upstream.address)),
    ];
    all.extend_from_slice(replaced);
    let mut command = Command::new(tool("envoy"));
    command.args(["--config-yaml", &example("envoy.yaml", &all)]);
    command.args([
        "--concurrency",
        "1",
        "--use-dynamic-base-id",
        "--log-level",
        "warning",
    ]);
    RunningProxy::start(&mut command, address)
}

const TENANT: &str = "x-tenant: a\r\n";
const ITEM: &str = r#"{"name":"a","quantity":1}"#;

#[test]
#[cfg_attr(not(has_envoy), ignore = "needs envoy; .ci/run installs it")]
fn envoy_forwards_what_is_allowed() {
    let (app, upstream) = shop("envoy");
    let envoy = envoy(&app, &upstream, &[]);
    let spoofed = format!(
        "{TENANT}x-squad-owner: payments\r\nx-portcullis-squad: payments\r\nx-portcullis-violations: 9\r\n"
    );
    let answer = ask(envoy.address, post("/items", &spoofed, ITEM));
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, b"ok".as_slice()),
        "{answer:?}"
    );
    let request = upstream.request();
    assert_eq!(request.body, ITEM.as_bytes());
    assert_eq!(request.request_line(), "POST /items HTTP/1.1");
    for (field, value) in [
        ("x-portcullis-squad", "unknown"),
        ("x-portcullis-operation", "createItem"),
        ("x-portcullis-violations", "0"),
    ] {
        assert_eq!(request.fields(field), [value], "{field}");
    }
    assert!(request.fields("x-squad-owner").is_empty());

    // A refusal reaches the client as Portcullis wrote it.
    let answer = ask(
        envoy.address,
        post("/items", TENANT, r#"{"name":"a","quantity":0}"#),
    );
    assert_eq!(answer.status, 422, "{answer:?}");
    let problem = crate::support::app::problem(&answer);
    assert_eq!(
        problem["violations"][0]["pointer"], "/quantity",
        "{problem}"
    );
    for (target, status) in [
        ("/items/..%2fitems", 400),
        ("/other", 404),
        ("/items?limit=101", 422),
    ] {
        let answer = ask(envoy.address, get(target));
        assert_eq!(
            (answer.status, answer.field("x-portcullis")),
            (status, Some("CONTRACT_VIOLATION")),
            "{target}"
        );
    }
    assert!(
        upstream.requests.try_recv().is_err(),
        "nothing that was refused is forwarded"
    );
    // Without Portcullis nothing passes.
    drop(app);
    assert_eq!(ask(envoy.address, get("/items")).status, 403);
    assert!(upstream.requests.try_recv().is_err());
}

#[test]
#[cfg_attr(not(has_envoy), ignore = "needs envoy; .ci/run installs it")]
fn envoy_gets_no_verdict_on_a_part_of_a_body() {
    let (app, upstream) = shop("envoy");
    let part = "{max_request_bytes: 10, allow_partial_message: true}".to_owned();
    let whole = "{max_request_bytes: 1048576, allow_partial_message: false}";
    let envoy = envoy(&app, &upstream, &[(whole, part)]);
    let answer = ask(envoy.address, post("/items", TENANT, ITEM));
    assert_eq!(
        (answer.status, answer.field("x-portcullis")),
        (413, Some("NO_VERDICT")),
        "{answer:?}"
    );
    assert_eq!(ask(envoy.address, get("/items")).status, 200);
}

#[test]
#[cfg_attr(not(has_envoy), ignore = "needs envoy; .ci/run installs it")]
fn envoy_asks_over_http2() {
    let (app, upstream) = shop("envoy");
    let http2 = "  - name: portcullis\n    typed_extension_protocol_options:\n      \
                 envoy.extensions.upstreams.http.v3.HttpProtocolOptions:\n        \
                 \"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions\n        \
                 explicit_http_config: {http2_protocol_options: {}}\n";
    let envoy = envoy(
        &app,
        &upstream,
        &[("  - name: portcullis\n", http2.to_owned())],
    );
    assert_eq!(ask(envoy.address, post("/items", TENANT, ITEM)).status, 200);
    assert_eq!(ask(envoy.address, post("/items", TENANT, "{}")).status, 422);
    let grpc = post("/items", "te: trailers\r\n", ITEM);
    let grpc = String::from_utf8(grpc)
        .unwrap()
        .replace("application/json", "application/grpc");
    upstream.request();
    ask(envoy.address, grpc);
    assert!(
        upstream.requests.try_recv().is_err(),
        "a refused call is not forwarded"
    );
}

#[test]
#[cfg_attr(not(has_nginx), ignore = "needs nginx, which .ci/run does not install")]
fn nginx_forwards_what_is_allowed() {
    let (app, upstream) = shop("nginx");
    let address = free_address();
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary: String = kinds
        .map(|kind| format!("{kind}_temp_path {};\n", inside(kind)))
        .concat();
    let text = example(
        "nginx.conf",
        &[
            ("127.0.0.1:10080", address.to_string()),
            ("127.0.0.1:8080", app.data.to_string()),
            ("127.0.0.1:3000", upstream.address.to_string()),
            ("http {\n", format!("http {{\naccess_log off;\n{temporary}")),
        ],
    );
    let path = folder.path().join("nginx.conf");
    std::fs::write(&path, text).unwrap();
    let settings = format!(
        "daemon off; master_process off; pid {}; error_log stderr error;",
        inside("pid")
    );
    let mut command = Command::new(tool("nginx"));
    command.args([
        "-p",
        &inside(""),
        "-c",
        path.to_str().unwrap(),
        "-e",
        "stderr",
        "-g",
        &settings,
    ]);
    let nginx = RunningProxy::start(&mut command, address);

    let spoofed = format!(
        "{TENANT}x-squad-owner: payments\r\nx-portcullis-squad: payments\r\nx-original-uri: /other\r\n"
    );
    let answer = ask(nginx.address, post("/items", &spoofed, ITEM));
    assert_eq!(
        (answer.status, answer.field("x-portcullis-verdict")),
        (200, Some("ALLOWED")),
        "{answer:?}"
    );
    let request = upstream.request();
    assert_eq!(
        (
            request.fields("x-portcullis-squad"),
            request.body.as_slice()
        ),
        (vec!["unknown"], ITEM.as_bytes())
    );
    // Each of these is refused by the head; the client names other requests in vain.
    for request in [
        get("/items?limit=101"),
        get("/items/..%2fitems"),
        "GET /other HTTP/1.1\r\nhost: shop\r\nx-original-uri: /items\r\nx-original-method: GET\r\n\r\n".to_owned(),
        "PATCH /items HTTP/1.1\r\nhost: shop\r\nx-original-method: GET\r\n\r\n".to_owned(),
    ] {
        let answer = ask(nginx.address, &request);
        assert_eq!((answer.status, answer.field("x-portcullis-verdict")), (403, Some("CONTRACT_VIOLATION")), "{request}");
    }
    assert!(upstream.requests.try_recv().is_err());
}
