//! A service without an upstream: the contract provides the responses.

use std::path::Path;

use serde_json::{Value, json};

use portcullis::app::build;
use portcullis_config::{FlagOverrides, load};

use crate::cli::operate::printed;
use crate::support::app::{App, Site, ask, get, post, problem};
use crate::support::client::Answer;

const FIXTURE: &str = include_str!("../fixtures/mock.json");
const SEARCH: &str = include_str!("../../../contracts/discovery/search-api/openapi.json");

fn mock(contract: &str) -> App {
    App::start(Site::new("").service("mock", contract, "mock", ""))
}

fn get_with_field(target: &str, field: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: a\r\n{field}\r\n\r\n")
}

#[track_caller]
fn json_of(answer: &Answer) -> Value {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.field("x-portcullis"), None, "{text}");
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Checks a value with the schema of the contract, independently of the proxy.
#[track_caller]
fn check_valid(contract: &Value, schema: &Value, value: &Value) {
    let with_components = json!({ "allOf": [schema], "components": contract["components"] });
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&with_components)
        .unwrap();
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{value} of {schema}: {errors:?}");
}

#[test]
fn generated_answers_satisfy_their_schemas() {
    let app = mock(FIXTURE);
    let contract: Value = serde_json::from_str(FIXTURE).unwrap();
    for path in [
        "/numbers",
        "/texts",
        "/lists",
        "/trees",
        "/unions",
        "/conditions",
    ] {
        let answer = app.ask(get(path));
        assert_eq!(
            answer.status,
            200,
            "{path}: {}",
            String::from_utf8_lossy(&answer.body)
        );
        assert_eq!(answer.field("content-type"), Some("application/json"));
        let media = "/get/responses/200/content/application~1json/schema";
        let schema = contract["paths"][path].pointer(media).unwrap();
        check_valid(&contract, schema, &json_of(&answer));
        assert_eq!(app.ask(get(path)).body, answer.body, "the same again");
    }
}

/// A sample contract without any example still answers.
#[test]
fn a_contract_without_examples_answers() {
    let mut contract: Value = serde_json::from_str(SEARCH).unwrap();
    drop_examples(&mut contract);
    let app = mock(&contract.to_string());
    let check = |target: &str, schema: &str| {
        let answer = app.ask(get(target));
        assert_eq!(answer.status, 200, "{target}");
        let schema = contract.pointer(schema).unwrap();
        check_valid(&contract, schema, &json_of(&answer));
    };
    check("/search/products.json?q=a", "/components/schemas/Hits");
    let suggest = "/paths/~1{index}:suggest/get/responses/200/content/application~1json/schema";
    check("/search/products:suggest?q=a", suggest);
}

fn drop_examples(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("example");
            members.remove("examples");
            members.values_mut().for_each(drop_examples);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_examples),
        _ => {}
    }
}

#[test]
fn prefer_selects_the_response() {
    let app = mock(FIXTURE);
    let check = |prefer: &str, status: u16, body: Value| {
        let answer = app.ask(get_with_field("/choices", &format!("prefer: {prefer}")));
        assert_eq!(answer.status, status, "{prefer}");
        assert_eq!(json_of(&answer), body, "{prefer}");
    };
    check("code=404", 404, json!("none"));
    check("code=503", 503, json!("broken"));
    check("status=404", 404, json!("none"));
    check("respond-async, code=\"404\"", 404, json!("none"));
    check("example=eight", 200, json!(8));
    check("code=200; example=seven", 200, json!(7));
    check("code=200, example=\"eight\"", 200, json!(8));
    // The first valid example, not the first example.
    check("wait=10", 200, json!(7));
    let other = app.ask(get_with_field("/choices", "prefer: code=418"));
    assert_eq!((other.status, &other.body[..]), (418, &b""[..]));
}

#[test]
fn accept_selects_the_media_type() {
    let app = mock(FIXTURE);
    let check = |accept: &str, kind: &str, body: &str| {
        let answer = app.ask(get_with_field("/choices", &format!("accept: {accept}")));
        assert_eq!(answer.field("content-type"), Some(kind), "{accept}");
        assert_eq!(String::from_utf8_lossy(&answer.body), body, "{accept}");
    };
    check("application/json", "application/json", "7");
    check("text/plain", "text/plain", "plain text");
    check("text/*", "text/plain", "plain text");
    check("*/*", "application/json", "7");
    check("application/vnd.x+json", "application/vnd.x+json", "9");
    check("image/png, text/plain;q=0.5", "text/plain", "plain text");
    // An unavailable media type is not refused.
    check("image/png", "application/json", "7");
}

#[test]
fn a_response_without_content_is_empty() {
    let app = mock(FIXTURE);
    let answer = app.ask("POST /created HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(
        (answer.status, answer.field("content-length")),
        (201, Some("0"))
    );
    // The default response is used if no other is declared.
    let fault = app.ask(get("/faults"));
    assert_eq!((fault.status, json_of(&fault)), (200, json!("fault")));
    let mut client = app.client();
    for _ in 0..2 {
        client.send("HEAD /choices HTTP/1.1\r\nhost: a\r\n\r\n");
        let answer = client.read_answer(false).unwrap();
        assert_eq!(
            (answer.status, answer.field("content-length")),
            (200, Some("1"))
        );
    }
}

