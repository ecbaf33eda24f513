//! Breakers and deploy windows on the admin port: what operators see, what they change, and who
//! may.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::app::{App, Process, SHOP, Site, ask};
use crate::support::client::{Answer, Client};

const CATALOG: &str =
    "[squads.payments]\ntier = \"gold\"\nservices = [\"shop\"]\n[squads.checkout]\n";

/// Two services answered by mocks; `admin` is added to `[admin]`.
pub(crate) fn site(admin: &str) -> Site {
    let top = format!("[catalog]\npath = \"squads.toml\"\n[admin]\n{admin}\n");
    Site::new(&top)
        .file("squads.toml", CATALOG)
        .service("shop", SHOP, "mock", "")
        .service("market", SHOP, "mock", "hosts = [\"market\"]")
}

pub(crate) const LOOPBACK: &str = "address = \"127.0.0.1:0\"";

/// A request with this request line, these field lines (each with its line end) and this body.
pub(crate) fn request(address: SocketAddr, line: &str, fields: &str, body: &str) -> Answer {
    let length = body.len();
    ask(
        address,
        format!("{line} HTTP/1.1\r\n{fields}content-length: {length}\r\n\r\n{body}"),
    )
}

pub(crate) const HOST: &str = "host: 127.0.0.1\r\n";
pub(crate) const JSON: &str = "host: 127.0.0.1\r\ncontent-type: application/json\r\n";

fn post(address: SocketAddr, path: &str, body: &str) -> Answer {
    request(address, &format!("POST {path}"), JSON, body)
}

/// The JSON of a successful response.
#[track_caller]
pub(crate) fn good(answer: &Answer) -> Value {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200, "{}{text}", answer.head);
    assert_eq!(answer.field("content-type"), Some("application/json"));
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert_eq!(answer.field("access-control-allow-origin"), None);
    serde_json::from_slice(&answer.body).unwrap()
}

/// The detail of a refusal.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, status, "{}{text}", answer.head);
    assert_eq!(
        answer.field("content-type"),
        Some("application/problem+json")
    );
    assert_eq!(answer.field("cache-control"), Some("no-store"));
    assert_eq!(answer.field("access-control-allow-origin"), None);
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(problem["status"], status);
    assert!(problem["title"].is_string());
    problem["detail"].as_str().unwrap().to_owned()
}

/// What a change reports about each breaker: squad, tier, state, override.
fn cells(changed: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let cells = changed["changed"].as_array().unwrap().iter();
    let words = ["squad", "tier", "state", "override"];
    cells
        .map(|cell| words.map(|field| word(&cell[field])).join(" "))
        .collect()
}

#[test]
fn breakers_are_shown_and_overridden() {
    let app = App::start(site(LOOPBACK));
    let get = |path: &str| request(app.admin, &format!("GET {path}"), HOST, "");
    let all = good(&get("/breakers"));
    let names = [&all["services"][0], &all["services"][1]].map(|view| view["service"].clone());
    assert_eq!(names, ["shop", "market"]);
    let one = good(&get("/breakers/shop"));
    assert_eq!(one["shares"], all["services"][0]["shares"]);
    assert_eq!(one["service"], "shop");
    assert_eq!(all["services"][0]["everybody"]["state"], "closed");
    assert_eq!(all["services"][0]["shares"]["limit"], 1000);

    let set = |path: &str, over: &str| {
        let body = json!({"override": over, "reason": "an exercise"}).to_string();
        cells(&good(&post(app.admin, path, &body)))
    };
    assert_eq!(set("/breakers/shop/everybody", "open"), ["- - open open"]);
    assert_eq!(
        set("/breakers/shop/payments", "disabled"),
        [
            "payments bronze closed disabled",
            "payments silver closed disabled",
            "payments gold closed disabled"
        ]
    );
    assert_eq!(
        set("/breakers/shop/payments/gold", "observe"),
        ["payments gold closed observe"]
    );
    assert_eq!(
        set("/breakers/shop/unknown", "open"),
        ["unknown bronze open open"]
    );
    let view = good(&get("/breakers/shop"));
    assert_eq!(view["everybody"]["override"], "open");
    assert_eq!(view["squads"].as_array().unwrap().len(), 4);
    let history = &view["everybody"]["history"][0];
    assert_eq!(history["reason"], "an operator set it to open");
    assert_eq!(good(&get("/breakers/market"))["squads"], json!([]));
    assert_eq!(set("/breakers/shop/everybody", "auto"), ["- - closed auto"]);
    // The reason is optional.
    let answer = post(
        app.admin,
        "/breakers/shop/everybody",
        r#" {"override":"auto"} "#,
    );
    assert_eq!(cells(&good(&answer)), ["- - closed auto"]);
}

