//! `portcullis replay`: recordings, and the corpus of requests as recordings.

use std::path::Path;
use std::process::Output;

use portcullis::source::load_contract;
use portcullis_contract::recorded::{ExchangeCheckLimits, ExchangeJudge, read_line};
use portcullis_contract::{CompileOptions, CompiledContract, compile};
use portcullis_json::Tape;
use portcullis_vocabulary::Limits;
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::enforcement::EnforcementCeilings;
use portcullis_vocabulary::enforcement::EnforcementPolicy;
use serde_json::{Value, json};

use crate::contract::requests;
use crate::contract::requests::Case;
use crate::support::app;
use crate::support::corpus::corpora;

const CONTRACT: &str = "contracts/payments/orders/openapi.yaml";
const RECORDING: &str = "tests/fixtures/traffic/orders.har";

/// Runs the program in the repository with this standard input.
fn run(words: &str, input: &str) -> Output {
    app::run(Path::new(env!("CARGO_MANIFEST_DIR")), words, input)
}

fn replay(words: &str, input: &str) -> Output {
    run(&format!("replay --contract {CONTRACT} {words}"), input)
}

#[test]
#[rustfmt::skip]
fn exit_codes() {
    let check = |words: &str, input: &str, code: i32, message: &str| {
        let output = replay(words, input);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words} {input}: {error}");
        assert!(error.contains(message), "{words} {input}: {error}");
        assert!(!message.is_empty() || error.is_empty(), "{words} {input}: {error}");
    };
    let get = |target: &str| format!(r#"{{"request": {{"method": "GET", "path": "{target}"}}}}"#);
    check("-", "", 0, "");
    check("-", &get("/orders?limit=1"), 0, "");
    check("-", &get("/orders?limit=0"), 1, "");
    check("-", &get("/orders?a=0"), 0, "");
    check("- --enforce all", &get("/orders?a=0"), 1, "");
    check("- --base-path /v1", &get("/orders"), 1, "");
    check("- --base-path /v1 --base-path /v2", &get("/v2/orders"), 0, "");
    check("-", "\n\n", 0, "");
    check("-", "{}\n", 2, "portcullis: -:1:1: the record: the property \"request\" is missing");
    check("-", &format!("{}\n x\n{}", get("/orders"), get("/orders?limit=0")), 2, "portcullis: -:2:2: expected a value, found a letter");
    check("-", "{\"log\": 1}", 2, "portcullis: -:1:9: log: the property \"entries\" is missing");
    check("tests/fixtures/traffic/orders.jsonl", "", 2, "portcullis: tests/fixtures/traffic/orders.jsonl:9:39: request: unknown property \"urll\"");
    check("tests/fixtures/traffic/orders.har", "", 1, "");
    check("none.jsonl", "", 2, "portcullis: none.jsonl: No such file");
    check("contracts", "", 2, "portcullis: contracts: Is a directory");
    check("", "", 2, "<TRAFFIC>");
    let code = |words: &str| run(words, "").status.code();
    assert_eq!(code("replay --contract none.yaml -"), Some(2));
    assert_eq!(code("replay --contract Cargo.toml -"), Some(2));
    let both = run("replay --contract - -", include_str!("../../../contracts/payments/orders/openapi.yaml"));
    assert!(String::from_utf8_lossy(&both.stderr).contains("not both"), "{both:?}");
    assert_eq!(both.status.code(), Some(2));
    let piped = run(&format!("replay --contract - {RECORDING}"), include_str!("../../../contracts/payments/orders/openapi.yaml"));
    assert_eq!(piped.status.code(), Some(1));
}

