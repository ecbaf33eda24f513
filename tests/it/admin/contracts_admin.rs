//! Contracts on the admin port: what operators see, what they change, and who may.

use std::time::{Duration, Instant};

use portcullis::admin::{ConfigReloadView, ConfigResult};
use serde_json::{Value, json};

use super::breakers_admin::{HOST, JSON, good, refused, request};
use crate::support::app::ask;
use crate::support::client::{Answer, Client};
use crate::support::steered::{CONTRACT_BYTES_MAX, NEXT, Port, REVISION, applied, refusal};

const YAML: &str = "host: 127.0.0.1\r\ncontent-type: application/yaml\r\n";

fn get(port: &Port, path: &str) -> Answer {
    request(port.address, &format!("GET {path}"), HOST, "")
}

fn post(port: &Port, path: &str) -> Answer {
    request(port.address, &format!("POST {path}"), JSON, "{}")
}

fn propose(port: &Port, path: &str, body: &str) -> Answer {
    request(port.address, &format!("POST {path}"), YAML, body)
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn contracts_are_shown() {
    let port = Port::start();
    let all = good(&get(&port, "/contracts"));
    let one = good(&get(&port, "/contracts/orders"));
    assert_eq!(all["services"][0], one);
    assert_eq!(all["services"][1]["service"], "market");
    let expected = json!({
        "service": "orders", "title": "Orders", "version": "1.4.0", "revision": REVISION,
        "source": "orders.yaml", "operations": 12, "since": "2025-12-31T23:00:00.000Z",
        "since_seconds": 3600.0, "in_force": true, "stale": false, "last_error": null,
        "unreachable_operations": 0, "warnings": [],
        "policy": "adopt", "candidate": {"version": "1.5.0", "revision": NEXT},
        "history": [
            {
                "at": "2025-12-31T23:59:51.000Z", "version": "1.4.1", "revision": REVISION,
                "source": "orders.yaml", "trigger": "operator", "result": "refused",
                "reason": "2 errors\nin it", "compile_ms": 9
            },
            {
                "at": "2025-12-31T23:00:00.000Z", "version": "1.4.0", "revision": REVISION,
                "source": "orders.yaml", "trigger": "operator", "result": "in-force",
                "reason": null, "compile_ms": 3600
            }
        ]
    });
    assert_eq!(one, expected);
    let market = good(&get(&port, "/contracts/market"));
    assert_eq!(market["in_force"], false);
    assert!(market["since"].is_null() && market["candidate"].is_null());
    for path in [
        "/contracts",
        "/contracts/orders",
        "/contracts/orders/candidate",
    ] {
        let head = ask(port.address, format!("HEAD {path} HTTP/1.1\r\n{HOST}\r\n"));
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    let index = String::from_utf8(get(&port, "/").body).unwrap();
    for line in [
        "GET  /contracts/{service}/candidate         what the candidate would refuse\n",
        "POST /contracts/{service}/candidate         the next contract, as YAML or JSON\n",
        "POST /contracts/{service}/candidate/promote {}\n",
        "POST /config/reload                         {}\n",
    ] {
        assert!(index.contains(line), "{line}{index}");
    }
}

#[test]
fn reloads_proposes_promotes_and_drops_a_contract() {
    let port = Port::start();
    let check = |answer: &Answer, result: &str, call: &str| {
        let expected = json!({
            "service": "orders", "result": result, "version": "1.5.0", "revision": NEXT,
            "reason": null, "problems": [], "compile_ms": 12
        });
        assert_eq!(good(answer), expected, "{call}");
        assert_eq!(port.contracts.calls(), [call]);
    };
    let path = |rest: &str| format!("/contracts/orders/{rest}");
    check(&post(&port, &path("reload")), "in-force", "reload orders");
    let call = "propose orders 8 bytes None";
    check(
        &propose(&port, &path("candidate"), "openapi:"),
        "candidate",
        call,
    );
    let call = "propose orders 8 bytes Some(\"next one.yaml\")";
    let named = path("candidate?name=next%20one.yaml");
    check(&propose(&port, &named, "openapi:"), "candidate", call);
    check(
        &post(&port, &path("candidate/promote")),
        "promoted",
        "promote orders",
    );
    check(
        &post(&port, &path("candidate/drop")),
        "dropped",
        "drop orders",
    );
    // The JSON body is optional.
    let line = format!("POST {}", path("reload"));
    let answer = request(port.address, &line, JSON, "");
    check(&answer, "in-force", "reload orders");
}

#[test]
fn a_candidate_is_reported() {
    let port = Port::start();
    let path = "/contracts/orders/candidate";
    port.contracts
        .refuse(vec![refusal("checkout", "createOrder", 31)]);
    let expected = json!({
        "service": "orders", "version": "1.5.0", "revision": NEXT,
        "since": "2025-12-31T23:58:20.000Z", "since_seconds": 100.0, "sample": 0.125,
        "judged": 1000, "refused": 31, "unjudged": 3, "squads": ["checkout"],
        "refusals": [{
            "operation": "createOrder", "class": "request_body", "squad": "checkout", "count": 31,
            "example": "the member `quantity` must be an integer", "pointer": "/quantity",
            "schema": "#/components/schemas/Order", "file": "next.yaml", "line": 7
        }]
    });
    assert_eq!(good(&get(&port, path)), expected);
}

#[test]
fn the_configuration_is_reloaded() {
    let port = Port::start();
    let detail = refused(&post(&port, "/config/reload"), 409);
    assert!(
        detail.starts_with("another reload of the configuration"),
        "{detail}"
    );
    port.contracts.configure(applied());
    let expected = json!({
        "result": "applied", "changed": ["services.orders.timeout"],
        "needs_restart": ["listen.address"], "problems": []
    });
    assert_eq!(good(&post(&port, "/config/reload")), expected);
    port.contracts.configure(ConfigReloadView {
        result: ConfigResult::Refused,
        problems: vec!["config.toml:3: no such key".to_owned()],
        ..applied()
    });
    let answer = post(&port, "/config/reload");
    let detail = refused(&answer, 422);
    assert!(
        detail.contains("the active one stays; correct it"),
        "{detail}"
    );
    assert_eq!(
        body(&answer)["problems"],
        json!(["config.toml:3: no such key"])
    );
    assert_eq!(port.contracts.calls().len(), 3);
}

#[test]
fn errors_explain_what_to_do() {
    let port = Port::start();
    let check = |answer: &Answer, status: u16, detail: &str| {
        let found = refused(answer, status);
        assert!(found.starts_with(detail), "{found}");
    };
    let unknown = "there is no service `order`, did you mean `orders`? known: orders, market";
    for answer in [
        get(&port, "/contracts/order"),
        get(&port, "/contracts/order/candidate"),
        post(&port, "/contracts/order/reload"),
        propose(&port, "/contracts/order/candidate", "openapi:"),
        post(&port, "/contracts/order/candidate/promote"),
        post(&port, "/contracts/order/candidate/drop"),
    ] {
        check(&answer, 404, unknown);
    }
    let none =
        "`market` has no candidate; propose one with `portcullis contract candidate market FILE`";
    check(&get(&port, "/contracts/market/candidate"), 404, none);
    check(&post(&port, "/contracts/market/candidate/drop"), 404, none);
    let busy = "another change of the contract of `busy` is in progress; try again when it is done";
    check(&post(&port, "/contracts/busy/reload"), 409, busy);
    let gone = "gone.yaml: No such file; check the path";
    check(&post(&port, "/contracts/gone/reload"), 503, gone);
    check(
        &post(&port, "/contracts/lost/reload"),
        503,
        "the store is unavailable; try again",
    );
    check(
        &post(&port, "/contracts/broken/reload"),
        503,
        "the change failed; the log shows the cause",
    );

    let strict = post(&port, "/contracts/strict/reload");
    let detail = "the contract of `strict` is refused and nothing has changed; correct it";
    check(&strict, 422, detail);
    let problems = json!(["strict.yaml:3 `paths` must be an object #/paths"]);
    assert_eq!(body(&strict)["problems"], problems);
    let odd = propose(&port, "/contracts/odd/candidate", "]");
    check(&odd, 422, "this is no YAML; send a contract");
    assert!(body(&odd)["problems"].is_null());
}

#[test]
fn refuses_other_methods_queries_and_bodies() {
    let port = Port::start();
    let check = |line: &str, allow: &str| {
        let answer = request(port.address, line, JSON, "{}");
        refused(&answer, 405);
        assert_eq!(answer.field("allow"), Some(allow), "{line}");
    };
    check("POST /contracts", "GET, HEAD");
    check("PUT /contracts/orders", "GET, HEAD");
    check("PUT /contracts/orders/candidate", "GET, HEAD, POST");
    check("OPTIONS /contracts/orders/candidate", "GET, HEAD, POST");
    check("GET /contracts/orders/reload", "POST");
    check("GET /contracts/orders/candidate/drop", "POST");
    check("GET /config/reload", "POST");
    let path = "/contracts/orders/candidate";
    let detail = refused(&propose(&port, path, " \n"), 400);
    assert!(
        detail.starts_with("the body is empty; send the contract"),
        "{detail}"
    );
    for query in ["?", "?name=", "?name=a&b=c", "?file=a", "?name=%00"] {
        let answer = propose(&port, &format!("{path}{query}"), "openapi:");
        match query {
            "?" => assert_eq!(answer.status, 200),
            _ => assert!(
                refused(&answer, 400).starts_with("expected only the query"),
                "{query}"
            ),
        }
    }
    for body in ["[]", "{\"service\": 1}", "openapi:"] {
        let line = "POST /contracts/orders/reload";
        refused(&request(port.address, line, JSON, body), 400);
    }
    assert_eq!(port.contracts.calls(), ["propose orders 8 bytes None"]);
}

#[test]
fn bounds_the_size_of_a_contract() {
    let port = Port::start();
    let path = "/contracts/orders/candidate";
    let largest = "a".repeat(CONTRACT_BYTES_MAX);
    good(&propose(&port, path, &largest));
    let detail = refused(&propose(&port, path, &format!("{largest}a")), 413);
    let expected = "the contract is larger than 200000 bytes; raise `limits.contract_bytes_max`";
    assert!(detail.starts_with(expected), "{detail}");
    let line = "POST /contracts/orders/reload";
    let blanks = format!("{{{}}}", " ".repeat(70_000));
    let answer = request(port.address, line, JSON, &blanks);
    assert_eq!(refused(&answer, 413), "the body is larger than 64 KiB");
    let calls = [format!("propose orders {CONTRACT_BYTES_MAX} bytes None")];
    assert_eq!(port.contracts.calls(), calls);
}

#[test]
fn a_browser_cannot_change_a_contract() {
    let port = Port::start();
    for path in [
        "/contracts/orders/reload",
        "/contracts/orders/candidate",
        "/contracts/orders/candidate/promote",
        "/contracts/orders/candidate/drop",
        "/config/reload",
    ] {
        let send = |fields: &str| request(port.address, &format!("POST {path}"), fields, "");
        for origin in ["http://evil.example", "null"] {
            let detail = refused(&send(&format!("{JSON}origin: {origin}\r\n")), 403);
            assert!(detail.contains("`Origin`"), "{detail}");
        }
        // Media types that a page may send to any site without a preflight.
        refused(&send(HOST), 415);
        for media_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=a",
        ] {
            refused(&send(&format!("{HOST}content-type: {media_type}\r\n")), 415);
        }
        let named = "host: rebound.example\r\ncontent-type: application/json\r\n";
        refused(&send(named), 403);
    }
    // The media type of a contract is not accepted for a JSON object.
    let line = "POST /contracts/orders/reload";
    refused(&request(port.address, line, YAML, ""), 415);
    assert_eq!(port.contracts.calls(), [""; 0]);
}

#[test]
fn checks_the_token_before_reading_a_contract() {
    const TOKEN: &str = "correct-horse-battery";
    let port = Port::bind("0.0.0.0:0", Some(TOKEN));
    good(&get(&port, "/contracts"));
    let right = format!("authorization: Bearer {TOKEN}\r\n");
    for (path, fields) in [
        ("/contracts/orders/candidate", YAML),
        ("/contracts/orders/reload", JSON),
        ("/config/reload", JSON),
    ] {
        let line = format!("POST {path}");
        refused(&request(port.address, &line, fields, "{}"), 401);
        let wrong = format!("{fields}authorization: Bearer {TOKEN}-\r\n");
        refused(&request(port.address, &line, &wrong, "{}"), 401);
    }
    assert_eq!(port.contracts.calls(), [""; 0]);
    // Larger than the bound of a JSON body, but the token is checked first.
    let contract = "a".repeat(CONTRACT_BYTES_MAX);
    let line = "POST /contracts/orders/candidate";
    refused(&request(port.address, line, YAML, &contract), 401);
    let fields = format!("{YAML}{right}");
    good(&request(port.address, line, &fields, &contract));

    let port = Port::bind("0.0.0.0:0", None);
    let fields = format!("{YAML}{right}");
    let detail = refused(&request(port.address, line, &fields, "{}"), 403);
    assert!(
        detail.ends_with("set `admin.token` or PORTCULLIS_ADMIN__TOKEN"),
        "{detail}"
    );
}

#[test]
fn a_change_completes_after_its_client_disconnects() {
    let port = Port::start();
    let mut client = Client::connect(port.address);
    client.send(format!(
        "POST /contracts/slow/reload HTTP/1.1\r\n{JSON}content-length: 0\r\n\r\n"
    ));
    let mut calls = Vec::new();
    let patience = Instant::now() + Duration::from_secs(10);
    while calls.is_empty() && Instant::now() < patience {
        calls.extend(port.contracts.calls());
        std::thread::yield_now();
    }
    drop(client);
    while calls.len() < 2 && Instant::now() < patience {
        calls.extend(port.contracts.calls());
        std::thread::yield_now();
    }
    assert_eq!(calls, ["reload slow", "slow is done"]);
}
