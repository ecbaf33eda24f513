//! Verdicts about pairs of AsyncAPI contracts. The fixtures say why each verdict is right.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use portcullis_contract::{CompileOptions, CompiledContract, Document, compile, parse_single_file};
use portcullis_json::{JsonLimits, JsonNode};
use portcullis_vocabulary::Limits;

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compare::{CompatReport, compare};
use super::compare_options::{CompareOptions, EventCompatibility};
use portcullis_vocabulary::Date;

/// Schemas that the pairs refer to.
const SHARED: &str = "    Text: {type: string, minLength: 2}
    Boxed: {type: object, definitions: {Whole: {type: integer}}}
    Node: {type: object, required: [name], properties: {name: {type: string}, next: {$ref: '#/components/schemas/Node'}}}
    ShortNode: {type: object, required: [name], properties: {name: {type: string, maxLength: 3}, next: {$ref: '#/components/schemas/ShortNode'}}}
    UnrolledNode: {type: object, required: [name], properties: {name: {type: string}, next: {$ref: '#/components/schemas/Node'}}}
";

fn fixture(name: &str) -> Document {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/event_pairs");
    let path = PathBuf::from(folder).join(name);
    let bytes = std::fs::read(&path).unwrap();
    Document::parse(name, path, bytes, JsonLimits::default()).unwrap()
}

fn contract(name: &str, text: &str) -> CompiledContract {
    let limits = Limits::default();
    let documents = parse_single_file(name, text.as_bytes().to_vec(), &limits)
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let options = CompileOptions {
        accepts_events: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

fn report(old: &str, new: &str, events: EventCompatibility) -> CompatReport {
    let options = CompareOptions {
        events,
        ..CompareOptions::for_day(Date::parse("2026-01-01").unwrap())
    };
    compare(
        &contract("old.yaml", old),
        &contract("new.yaml", new),
        &options,
    )
}

fn verdict(report: &CompatReport) -> &'static str {
    match report.level() {
        None | Some(ChangeLevel::Info) => "compatible",
        Some(level) => level.as_str(),
    }
}

/// A message whose payload, headers or key have a schema.
fn message(part: &str, schema: Option<JsonNode<'_>>) -> String {
    let schema = schema.map(|schema| schema.to_string());
    match (part, schema) {
        ("key", Some(schema)) => format!("{{bindings: {{kafka: {{key: {schema}}}}}}}"),
        (part, Some(schema)) => format!("{{{part}: {schema}}}"),
        (_, None) => "{}".to_owned(),
    }
}

/// A document with one message. `is_received` says what the application does with it.
fn document(version: &str, is_received: bool, part: &str, schema: Option<JsonNode<'_>>) -> String {
    let message = message(part, schema);
    let mut text = format!("asyncapi: {version}\ninfo: {{title: Orders, version: 1.0.0}}\n");
    let operation = match (version.starts_with('2'), is_received) {
        (true, true) => "publish",
        (true, false) => "subscribe",
        (false, true) => "receive",
        (false, false) => "send",
    };
    if version.starts_with('2') {
        write!(
            text,
            "channels:\n  orders: {{{operation}: {{message: {message}}}}}\n"
        )
        .unwrap();
    } else {
        write!(
            text,
            "channels:\n  orders: {{address: orders, messages: {{order: {message}}}}}\n\
             operations:\n  one: {{action: {operation}, channel: {{$ref: '#/channels/orders'}}}}\n"
        )
        .unwrap();
    }
    text.push_str("components:\n  schemas:\n");
    text.push_str(SHARED);
    text
}

fn text<'d>(pair: JsonNode<'d>, name: &str) -> Option<&'d str> {
    pair.get(name).and_then(JsonNode::as_str)
}

/// Every break has an event that both validators confirmed.
fn unconfirmed(report: &CompatReport) -> Vec<String> {
    let breaking = report.findings.iter().filter(|finding| {
        // That an answer is missing is not shown by any event.
        finding.level == ChangeLevel::Breaking
            && finding.certainty != ChangeCertainty::Witnessed
            && finding.rule.id != "event.reply.removed"
    });
    breaking
        .map(|finding| format!("{} {:?}", finding.rule, finding.certainty))
        .collect()
}

