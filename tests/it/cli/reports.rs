//! Every command that reports findings prints them in every format.

use std::fs;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use tempfile::TempDir;

use crate::control::gate::contract;
use crate::support::app::run;

/// Every format.
const FORMATS: [&str; 7] = [
    "text", "json", "markdown", "github", "sarif", "junit", "gitlab",
];

const CATALOG: &str = "\
[squads.payments]
services = ['orders']
paths = ['services/orders/**']
[squads.checkout]
paths = ['apps/checkout/**']
";

/// A command with the rule that it reports and a part of the message.
struct ReportingCommand {
    words: &'static str,
    rule: &'static str,
    message: &'static str,
    /// A part of its JSON document.
    json: &'static str,
    code: i32,
}

const CHECK: ReportingCommand = ReportingCommand {
    words: "check questionable.yaml --fail-on warning",
    rule: "invalid-example",
    message: "is not of type",
    json: "\"kind\": \"invalid-example\"",
    code: 1,
};

const CHECK_NAMES: ReportingCommand = ReportingCommand {
    words: "check misspelt.yaml --fail-on warning",
    rule: "misspelt-keyword",
    message: "did you mean",
    json: "\"kind\": \"misspelt-keyword\"",
    code: 1,
};

const REPLAY: ReportingCommand = ReportingCommand {
    words: "replay --contract 1.0.yaml traffic.jsonl",
    rule: "invalid-body",
    message: "less than the minimum",
    json: "\"class\":\"invalid-body\"",
    code: 1,
};

const DIFF: ReportingCommand = ReportingCommand {
    words: "diff 1.0.yaml 1.1.yaml",
    rule: "schema.maximum.decreased",
    message: "maximum",
    json: "\"rule\": \"schema.maximum.decreased\"",
    code: 1,
};

const GATE: ReportingCommand = ReportingCommand {
    words: "gate --squad payments --service orders --contract 1.1.yaml --registry registry \
            --catalog contracts/squads.toml",
    rule: "breaking-change",
    message: "POST /orders: ",
    json: "\"rule\": \"breaking-change\"",
    code: 1,
};

const OWNERS: ReportingCommand = ReportingCommand {
    words: "owners --squad checkout services/orders/main.rs",
    rule: "foreign-path",
    message: "payments owns",
    json: "\"standing\": \"foreign\"",
    code: 1,
};

const OWNERS_CHECK: ReportingCommand = ReportingCommand {
    words: "owners check",
    rule: "no-oncall",
    message: "oncall",
    json: "\"kind\": \"no-oncall\"",
    code: 1,
};

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("contracts/squads.toml", CATALOG);
    write("1.0.yaml", &contract("1.0.0", 100, "first"));
    write("1.1.yaml", &contract("1.1.0", 50, "less"));
    write(
        "questionable.yaml",
        "openapi: 3.0.3\ninfo: {title: Q, version: '1'}\npaths: {}\n\
         components: {schemas: {A: {type: integer, example: a}}}\n",
    );
    write(
        "misspelt.yaml",
        "openapi: 3.1.0\ninfo: {title: M, version: '1'}\n\
         components: {schemas: {A: {type: integer, minimun: 1}}}\n",
    );
    write(
        "traffic.jsonl",
        "{\"request\": {\"method\": \"POST\", \"path\": \"/orders\", \
         \"headers\": {\"content-type\": \"application/json\"}, \"body\": {\"quantity\": 0}}}\n",
    );
    fs::create_dir(folder.path().join("registry")).unwrap();
    let first = "gate --squad payments --service orders --contract 1.0.yaml --registry registry \
                 --catalog contracts/squads.toml --record --by ci";
    assert!(run(folder.path(), first, "").status.success());
    folder
}

/// The output of the command in a format.
fn print(folder: &Path, command: &ReportingCommand, format: &str) -> String {
    let ReportingCommand { words, code, .. } = command;
    let output = run(folder, &format!("{words} --format {format}"), "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(*code),
        "{words} {format}: {errors}"
    );
    String::from_utf8(output.stdout).unwrap()
}

