//! Content that only OpenAPI 3.2 can describe, through the whole program.

use http::StatusCode;

use crate::support::app::{App, Site, ask, get, problem};
use crate::support::client::Answer;
use crate::support::upstream::Upstream;

const CONTRACT: &str = "
openapi: 3.2.0
info: {title: content, version: '1'}
paths:
  /search:
    get:
      parameters:
      - name: filter
        in: querystring
        required: true
        content:
          application/json:
            schema: {type: object, required: [n], properties: {n: {type: integer, maximum: 5}}}
      responses: {default: {}}
  /scans:
    post:
      requestBody:
        required: true
        content:
          multipart/mixed:
            schema: {type: array, minItems: 2, prefixItems: [{type: object, required: [author]}], items: {maxLength: 5000000}}
            itemEncoding: {contentType: image/png}
            prefixEncoding: [{contentType: application/json}]
      responses: {default: {}}
";

const LIMITS: &str = "[limits]\nbody_bytes_max = \"64 KiB\"\n";

fn app(upstream: &Upstream) -> App {
    let address = format!("http://{}", upstream.address);
    App::start(Site::new(LIMITS).service("content", CONTRACT, &address, ""))
}

#[test]
fn a_whole_query_is_checked_and_forwarded_as_it_is() {
    let upstream = Upstream::ok();
    let app = app(&upstream);
    let target = "/search?%7B%22n%22:%205%7D";
    assert_eq!(app.ask(get(target)).status, 200);
    let line = upstream.request().request_line().to_owned();
    assert_eq!(line, format!("GET {target} HTTP/1.1"));
    let refused = |target: &str| {
        let answer = app.ask(get(target));
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        problem(&answer)["violations"][0].clone()
    };
    let found = refused("/search?%7B%22n%22:6%7D");
    assert_eq!(
        [
            &found["class"],
            &found["in"],
            &found["name"],
            &found["pointer"],
            &found["keyword"]
        ],
        ["invalid-parameter", "query", "filter", "/n", "maximum"]
    );
    let missing = refused("/search");
    assert_eq!(
        [&missing["class"], &missing["name"]],
        ["missing-parameter", "filter"]
    );
    assert!(upstream.requests.try_recv().is_err());
}

/// A body of a document and an image of this many bytes.
fn scan(document: &str, image_bytes: usize) -> Vec<u8> {
    let head = format!(
        "--b\r\nContent-Type: application/json\r\n\r\n{document}\r\n--b\r\nContent-Type: image/png\r\n\r\n"
    );
    let mut body = head.into_bytes();
    body.resize(body.len() + image_bytes, 0xff);
    body.extend_from_slice(b"\r\n--b--\r\n");
    body
}

fn upload(app: &App, body: &[u8]) -> Answer {
    let head = format!(
        "POST /scans HTTP/1.1\r\nhost: a\r\ncontent-type: multipart/mixed; boundary=b\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    ask(app.data, [head.as_bytes(), body].concat())
}

/// The image is larger than the memory for bodies, so the upload is judged while it passes.
#[test]
fn parts_in_order_stream_through() {
    let upstream = Upstream::ok();
    let app = app(&upstream);
    for image_bytes in [10, 1_000_000] {
        let body = scan("{\"author\": \"a\"}", image_bytes);
        assert_eq!(upload(&app, &body).status, 200);
        assert!(upstream.request().body == body);
        let answer = upload(&app, &scan("{}", image_bytes));
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let found = &problem(&answer)["violations"][0];
        assert_eq!(
            [
                &found["class"],
                &found["in"],
                &found["pointer"],
                &found["keyword"]
            ],
            ["invalid-body", "body", "/0", "required"]
        );
    }
    let answer = upload(&app, &scan("{\"author\": \"a\"}", 5_000_001));
    assert_eq!(problem(&answer)["violations"][0]["keyword"], "maxLength");
}
