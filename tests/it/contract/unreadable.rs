//! A service whose contract cannot be read in part: what passes, what is refused, and how much of it
//! is counted.

use serde_json::Value;

use crate::support::app::{App, Site, admin, get, post, problem};

const CONTRACT: &str = "\
openapi: 3.0.3
info: {title: Transfers, version: 1.0.0}
paths:
  /transfers:
    post:
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [amount]
              properties:
                amount: {type: integer}
                fee: {$ref: '#/components/schemas/Fee'}
      responses: {'204': {description: done}}
  /private:
    get:
      security: [{token: []}]
      responses: {'204': {description: done}}
";

fn site(keys: &str) -> Site {
    let keys = format!("contract_reading = \"tolerant\"\n{keys}");
    Site::new("").service("shop", CONTRACT, "mock", &keys)
}

fn metrics(app: &App) -> String {
    admin(app.admin, "/metrics").1
}

/// Checks a line of the metrics.
#[track_caller]
fn check_metric(app: &App, line: &str) {
    let text = metrics(app);
    assert!(text.lines().any(|found| found == line), "{line}\n{text}");
}

#[test]
fn data_that_cannot_be_judged_passes_and_unknown_credentials_do_not() {
    let app = App::start(site(""));
    assert_eq!(
        app.ask(post("/transfers", "", r#"{"amount": 1}"#)).status,
        204
    );
    // Everything else is judged.
    let invalid = app.ask(post("/transfers", "", r#"{"amount": "x", "fee": 1}"#));
    assert_eq!(invalid.status, 422);
    let passed = app.ask(post("/transfers", "", r#"{"amount": 1, "fee": 1}"#));
    assert_eq!(passed.status, 204);
    let reported = passed.field("x-portcullis-violations");
    assert!(
        reported.is_some_and(|one| one.contains("unreadable")),
        "{passed:?}"
    );
    let refused = app.ask(get("/private"));
    assert_eq!(refused.status, 501);
    let body = problem(&refused);
    let violation = &body["violations"][0];
    assert_eq!(violation["class"], "unreadable-credentials");
    assert_eq!(violation["line"], 18);
    let file = violation["file"].as_str().unwrap();
    assert!(file.ends_with("shop.yaml"), "{file}");
    let message = violation["message"].as_str().unwrap();
    for part in ["`token` is not among", "`enforcement.unreadable`"] {
        assert!(message.contains(part), "{message}");
    }
    for kind in ["dangling-reference", "undeclared-scheme"] {
        check_metric(
            &app,
            &format!("contract_unjudged_parts{{service=\"shop\",kind=\"{kind}\"}} 1"),
        );
    }
    let operation = "service=\"shop\",operation=\"POST /transfers\"";
    let counted = format!(
        "contract_validation_errors_total{{{operation},class=\"unreadable\",squad=\"unknown\",enforcement=\"report\"}} 1"
    );
    check_metric(&app, &counted);
    let contracts: Value = serde_json::from_str(&admin(app.admin, "/contracts").1).unwrap();
    let warning = contracts["services"][0]["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("2 parts of the contract cannot be read"),
        "{warning}"
    );
    assert!(warning.contains("shop.yaml:"), "{warning}");
}

#[test]
fn a_service_and_an_operation_choose_what_happens() {
    let app = App::start(site("[services.enforcement]\nunreadable = \"reject\""));
    let refused = app.ask(post("/transfers", "", r#"{"amount": 1, "fee": 1}"#));
    assert_eq!(refused.status, 501);
    let body = problem(&refused);
    assert_eq!(body["violations"][0]["class"], "unreadable");
    assert_eq!(body["violations"][0]["line"], 14);
    assert_eq!(
        app.ask(post("/transfers", "", r#"{"amount": 1}"#)).status,
        204
    );
    let app = App::start(site("[services.enforcement]\nunreadable = \"report\""));
    assert_eq!(app.ask(get("/private")).status, 204);
    let own = CONTRACT.replace(
        "    post:\n",
        "    post:\n      x-portcullis: {unreadable: reject}\n",
    );
    let keys = "contract_reading = \"tolerant\"";
    let app = App::start(Site::new("").service("shop", &own, "mock", keys));
    let refused = app.ask(post("/transfers", "", r#"{"amount": 1, "fee": 1}"#));
    assert_eq!(refused.status, 501);
}

/// A revision is compared with an active one that cannot be read in part.
#[test]
fn the_reload_policy_compares_around_unknown_parts() {
    let site = site("[services.reload]\npolicy = \"compatible\"");
    let path = site.path("shop.yaml");
    let app = App::start(site);
    let reload = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let request = "POST /contracts/shop/reload HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n";
        let answer = crate::support::app::ask(app.admin, request);
        (
            answer.status,
            String::from_utf8_lossy(&answer.body).into_owned(),
        )
    };
    let wider = CONTRACT.replace("required: [amount]", "required: []");
    let (status, text) = reload(&wider);
    assert_eq!(status, 200, "{text}");
    let narrower = wider.replace("{type: integer}", "{type: integer, maximum: 5}");
    let (status, text) = reload(&narrower);
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("maximum"), "{text}");
}

/// What is known of a value applies, although a part of its schema cannot be read.
#[test]
fn known_rules_of_parameters_apply() {
    let contract = "\
openapi: 3.1.0
info: {title: Rates, version: 1.0.0}
paths:
  /rates/{day}:
    get:
      parameters:
      - {name: day, in: path, required: true, schema: {type: integer, maximum: 31, $ref: '#/gone'}}
      - {name: unit, in: query, schema: {enum: [a, b], type: string, allOf: [{$ref: '#/gone'}]}}
      - {name: x-limit, in: header, schema: {type: integer, allOf: [{$ref: '#/gone'}]}}
      - {name: any, in: query, schema: {allOf: [{$ref: '#/gone'}]}}
      responses: {'204': {description: done}}
";
    let site = Site::new("").service("rates", contract, "mock", "contract_reading = \"tolerant\"");
    let app = App::start(site);
    let ask = |target: &str, limit: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nhost: a\r\nx-limit: {limit}\r\n\r\n");
        let answer = app.ask(request);
        let reported = answer.field("x-portcullis-violations").unwrap_or_default();
        (answer.status, reported.contains("unreadable"))
    };
    for (target, limit) in [
        ("/rates/x", "1"),
        ("/rates/32", "1"),
        ("/rates/1?unit=c", "1"),
        ("/rates/1", "x"),
    ] {
        let (status, _) = ask(target, limit);
        assert!((400..500).contains(&status), "{target} {limit}: {status}");
    }
    // What may be valid or not is reported.
    assert_eq!(ask("/rates/1?unit=a&any=1", "1"), (204, true));
    let (_, json) = admin(app.admin, "/traffic");
    assert!(json.contains("unreadable"), "{json}");
}