fn check_formats(command: &ReportingCommand) {
    let folder = folder();
    for format in FORMATS {
        let text = print(folder.path(), command, format);
        let ReportingCommand { rule, message, .. } = command;
        let words = command.words;
        let expected = match format {
            "text" => message,
            "json" => &command.json,
            _ => rule,
        };
        assert!(text.contains(expected), "{words} {format}: {text}");
        match format {
            "json" => check_json(&text),
            "sarif" => check_sarif(&text, rule, message),
            "junit" => check_junit(&text, message),
            "gitlab" => check_gitlab(&text, rule, message),
            "github" => check_github(&text, rule, message),
            "markdown" => check_markdown(&text),
            _ => {}
        }
    }
}

/// One document, or one document per line.
fn check_json(text: &str) {
    if serde_json::from_str::<Value>(text).is_err() {
        for line in text.lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
}

fn check_sarif(text: &str, rule: &str, message: &str) {
    let log: Value = serde_json::from_str(text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|known| known["id"] == rule), "{log:#}");
    let results = run["results"].as_array().unwrap();
    let found = results.iter().find(|result| result["ruleId"] == rule);
    let found = found.unwrap_or_else(|| panic!("{log:#}"));
    let text = found["message"]["text"].as_str().unwrap();
    assert!(text.contains(message), "{text}");
    for result in results {
        let location = &result["locations"][0]["physicalLocation"];
        assert!(
            location["artifactLocation"]["uri"].is_string(),
            "{result:#}"
        );
        assert!(result["partialFingerprints"]["portcullis/v1"].is_string());
    }
}

/// Counts elements and compares them with the attributes of the root.
fn check_junit(text: &str, message: &str) {
    let mut reader = Reader::from_str(text);
    let (mut cases, mut failed_cases) = (0, 0);
    let mut is_failed = false;
    let mut counts = (String::new(), String::new());
    let mut messages = String::new();
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Eof => break,
            Event::Start(element) | Event::Empty(element) => {
                let attribute = |name: &str| {
                    let value = element.try_get_attribute(name).unwrap();
                    value.map(|value| String::from_utf8(value.value.into_owned()).unwrap())
                };
                match element.name().as_ref() {
                    b"testsuites" => {
                        counts = (attribute("tests").unwrap(), attribute("failures").unwrap());
                    }
                    b"testcase" => {
                        assert!(attribute("classname").is_some() && attribute("name").is_some());
                        cases += 1;
                        is_failed = false;
                    }
                    b"failure" => {
                        messages.push_str(&attribute("message").unwrap());
                        failed_cases += usize::from(!std::mem::replace(&mut is_failed, true));
                    }
                    _ => {}
                }
            }
            Event::Text(text) => messages.push_str(&String::from_utf8_lossy(text)),
            _ => {}
        }
    }
    assert_eq!(counts, (cases.to_string(), failed_cases.to_string()));
    assert!(messages.contains(message), "{text}");
}

fn check_gitlab(text: &str, rule: &str, message: &str) {
    let issues: Value = serde_json::from_str(text).unwrap();
    let issues = issues.as_array().unwrap();
    let mut fingerprints: Vec<&str> = Vec::new();
    for issue in issues {
        assert!(issue["description"].is_string(), "{issue:#}");
        let severity = issue["severity"].as_str().unwrap();
        assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
        assert!(issue["location"]["path"].is_string(), "{issue:#}");
        assert!(issue["location"]["lines"]["begin"].is_u64(), "{issue:#}");
        fingerprints.push(issue["fingerprint"].as_str().unwrap());
    }
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), issues.len());
    let is_found = issues.iter().any(|issue| {
        let name = issue["check_name"].as_str().unwrap();
        let description = issue["description"].as_str().unwrap();
        name.ends_with(&format!("/{rule}")) && description.contains(message)
    });
    assert!(is_found, "{issues:#?}");
}

/// One workflow command per line.
fn check_github(text: &str, rule: &str, message: &str) {
    for line in text.lines() {
        let command = line.strip_prefix("::").unwrap();
        let level = command.split(' ').next().unwrap();
        assert!(["error", "warning", "notice"].contains(&level), "{line}");
        assert!(command.contains("title=") && command.contains("::"));
    }
    let is_found = |line: &str| line.contains(rule) && line.contains(message);
    assert!(text.lines().any(is_found), "{text}");
}

