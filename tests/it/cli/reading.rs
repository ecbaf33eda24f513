//! Contracts with flaws in the commands: refused strictly with the switch named, repaired by the
//! tolerant reading with a warning for each flaw.

use serde_json::Value;

use crate::support::app::{App, Site, get, run};

const FLAWED: &str = "\
openapi: 3.1.0
info: {title: Shared links, version: 1.0.0}
paths:
  /files/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getFile
      parameters:
      - {name: size, in: query, schema: {type: integer, minimum: 0, exclusiveMinimum: true}}
      responses:
        '200': {description: ok, content: {application/json: {example: {name: a}}}}
  /files/{id}#link:
    put: {operationId: addLink, responses: {'200': {description: ok}}}
";

const REPEATED: &str = "\
openapi: 3.1.0
info: {title: Notes, version: 1.0.0, version: 1.0.1}
paths: {}
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("flawed.yaml", FLAWED), ("repeated.yaml", REPEATED)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The exit code, standard output and standard error of a command.
#[track_caller]
fn output(command: &str, input: &str) -> (Option<i32>, String, String) {
    let output = run(folder().path(), command, input);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn check_names_the_switch_and_reads_with_it() {
    let (code, text, _) = output("check flawed.yaml", "");
    assert_eq!(code, Some(1), "{text}");
    for part in [
        "`--reading tolerant` (in the configuration: `contract_reading = \"tolerant\"`)",
        "every error",
        "(unmatchable-path, boolean-bound)",
    ] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, text, _) = output("check flawed.yaml --reading tolerant", "");
    assert_eq!(code, Some(0), "{text}");
    for part in [
        "warning  flawed.yaml:9  malformed-schema",
        "warning  flawed.yaml:12  malformed-path",
        "1 operation, 0 errors, 2 warnings",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("--reading"), "{text}");
}

#[test]
fn every_format_of_check_names_the_switch() {
    let (_, text, _) = output("check flawed.yaml --format json", "");
    let report: Value = serde_json::from_str(&text).unwrap();
    let contract = &report["contracts"][0];
    let repairs = contract["problems"].as_array().unwrap().iter();
    let repairs: Vec<&str> = repairs.filter_map(|one| one["repair"].as_str()).collect();
    assert_eq!(repairs, ["unmatchable-path", "boolean-bound"]);
    let advice = contract["advice"].as_str().unwrap();
    assert!(advice.contains("--reading tolerant"), "{advice}");
    let (_, text, _) = output("check flawed.yaml --format markdown", "");
    assert!(text.contains("--reading tolerant"), "{text}");
}

#[test]
fn a_repeated_key_names_the_switch_too() {
    let (code, _, error) = output("check repeated.yaml", "");
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("`--reading tolerant`"), "{error}");
    let (code, text, _) = output("check repeated.yaml --reading tolerant", "");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Notes 1.0.1"), "{text}");
    assert!(text.contains("warning  repeated.yaml:2"), "{text}");
}

#[test]
fn replay_reads_with_the_switch() {
    let exchange = |size: u32| {
        format!(r#"{{"request": {{"method": "GET", "path": "/files/7?size={size}"}}}}"#)
    };
    let command = "replay --contract flawed.yaml -";
    let (code, _, error) = output(command, &exchange(1));
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("--reading tolerant"), "{error}");
    let tolerant = "replay --contract flawed.yaml --reading tolerant -";
    let (code, text, _) = output(tolerant, &exchange(1));
    assert_eq!(code, Some(0), "{text}");
    let (code, text, _) = output(tolerant, &exchange(0));
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn serve_names_the_key_of_the_service() {
    let (code, _, error) = output("serve --contract flawed.yaml --upstream mock", "");
    assert_ne!(code, Some(0), "{error}");
    let part = "`contract_reading = \"tolerant\"` repairs every error";
    assert!(error.contains(part), "{error}");
}

#[test]
fn a_service_reads_tolerantly() {
    let key = "contract_reading = \"tolerant\"";
    let app = App::start(Site::new("").service("files", FLAWED, "mock", key));
    assert_eq!(app.ask(get("/files/7?size=1")).status, 200);
    assert_eq!(app.ask(get("/files/7?size=0")).status, 422);
    // The operation that cannot be matched is unknown, as every undeclared one.
    let request = get("/files/7").replacen("GET", "PUT", 1);
    assert_eq!(app.ask(request).status, 405);
}
