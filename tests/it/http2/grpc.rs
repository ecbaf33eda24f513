//! gRPC calls through the proxy: refusals as gRPC clients read them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use h2::server::Builder;
use http::{HeaderMap, Request, Response};
use tokio::net::TcpStream;

use crate::support::app::{App, Site, admin};
use crate::support::http2_upstream::{Http2Upstream, answer};
use crate::support::tools::tool;
use crate::support::upstream::{Step, Upstream, send};

const CALLS: &str = "\
openapi: 3.1.0
info: { title: Calls, version: '1' }
paths:
  /shop.Items/Get:
    post:
      parameters:
        - { name: x-tenant, in: header, required: true, schema: { type: string } }
      security: [{ token: [] }, {}]
      requestBody: { content: { application/grpc+proto: {} } }
      responses: { '200': { description: ok } }
components:
  securitySchemes: { token: { type: http, scheme: bearer } }
";

/// Makes a call. Returns the status of HTTP, and the fields of the head and the trailers.
fn call(app: &App, path: &str, fields: &[(&str, &str)]) -> (u16, HeaderMap, HeaderMap) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let socket = TcpStream::connect(app.data).await.unwrap();
        let (mut client, driver) = h2::client::handshake::<_>(socket).await.unwrap();
        tokio::spawn(driver);
        let mut request = Request::post(format!("http://shop{path}")).header("te", "trailers");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let (answer, mut stream) = client
            .send_request(request.body(()).unwrap(), false)
            .unwrap();
        stream
            .send_data(Bytes::from_static(&[0, 0, 0, 0, 0]), true)
            .unwrap();
        let (head, mut body) = answer.await.unwrap().into_parts();
        while body.data().await.is_some() {}
        let trailers = body.trailers().await.unwrap().unwrap_or_default();
        (head.status.as_u16(), head.headers, trailers)
    })
}

const GRPC: (&str, &str) = ("content-type", "application/grpc+proto");
const TENANT: (&str, &str) = ("x-tenant", "abc");

fn start(upstream: &Upstream, keys: &str, top: &str) -> App {
    let address = format!("http://{}", upstream.address);
    App::start(Site::new(top).service("calls", CALLS, &address, keys))
}

#[test]
fn a_call_passes_with_its_trailers() {
    let upstream = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ncontent-type: application/grpc+proto\r\ntransfer-encoding: chunked\r\n\
             \r\n5\r\n\0\0\0\0\0\r\n0\r\ngrpc-status: 5\r\ngrpc-message: none\r\n\r\n",
        )]
    });
    let app = start(&upstream, "", "");
    let (status, head, trailers) = call(&app, "/shop.Items/Get", &[GRPC, TENANT]);
    assert_eq!(
        (status, &head["content-type"]),
        (200, &GRPC.1.parse().unwrap())
    );
    assert_eq!(
        (&trailers["grpc-status"], &trailers["grpc-message"]),
        (&"5".parse().unwrap(), &"none".parse().unwrap())
    );
    let request = upstream.request();
    assert_eq!(
        (request.fields("te"), request.body.clone()),
        (vec!["trailers"], vec![0; 5])
    );
}

#[test]
fn refusals_are_statuses_of_grpc() {
    let upstream = Upstream::start(|_| vec![Step::Wait(std::sync::Arc::default())]);
    let app = start(&upstream, "", "[limits]\nupstream_timeout = \"200ms\"");
    let check = |path: &str, fields: &[(&str, &str)], code: &str, error: &str| {
        let (status, head, trailers) = call(&app, path, fields);
        assert_eq!(status, 200, "{path} {head:?}");
        assert_eq!(head["grpc-status"], code, "{path} {head:?}");
        assert_eq!(head["x-portcullis"], error);
        assert_eq!(head["content-type"], GRPC.1);
        assert!(!head["grpc-message"].is_empty() && trailers.is_empty());
    };
    check("/shop.Items/Get", &[GRPC], "3", "CONTRACT_VIOLATION");
    check(
        "/shop.Items/Put",
        &[GRPC, TENANT],
        "12",
        "CONTRACT_VIOLATION",
    );
    check("/shop.Items/Get", &[GRPC, TENANT], "4", "UPSTREAM_TIMEOUT");
    // Other requests get what they get over HTTP/1.1.
    let json = ("content-type", "application/json");
    let (status, head, _) = call(&app, "/shop.Items/Put", &[json]);
    assert_eq!((status, head.get("grpc-status")), (404, None));
}

