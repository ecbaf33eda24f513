//! An axum service behind the layer, on a real socket.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use axum::routing::{any, get};
use axum::{Extension, Router};
use http_body::{Body, Frame};
use portcullis_contract::layer::{ContractLayer, ContractVerdict};
use portcullis_contract::{CompileOptions, CompiledContract, compile, parse_single_file};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower_layer::Layer as _;
use tower_service::Service as _;

const CONTRACT: &str = r#"
openapi: 3.1.1
info: {title: Orders, version: "1"}
components: {securitySchemes: {token: {type: http, scheme: bearer}}}
paths:
  /orders:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [quantity]
              properties: {quantity: {type: integer, maximum: 9}}
      responses: {"200": {description: ok}}
  /orders/{id}:
    get:
      security: [{token: []}]
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: ok}}
"#;

const BODY_BYTES_MAX: usize = 200_000;

fn layer() -> ContractLayer {
    let documents = parse_single_file("orders.yaml", CONTRACT.into(), &Default::default()).unwrap();
    let contract: CompiledContract = compile(documents, &CompileOptions::default()).unwrap();
    ContractLayer::new(contract).body_bytes_max(BODY_BYTES_MAX)
}

/// Describes the verdict that the service finds, and returns the body.
async fn echo(Extension(verdict): Extension<ContractVerdict>, body: Bytes) -> Vec<u8> {
    let operation = verdict.operation.as_deref().unwrap_or("none");
    let found = verdict.violations.len();
    [format!("{operation} {found} ").as_bytes(), &body].concat()
}

fn app() -> Router {
    Router::new()
        .route("/orders", any(echo))
        .route("/orders/{id}", get(echo))
        .fallback(echo)
}

