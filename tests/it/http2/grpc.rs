//! gRPC calls through the proxy: refusals as gRPC clients read them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use tokio::net::TcpStream;

use crate::support::app::{App, Site};
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