#[test]
fn deploy_windows_are_opened_and_closed() {
    let app = App::start(site(LOOPBACK));
    let get = |path: &str| good(&request(app.admin, &format!("GET {path}"), HOST, ""));
    let windows = json!({"services": [
        {"service": "shop", "deploy_window": null},
        {"service": "market", "deploy_window": null}
    ]});
    assert_eq!(get("/deploy-windows"), windows);
    let body = r#"{"for": "10m", "reason": "release 42"}"#;
    let opened = good(&post(app.admin, "/deploy-windows/shop/open", body));
    let window = &opened["deploy_window"];
    assert_eq!(window["reason"], "release 42");
    let remaining = window["remaining_seconds"].as_f64().unwrap();
    assert!((590.0..=600.0).contains(&remaining), "{opened}");
    let shown = get("/deploy-windows");
    assert_eq!(
        shown["services"][0]["deploy_window"]["reason"],
        "release 42"
    );
    assert!(shown["services"][1]["deploy_window"].is_null());
    assert!(get("/breakers/shop")["deploy_window"].is_object());
    for was_open in [true, false] {
        let closed = good(&post(app.admin, "/deploy-windows/shop/close", ""));
        let expected = json!({"service": "shop", "deploy_window": null, "was_open": was_open});
        assert_eq!(closed, expected);
    }
    assert_eq!(get("/deploy-windows"), windows);
    let longest = r#"{"for": "24h"}"#;
    good(&post(app.admin, "/deploy-windows/shop/open", longest));
    good(&post(app.admin, "/deploy-windows/shop/close", "{}"));
}

