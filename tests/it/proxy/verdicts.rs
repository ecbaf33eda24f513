//! Verdicts for other proxies, asked over plain sockets as these proxies ask.

use bytes::Bytes;
use serde_json::Value;

use crate::support::app::{App, Site, admin, fail_to_start, get, post, problem};
use crate::support::client::Answer;
use crate::support::http2_client::{
    DATA, END_HEADERS, END_STREAM, HEADERS, RawHttp2, block, frame, pseudo,
};

/// A contract with an operation whose body is optional, next to the shop's.
const NOTES: &str = "\
openapi: 3.1.0
info: {title: Notes, version: '1'}
paths:
  /notes:
    get: {operationId: listNotes, responses: {'200': {description: Fine.}}}
    post:
      operationId: addNote
      parameters: [{name: x-level, in: header, schema: {type: integer}}]
      requestBody: {content: {application/json: {schema: {type: object, required: [text]}}}}
      responses: {'200': {description: Fine.}}
  /files:
    post:
      operationId: addFile
      requestBody: {content: {text/csv: {}}}
      responses: {'200': {description: Fine.}}
  /__owner-like: {get: {responses: {'200': {description: Fine.}}}}
";

fn start(top: &str, keys: &str) -> App {
    App::start(Site::new(top).service("notes", NOTES, "verdict", keys))
}

fn envoy(more: &str) -> App {
    start(
        "",
        &format!("[services.verdict]\nfrom = \"envoy\"\npath = \"/ask\"\n{more}"),
    )
}

/// Checks the refusal of a question.
#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str, detail: &str) {
    let problem = problem(answer);
    assert_eq!(
        (answer.status, problem["error"].as_str()),
        (status, Some(error)),
        "{problem}"
    );
    assert!(
        problem["detail"].as_str().unwrap().contains(detail),
        "{problem}"
    );
}

#[track_caller]
fn allowed(answer: &Answer, operation: &str, violations: &str) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let fields = ["", "-squad", "-tier", "-operation", "-violations"].map(|end| {
        answer
            .field(&format!("x-portcullis{end}"))
            .unwrap_or_default()
    });
    assert_eq!(
        fields,
        ["ALLOWED", "unknown", "bronze", operation, violations]
    );
    assert!(answer.body.is_empty());
}

const JSON: &str = "content-type: application/json\r\n";