#[test]
fn strangers_get_the_class_of_a_refusal() {
    let upstream = Upstream::ok();
    for (top, message) in [
        (
            "[refusals]\naudience = \"public\"",
            Some("CONTRACT_VIOLATION"),
        ),
        ("", None),
    ] {
        let app = start(&upstream, "", top);
        let (_, head, _) = call(&app, "/shop.Items/Get", &[GRPC]);
        let found = head["grpc-message"].to_str().unwrap();
        match message {
            Some(message) => assert_eq!(found, message),
            None => assert!(found.contains("x-tenant"), "{found}"),
        }
    }
}

#[test]
fn a_service_that_cannot_be_reached_is_unavailable() {
    // The port of an upstream that has stopped.
    let upstream = Upstream::ok();
    let app = start(&upstream, "", "");
    drop(upstream);
    std::thread::sleep(Duration::from_millis(100));
    let (_, head, _) = call(&app, "/shop.Items/Get", &[GRPC, TENANT]);
    assert_eq!(head["grpc-status"], "14", "{head:?}");
}

/// The contract of `tests/peers/grpc_calls.py`.
fn peer_contract() -> String {
    let methods = [
        "Get",
        "Collect",
        "Follow",
        "Chat",
        "Fail",
        "FailLate",
        "Sleep",
        "Remaining",
    ];
    let operation = |method: &&str| {
        format!(
            "  /shop.Items/{method}:\n    post:\n      requestBody: {{ content: {{ application/grpc: {{}} }} }}\n      \
             responses: {{ '200': {{ description: ok, content: {{ application/grpc: {{}} }} }} }}\n"
        )
    };
    let paths: String = methods.iter().map(operation).collect();
    format!("openapi: 3.1.0\ninfo: {{ title: Items, version: '1' }}\npaths:\n{paths}")
}