#[test]
fn prints_text() {
    let output = replay("tests/fixtures/traffic/orders.jsonl", "");
    let expected = include_str!("../../fixtures/traffic/orders.txt");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

fn verdicts(words: &str, input: &str) -> Vec<Value> {
    let output = replay(&format!("--format json {words}"), input);
    assert!(
        output.stderr.is_empty(),
        "unreadable records are verdicts: {output:?}"
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn prints_json() {
    let input = concat!(
        r#"{"request": {"method": "GET", "path": "/orders?limit=1000&a=1"}, "response": {"status": 503, "headers": {"content-type": "application/problem+json"}, "body": {"title": "t", "status": 503}}}"#,
        "\n\nx\n",
    );
    let found = verdicts("-", input);
    let expected = [
        json!({
            "source": "-", "line": 1, "index": 0,
            "method": "GET", "path": "/orders", "operation": "listOrders", "status": 503,
            "verdict": "violates",
            "violations": [
                {
                    "enforcement": "reject", "class": "invalid-parameter", "in": "query", "name": "limit",
                    "pointer": "", "keyword": "maximum", "expected": "≤ 100",
                    "schema": "#/paths/~1orders/get/parameters/0/schema/maximum",
                    "file": CONTRACT, "line": 77,
                    "message": "value is greater than the maximum of 100"
                },
                {
                    "enforcement": "report", "class": "unknown-query", "in": "query", "name": "a",
                    "pointer": "", "keyword": null, "expected": "only limit, status, cursor",
                    "schema": "#/paths/~1orders/get",
                    "file": CONTRACT, "line": 66,
                    "message": "the query parameter `a` is not declared"
                }
            ],
            "fault": null
        }),
        json!({
            "source": "-", "line": 3, "index": 1,
            "method": null, "path": null, "operation": null, "status": null,
            "verdict": "unreadable",
            "violations": [],
            "fault": {"line": 3, "column": 1, "message": "expected a value, found a letter"}
        }),
    ];
    assert_eq!(found, expected);
}

#[test]
fn prints_values_only_on_request() {
    let input = r#"{"request": {"method": "GET", "path": "/orders/4711"}}"#;
    let check = |words: &str, path: &str, says: bool| {
        let verdict = &verdicts(words, input)[0];
        assert_eq!(verdict["path"], path);
        let message = verdict["violations"][0]["message"].as_str().unwrap();
        assert_eq!(message.contains("4711"), says, "{message}");
    };
    check("-", "/orders/{order_id}", false);
    check("- --values", "/orders/4711", true);
    let text = |words: &str| {
        let output = replay(words, input).stdout;
        String::from_utf8(output).unwrap().contains("4711")
    };
    assert!(!text("-") && text("- --values"));
}

#[test]
#[rustfmt::skip]
fn reads_archives_of_browsers() {
    let found = verdicts(RECORDING, "");
    let found: Vec<String> = found
        .iter()
        .map(|verdict| {
            let classes = verdict["violations"].as_array().unwrap().iter();
            let mut classes: Vec<&str> = classes.map(|violation| violation["class"].as_str().unwrap()).collect();
            classes.dedup();
            format!("{} {} {} {} {classes:?}", verdict["index"], verdict["line"], verdict["operation"], verdict["verdict"])
        })
        .collect();
    assert_eq!(found, [
        r#"0 6 "createOrder" "ok" []"#,
        r#"1 37 "fetchOrder" "violates" ["invalid-response-body"]"#,
        r#"3 59 null "ok" []"#,
        r#"4 74 null "violates" ["unknown-path"]"#,
        r#"5 79 "fetchOrder" "ok" []"#,
    ]);
}

/// A case of the corpus as a line of JSON Lines.
fn line_of(case: &Case) -> String {
    let message = |name: &str| {
        let message = &case.value[name];
        let pairs = message["headers"].as_array().cloned().unwrap_or_default();
        let framing = |pair: &Value| {
            let name = pair[0].as_str().unwrap();
            ["content-length", "transfer-encoding"]
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
        };
        let headers: Vec<Value> = pairs
            .into_iter()
            .filter(|pair| name == "response" || !framing(pair))
            .collect();
        let mut line = json!({ "headers": headers });
        match (&message["body"]["text"], &message["body"]["base64"]) {
            (Value::String(text), _) => line["body"] = json!(text),
            (_, Value::String(text)) => line["body_base64"] = json!(text),
            _ => {}
        }
        line
    };
    let query = match case.text("/request/query") {
        "" => String::new(),
        query => format!("?{query}"),
    };
    let mut request = message("request");
    request["method"] = json!(case.text("/request/method"));
    request["path"] = json!(format!("{}{query}", case.text("/request/path")));
    let mut line = json!({ "request": request });
    if case.value["response"].is_object() {
        let mut response = message("response");
        response["status"] = case.value["response"]["status"].clone();
        line["response"] = response;
    }
    line.to_string()
}

/// The violations of a line that would be rejected: in the request, and in the response.
fn violations_of(contract: &CompiledContract, line: &str) -> [Vec<String>; 2] {
    let bounds = ExchangeCheckLimits {
        violations_max: 20,
        json_depth_max: 128,
        body_bytes_max: u64::MAX,
        decoded_bytes_max: 8 << 20,
        decoded_ratio_max: 100,
    };
    let ceilings = EnforcementCeilings {
        request: Enforcement::Reject,
        response: Enforcement::Reject,
    };
    let policy = EnforcementPolicy::new(ceilings, [], 1.0);
    let mut tape = Tape::new();
    let exchange =
        read_line(&mut tape, line.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {line}"));
    let verdict = ExchangeJudge::new(contract, &policy, bounds).judge(&exchange);
    [verdict.request, verdict.response].map(|found| {
        let rejected = found
            .iter()
            .filter(|found| policy.of(found.class) == Enforcement::Reject);
        let words = rejected.map(|found| format!("{}: {}", found.class, found.message));
        words.collect()
    })
}

/// Whether two results are equal. For a request without an operation the reference has only the
/// error of the routing table.
fn is_same(expected: &[String], found: &[String]) -> bool {
    let begins = |expected: &str| match expected {
        "NotFound" => "unknown-path".to_owned(),
        other if other.starts_with("MethodNotAllowed") => "unknown-method".to_owned(),
        other => other.to_owned(),
    };
    let mut pairs = expected.iter().zip(found);
    expected.len() == found.len()
        && pairs.all(|(expected, found)| found.starts_with(&begins(expected)))
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn recordings_get_the_same_verdicts_as_requests() {
    let folder = corpora().join("requests");
    let mut compared = 0;
    let mut different = Vec::new();
    for case in requests::cases(&folder) {
        let Some(contract) = contract_of(&folder, &case) else {
            continue;
        };
        let [request, response] = violations_of(&contract, &line_of(&case));
        let (expected, found) = match case.text("/expected/check") {
            "response" => {
                let is_stray = request.iter().any(|found| found.starts_with("unknown-"));
                let found = if is_stray { request } else { response };
                (requests::response_violations(&contract, &case), found)
            }
            _ => (requests::request_violations(&contract, &case), request),
        };
        compared += 1;
        if !is_same(&expected, &found) {
            different.push(format!("{}: {expected:?} and {found:?}", case.id));
        }
    }
    println!("{compared} compared");
    assert!(compared > 0 && different.is_empty(), "{different:#?}");
}

fn contract_of(folder: &Path, case: &Case) -> Option<CompiledContract> {
    let document = folder.join(case.text("/openapi_document"));
    let loaded = load_contract(&document, &Limits::default()).unwrap();
    compile(loaded, &CompileOptions::default()).ok()
}