#[test]
fn envoy_asks_with_the_request_itself() {
    let app = envoy("");
    allowed(&app.ask(get("/ask/notes")), "listNotes", "0");
    let note = |fields: &str, body: &str| app.ask(post("/ask/notes", fields, body));
    let whole = "x-envoy-auth-partial-body: false\r\n";
    allowed(&note(whole, r#"{"text":"a"}"#), "addNote", "0");
    refused(&note(whole, "{}"), 422, "CONTRACT_VIOLATION", "text");
    refused(
        &note("x-level: a\r\n", r#"{"text":"a"}"#),
        422,
        "CONTRACT_VIOLATION",
        "x-level",
    );
    for partial in [
        "true",
        "TRUE",
        "false, true",
        "false\r\nx-envoy-auth-partial-body: true",
    ] {
        let fields = format!("x-envoy-auth-partial-body: {partial}\r\n");
        refused(
            &note(&fields, r#"{"text":"a"}"#),
            413,
            "NO_VERDICT",
            "max_request_bytes",
        );
    }
    refused(
        &app.ask(get("/ask/other")),
        404,
        "CONTRACT_VIOLATION",
        "no path",
    );
    refused(
        &app.ask(get("/ask/x/..%2fnotes")),
        400,
        "CONTRACT_VIOLATION",
        "path",
    );
    refused(
        &app.ask(get("/ask?x=1")),
        400,
        "MALFORMED_REQUEST",
        "target",
    );
    refused(&app.ask(get("/notes")), 404, "NO_SERVICE", "");
    // The path of the owner endpoint is a path like any other.
    refused(
        &app.ask(get("/ask/__owner")),
        404,
        "CONTRACT_VIOLATION",
        "no path",
    );
    // Metrics name the operation that was asked about.
    let (_, metrics) = admin(app.admin, "/metrics");
    assert!(metrics.contains("operation=\"addNote\""), "{metrics}");
}

#[test]
fn an_optional_body_may_have_been_kept_by_the_proxy() {
    let question =
        format!("POST /ask/notes HTTP/1.1\r\nhost: n\r\n{JSON}content-length: 0\r\n\r\n");
    refused(
        &envoy("").ask(&question),
        422,
        "NO_VERDICT",
        "with_request_body",
    );
    let app = envoy("empty_bodies = \"pass\"\n");
    allowed(&app.ask(&question), "addNote", "0");
}

/// A body without a length is known to be empty at its end only, judged or not.
#[test]
fn a_chunked_body_may_have_been_kept_too() {
    let ask = |app: &App, target: &str, media: &str, chunks: &str| {
        app.ask(format!(
            "POST /ask{target} HTTP/1.1\r\nhost: n\r\ncontent-type: {media}\r\n\
             transfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        ))
    };
    let note = "c\r\n{\"text\":\"a\"}\r\n";
    let cases = [
        ("/notes", "application/json", note, "addNote"),
        ("/files", "text/csv", "1\r\na\r\n", "addFile"),
    ];
    let (refusing, passing) = (envoy(""), envoy("empty_bodies = \"pass\"\n"));
    for (target, media, chunks, operation) in cases {
        let empty = ask(&refusing, target, media, "");
        refused(&empty, 422, "NO_VERDICT", "with_request_body");
        allowed(&ask(&refusing, target, media, chunks), operation, "0");
        allowed(&ask(&passing, target, media, ""), operation, "0");
    }
}

/// The stream of an HTTP/2 question can end after its head, which may even give the length.
#[test]
fn an_empty_http2_body_may_have_been_kept_too() {
    let app = envoy("");
    for (length, data, expected) in [(None, "", 422), (Some("0"), "", 422), (None, NOTE, 200)] {
        let mut fields = pseudo("POST", "/ask/notes").to_vec();
        fields.push(("content-type", "application/json"));
        fields.extend(length.map(|length| ("content-length", length)));
        let mut client = RawHttp2::connect(app.data);
        client.send(frame(HEADERS, END_HEADERS, 1, block(&fields)));
        client.send(frame(DATA, END_STREAM, 1, data));
        let (status, body) = client.answer(1);
        let body = String::from_utf8(body).unwrap();
        assert_eq!(status, expected, "{length:?} {data}: {body}");
        assert_eq!(body.contains("NO_VERDICT"), data.is_empty(), "{body}");
    }
}

/// A service that answers Traefik or nginx.
fn described(from: &str) -> App {
    let keys = format!(
        "path_prefix = \"/notes\"\n[services.verdict]\nfrom = \"{from}\"\npath = \"/ask\"\n"
    );
    start("", &keys)
}

/// Asks with these fields, which are whole lines.
fn ask_with(app: &App, fields: &str, body: &str) -> Answer {
    let length = body.len();
    app.ask(format!(
        "GET /ask HTTP/1.1\r\nhost: p\r\ncontent-length: {length}\r\n{fields}\r\n{body}"
    ))
}

fn forwarded(method: &str, target: &str) -> String {
    format!(
        "x-forwarded-method: {method}\r\nx-forwarded-uri: {target}\r\n\
         x-forwarded-host: notes.example\r\n{JSON}"
    )
}

fn original(method: &str, target: &str) -> String {
    format!("x-original-method: {method}\r\nx-original-uri: {target}\r\n")
}

const NOTE: &str = r#"{"text":"a"}"#;

#[test]
fn traefik_describes_the_request() {
    let app = described("traefik");
    let ask =
        |method: &str, target: &str, body: &str| ask_with(&app, &forwarded(method, target), body);
    allowed(
        &ask("GET", "/notes?a=1", ""),
        "listNotes",
        "1; unknown-query",
    );
    allowed(&ask("POST", "/notes", NOTE), "addNote", "0");
    let violation = "CONTRACT_VIOLATION";
    refused(&ask("POST", "/notes", "{}"), 422, violation, "text");
    refused(&ask("POST", "/notes", ""), 422, "NO_VERDICT", "forwardBody");
    refused(&ask("DELETE", "/notes", ""), 405, violation, "DELETE");
    refused(&ask("GET", "/notes/..%2fnotes", ""), 400, violation, "path");
    refused(&ask("GET", "/other", ""), 404, "NO_SERVICE", "");
    for target in [
        "notes",
        "//x\\y",
        "/notes\u{e4}",
        "/notes#a",
        "http://n/notes",
        "",
    ] {
        refused(&ask("GET", target, ""), 400, "MALFORMED_REQUEST", "target");
    }
    let long = format!("/notes?{}", "a".repeat(20_000));
    refused(&ask("GET", &long, ""), 414, "MALFORMED_REQUEST", "longer");
}

#[test]
fn a_question_says_once_what_it_is_about() {
    let app = described("traefik");
    for fields in [
        "x-forwarded-uri: /notes\r\nx-forwarded-host: n\r\n".to_owned(),
        "x-forwarded-method: GET\r\nx-forwarded-host: n\r\n".to_owned(),
        "x-forwarded-method: GET\r\nx-forwarded-uri: /notes\r\n".to_owned(),
        forwarded("GET", "/notes") + "x-forwarded-uri: /notes\r\n",
    ] {
        let answer = ask_with(&app, &fields, "");
        refused(&answer, 400, "NO_VERDICT", "exactly one `x-forwarded-");
    }
}

#[test]
fn nginx_gets_403_for_what_it_describes() {
    let app = described("nginx");
    allowed(
        &ask_with(&app, &original("GET", "/notes"), ""),
        "listNotes",
        "0",
    );
    // Only the head is known.
    let note = format!("{}{JSON}", original("POST", "/notes"));
    allowed(&ask_with(&app, &note, ""), "addNote", "0");
    let refuses = |fields: &str, status: u16, kind: &str| {
        let answer = ask_with(&app, fields, "");
        assert_eq!(answer.status, 403, "{answer:?}");
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        let kind = format!("urn:portcullis:{kind}");
        assert_eq!(
            (&problem["status"], &problem["type"]),
            (&status.into(), &kind.into())
        );
    };
    refuses(&original("GET", "/notes/x"), 404, "violation:unknown-path");
    refuses(
        &original("GET", "/notes/..%2fx"),
        400,
        "violation:malformed-path",
    );
    let xml = format!("{}content-type: text/xml\r\n", original("POST", "/notes"));
    refuses(&xml, 415, "violation:unsupported-media-type");
    refuses("", 400, "no-verdict");
}

#[test]
fn only_trusted_peers_may_ask() {
    for from in ["envoy", "traefik", "nginx"] {
        let keys = format!("[services.verdict]\nfrom = \"{from}\"\n");
        let app = start("[identity]\ntrusted_peers = [\"192.0.2.0/24\"]", &keys);
        let spoofed = "GET /notes HTTP/1.1\r\nhost: n\r\nx-forwarded-method: GET\r\nx-forwarded-uri: /notes\r\n\
                       x-forwarded-host: n\r\nx-original-method: GET\r\nx-original-uri: /notes\r\n\r\n";
        refused(
            &app.ask(spoofed),
            403,
            "NO_VERDICT",
            "identity.trusted_peers",
        );
    }
}

#[test]
fn a_service_with_an_upstream_ignores_the_fields_of_questions() {
    let app = App::start(Site::new("").service("notes", NOTES, "mock", ""));
    let answer = app.ask("GET /other HTTP/1.1\r\nhost: n\r\nx-forwarded-method: GET\r\nx-forwarded-uri: /notes\r\n\r\n");
    assert_eq!(answer.status, 404);
}

/// An answer of gRPC has the status 200, which would allow the request.
#[test]
fn a_refused_grpc_call_is_not_allowed() {
    let keys = "hosts = [\"notes\"]\n[services.verdict]\nfrom = \"envoy\"\n";
    let app = start("", keys);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ask = |url: &'static str| {
        runtime.block_on(async {
            let socket = tokio::net::TcpStream::connect(app.data).await.unwrap();
            let (mut client, driver) = h2::client::handshake::<_>(socket).await.unwrap();
            tokio::spawn(driver);
            let request = http::Request::post(url).header("content-type", "application/grpc");
            let (answer, mut stream) = client
                .send_request(request.body(()).unwrap(), false)
                .unwrap();
            stream.send_data(Bytes::from_static(&[0; 5]), true).unwrap();
            answer.await.unwrap().status().as_u16()
        })
    };
    assert_eq!(ask("http://notes/other"), 404);
    assert_eq!(ask("http://notes/notes"), 415);
    // No service gets it.
    assert_eq!(ask("http://other/notes"), 404);
}

/// Clients choose the host of a question, so no other service may answer it.
#[test]
fn the_path_of_questions_is_reserved_for_every_host() {
    let keys = "hosts = [\"notes\"]\n[services.verdict]\nfrom = \"envoy\"\npath = \"/ask\"\n";
    let site = Site::new("").service("notes", NOTES, "verdict", keys);
    let site = site.service("other", NOTES, "mock", "hosts = [\"*\"]\n");
    let app = App::start(site.service(
        "legacy",
        NOTES,
        "mock",
        "legacy = true\nhosts = [\"old\"]\n",
    ));
    let at = |host: &str, target: &str| {
        let answer = app.ask(format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        let error = problem_error(&answer);
        (answer.status, error)
    };
    let no_service = (404, "NO_SERVICE".to_owned());
    assert_eq!(at("notes", "/ask/notes").0, 200);
    assert_eq!(at("other", "/notes").0, 200);
    for host in ["other", "old", "evil"] {
        for target in ["/ask/notes", "/ask", "/ask*", "/ask/__owner", "/asking"] {
            assert_eq!(at(host, target), no_service, "{host} {target}");
        }
    }
}

fn problem_error(answer: &Answer) -> String {
    if answer.status == 200 {
        return String::new();
    }
    problem(answer)["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_configuration_that_cannot_work_is_refused() {
    let check = |upstream: &str, keys: &str, message: &str| {
        let site = Site::new("").service("notes", NOTES, upstream, keys);
        let (_, text) = fail_to_start(&site.write());
        assert!(text.contains(message), "{message}: {text}");
    };
    check("verdict", "", "services.notes.verdict.from: is missing");
    check(
        "verdict",
        "[services.verdict]\nfrom = \"caddy\"\n",
        "expected \"envoy\" or \"traefik\" or \"nginx\"",
    );
    check(
        "mock",
        "[services.verdict]\nfrom = \"envoy\"\n",
        "try upstream = \"verdict\"",
    );
    check(
        "verdict",
        "candidate = \"notes.yaml\"\n[services.verdict]\nfrom = \"envoy\"\n",
        "has no effect with upstream = \"verdict\"",
    );
    check("verdicts", "", "\"verdict\"");
    let keys = "[services.verdict]\nfrom = \"envoy\"\npath = \"/ask\"\n";
    let site = Site::new("").service("notes", NOTES, "verdict", keys);
    let site = site.service("other", NOTES, "mock", "path_prefix = \"/asking\"\n");
    let (_, text) = fail_to_start(&site.write());
    let message =
        "services.other.path_prefix: is reserved, because another proxy asks notes at \"/ask\"";
    assert!(text.contains(message), "{text}");
}
