//! What strangers learn from a refusal: its class, its status and the request id.
//!
//! Each kind of refusal is caused twice: by a service whose refusals are public, and by the same
//! service with internal ones, whose answer must show what is looked for.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;

use crate::support::app::{App, Process, Site, get, post};
use crate::support::client::{Answer, Client};
use crate::support::upstream::{Upstream, send};

const CATALOG: &str = "[squads.vaultkeepers]\ntier = \"gold\"\nchat = \"#vault-room\"\n\
                       oncall = \"vault-pager\"\nservices = [\"hidden-shop\"]\n\
                       [squads.strangers]\ntier = \"bronze\"\n";

/// The contract has a name in each place that a message could quote.
const CONTRACT: &str = "\
openapi: 3.1.0
info: {title: Vault, version: 7.7.7-internal}
paths:
  /deep/vault-door:
    get:
      operationId: openVaultDoor
      parameters: [{name: x-vault-code, in: header, required: true, schema: {type: string, pattern: '^v4ult$'}}]
      responses: {'200': {description: Fine.}}
    post:
      operationId: fillVault
      security: [{vaultKey: []}]
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/VaultItem'}}}
      responses:
        '200':
          description: Fine.
          content: {application/json: {schema: {$ref: '#/components/schemas/VaultItem'}}}
components:
  securitySchemes: {vaultKey: {type: apiKey, in: header, name: x-vault-key}}
  schemas:
    VaultItem: {type: object, required: [vaultProperty], properties: {vaultProperty: {maximum: 4711}}}
";

/// Words that no stranger may read, apart from the address of the upstream.
const SECRETS: [&str; 9] = [
    "vault",
    "Vault",
    "hidden-shop",
    "7.7.7",
    "strangers",
    "v4ult",
    "4711",
    "sha256:",
    "127.0.0.1",
];

const KEY: &str = "x-vault-key: k\r\n";
const FILL: &str = r#"{"vaultProperty":1}"#;

/// The shop with public refusals, and the same with internal ones.
fn both(upstream: SocketAddr, keys: &str, top: &str) -> [App; 2] {
    ["public", "internal"].map(|audience| {
        let top = format!(
            "[refusals]\naudience = \"{audience}\"\n[catalog]\npath = \"squads.toml\"\n{top}"
        );
        let site = Site::new(&top).file("squads.toml", CATALOG);
        let keys = format!("hosts = [\"shop\", \"127.0.0.1\"]\n{keys}");
        let address = match upstream.port() {
            0 => "mock".to_owned(),
            _ => format!("http://{upstream}"),
        };
        App::start(site.service("hidden-shop", CONTRACT, &address, &keys))
    })
}

/// Checks that an answer has the members of a public problem and no secret.
#[track_caller]
fn check_public(answer: &Answer, status: u16, kind: &str) {
    let text = format!("{}{}", answer.head, String::from_utf8_lossy(&answer.body));
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{text}"));
    let members: Vec<&str> = problem
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        members,
        ["error", "instance", "status", "title", "type"],
        "{text}"
    );
    assert_eq!(
        (answer.status, problem["type"].as_str()),
        (status, Some(kind)),
        "{text}"
    );
    assert_eq!(problem["status"], status);
    let id = answer.field("x-request-id").unwrap();
    assert_eq!(problem["instance"], format!("urn:uuid:{id}"));
    assert_eq!(answer.field("x-portcullis"), problem["error"].as_str());
}

