//! Bodies other than plain JSON, through the whole program.

use std::io::Write;
use std::net::SocketAddr;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::app::{App, Site, ask, problem};
use crate::support::client::{Answer, Client};
use crate::support::upstream::{Upstream, send};

const CONTRACT: &str = "
openapi: 3.1.1
info: {title: bodies, version: '1'}
paths:
  /orders:
    post:
      requestBody:
        required: true
        content:
          application/json:
            schema: &order {type: object, required: [id], properties: {id: {type: integer}}}
          application/x-www-form-urlencoded:
            schema: *order
      responses: &ok
        '200':
          description: ok
          content:
            application/json:
              schema: *order
  /files:
    post:
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              required: [note, file]
              properties:
                note: {type: string, maxLength: 5}
                file: {maxLength: 5000000}
      responses: *ok
";

const LIMITS: &str = "[limits]\nbody_bytes_max = \"64 KiB\"\n";

fn app(upstream: SocketAddr, service: &str) -> App {
    let site = Site::new(LIMITS);
    App::start(site.service("bodies", CONTRACT, &format!("http://{upstream}"), service))
}

fn upstream() -> Upstream {
    Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\n{\"id\":1}",
        )]
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn post(path: &str, content_type: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: {content_type}\r\n{fields}\
         content-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The class of the first violation of a refusal, and its location.
#[track_caller]
fn refusal(answer: &Answer) -> (u16, String, Value) {
    let problem = problem(answer);
    let first = &problem["violations"][0];
    let class = first["class"].as_str().unwrap_or_default().to_owned();
    (answer.status, class, first["pointer"].clone())
}

#[test]
fn compressed_bodies_are_checked_and_forwarded_unchanged() {
    let upstream = upstream();
    let app = app(upstream.address, "");
    let post = |coding: &str, body: &[u8]| {
        let fields = format!("content-encoding: {coding}\r\n");
        app.ask(post("/orders", "application/json", &fields, body))
    };
    let valid = gzip(br#"{"id": 1}"#);
    assert_eq!(post("gzip", &valid).status, 200);
    let recorded = upstream.request();
    assert_eq!(recorded.body, valid);
    assert_eq!(recorded.fields("content-encoding"), ["gzip"]);

    let invalid = gzip(br#"{"id": "1"}"#);
    let found = refusal(&post("gzip", &invalid));
    assert_eq!(found, (422, "invalid-body".to_owned(), "/id".into()));
    let bomb = gzip(&vec![b' '; 4 << 20]);
    assert!(bomb.len() < 8 << 10);
    assert_eq!(refusal(&post("gzip", &bomb)).0, 413);
    let cut = refusal(&post("gzip", &valid[..valid.len() - 1]));
    assert_eq!((cut.0, cut.1.as_str()), (400, "malformed-body"));
    let unknown = refusal(&post("compress", &valid));
    assert_eq!(
        (unknown.0, unknown.1.as_str()),
        (415, "unsupported-encoding")
    );
}

#[test]
fn forms_are_checked() {
    let upstream = upstream();
    let app = app(upstream.address, "");
    let post = |body: &str| {
        let form = "application/x-www-form-urlencoded";
        app.ask(post("/orders", form, "", body.as_bytes()))
    };
    assert_eq!(post("id=5").status, 200);
    assert_eq!(upstream.request().body, b"id=5");
    assert_eq!(
        refusal(&post("id=x")),
        (422, "invalid-body".to_owned(), "/id".into())
    );
    assert_eq!(
        refusal(&post("")).1,
        "invalid-body",
        "an empty form lacks its required properties"
    );
}

const MULTIPART: &str = "multipart/form-data; boundary=b";

/// A multipart body with a note and a file of this many octets.
fn multipart(note: &str, file: usize) -> Vec<u8> {
    let disposition = "Content-Disposition: form-data; name";
    let mut body =
        format!("--b\r\n{disposition}=file; filename=f\r\nContent-Type: image/png\r\n\r\n")
            .into_bytes();
    body.resize(body.len() + file, 0xff);
    body.extend_from_slice(format!("\r\n--b\r\n{disposition}=note\r\n\r\n{note}\r\n").as_bytes());
    body.extend_from_slice(b"--b--\r\n");
    body
}

/// Sends a body in chunks of one kilobyte.
fn chunked(address: SocketAddr, body: &[u8]) -> Answer {
    let mut client = Client::connect(address);
    client.send(format!(
        "POST /files HTTP/1.1\r\nhost: a\r\ncontent-type: {MULTIPART}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    ));
    for piece in body.chunks(1 << 10) {
        client.send([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
    }
    client.send("0\r\n\r\n");
    client.answer()
}

#[test]
fn multipart_bodies_of_every_size_are_checked() {
    let upstream = upstream();
    let app = app(upstream.address, "");
    for size in [0, 1000, 60 << 10, 70 << 10, 900 << 10] {
        let body = multipart("short", size);
        for is_chunked in [false, true] {
            let ask = |body: &[u8]| {
                if is_chunked {
                    chunked(app.data, body)
                } else {
                    ask(app.data, post("/files", MULTIPART, "", body))
                }
            };
            let answer = ask(&body);
            assert_eq!(answer.status, 200, "{size}: {}", answer.head);
            assert!(
                upstream.request().body == body,
                "{size} octets arrive as they came"
            );
            let found = refusal(&ask(&multipart("too long", size)));
            assert_eq!(
                found,
                (422, "invalid-body".to_owned(), "/note".into()),
                "{size}"
            );
            let found = refusal(&ask(&body[..body.len() - 9]));
            assert_eq!(
                (found.0, found.1.as_str()),
                (400, "malformed-body"),
                "{size}"
            );
        }
    }
    let found = refusal(&ask(
        app.data,
        post("/files", MULTIPART, "", &multipart("a", 6 << 20)),
    ));
    assert_eq!(found, (422, "invalid-body".to_owned(), "/file".into()));
    assert!(
        upstream.requests.try_recv().is_err(),
        "no refused body arrives completely"
    );
}

#[test]
fn large_invalid_uploads_pass_in_report_mode() {
    let upstream = upstream();
    let app = app(
        upstream.address,
        "[services.enforcement]\nrequest = \"report\"\n",
    );
    for body in [multipart("too long", 900 << 10), b"--c--".repeat(20_000)] {
        let answer = ask(app.data, post("/files", MULTIPART, "", &body));
        assert_eq!(answer.status, 200, "{}", answer.head);
        assert!(
            answer.field("x-portcullis-violations").is_some(),
            "{}",
            answer.head
        );
        assert!(upstream.request().body == body);
    }
}

#[test]
fn the_mock_checks_large_uploads() {
    let app = App::start(Site::new(LIMITS).service("bodies", CONTRACT, "mock", ""));
    let ask = |body: &[u8]| ask(app.data, post("/files", MULTIPART, "", body));
    assert_eq!(ask(&multipart("short", 900 << 10)).status, 200);
    assert_eq!(
        refusal(&ask(&multipart("too long", 900 << 10))).1,
        "invalid-body"
    );
}

#[test]
fn compressed_responses_are_checked() {
    let body = gzip(br#"{"id": "1"}"#);
    let upstream = Upstream::start(move |_| {
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\
             content-length: {length}\r\n\r\n"
        );
        vec![
            send(&head),
            crate::support::upstream::Step::Send(body.clone()),
        ]
    });
    let app = app(
        upstream.address,
        "[services.enforcement]\nresponse = \"reject\"\n",
    );
    let answer = app.ask(post("/orders", "application/json", "", br#"{"id": 1}"#));
    let found = refusal(&answer);
    assert_eq!(
        found,
        (502, "invalid-response-body".to_owned(), "/id".into())
    );
}