/// Starts the service behind the layer on a free port.
async fn serve(layer: ContractLayer) -> SocketAddr {
    let app = app().layer(layer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Sends a request on a new connection and returns the text of the response.
async fn send(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The service may refuse a large body before all of it was sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response).await;
    String::from_utf8(response).unwrap()
}

fn request(target: &str, fields: &str, body: &str) -> String {
    let length = match body {
        "" => String::new(),
        _ => format!("content-length: {}\r\n", body.len()),
    };
    format!("{target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{fields}{length}\r\n{body}")
}

const JSON: &str = "content-type: application/json\r\n";
const TOKEN: &str = "authorization: Bearer abc\r\n";

#[track_caller]
fn assert_contains(response: &str, parts: &[&str]) {
    for part in parts {
        assert!(response.contains(part), "{part:?} is not in {response}");
    }
}

#[tokio::test]
async fn passes_valid_requests_with_the_same_bytes() {
    let address = serve(layer()).await;
    let ok = "HTTP/1.1 200 OK";
    let body = r#"{ "quantity" : 2 }"#;
    let response = send(address, &request("POST /orders", JSON, body)).await;
    assert_contains(&response, &[ok, "POST /orders 0 ", body]);
    let chunked = format!("{JSON}transfer-encoding: chunked\r\n");
    let chunks = "4\r\n{\"qu\r\nb\r\nantity\": 3}\r\n0\r\n\r\n";
    let response = send(address, &(request("POST /orders", &chunked, "") + chunks)).await;
    assert_contains(&response, &[ok, "POST /orders 0 {\"quantity\": 3}"]);
    let response = send(address, &request("GET /orders/7", TOKEN, "")).await;
    assert_contains(&response, &[ok, "GET /orders/{id} 0 "]);
    let response = send(address, &request("GET /orders/7?a=1", TOKEN, "")).await;
    assert_contains(&response, &[ok, "GET /orders/{id} 1 "]);
    let preflight = "origin: https://a\r\naccess-control-request-method: POST\r\n";
    let response = send(address, &request("OPTIONS /orders", preflight, "")).await;
    assert_contains(&response, &[ok, "none 0 "]);
}

#[tokio::test]
async fn refuses_invalid_requests_by_class() {
    let address = serve(layer()).await;
    let check = async |request: String, status: &str, parts: &[&str]| {
        let response = send(address, &request).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{response}"
        );
        assert_contains(&response, &["content-type: application/problem+json\r\n"]);
        assert_contains(&response, &["cache-control: no-store\r\n"]);
        assert_contains(&response, parts);
    };
    let post = |body: &str| request("POST /orders", JSON, body);
    check(
        request("GET /order", "", ""),
        "404",
        &[
            "\"type\":\"urn:portcullis:violation:unknown-path\"",
            "did you mean `/orders`?",
        ],
    )
    .await;
    check(
        request("DELETE /orders", "", ""),
        "405",
        &["allow: POST\r\n", "violation:unknown-method"],
    )
    .await;
    check(
        request("GET /orders/..", "", ""),
        "400",
        &["violation:malformed-path"],
    )
    .await;
    check(
        request("GET /orders/7", "", ""),
        "401",
        &["www-authenticate: Bearer\r\n", "missing-credentials"],
    )
    .await;
    check(
        request("GET /orders/x", TOKEN, ""),
        "422",
        &["\"operation\":\"GET /orders/{id}\"", "invalid-parameter"],
    )
    .await;
    check(
        request("POST /orders", "content-type: text/plain\r\n", "a"),
        "415",
        &["unsupported-media-type"],
    )
    .await;
    check(post(""), "422", &["missing-body"]).await;
    check(post("{"), "400", &["malformed-body"]).await;
    check(
        post(r#"{"quantity": 10}"#),
        "422",
        &[
            "invalid-body",
            "\"pointer\":\"/quantity\"",
            "\"status\":422",
        ],
    )
    .await;
    let large = "a".repeat(BODY_BYTES_MAX + 1);
    check(post(&large), "413", &["body-too-large"]).await;
}

#[tokio::test]
async fn refuses_a_head_without_waiting_for_the_body() {
    let address = serve(layer()).await;
    let fields = "content-type: text/plain\r\nexpect: 100-continue\r\ncontent-length: 5\r\n";
    let response = send(address, &request("POST /orders", fields, "")).await;
    assert!(response.starts_with("HTTP/1.1 415"), "{response}");
}

#[tokio::test]
async fn report_only_passes_every_request() {
    let address = serve(layer().report_only()).await;
    let ok = "HTTP/1.1 200 OK";
    let post = |body: &str| request("POST /orders", JSON, body);
    let response = send(address, &post(r#"{"quantity": 10}"#)).await;
    assert_contains(&response, &[ok, "POST /orders 1 {\"quantity\": 10}"]);
    let response = send(address, &request("GET /other", "", "")).await;
    assert_contains(&response, &[ok, "none 1 "]);
    let large = "a".repeat(BODY_BYTES_MAX + 1);
    let response = send(address, &post(&large)).await;
    assert_contains(&response, &[ok, "POST /orders 1 ", &large]);
}

/// A body that fails after its first frame.
struct FailingBody(Option<Bytes>);

impl Body for FailingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = self.0.take().map(Frame::data);
        Poll::Ready(Some(frame.ok_or_else(|| io::Error::other("reset"))))
    }
}

#[tokio::test]
async fn refuses_a_request_whose_body_fails() {
    let send = async |layer: ContractLayer| {
        let body = FailingBody(Some(Bytes::from_static(b"{\"quantity\": 1}")));
        let request = Request::post("/orders").header("content-type", "application/json");
        let mut service = layer.layer(app());
        service.call(request.body(body).unwrap()).await.unwrap()
    };
    let response = send(layer()).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.extensions().get::<ContractVerdict>().is_none());
    // The inner service receives the error.
    let response = send(layer().report_only()).await;
    assert!(response.status().is_client_error());
    let verdict = response.extensions().get::<ContractVerdict>().unwrap();
    assert!(!verdict.is_refused && verdict.violations.is_empty());
}
