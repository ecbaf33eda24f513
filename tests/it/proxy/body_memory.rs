//! The memory of bodies: how long a slow client can hold it, and how much there is for all.

use std::io::Read;

use crate::support::app::{App, Site, admin, problem, until};
use crate::support::client::{Answer, Client};
use crate::support::upstream::{Upstream, send};

const CONTRACT: &str = "openapi: 3.1.0
info: { title: Notes, version: '1' }
paths:
  /notes:
    post:
      requestBody:
        required: true
        content: { application/json: { schema: { type: string } } }
      responses:
        '200': { description: ok, content: { application/json: { schema: { type: string } } } }
";

const CATALOG: &str = "[squads.payments]\ntier = \"gold\"\n";

const KIB: usize = 1024;

/// The budget is 1 MiB, of which squads share a half.
const LIMITS: &str = "[limits]\nbody_memory_max = \"1 MiB\"\nbody_bytes_max = \"1 MiB\"\n";

fn site(upstream: &Upstream, top: &str, keys: &str) -> Site {
    let address = format!("http://{}", upstream.address);
    Site::new(top)
        .file("squads.toml", CATALOG)
        .service("notes", CONTRACT, &address, keys)
}

/// The head of a request whose body is a JSON text of this length.
fn head(length: usize, fields: &str) -> String {
    format!(
        "POST /notes HTTP/1.1\r\nhost: notes\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{fields}\r\n"
    )
}

/// A whole request with a body of this length.
fn request(length: usize, fields: &str) -> String {
    format!("{}\"{}\"", head(length, fields), "x".repeat(length - 2))
}

/// A client that sends all of a body of this length but its last byte.
fn holder(app: &App, length: usize, fields: &str) -> Client {
    let request = request(length, fields);
    let mut client = app.client();
    client.send(&request[..request.len() - 1]);
    client
}

/// Whether there is no memory for a body of this length. Takes none, so it does not disturb a
/// holder whose body still arrives.
fn is_exhausted(app: &App, length: usize) -> bool {
    let mut client = app.client();
    client.send(head(length, "expect: 100-continue\r\n"));
    let mut status = [0; 12];
    client.stream().read_exact(&mut status).unwrap();
    status == *b"HTTP/1.1 503"
}

fn count(app: &App, line: &str) -> u64 {
    let (_, metrics) = admin(app.admin, "/metrics");
    let found = metrics.lines().find_map(|found| found.strip_prefix(line));
    found.map_or(0, |count| count.trim().parse().unwrap())
}

fn check_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.head);
    assert_eq!(problem(answer)["error"], "OVERLOADED");
    assert_eq!(answer.field("retry-after"), Some("1"));
}

/// What a client has sent at once gives it no time to be silent.
#[test]
fn a_silent_client_is_disconnected_whatever_it_has_sent() {
    let upstream = Upstream::ok();
    let limits = "[limits]\nrequest_body_timeout = \"200ms\"\n";
    let app = App::start(site(&upstream, limits, ""));
    let mut client = holder(&app, 900 * KIB, "");
    let answer = client.answer();
    assert_eq!(answer.status, 408, "{}", answer.head);
    assert_eq!(problem(&answer)["error"], "REQUEST_TIMEOUT");
    assert!(client.is_closed());
}

#[test]
fn bodies_beyond_the_budget_are_refused_early() {
    let upstream = Upstream::ok();
    let app = App::start(site(&upstream, LIMITS, ""));
    let held = holder(&app, 600 * KIB, "");
    let ask = |length: usize| app.ask(request(length, ""));
    until(|| is_exhausted(&app, 500 * KIB));
    // Refused by its length, before the body arrives.
    let mut early = app.client();
    early.send(head(500 * KIB, "expect: 100-continue\r\n"));
    check_refused(&early.answer());
    check_refused(&ask(500 * KIB));
    // What fits still passes, also in chunks.
    assert_eq!(ask(300 * KIB).status, 200);
    let chunked = |length: usize| {
        let fields = "transfer-encoding: chunked\r\n";
        let head = head(0, fields).replace("content-length: 0\r\n", "");
        let chunk = format!("{:x}\r\n{}\r\n", 16 * KIB, "x".repeat(16 * KIB));
        let chunks = chunk.repeat(length / (16 * KIB));
        app.ask(format!("{head}1\r\n\"\r\n{chunks}1\r\n\"\r\n0\r\n\r\n"))
    };
    assert_eq!(chunked(320 * KIB).status, 200);
    check_refused(&chunked(640 * KIB));
    let shed = "shed_requests_total{service=\"notes\",squad=\"unknown\",tier=\"bronze\",reason=\"body-memory\"}";
    until(|| count(&app, shed) >= 3);
    drop(held);
    until(|| ask(900 * KIB).status == 200);
}

#[test]
fn a_squad_keeps_its_share_of_the_budget() {
    let upstream = Upstream::ok();
    let top = format!("[catalog]\npath = \"squads.toml\"\n{LIMITS}");
    let app = App::start(site(&upstream, &top, ""));
    let _held = holder(&app, 500 * KIB, "");
    let ask = |fields: &str| app.ask(request(300 * KIB, fields));
    until(|| is_exhausted(&app, 300 * KIB));
    check_refused(&ask(""));
    check_refused(&ask("x-squad-owner: nobody\r\n"));
    for _ in 0..5 {
        assert_eq!(ask("x-squad-owner: payments\r\n").status, 200);
    }
}

/// A response for which there is no memory passes, as one that is too large does.
#[test]
fn a_response_without_memory_passes_unjudged_and_is_counted() {
    let text = format!("\"{}\"", "y".repeat(600 * KIB));
    let length = text.len();
    let upstream = Upstream::start(move |_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
        vec![send(&format!(
            "{head}\r\ncontent-length: {length}\r\n\r\n{text}"
        ))]
    });
    for action in ["reject", "report"] {
        let keys = format!("[services.enforcement]\nresponse = \"{action}\"\n");
        let app = App::start(site(&upstream, LIMITS, &keys));
        let _held = holder(&app, 600 * KIB, "");
        until(|| is_exhausted(&app, 500 * KIB));
        let answer = app.ask(request(16, ""));
        assert_eq!((answer.status, answer.body.len()), (200, length));
        let unjudged = "contract_unjudged_total{service=\"notes\",reason=\"no-memory\"}";
        until(|| count(&app, unjudged) == 1);
    }
}
