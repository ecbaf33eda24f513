//! Several services behind one address: by host, by path prefix, by the base paths of their
//! contracts.

use crate::support::app::{App, SHOP, Site, get, problem};
use crate::support::client::Answer;
use crate::support::upstream::{Upstream, send};

/// A contract that accepts all paths of up to three segments.
const OPEN: &str = r"openapi: 3.0.3
info: { title: Open, version: '1' }
paths:
  /:
    get: { responses: { '200': { description: Fine. } } }
  /{a}:
    parameters: [{ name: a, in: path, required: true, schema: { type: string } }]
    get: { responses: { '200': { description: Fine. } } }
  /{a}/{b}:
    parameters:
      - { name: a, in: path, required: true, schema: { type: string } }
      - { name: b, in: path, required: true, schema: { type: string } }
    get: { responses: { '200': { description: Fine. } } }
";

/// An upstream that answers with its name.
fn named(name: &str) -> Upstream {
    let length = name.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{name}");
    Upstream::start(move |_| vec![send(&answer)])
}

/// A gateway with these services, each with a separate upstream.
fn gateway(services: &[(&str, &str)]) -> (App, Vec<Upstream>) {
    let mut site = Site::new("");
    let mut upstreams = Vec::new();
    for (name, keys) in services {
        let upstream = named(name);
        site = site.service(name, OPEN, &format!("http://{}", upstream.address), keys);
        upstreams.push(upstream);
    }
    (App::start(site), upstreams)
}

