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

/// Both sides of a comparison are read alike.
#[test]
fn diff_reads_both_sides_with_the_switch() {
    let folder = folder();
    let other = FLAWED.replace(
        "minimum: 0, exclusiveMinimum: true",
        "minimum: 5, exclusiveMinimum: true",
    );
    assert_ne!(other, FLAWED);
    std::fs::write(folder.path().join("other.yaml"), other).unwrap();
    let diff = |words: &str| {
        let output = run(folder.path(), &format!("diff {words}"), "");
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.code(), text)
    };
    // The newer side is refused, and the older one is not known.
    let (code, text) = diff("flawed.yaml other.yaml");
    assert_eq!(code, Some(2), "{text}");
    let (code, text) = diff("flawed.yaml other.yaml --reading tolerant");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("minimum"), "{text}");
    let (code, text) = diff("other.yaml flawed.yaml --reading tolerant");
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = diff("flawed.yaml other.yaml --reading tolerant --tolerant none");
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

/// Documents of others that are refused strictly. Each error has a repair, so they can be enforced.
#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora; set PORTCULLIS_CORPORA to their directory"
)]
fn real_documents_with_flaws_are_read_tolerantly() {
    let specs = crate::support::corpus::corpora().join("specs");
    for name in [
        "box.json",
        "openai.yaml",
        "readme-parameters-style-30.json",
        "readme-parameters-style-31.json",
    ] {
        let path = specs.join(name).display().to_string();
        let strict = run(&specs, &format!("check {path} --format json"), "");
        let report: Value = serde_json::from_slice(&strict.stdout).unwrap();
        let contract = &report["contracts"][0];
        let problems = contract["problems"].as_array().unwrap().iter();
        let errors: Vec<&Value> = problems.filter(|one| one["severity"] == "error").collect();
        assert!(!errors.is_empty(), "{name} has no flaw");
        assert!(
            errors.iter().all(|one| one["repair"].is_string()),
            "{name}: {errors:?}"
        );
        let advice = contract["advice"].as_str().unwrap();
        assert!(advice.contains("--reading tolerant"), "{name}: {advice}");
        let tolerant = run(
            &specs,
            &format!("check {path} --reading tolerant --format json"),
            "",
        );
        let report: Value = serde_json::from_slice(&tolerant.stdout).unwrap();
        let contract = &report["contracts"][0];
        let problems = contract["problems"].as_array().unwrap();
        let repaired = problems
            .iter()
            .filter(|one| one["repair"].is_string())
            .count();
        assert!(
            repaired > 0 && problems.iter().all(|one| one["severity"] == "warning"),
            "{name}: {problems:?}"
        );
        assert!(
            !contract["operations"].as_array().unwrap().is_empty(),
            "{name}"
        );
    }
}