/// Checks the refusal of a request by both. `shown` is what the internal one shows.
#[track_caller]
fn check(apps: &[App; 2], request: impl AsRef<[u8]>, status: u16, kind: &str, shown: &str) {
    let [public, internal] = apps.each_ref().map(|app| app.ask(&request));
    check_public(&public, status, &format!("urn:portcullis:{kind}"));
    let text = String::from_utf8_lossy(&internal.body);
    assert!(text.contains(shown), "{shown}: {text}");
    assert_eq!(internal.status, status, "{text}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "one line for each kind of refusal")]
fn requests_that_are_refused() {
    let upstream = Upstream::ok();
    let keys = "[services.enforcement.classes]\nunknown-query = \"reject\"\n";
    let limits = "[limits]\nheader_underscores = \"refuse\"\nbody_bytes_max = \"64 B\"\n";
    let apps = &both(upstream.address, keys, limits);
    let fill = |fields: &str, body: &str| post("/deep/vault-door", fields, body);
    let read =
        |fields: &str| format!("GET /deep/vault-door HTTP/1.1\r\nhost: shop\r\n{fields}\r\n");
    check(
        apps,
        get("/other"),
        404,
        "violation:unknown-path",
        "sha256:",
    );
    check(
        apps,
        get("/deep/..%2fvault-door"),
        400,
        "violation:malformed-path",
        "hidden-shop",
    );
    let put = "PUT /deep/vault-door HTTP/1.1\r\nhost: shop\r\n\r\n";
    check(apps, put, 405, "violation:unknown-method", "vaultkeepers");
    check(
        apps,
        read(""),
        422,
        "violation:missing-parameter",
        "x-vault-code",
    );
    check(
        apps,
        read("x-vault-code: 1\r\n"),
        422,
        "violation:invalid-parameter",
        "v4ult",
    );
    check(
        apps,
        fill("", FILL),
        401,
        "violation:missing-credentials",
        "vault-pager",
    );
    check(
        apps,
        fill(KEY, "{}"),
        422,
        "violation:invalid-body",
        "vaultProperty",
    );
    check(
        apps,
        fill(KEY, r#"{"vaultProperty":4712}"#),
        422,
        "violation:invalid-body",
        "4711",
    );
    check(
        apps,
        fill(KEY, "{"),
        400,
        "violation:malformed-body",
        "fillVault",
    );
    check(
        apps,
        fill(KEY, &format!("\"{}\"", "x".repeat(80))),
        413,
        "violation:body-too-large",
        "#vault-room",
    );
    let ask = "GET /deep/vault-door?vault=1 HTTP/1.1\r\nhost: shop\r\nx-vault-code: v4ult\r\n\r\n";
    check(apps, ask, 422, "violation:unknown-query", "7.7.7-internal");
    check(
        apps,
        read("x_vault: 1\r\n"),
        400,
        "refused-header",
        "x_vault",
    );
    check(
        apps,
        read("x-http-method-override: PUT\r\n"),
        400,
        "refused-header",
        "hidden-shop",
    );
    let squads = "x-squad-owner: strangers\r\nx-squad-owner: vaultkeepers\r\n";
    check(apps, read(squads), 400, "invalid-identity", "vaultkeepers");
    check(
        apps,
        "GET /x HTTP/1.1\r\nhost: other\r\n\r\n",
        404,
        "no-service",
        "no configured service",
    );
    check(
        apps,
        "GET /x HTTP/1.1\r\nhost: shop\r\nhost: shop\r\n\r\n",
        400,
        "malformed-request",
        "more than one Host",
    );
    check(
        apps,
        "GET /x HTTP/1.1\r\nhost: shop\r\nbad name: 1\r\n\r\n",
        400,
        "malformed-request",
        "header",
    );
}

#[test]
fn answers_of_the_upstream_that_are_refused() {
    let keys = "[services.enforcement]\nresponse = \"reject\"\n";
    let top = "[limits]\nupstream_timeout = \"200ms\"\n";
    let fill = post("/deep/vault-door", KEY, FILL);
    let answering = |answer: &'static str| {
        let upstream = Upstream::start(move |_| vec![send(answer)]);
        (both(upstream.address, keys, top), upstream)
    };
    let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    for (answer, status, kind, shown) in [
        (
            json,
            502,
            "violation:invalid-response-body",
            "vaultProperty",
        ),
        (
            "HTTP/1.1 204 No Content\r\n\r\n",
            502,
            "violation:undeclared-status",
            "fillVault",
        ),
        ("nonsense\r\n\r\n", 502, "upstream-unavailable", "127.0.0.1"),
        ("HTTP/1.1 200 OK\r\n", 504, "upstream-timeout", "127.0.0.1"),
    ] {
        let (apps, _upstream) = answering(answer);
        check(&apps, &fill, status, kind, shown);
    }
    // Nothing listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let apps = both(closed, keys, top);
    check(
        &apps,
        &fill,
        502,
        "upstream-unavailable",
        &closed.to_string(),
    );
}

#[test]
fn traffic_that_is_refused() {
    let failing = Upstream::start(|_| {
        vec![send(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        )]
    });
    let keys = "[services.breaker]\ncalls_min = 3\n[services.budget]\ncross_squad_max = 0.0\n\
                calls_min = 100\n";
    let apps = both(failing.address, keys, "");
    let read = "GET /deep/vault-door HTTP/1.1\r\nhost: shop\r\nx-vault-code: v4ult\r\n\
                x-squad-owner: strangers\r\n\r\n";
    for app in &apps {
        for _ in 0..3 {
            assert_eq!(app.ask(read).status, 503);
        }
    }
    check(
        &apps,
        read,
        503,
        "circuit-open",
        "squad strangers is cut off",
    );

    let upstream = Upstream::ok();
    let keys = "[services.budget]\ncross_squad_max = 0.15\ncalls_min = 2\n";
    let apps = both(upstream.address, keys, "");
    for app in &apps {
        while app.ask(read).status == 200 {}
    }
    check(
        &apps,
        read,
        429,
        "cross-squad-budget",
        "squad strangers has used",
    );
}

#[test]
fn no_owner_and_no_report_for_strangers() {
    let upstream = Upstream::ok();
    let keys = "[services.enforcement]\nrequest = \"report\"\n";
    let [public, internal] = &both(upstream.address, keys, "");
    let [stranger, known] = [public, internal].map(|app| app.ask(get("/deep/vault-door")));
    assert_eq!(
        stranger.field("x-portcullis-violations"),
        None,
        "{stranger:?}"
    );
    assert_eq!(
        known.field("x-portcullis-violations"),
        Some("1; missing-parameter")
    );
    let [stranger, known] = [public, internal].map(|app| app.ask(get("/__owner")));
    assert_eq!(
        stranger.body, b"ok",
        "the request goes to the service: {stranger:?}"
    );
    assert!(
        String::from_utf8_lossy(&known.body).contains("vault-pager"),
        "{known:?}"
    );
}

#[test]
fn each_service_has_its_audience() {
    let upstream = Upstream::ok();
    let address = format!("http://{}", upstream.address);
    let site = Site::new("[catalog]\npath = \"squads.toml\"")
        .file("squads.toml", CATALOG)
        .service("hidden-shop", CONTRACT, &address, "hosts = [\"shop\"]\n[services.refusals]\naudience = \"public\"\n")
        .service("inner", CONTRACT, &address, "hosts = [\"inner\"]\n")
        .services(
            "[[services]]\nname = \"vault-later\"\ncontract = \"later/openapi.yaml\"\nupstream = \"mock\"\n\
             hosts = [\"later\"]\n[services.refusals]\naudience = \"public\"\n[services.reload]\nwait = true\n",
        );
    let app = App::start(site);
    check_public(
        &app.ask(get("/x")),
        404,
        "urn:portcullis:violation:unknown-path",
    );
    let later = app.ask("GET /x HTTP/1.1\r\nhost: later\r\n\r\n");
    check_public(&later, 503, "urn:portcullis:contract-unavailable");
    let inner = app.ask("GET /x HTTP/1.1\r\nhost: inner\r\n\r\n");
    assert!(String::from_utf8_lossy(&inner.body).contains("\"service\":\"inner\""));
    // Whose request it is, is not known.
    let long = app.ask(get(&format!("/{}", "a".repeat(70_000))));
    check_public(&long, 414, "urn:portcullis:malformed-request");
}

#[test]
fn the_log_says_what_strangers_do_not_learn() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let top = "[refusals]\naudience = \"public\"\n[log]\nformat = \"json\"\n";
    let site = Site::new(top).service("hidden-shop", CONTRACT, &format!("http://{closed}"), "");
    let process = Process::start(site);
    let mut client = Client::connect(process.data);
    let mut ids = Vec::new();
    for request in [
        post("/deep/vault-door", KEY, FILL),
        post("/deep/vault-door", KEY, "{}"),
    ] {
        client.send(request);
        ids.push(client.answer().field("x-request-id").unwrap().to_owned());
        std::thread::sleep(Duration::from_millis(1));
    }
    process.signal("TERM");
    let (_, log) = process.wait();
    let line = |id: &str| {
        log.lines()
            .find(|line| line.contains(id))
            .unwrap_or_else(|| panic!("{log}"))
    };
    assert!(line(&ids[0]).contains(&closed.to_string()), "{log}");
    assert!(line(&ids[1]).contains("VaultItem"), "{log}");
}