#[test]
#[rustfmt::skip]
fn refuses_unknown_routes_methods_and_names() {
    let app = App::start(site(LOOPBACK));
    let check = |line: &str, status: u16, allow: Option<&str>, detail: &str| {
        let answer = request(app.admin, line, JSON, r#"{"override": "open"}"#);
        assert_eq!(refused(&answer, status), detail, "{line}");
        assert_eq!(answer.field("allow"), allow, "{line}");
    };
    check("GET /nothing", 404, None, "unknown route; `/` lists the routes");
    check("GET /breakers/shop/", 404, None, "unknown route; `/` lists the routes");
    check("POST /breakers", 405, Some("GET, HEAD"), "expected GET, HEAD; `/` lists the routes");
    check("DELETE /deploy-windows", 405, Some("GET, HEAD"), "expected GET, HEAD; `/` lists the routes");
    check("GET /breakers/shop/everybody", 405, Some("POST"), "expected POST; `/` lists the routes");
    check("OPTIONS /breakers/shop/everybody", 405, Some("POST"), "expected POST; `/` lists the routes");
    check("PUT /deploy-windows/shop/open", 405, Some("POST"), "expected POST; `/` lists the routes");
    check("GET /breakers/shap", 404, None, "there is no service `shap`, did you mean `shop`? known: shop, market");
    check("POST /breakers/elsewhere/everybody", 404, None, "there is no service `elsewhere`; known: shop, market");
    check("POST /deploy-windows/markt/open", 404, None, "there is no service `markt`, did you mean `market`? known: shop, market");
    check("POST /breakers/shop/payment", 404, None, "there is no squad `payment`, did you mean `payments`? known: checkout, payments, unknown, everybody");
    check("POST /breakers/shop/payments/golden", 404, None, "there is no tier `golden`; known: bronze, silver, gold");
    check("POST /breakers/shop/unknown/gold", 404, None, "unknown consumers are always bronze");
    check("POST /breakers/shop/everybody/gold", 404, None, "the breaker for all callers has no tiers");
    let long = format!("POST /breakers/{}/everybody", "x".repeat(200));
    check(&long, 404, None, "there is no service with such a long name; known: shop, market");
    let view = request(app.admin, "GET /breakers/shop", HOST, "");
    assert_eq!(good(&view)["everybody"]["history"], json!([]), "nothing changed");
}

#[test]
#[rustfmt::skip]
fn refuses_invalid_bodies() {
    let app = App::start(site(LOOPBACK));
    let check = |path: &str, body: &str, detail: &str| {
        let answer = post(app.admin, path, body);
        let found = refused(&answer, 400);
        assert!(found.starts_with(detail), "{body}: {found}");
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(problem["example"].as_str().unwrap().starts_with('{'), "{body}: {problem}");
    };
    let over = "/breakers/shop/everybody";
    check(over, "", "expected a JSON object");
    check(over, "[\"open\"]", "expected a JSON object");
    check(over, "{\"override\": \"open\"", "EOF while parsing an object at line 1 column 19");
    check(over, "{\"override\": \"open\"} {}", "trailing characters at line 1 column 22");
    check(over, "{}", "missing field `override`");
    check(over, "{\"override\": 1}", "invalid type: integer `1`, expected a string");
    check(over, "{\"override\": \"open\", \"override\": \"auto\"}", "duplicate field `override`");
    check(over, "{\"override\": \"open\", \"because\": \"\"}", "unknown field `because`, expected `override` or `reason`");
    check(over, "{\"override\": \"shut\"}", "expected an override: `auto`, `open`, `disabled`, `observe`");
    let reason = "expected a `reason` of 1 to 500 characters without control characters";
    check(over, "{\"override\": \"open\", \"reason\": \" \"}", reason);
    check(over, "{\"override\": \"open\", \"reason\": \"a\\nb\"}", reason);
    check(over, &json!({"override": "open", "reason": "x".repeat(501)}).to_string(), reason);
    let window = "/deploy-windows/shop/open";
    let length = "expected `for` to be a duration with a unit, from 1s to 24h";
    for wrong in ["", "10", "ten minutes", "999ms", "25h", "-1s"] {
        check(window, &json!({"for": wrong}).to_string(), length);
    }
    check(window, "{}", "missing field `for`");
    check(window, "{\"for\": \"1m\", \"reason\": \"\\u0007\"}", reason);
    check("/deploy-windows/shop/close", "{\"for\": \"1m\"}", "unknown field `for`");
    let large = format!("{{\"override\": \"open\", \"reason\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(refused(&post(app.admin, over, &large), 413), "the body is larger than 64 KiB");
    let view = request(app.admin, "GET /breakers/shop", HOST, "");
    assert_eq!(good(&view)["everybody"]["history"], json!([]), "nothing changed");
}

#[test]
fn a_browser_cannot_change_anything() {
    let app = App::start(site(LOOPBACK));
    let set = |fields: &str| {
        let line = "POST /breakers/shop/everybody";
        request(app.admin, line, fields, r#"{"override": "open"}"#)
    };
    let fields = |more: &str| format!("{JSON}{more}\r\n");
    for origin in ["http://evil.example", "null", "http://127.0.0.1:9901"] {
        let detail = refused(&set(&fields(&format!("origin: {origin}"))), 403);
        assert!(detail.contains("`Origin`"), "{detail}");
    }
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
    ] {
        let fields = format!("{HOST}content-type: {media_type}\r\n");
        let detail = refused(&set(&fields), 415);
        assert_eq!(
            detail,
            "expected JSON; send `content-type: application/json`"
        );
    }
    refused(&set(HOST), 415);
    let detail = refused(
        &set("host: rebound.example\r\ncontent-type: application/json\r\n"),
        403,
    );
    assert!(detail.contains("`localhost` or an IP address"), "{detail}");
    for host in ["localhost:9901", "127.0.0.1", "[::1]:9901"] {
        let fields = format!("host: {host}\r\ncontent-type: application/json; charset=utf-8\r\n");
        good(&set(&fields));
    }
    // A foreign host may not read either, except probes and metrics.
    let look = |path: &str| {
        request(
            app.admin,
            &format!("GET {path}"),
            "host: rebound.example\r\n",
            "",
        )
    };
    for path in ["/breakers", "/traffic", "/owners", "/contracts", "/"] {
        refused(&look(path), 403);
    }
    for path in ["/livez", "/readyz", "/metrics"] {
        assert_eq!(look(path).status, 200, "{path}");
    }
}

const TOKEN: &str = "correct-horse-battery";

#[test]
fn changes_beyond_loopback_need_the_token() {
    let body = r#"{"override": "open"}"#;
    let line = "POST /breakers/shop/everybody";
    let named = "host: portcullis.internal\r\ncontent-type: application/json\r\n";
    let here = |address: SocketAddr| SocketAddr::from(([127, 0, 0, 1], address.port()));

    let app = App::start(site("address = \"0.0.0.0:0\""));
    let admin = here(app.admin);
    good(&request(
        admin,
        "GET /breakers",
        "host: portcullis.internal\r\n",
        "",
    ));
    let fields = format!("{named}authorization: Bearer {TOKEN}\r\n");
    let detail = refused(&request(admin, line, &fields, body), 403);
    assert!(
        detail.ends_with("set `admin.token` or PORTCULLIS_ADMIN__TOKEN"),
        "{detail}"
    );

    for address in ["0.0.0.0:0", "127.0.0.1:0"] {
        let keys = format!("address = \"{address}\"\ntoken = \"{TOKEN}\"");
        let app = App::start(site(&keys));
        let admin = here(app.admin);
        let named = if address.starts_with("127") {
            JSON
        } else {
            named
        };
        let refuse = |authorization: &str, detail: &str| {
            let answer = request(admin, line, &format!("{named}{authorization}"), body);
            assert!(refused(&answer, 401).contains(detail), "{authorization}");
            assert_eq!(answer.field("www-authenticate"), Some("Bearer"));
        };
        refuse("", "send `authorization: Bearer <token>`");
        refuse(
            &format!("authorization: Basic {TOKEN}\r\n"),
            "send `authorization",
        );
        refuse(
            "authorization: Bearer correct-horse-batterz\r\n",
            "the token is not the configured",
        );
        refuse("authorization: Bearer \r\n", "send `authorization");
        let fields = format!("{named}authorization: Bearer {TOKEN}\r\n");
        assert_eq!(
            cells(&good(&request(admin, line, &fields, body))),
            ["- - open open"]
        );
    }
}

#[test]
fn every_view_supports_head_and_is_not_cached() {
    let app = App::start(site(LOOPBACK));
    for path in [
        "/",
        "/livez",
        "/readyz",
        "/metrics",
        "/breakers",
        "/breakers/shop",
        "/deploy-windows",
    ] {
        let head = ask(app.admin, format!("HEAD {path} HTTP/1.1\r\n{HOST}\r\n"));
        let get = request(app.admin, &format!("GET {path}"), HOST, "");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        assert_eq!(get.status, 200, "{path}");
        assert_eq!(head.field("content-type"), get.field("content-type"));
        assert_eq!(get.field("cache-control"), Some("no-store"), "{path}");
    }
    let index = request(app.admin, "GET /", HOST, "");
    let index = String::from_utf8(index.body).unwrap();
    assert!(
        index.contains("POST /deploy-windows/{service}/open"),
        "{index}"
    );
    // Many requests on one connection, including a change.
    let mut client = Client::connect(app.admin);
    for _ in 0..3 {
        client.send(format!("GET /breakers HTTP/1.1\r\n{HOST}\r\n"));
        good(&client.answer());
        client.send(format!(
            "POST /deploy-windows/shop/close HTTP/1.1\r\n{JSON}content-length: 0\r\n\r\n"
        ));
        good(&client.answer());
    }
}

#[test]
fn accepts_chunked_bodies() {
    let app = App::start(site(LOOPBACK));
    let mut client = Client::connect(app.admin);
    client.send(format!(
        "POST /breakers/shop/everybody HTTP/1.1\r\n{JSON}transfer-encoding: chunked\r\n\r\n"
    ));
    client.send("c\r\n{\"override\":\r\n");
    client.send("7\r\n\"open\"}\r\n0\r\n\r\n");
    assert_eq!(cells(&good(&client.answer())), ["- - open open"]);
}

#[test]
fn logs_changes_but_no_tokens() {
    let keys = format!("{LOOPBACK}\ntoken = \"{TOKEN}\"");
    let mut process = Process::start(site(&keys));
    let fields = format!("{JSON}authorization: Bearer {TOKEN}\r\n");
    let send = |process: &Process, path: &str, body: &str| {
        good(&request(
            process.admin,
            &format!("POST {path}"),
            &fields,
            body,
        ));
    };
    send(
        &process,
        "/breakers/shop/payments/gold",
        r#"{"override": "open", "reason": "it floods"}"#,
    );
    let line = process.await_line("operator overrides a breaker");
    for part in [
        "INFO",
        "service=\"shop\"",
        "squad=\"payments\"",
        "tier=\"gold\"",
        "override=\"open\"",
        "reason=\"it floods\"",
        "peer=127.0.0.1:",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    send(&process, "/deploy-windows/shop/open", r#"{"for": "600s"}"#);
    let line = process.await_line("operator opens a deploy window");
    assert!(
        line.contains("service=\"shop\" length=10m") && !line.contains("reason"),
        "{line}"
    );
    send(&process, "/deploy-windows/shop/close", "{}");
    let line = process.await_line("operator closes a deploy window");
    assert!(line.contains("was_open=true"), "{line}");
    process.signal("TERM");
    let (_, log) = process.wait();
    assert!(!log.contains(TOKEN), "{log}");
}