#[test]
fn explains_a_missing_example() {
    let app = mock(FIXTURE);
    let check = |request: &str, reason: &str| {
        let answer = app.ask(request);
        let problem = problem(&answer);
        assert_eq!(
            (answer.status, &problem["error"]),
            (501, &json!("NO_EXAMPLE")),
            "{request}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(reason), "{detail}");
    };
    check(&get("/images"), "has no example of the response");
    check(&get("/impossible"), "no value of its schema was found");
    check(
        &get_with_field("/choices", "prefer: example=nine"),
        "no example of that name",
    );
    check(
        &get_with_field("/images", "prefer: code=500"),
        "declares no such response",
    );
}

/// Requests to a mock are checked like those to an upstream.
#[test]
fn requests_to_a_mock_are_checked() {
    let app = mock(SEARCH);
    let answer = app.ask(get("/search/products.xml?q=a"));
    assert_eq!(problem(&answer)["violations"][0]["name"], "format");
    assert_eq!(app.ask(get("/search/none")).status, 404);
}

/// An operator's decision applies to a mock as to a server, whatever the rule.
#[test]
fn operators_rules_apply_to_a_mock() {
    let app = App::start(Site::new("").service("mock", FIXTURE, "mock", "").service(
        "full",
        FIXTURE,
        "mock",
        "hosts = [\"full\"]\n[services.shares]\nin_flight_max = 1\n",
    ));
    let status = || app.ask(get("/numbers")).status;
    let run = |words: &str| printed(app.admin, words, 0);
    assert_eq!(status(), 200);
    for name in ["everybody", "unknown"] {
        run(&format!("breakers set mock {name} open --reason drill"));
        let refused = app.ask(get("/numbers"));
        assert_eq!(problem(&refused)["error"], "CIRCUIT_OPEN", "{name}");
        run(&format!("breakers set mock {name} auto --reason drill"));
        assert_eq!(status(), 200, "{name}");
    }
    // Answers hold a slot until they have passed, and give it back.
    for _ in 0..3 {
        let answer = app.ask("GET /numbers HTTP/1.1\r\nhost: full\r\n\r\n");
        assert_eq!(answer.status, 200);
    }
}

/// A client that asks for server errors opens the breaker of its squad.
#[test]
fn breakers_count_the_answers_of_a_mock() {
    let app = mock(FIXTURE);
    let ask = |prefer: &str| app.ask(get_with_field("/choices", prefer));
    let answers: Vec<Answer> = (0..40).map(|_| ask("prefer: code=503")).collect();
    let is_refused = |answer: &&Answer| answer.field("x-portcullis").is_some();
    let refused = answers.iter().find(is_refused).expect("the breaker opens");
    assert_eq!(problem(refused)["error"], "CIRCUIT_OPEN");
    // A missing example does not count as a failure.
    let app = mock(FIXTURE);
    for _ in 0..40 {
        assert_eq!(problem(&app.ask(get("/images")))["error"], "NO_EXAMPLE");
    }
}

/// The shipped configuration runs unchanged and answers from the examples.
#[test]
fn the_shipped_configuration_answers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml");
    let variables = [
        ("PORTCULLIS_LISTEN__ADDRESS", "127.0.0.1:0"),
        ("PORTCULLIS_ADMIN__ADDRESS", "127.0.0.1:0"),
        ("PORTCULLIS_RUNTIME__DATA_CORES", "1"),
    ];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let config = load(Some(&path), variables, &FlagOverrides::default()).unwrap();
    let running = build(config).unwrap();
    let check = |request: &[u8], status: u16, pointer: &str, expected: Value| {
        let answer = ask(running.data_port().unwrap(), request);
        let found = json_of(&answer);
        assert_eq!(answer.status, status, "{found}");
        assert_eq!(found.pointer(pointer), Some(&expected), "{found}");
    };
    let id = "0b9c8d5e-2f63-4f5a-8f0e-6f1f6f2b7a10";
    check(get("/orders").as_bytes(), 200, "/orders/0/id", json!(id));
    check(
        get(&format!("/orders/{id}")).as_bytes(),
        200,
        "/total",
        json!(25.0),
    );
    let order = r#"{"customer_id":"7c1f5a0e-5a52-4f0e-9a5c-0a4b2d1f3c11","currency":"EUR",
        "lines":[{"sku":"BOOK-0042","quantity":2,"unit_price":12.50}]}"#;
    check(&post("/orders", "", order), 201, "/status", json!("placed"));
    let conflict = post("/orders", "prefer: code=409\r\n", order);
    check(&conflict, 409, "/status", json!(409));
    check(
        get("/ledger/accounts/EUR-000123").as_bytes(),
        200,
        "/balance",
        json!("1250.00"),
    );
    check(
        get("/search/products.json?q=chair").as_bytes(),
        200,
        "/total",
        json!(1),
    );
    let bad = order.replace("\"quantity\":2", "\"quantity\":0");
    let answer = ask(running.data_port().unwrap(), post("/orders", "", bad));
    let found = problem(&answer);
    assert_eq!(found["violations"][0]["pointer"], "/lines/0/quantity");
    assert_eq!(found["provider"]["squad"], "payments");
    running.stop();
}
