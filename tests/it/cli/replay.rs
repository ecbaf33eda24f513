//! `portcullis replay`: recordings, and the corpus of requests as recordings.

use std::io::Write;
use std::path::Path;
use std::process::Output;

use flate2::Compression;
use flate2::write::GzEncoder;
use portcullis::source::load_contract;
use portcullis_contract::recorded::{
    ExchangeCheckLimits, ExchangeJudge, IgnoredProperties, read_line,
};
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
    check("tests/fixtures/traffic/orders.jsonl", "", 2, "portcullis: tests/fixtures/traffic/orders.jsonl:9:13: request: one of \"url\" and \"path\" is missing");
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
            "source": "-", "line": 1, "index": 0, "time": null,
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
            "source": "-", "line": 3, "index": 1, "time": null,
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

/// The verdicts on a recording of the contract with uploads, and what is reported besides.
fn photos(words: &str) -> (Vec<String>, String) {
    let output = run(
        &format!("replay --contract tests/fixtures/traffic/photos.yaml --format json {words}"),
        "",
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let verdicts = lines.lines().map(|line| {
        let verdict: Value = serde_json::from_str(line).unwrap();
        let classes = verdict["violations"].as_array().unwrap().iter();
        let classes: Vec<&str> = classes
            .map(|violation| violation["class"].as_str().unwrap())
            .collect();
        format!("{} {} {classes:?}", verdict["index"], verdict["operation"])
    });
    (
        verdicts.collect(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
#[rustfmt::skip]
fn uploads_that_browsers_do_not_record_are_not_missing() {
    let (found, notes) = photos("tests/fixtures/traffic/chrome.har");
    assert_eq!(found, [
        r#"2 "uploadPhoto" []"#,
        r#"3 "replaceFile" []"#,
        r#"4 "replaceFile" []"#,
        r#"5 "replaceFile" ["missing-body"]"#,
        r#"6 "fetchPhoto" []"#,
        r#"7 "fetchPhoto" ["invalid-response-body"]"#,
    ]);
    assert_eq!(notes, "portcullis: 2 exchanges with other hosts than *.photos.example, localhost:8080 not validated: app.example.net 1, fonts.example.net 1; choose with --host\n");
    let (found, notes) = photos("tests/fixtures/traffic/firefox.har");
    assert_eq!(found, [
        r#"0 "uploadPhoto" []"#,
        r#"1 "replaceFile" []"#,
        r#"2 "fetchPhoto" []"#,
        r#"3 "renamePhoto" ["invalid-body"]"#,
    ]);
    assert!(notes.contains("localhost:3000 1"), "{notes}");
    let (found, notes) = photos("tests/fixtures/traffic/playwright.har");
    assert_eq!(found, [
        r#"0 "replaceFile" []"#,
        r#"1 "uploadPhoto" []"#,
        r#"2 "fetchPhoto" []"#,
        r#"3 "fetchPhoto" ["invalid-parameter"]"#,
    ]);
    assert_eq!(notes, "");
}

#[test]
fn hosts_are_chosen() {
    let chrome = "tests/fixtures/traffic/chrome.har";
    let count = |words: &str| photos(&format!("{chrome} {words}")).0.len();
    assert_eq!(count("--host app.example.net"), 1);
    assert_eq!(count("--host app.example.net --host *.photos.example"), 7);
    assert_eq!(count("--host *"), 8);
    // Nothing is validated, so nothing can be said.
    let none = run(
        &format!("replay --contract tests/fixtures/traffic/photos.yaml --host a.example {chrome}"),
        "",
    );
    assert_eq!(none.status.code(), Some(2));
    let error = String::from_utf8(none.stderr).unwrap();
    assert!(
        error.contains("name the host of the recording with --host"),
        "{error}"
    );
    let wrong = photos(&format!("{chrome} --host https://a.example/v1")).1;
    assert!(wrong.contains("try a.example"), "{wrong}");
    // The hosts of the services with this contract.
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traffic/photos.yaml");
    let text = format!(
        "[[services]]\nname = \"photos\"\ncontract = {contract:?}\nupstream = \"mock\"\nhosts = [\"app.example.net\"]\n"
    );
    std::fs::write(&config, text).unwrap();
    assert_eq!(count(&format!("--config {}", config.display())), 7);
    // The contract of the orders names no host.
    let output = replay("--host * tests/fixtures/traffic/orders.har", "");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("names no host"));
    let output = replay("tests/fixtures/traffic/orders.har", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("names no host, so exchanges of 2 hosts are validated: api.example.com 4, cdn.example.com 1; choose with --host"),
        "{text}"
    );
}

#[test]
fn entries_of_one_line_are_named() {
    let output = run(
        "replay --contract tests/fixtures/traffic/photos.yaml tests/fixtures/traffic/chrome.har",
        "",
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("chrome.har:1 log.entries[5] at 2026-01-02T03:04:08.100Z  replaceFile\n"),
        "{text}"
    );
    let har = r#"{"log": {"entries": [{}, {"startedDateTime": "2026-01-02T03:04:08Z", "request": {"method": "GET", "url": "x"}}]}}"#;
    let error = String::from_utf8(replay("-", har).stderr).unwrap();
    assert!(
        error.contains(": log.entries[1] at 2026-01-02T03:04:08Z: request.url: "),
        "{error}"
    );
}

#[test]
fn unknown_properties_are_counted() {
    let line = r#"{"time": 5, "request": {"method": "GET", "path": "/orders", "bdy": ""}}"#;
    let output = replay("-", &format!("{line}\n{line}\n"));
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let note = "ignored unknown properties: request.bdy 2 (did you mean body?), time 2\n";
    let other = "ignored unknown properties: time 2, request.bdy 2 (did you mean body?)\n";
    assert!(text.ends_with(note) || text.ends_with(other), "{text}");
}

#[test]
fn compressed_recordings_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let har = gzip(include_bytes!("../../fixtures/traffic/orders.har"));
    let lines = gzip(b"{\"request\": {\"method\": \"GET\", \"path\": \"/orders?limit=0\"}}\n");
    let check = |name: &str, bytes: &[u8], code: i32, expected: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let output = replay(&path.display().to_string(), "");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {text}");
        assert!(text.contains(expected), "{name}: {text}");
    };
    check("a.har.gz", &har, 1, "5 exchanges, 2 violating");
    // The name does not matter, and members that were joined are one recording.
    check("a", &har, 1, "5 exchanges, 2 violating");
    check(
        "a.jsonl.gz",
        &[&lines[..], &lines].concat(),
        1,
        "2 exchanges, 2 violating",
    );
    check(
        "cut.har.gz",
        &har[..har.len() / 2],
        2,
        "cut.har.gz: cannot be decompressed: ",
    );
    check(
        "cut.jsonl.gz",
        &lines[..lines.len() - 9],
        2,
        "cut.jsonl.gz: cannot be decompressed: ",
    );
    check(
        "a.har.zip",
        b"PK\x03\x04rest",
        2,
        "a zip archive; unpack it",
    );
    check("a.zst", b"\x28\xb5\x2f\xfdrest", 2, "compressed with zstd");
}

#[test]
#[rustfmt::skip]
fn reads_archives_of_browsers() {
    let found = verdicts(&format!("--host * {RECORDING}"), "");
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
    let mut ignored = IgnoredProperties::default();
    let exchange = read_line(&mut tape, line.as_bytes(), &mut ignored)
        .unwrap_or_else(|fault| panic!("{fault}: {line}"));
    assert_eq!(ignored.total(), 0);
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