/// Checks which service answers; an empty name expects the refusal of the gateway.
#[track_caller]
fn check(app: &App, host: &str, target: &str, service: &str) {
    let answer = app.ask(format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n"));
    if service.is_empty() {
        let found = problem(&answer);
        assert_eq!(
            (answer.status, &found["error"]),
            (404, &"NO_SERVICE".into()),
            "{host}{target}"
        );
        assert!(found.get("service").is_none() && found.get("violations").is_none());
    } else {
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!((answer.status, &*body), (200, service), "{host}{target}");
    }
}

#[test]
fn selects_a_service_by_host_and_prefix() {
    let (app, upstreams) = gateway(&[
        ("wild", "hosts = [\"*.example.com\"]"),
        ("api", "hosts = [\"api.example.com\", \"api.example.org\"]"),
        (
            "admin",
            "hosts = [\"api.example.com\"]\npath_prefix = \"/admin\"",
        ),
        (
            "users",
            "hosts = [\"api.example.com\"]\npath_prefix = \"/admin/users\"",
        ),
        ("deep", "hosts = [\"*.eu.example.com\"]"),
        ("public", "path_prefix = \"/public\""),
    ]);
    check(&app, "api.example.com", "/", "api");
    check(&app, "API.Example.COM:8443", "/x", "api");
    check(&app, "api.example.org", "/x", "api");
    check(&app, "api.example.com:80", "/admin", "admin");
    check(&app, "api.example.com", "/admin?x=/admin/users", "admin");
    check(&app, "api.example.com", "/admin/x", "admin");
    check(&app, "api.example.com", "/admin/users", "users");
    check(&app, "api.example.com", "/admin/usersx", "admin");
    check(&app, "api.example.com", "/administrator", "api");
    check(&app, "api.example.com", "/Admin/x", "api");
    check(&app, "api.example.org", "/admin/x", "api");
    check(&app, "www.example.com", "/admin", "wild");
    check(&app, "a.b.example.com", "/", "wild");
    check(&app, "a.eu.example.com", "/", "deep");
    check(&app, "eu.example.com", "/", "wild");
    // The host takes precedence over the prefix.
    check(&app, "api.example.com", "/public/x", "api");
    check(&app, "elsewhere", "/public/x", "public");
    check(&app, "[::1]:81", "/public", "public");
    check(&app, "example.com", "/", "");
    check(&app, "notexample.com", "/x", "");
    check(&app, "api.example.com.evil.test", "/x", "");
    check(&app, "elsewhere", "/publicity", "");
    check(&app, "127.0.0.1", "/x", "");
    // The target's authority takes precedence over the field.
    let absolute = "GET http://api.example.com/x HTTP/1.1\r\nhost: elsewhere\r\n\r\n";
    assert_eq!(app.ask(absolute).body, b"api");
    // One connection for all of them.
    let mut client = app.client();
    for (host, service) in [("api.example.com", "api"), ("w.example.com", "wild")].repeat(3) {
        client.send(format!("GET /x HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        assert_eq!(client.answer().body, service.as_bytes());
    }
    for upstream in upstreams {
        assert!(
            upstream
                .requests
                .try_iter()
                .all(|request| request.problems.is_empty())
        );
    }
}

#[test]
fn each_service_has_its_own_contract() {
    let upstream = Upstream::ok();
    let at = format!("http://{}", upstream.address);
    let site = Site::new("")
        .service("shop", SHOP, &at, "hosts = [\"shop\"]")
        .service("open", OPEN, &at, "hosts = [\"open\"]");
    let app = App::start(site);
    let status = |host: &str| {
        let answer = app.ask(format!(
            "GET /items?limit=500 HTTP/1.1\r\nhost: {host}\r\n\r\n"
        ));
        (
            answer.status,
            answer.field("x-portcullis").map(str::to_owned),
        )
    };
    assert_eq!(status("shop"), (422, Some("CONTRACT_VIOLATION".to_owned())));
    assert_eq!(status("open"), (200, None));
}

fn based(keys: &str) -> (App, Upstream) {
    let contract = SHOP.replacen(
        "  - url: /\n",
        "  - url: https://a.example/v2\n  - url: /{stage}/v3/\n    variables: { stage: { default: live, enum: [live, test] } }\n",
        1,
    );
    let upstream = Upstream::ok();
    let site = Site::new("").service(
        "shop",
        &contract,
        &format!("http://{}", upstream.address),
        keys,
    );
    (App::start(site), upstream)
}

#[test]
fn base_paths_come_from_the_contract_or_the_configuration() {
    let check = |keys: &str, good: &[&str], bad: &[&str]| {
        let (app, upstream) = based(keys);
        for target in good {
            let answer = app.ask(get(target));
            assert_eq!(answer.status, 200, "{keys} {target}");
            // The base path is not removed.
            assert_eq!(
                upstream.request().request_line(),
                format!("GET {target} HTTP/1.1")
            );
        }
        for target in bad {
            assert_eq!(app.ask(get(target)).status, 404, "{keys} {target}");
        }
    };
    check(
        "",
        &["/v2/items/1", "/live/v3/items", "/test/v3/files/x"],
        &["/items", "/v3/items", "/dev/v3/items", "/v2", "/v2items"],
    );
    check(
        "base_paths = [\"/\"]",
        &["/items/1"],
        &["/v2/items", "/live/v3/items"],
    );
    check(
        "base_paths = [\"/a\", \"/b/c\"]",
        &["/a/items", "/b/c/items?limit=1"],
        &["/items", "/v2/items", "/b/items"],
    );
    // Requests below a base path are checked.
    assert_eq!(based("").0.ask(get("/v2/items/x")).status, 422);
}

#[test]
fn preflights_pass_unless_rejected() {
    let fields = "origin: https://app.example\r\naccess-control-request-method: PUT\r\n";
    let ask = |keys: &str, target: &str, fields: &str| -> (Answer, usize) {
        let upstream = Upstream::ok();
        let app = App::start(Site::shop(upstream.address, keys, ""));
        let answer = app.ask(format!(
            "OPTIONS {target} HTTP/1.1\r\nhost: a\r\n{fields}\r\n"
        ));
        (answer, upstream.requests.try_iter().count())
    };
    let reject = "preflight = \"reject\"";
    let (answer, forwarded) = ask("", "/items", fields);
    assert_eq!((answer.status, forwarded), (200, 1));
    assert_eq!(answer.field("x-portcullis-violations"), None);
    assert_eq!(ask("preflight = \"pass\"", "/items/1", fields).1, 1);
    let (answer, forwarded) = ask(reject, "/items", fields);
    assert_eq!((answer.status, forwarded), (405, 0));
    assert_eq!(answer.field("allow"), Some("GET, HEAD, POST"));
    // A request that is not a preflight is checked like any other method.
    assert_eq!(ask("", "/items", "").0.status, 405);
    assert_eq!(
        ask("", "/items", "origin: https://app.example\r\n")
            .0
            .status,
        405
    );
    assert_eq!(ask("", "/nowhere", "").0.status, 404);
    assert_eq!(ask("", "*", "").0.status, 400);
}