#[test]
fn schemas_have_the_verdicts_of_their_fixtures() {
    let fixture = fixture("schemas.yaml");
    let pairs = fixture.root().get("pairs").unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for pair in pairs.elements() {
        let name = text(pair, "name").unwrap();
        assert!(text(pair, "why").is_some(), "{name}: say why");
        let part = text(pair, "part").unwrap_or("payload");
        for version in ["2.6.0", "3.0.0"] {
            for (direction, is_received) in [("backward", true), ("forward", false)] {
                let document = |side| document(version, is_received, part, pair.get(side));
                let report = report(
                    &document("old"),
                    &document("new"),
                    EventCompatibility::ByAction,
                );
                let (expected, found) = (text(pair, direction).unwrap(), verdict(&report));
                let unconfirmed = unconfirmed(&report);
                if expected != found || !unconfirmed.is_empty() {
                    let rules = report.findings.iter().map(|finding| {
                        format!(
                            "{} {} {:?}",
                            finding.rule,
                            finding.level.as_str(),
                            finding.certainty
                        )
                    });
                    let rules: Vec<String> = rules.collect();
                    wrong.push(format!("{version} {name}, {direction}: {found}, not {expected}: {rules:?} {unconfirmed:?}"));
                }
                count += 1;
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count >= 4 * 90, "{count}");
}

/// The setting asks the same questions as the action.
#[test]
fn levels_ask_in_the_directions_that_they_name() {
    let fixture = fixture("schemas.yaml");
    let pairs = fixture.root().get("pairs").unwrap();
    let rank = |verdict: &str| {
        ["compatible", "warning", "unknown", "breaking"]
            .iter()
            .position(|one| *one == verdict)
    };
    for pair in pairs.elements() {
        let name = text(pair, "name").unwrap();
        let part = text(pair, "part").unwrap_or("payload");
        let of = |direction| text(pair, direction).unwrap();
        let worst = if rank(of("backward")) > rank(of("forward")) {
            of("backward")
        } else {
            of("forward")
        };
        for (level, expected) in [
            (EventCompatibility::Backward, of("backward")),
            (EventCompatibility::Forward, of("forward")),
            (EventCompatibility::Full, worst),
        ] {
            for is_received in [true, false] {
                let document = |side| document("3.0.0", is_received, part, pair.get(side));
                let report = report(&document("old"), &document("new"), level);
                assert_eq!(
                    verdict(&report),
                    expected,
                    "{name} {level:?}: {:#?}",
                    report.findings
                );
            }
        }
    }
}

/// Applies replacements. Each text must be there.
fn edited(base: &str, edits: Option<JsonNode<'_>>) -> String {
    let mut text = base.to_owned();
    for edit in edits.into_iter().flat_map(JsonNode::elements) {
        let parts: Vec<&str> = edit.elements().filter_map(JsonNode::as_str).collect();
        let [from, to] = parts[..] else {
            panic!("an edit is a pair: {edit}");
        };
        assert!(text.contains(from), "{from} is not in\n{text}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn documents_have_the_verdicts_of_their_fixtures() {
    let fixture = fixture("structures.yaml");
    let root = fixture.root();
    let base = |name: &str| text(root.get("bases").unwrap(), name).unwrap();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for pair in root.get("pairs").unwrap().elements() {
        let name = text(pair, "name").unwrap();
        assert!(text(pair, "why").is_some(), "{name}: say why");
        let own = base(text(pair, "base").unwrap());
        let old = edited(own, pair.get("before"));
        let new = match text(pair, "other") {
            Some(other) => edited(base(other), pair.get("edits")),
            None => edited(&old, pair.get("edits")),
        };
        let report = report(&old, &new, EventCompatibility::ByAction);
        let (expected, found) = (text(pair, "level").unwrap(), verdict(&report));
        let rule = text(pair, "rule");
        let has_rule = rule.is_none_or(|rule| {
            report.findings.iter().any(|finding| {
                let level = match finding.level {
                    ChangeLevel::Info => "compatible",
                    level => level.as_str(),
                };
                finding.rule.id == rule && level == expected
            })
        });
        let unconfirmed = unconfirmed(&report);
        if expected != found || !has_rule || !unconfirmed.is_empty() {
            let rules = report.findings.iter().map(|finding| {
                format!(
                    "{} {} {:?} {}",
                    finding.rule,
                    finding.level.as_str(),
                    finding.certainty,
                    finding.first()
                )
            });
            let rules: Vec<String> = rules.collect();
            wrong.push(format!(
                "{name}: {found}, not {expected}: {rules:#?} {unconfirmed:?}"
            ));
        }
        count += 1;
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(count >= 45, "{count}");
}

/// The document of a pair in Protobuf, in which the application receives or sends the message.
fn protobuf_document(pair: JsonNode<'_>, side: &str, is_received: bool) -> String {
    let first = match text(pair, "syntax").unwrap_or("proto3") {
        "edition" => "edition = \"2023\";".to_owned(),
        syntax => format!("syntax = \"{syntax}\";"),
    };
    let content_type = match pair.get("json").and_then(JsonNode::as_bool) {
        Some(true) => "application/json",
        _ => "application/protobuf",
    };
    let action = if is_received { "receive" } else { "send" };
    // AsyncAPI's parser takes a nested message that no field has for another event.
    let note = match pair.get("has_unused").and_then(JsonNode::as_bool) {
        Some(true) => "// @RootNode\n            ",
        _ => "",
    };
    let body = text(pair, side).unwrap();
    format!(
        "asyncapi: 3.0.0\ninfo: {{title: t, version: '1'}}\nchannels:\n  a:\n    address: a\n    \
         messages:\n      m:\n        contentType: {content_type}\n        payload:\n          \
         schemaFormat: application/vnd.google.protobuf;version=3\n          schema: |\n            \
         {first}\n            {note}message M {{ {body} }}\n\
         operations: {{o: {{action: {action}, channel: {{$ref: '#/channels/a'}}}}}}\n"
    )
}

#[test]
fn payloads_in_protobuf_have_the_verdicts_of_their_fixtures() {
    let fixture = fixture("protobuf.yaml");
    let (mut wrong, mut count, mut different) = (Vec::new(), 0, 0);
    for pair in fixture.root().get("pairs").unwrap().elements() {
        let name = text(pair, "name").unwrap();
        assert!(text(pair, "why").is_some(), "{name}: say why");
        different += usize::from(text(pair, "differs").is_some());
        count += 1;
        for (direction, is_received) in [("backward", true), ("forward", false)] {
            let document = |side| protobuf_document(pair, side, is_received);
            let report = report(
                &document("old"),
                &document("new"),
                EventCompatibility::ByAction,
            );
            let (expected, found) = (text(pair, direction).unwrap(), verdict(&report));
            let unconfirmed = unconfirmed(&report);
            if expected != found || !unconfirmed.is_empty() {
                let rules = report.findings.iter().map(|finding| {
                    format!(
                        "{} {} {:?}",
                        finding.rule,
                        finding.level.as_str(),
                        finding.certainty
                    )
                });
                let rules: Vec<String> = rules.collect();
                wrong.push(format!(
                    "{name}, {direction}: {found}, not {expected}: {rules:?} {unconfirmed:?}"
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        count >= 45 && 2 * different >= count,
        "{different} of {count}"
    );
}

/// The documents of the fixtures in Protobuf that AsyncAPI's parser can read.
fn protobuf_documents() -> Vec<(String, String)> {
    let fixture = fixture("protobuf.yaml");
    let pairs = fixture.root().get("pairs").unwrap().elements().enumerate();
    let pairs = pairs.filter(|(_, pair)| text(*pair, "syntax") != Some("edition"));
    let documents = pairs.flat_map(|(number, pair)| {
        ["old", "new"].map(|side| {
            let name = format!("protobuf-{number}-{side}.yaml");
            (name, protobuf_document(pair, side, true))
        })
    });
    documents.collect()
}

/// All messages of the schema fixtures in one document for each version and revision.
fn schema_documents() -> Vec<(String, String)> {
    let fixture = fixture("schemas.yaml");
    let pairs: Vec<JsonNode<'_>> = fixture.root().get("pairs").unwrap().elements().collect();
    let mut documents = Vec::new();
    for (version, side) in [
        ("2.6.0", "old"),
        ("2.6.0", "new"),
        ("3.0.0", "old"),
        ("3.0.0", "new"),
    ] {
        let mut text =
            format!("asyncapi: {version}\ninfo: {{title: t, version: '1'}}\nchannels:\n");
        for (number, pair) in pairs.iter().enumerate() {
            let part = self::text(*pair, "part").unwrap_or("payload");
            let message = message(part, pair.get(side));
            if version.starts_with('2') {
                writeln!(text, "  c{number}: {{publish: {{message: {message}}}}}").unwrap();
            } else {
                writeln!(
                    text,
                    "  c{number}: {{address: c{number}, messages: {{m: {message}}}}}"
                )
                .unwrap();
            }
        }
        text.push_str("components:\n  schemas:\n");
        text.push_str(SHARED);
        documents.push((format!("schemas-{version}-{side}.yaml"), text));
    }
    documents
}

/// The documents of the structure fixtures.
fn structure_documents() -> Vec<(String, String)> {
    let fixture = fixture("structures.yaml");
    let root = fixture.root();
    let base = |name: &str| text(root.get("bases").unwrap(), name).unwrap();
    let mut documents = Vec::new();
    for (number, pair) in root.get("pairs").unwrap().elements().enumerate() {
        let old = edited(base(text(pair, "base").unwrap()), pair.get("before"));
        let new = match text(pair, "other") {
            Some(other) => edited(base(other), pair.get("edits")),
            None => edited(&old, pair.get("edits")),
        };
        documents.push((format!("{number}-old.yaml"), old));
        documents.push((format!("{number}-new.yaml"), new));
    }
    documents
}

/// The fixtures are AsyncAPI: its own parser accepts them.
#[test]
#[cfg_attr(
    not(has_asyncapi_parser),
    ignore = "needs node and tests/parsers/node_modules: .ci/run installs them"
)]
fn the_parser_of_asyncapi_accepts_every_fixture() {
    let mut documents = schema_documents();
    documents.append(&mut structure_documents());
    documents.append(&mut protobuf_documents());
    documents.dedup_by(|one, other| one.1 == other.1);
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in &documents {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let parsers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parsers");
    let output = Command::new("node")
        .arg(parsers.join("asyncapi.mjs"))
        .arg(folder.path())
        .output()
        .unwrap();
    let (found, count) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    assert!(
        output.status.success() && found.is_empty(),
        "{found}{count}"
    );
    let expected = format!("{0} of {0} accepted", documents.len());
    assert_eq!(count.trim(), expected);
}