fn peer(words: &[&str]) -> Command {
    let mut command = Command::new(tool("python3"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/grpc_calls.py");
    command.arg(script).args(words);
    command
}

/// The service of `tests/peers/grpc_calls.py`. It ends with this value.
pub(super) struct PeerService {
    process: Child,
    port: String,
}

impl PeerService {
    pub(super) fn start() -> Self {
        let mut command = peer(&["serve"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut port = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut port).unwrap();
        let port = port.trim().to_owned();
        Self { process, port }
    }

    pub(super) fn upstream(&self) -> String {
        format!("h2c://127.0.0.1:{}", self.port)
    }
}

impl Drop for PeerService {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg_attr(
    not(has_python_grpc),
    ignore = "the library grpcio of Python is missing"
)]
#[test]
fn calls_of_all_kinds_pass_to_a_real_service() {
    let service = PeerService::start();
    let site = Site::new("").service("items", &peer_contract(), &service.upstream(), "");
    let app = App::start(site);
    let port = app.data.port().to_string();
    let calls = peer(&["call", &port]).output().unwrap();
    let errors = String::from_utf8_lossy(&calls.stderr);
    assert_eq!(String::from_utf8_lossy(&calls.stdout), "done\n", "{errors}");
}

/// The timeout of a call bounds the wait for the upstream, and is passed on reduced.
#[test]
fn the_timeout_of_a_call_is_kept() {
    let upstream = Http2Upstream::start(Builder::new(), |call| async move {
        if call.request.headers().contains_key("x-late") {
            std::future::pending::<()>().await;
        }
        let head = Response::builder().header("content-type", "application/grpc+proto");
        answer(call.respond, head.body(()).unwrap(), "".into(), None)
    });
    let app = App::start(Site::new("").service("calls", CALLS, &upstream.url(), ""));
    let timeout = |value| ("grpc-timeout", value);
    let path = "/shop.Items/Get";
    call(&app, path, &[GRPC, TENANT, timeout("100S")]);
    let head = upstream.head();
    let left = head.headers()["grpc-timeout"].to_str().unwrap();
    let left: u64 = left.strip_suffix('u').unwrap().parse().unwrap();
    assert!((90_000_000..100_000_000).contains(&left), "{left}");
    for _ in 0..40 {
        let late = [GRPC, TENANT, timeout("20m"), ("x-late", "1")];
        let (status, head, _) = call(&app, path, &late);
        assert_eq!((status, &head["grpc-status"]), (200, &"4".parse().unwrap()));
    }
    // Callers that allow little time open no breaker.
    let (_, head, _) = call(&app, path, &[GRPC, TENANT]);
    assert!(!head.contains_key("grpc-status"), "{head:?}");
    for malformed in ["", "5", "5s", "123456789S", "-5S", "1S, 1S"] {
        let (status, head, _) = call(&app, path, &[GRPC, TENANT, timeout(malformed)]);
        assert_eq!(
            (status, &head["grpc-status"]),
            (200, &"3".parse().unwrap()),
            "{malformed}"
        );
    }
    let metrics = admin(app.admin, "/metrics").1;
    let counted = "portcullis_upstream_errors_total{service=\"calls\",reason=\"call-deadline\"} 40";
    assert!(metrics.contains(counted), "{metrics}");
}

/// A response that has begun ends with the time of its call, and its stream is cancelled.
#[test]
fn a_running_response_ends_with_the_time_of_its_call() {
    let (cancelled, ended) = std::sync::mpsc::channel();
    let upstream = Http2Upstream::start(Builder::new(), move |mut call| {
        let cancelled = cancelled.clone();
        async move {
            let head = Response::builder().header("content-type", "application/grpc+proto");
            let head = head.body(()).unwrap();
            let mut stream = call.respond.send_response(head, false).unwrap();
            loop {
                let _ = stream.send_data(Bytes::from_static(&[0, 0, 0, 0, 0]), false);
                tokio::select! {
                    reset = std::future::poll_fn(|cx| stream.poll_reset(cx)) => {
                        let _ = cancelled.send(reset.ok());
                        return Ok(());
                    }
                    () = tokio::time::sleep(Duration::from_millis(10)) => {}
                }
            }
        }
    });
    let top = "[access_log]\nsample = 1.0";
    let app = App::start(Site::new(top).service("calls", CALLS, &upstream.url(), ""));
    let path = "/shop.Items/Get";
    let began = std::time::Instant::now();
    for _ in 0..10 {
        let (status, head, trailers) = call(&app, path, &[GRPC, TENANT, ("grpc-timeout", "100m")]);
        assert_eq!(status, 200);
        assert!(!head.contains_key("grpc-status"), "{head:?}");
        assert_eq!(trailers["grpc-status"], "4");
        assert!(
            trailers["grpc-message"]
                .to_str()
                .unwrap()
                .contains("grpc-timeout")
        );
        let code = ended
            .recv_timeout(crate::support::client::PATIENCE)
            .unwrap();
        assert_eq!(code, Some(h2::Reason::CANCEL));
    }
    assert!(began.elapsed() >= Duration::from_secs(1));
    crate::support::app::until(|| {
        let metrics = admin(app.admin, "/metrics").1;
        metrics.contains("squad=\"unknown\",outcome=\"disconnected\"} 10")
    });
    let (_, metrics) = admin(app.admin, "/metrics");
    assert!(
        !metrics.contains("circuit_breaker_trips_by_squad_total{"),
        "{metrics}"
    );
}