/// A heading, and tables whose rows have as many cells as their heading.
fn check_markdown(text: &str) {
    assert!(text.starts_with("## "), "{text}");
    let mut columns = 0;
    for line in text.lines() {
        let cells = line.replace("\\|", "").matches('|').count();
        if line.starts_with('|') {
            assert!(columns == 0 || columns == cells, "{text}");
            columns = cells;
        } else {
            columns = 0;
        }
    }
}

#[test]
fn check_prints_every_format() {
    check_formats(&CHECK);
    check_formats(&CHECK_NAMES);
}

#[test]
fn check_ignores_warnings_by_id_in_every_format() {
    let folder = folder();
    let words = "check misspelt.yaml questionable.yaml --fail-on warning";
    let print = |ignored: &str, format: &str, code: i32| {
        let output = run(
            folder.path(),
            &format!("{words} --ignore {ignored} --format {format}"),
            "",
        );
        assert_eq!(output.status.code(), Some(code), "{ignored} {format}");
        String::from_utf8(output.stdout).unwrap()
    };
    for format in FORMATS {
        let text = print("misspelt-keyword", format, 1);
        assert!(!text.contains("minimun"), "{format}: {text}");
        assert!(text.contains("is not of type"), "{format}: {text}");
        let text = print("misspelt-keyword,invalid-example", format, 0);
        assert!(!text.contains("is not of type"), "{format}: {text}");
    }
    let text = print("misspelt-keyword --ignore invalid-example", "text", 0);
    let summary = "2 contracts, 0 operations, 0 errors, 0 warnings, 2 ignored\n";
    assert!(text.ends_with(summary), "{text}");
    let report: Value = serde_json::from_str(&print("misspelt-keyword", "json", 1)).unwrap();
    assert_eq!(report["summary"]["ignored"], 1);
    assert_eq!(report["summary"]["warnings"], 1);
}

#[test]
fn replay_prints_every_format() {
    check_formats(&REPLAY);
}

#[test]
fn diff_prints_every_format() {
    check_formats(&DIFF);
}

#[test]
fn gate_prints_every_format() {
    check_formats(&GATE);
}

#[test]
fn owners_prints_every_format() {
    check_formats(&OWNERS);
}

#[test]
fn owners_check_prints_every_format() {
    check_formats(&OWNERS_CHECK);
}

#[test]
fn gate_accepts_the_older_name_of_the_gitlab_format() {
    let folder = folder();
    assert_eq!(
        print(folder.path(), &GATE, "code-quality"),
        print(folder.path(), &GATE, "gitlab")
    );
}

#[test]
fn reports_without_findings_are_well_formed() {
    let folder = folder();
    for words in ["check 1.0.yaml", "diff 1.0.yaml 1.0.yaml"] {
        let print = |format: &str| {
            let output = run(folder.path(), &format!("{words} --format {format}"), "");
            assert_eq!(output.status.code(), Some(0), "{words}");
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(print("gitlab"), "[]\n", "{words}");
        assert_eq!(print("github"), "", "{words}");
        let sarif: Value = serde_json::from_str(&print("sarif")).unwrap();
        assert_eq!(
            sarif["runs"][0]["results"],
            serde_json::json!([]),
            "{words}"
        );
        check_junit(&print("junit"), "");
    }
}

#[test]
fn reports_contain_unreadable_files() {
    let folder = folder();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("broken.yaml", "openapi: [\n");
    write("broken.jsonl", "{}\n");
    write("before/a.yaml", &contract("1.0.0", 100, "first"));
    write("after/a.yaml", "openapi: [\n");
    for (words, rule) in [
        ("check broken.yaml", "unreadable-file"),
        ("diff before after", "unreadable-file"),
        (
            "replay --contract 1.0.yaml broken.jsonl",
            "unreadable-record",
        ),
        (
            "replay --contract 1.0.yaml none.jsonl",
            "unreadable-recording",
        ),
    ] {
        let output = run(folder.path(), &format!("{words} --format sarif"), "");
        assert_eq!(output.status.code(), Some(2), "{words}");
        let log: Value = serde_json::from_slice(&output.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(
            results.iter().any(|result| result["ruleId"] == rule),
            "{words}: {log:#}"
        );
    }
}
