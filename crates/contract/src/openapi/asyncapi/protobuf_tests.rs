//! Tests of payloads in Protobuf.

use std::path::Path;

use portcullis_vocabulary::limits::Limits;

use crate::recorded::{EventFlow, RecordedEvent, judge_event};
use crate::{CompileOptions, CompiledContract, UnreadableFile, compile, load};

/// The files of a contract, the entry first.
type Files<'f> = &'f [(&'f str, &'f str)];

fn documents(files: Files<'_>) -> crate::DocumentSet {
    let read = |path: &Path, _| {
        let found = files.iter().find(|(name, _)| path == Path::new(name));
        let missing = || UnreadableFile(format!("{}: not found", path.display()));
        found
            .map(|(_, text)| text.as_bytes().to_vec())
            .ok_or_else(missing)
    };
    load(Path::new(files[0].0), files[0].0, &Limits::default(), &read).unwrap()
}

fn try_contract(files: Files<'_>) -> Result<CompiledContract, String> {
    let options = CompileOptions {
        accepts_events: true,
        ..CompileOptions::default()
    };
    compile(documents(files), &options).map_err(|problems| {
        let problems = problems.iter().map(ToString::to_string);
        problems.collect::<Vec<_>>().join("\n")
    })
}

fn warnings(files: Files<'_>) -> Vec<String> {
    let warnings = crate::lint_documents(&documents(files));
    warnings.iter().map(ToString::to_string).collect()
}

/// The first fault of a payload; empty if it is valid.
fn fault(files: Files<'_>, payload: &str) -> String {
    let contract = try_contract(files).unwrap();
    let event = RecordedEvent {
        channel: "orders".to_owned(),
        message: None,
        content_type: None,
        body: format!("{{\"headers\": {{}}, \"payload\": {payload}}}"),
    };
    let verdict = judge_event(&contract, EventFlow::Any, &event);
    let found = verdict.violations.first();
    found.map_or_else(String::new, |one| {
        format!("{} {}: {}", one.fault.as_str(), one.pointer, one.masked)
    })
}

const INLINE_2: &str = "\
asyncapi: 2.6.0
info: {title: t, version: '1'}
channels:
  orders:
    publish:
      message:
        schemaFormat: application/vnd.google.protobuf;version=3
        payload: |
          syntax = \"proto3\";
          message Order {
            string order_id = 1;
            int64 total = 2;
            enum State { OPEN = 0; PAID = 1; }
            State state = 3;
          }
";

/// Refers to a file.
const REFERRING_3: &str = "\
asyncapi: 3.0.0
info: {title: t, version: '1'}
channels:
  orders:
    messages:
      order:
        payload:
          schemaFormat: application/vnd.google.protobuf;version=3
          schema: {$ref: 'proto/order.proto'}
";

const ORDER: &str = "syntax = \"proto3\";\npackage shop;\nimport \"money.proto\";\n\
                     message Order {\n  string id = 1;\n  Money total = 2;\n}\n";
const MONEY: &str = "syntax = \"proto3\";\npackage shop;\nmessage Money { int64 cents = 1; }\n";

#[test]
fn payloads_are_judged_in_proto_json() {
    for (payload, expected) in [
        (r#"{"orderId": "a", "total": "5", "state": "PAID"}"#, ""),
        (r#"{"order_id": "a", "total": 5, "state": 1}"#, ""),
        ("{}", ""),
        (
            r#"{"total": 1.5}"#,
            "invalid-event /payload/total: expected a value of the type int64",
        ),
        (
            r#"{"state": "SHIPPED"}"#,
            "invalid-event /payload/state: expected a value of the type Order.State",
        ),
        (
            r#"{"other": 1}"#,
            "invalid-event /payload/other: the message Order has no such field",
        ),
        (
            "[]",
            "invalid-event /payload: expected an object, a message Order",
        ),
    ] {
        assert_eq!(
            fault(&[("t.yaml", INLINE_2)], payload),
            expected,
            "{payload}"
        );
    }
    assert_eq!(warnings(&[("t.yaml", INLINE_2)]), [""; 0]);
}

#[test]
fn files_are_found_next_to_the_importing_one_or_the_contract() {
    for money in ["proto/money.proto", "money.proto"] {
        let files = [
            ("t.yaml", REFERRING_3),
            ("proto/order.proto", ORDER),
            (money, MONEY),
        ];
        assert_eq!(fault(&files, r#"{"id": "a", "total": {"cents": "5"}}"#), "");
        assert_eq!(
            fault(&files, r#"{"total": {"cents": "x"}}"#),
            "invalid-event /payload/total/cents: expected a value of the type int64"
        );
        assert_eq!(warnings(&files), [""; 0]);
    }
    // Imports of a schema in the contract.
    let inline = INLINE_2.replace(
        "message Order {",
        "import \"money.proto\";\n          message Order {\n            shop.Money tax = 9;",
    );
    let files = [("t.yaml", inline.as_str()), ("money.proto", MONEY)];
    assert_eq!(fault(&files, r#"{"tax": {"cents": 1}}"#), "");
    assert_eq!(try_contract(&files).unwrap().documents().list().len(), 2);
}

#[test]
fn a_missing_import_is_unknown_with_the_reason() {
    let files = [("t.yaml", REFERRING_3), ("proto/order.proto", ORDER)];
    assert!(
        fault(&files, "{}").starts_with("unjudged"),
        "{}",
        fault(&files, "{}")
    );
    let found = warnings(&files).join("\n");
    let expected = "the schema in Protobuf is not judged: it imports `money.proto`, which is not \
                    among the files of the contract, so payloads are not judged";
    assert!(found.contains(expected), "{found}");
}

#[test]
fn mistakes_are_located() {
    let check = |files: Files<'_>, expected: &str| {
        let found = try_contract(files)
            .map(|_| String::new())
            .unwrap_or_else(|text| text);
        assert!(found.contains(expected), "{found}");
    };
    let wrong = INLINE_2.replace("int64 total = 2;", "int64 total = 1;");
    check(
        &[("t.yaml", &wrong)],
        "t.yaml:8: error: Protobuf, line 4, column 9: the number 1 has two fields in `Order`",
    );
    let object = INLINE_2.replace("payload: |", "payload: {type: object}\n        x-text: |");
    check(
        &[("t.yaml", &object)],
        "t.yaml:8: error: a schema in Protobuf is a text",
    );
    let money = MONEY.replace("int64 cents", "cents");
    check(
        &[
            ("t.yaml", REFERRING_3),
            ("proto/order.proto", ORDER),
            ("proto/money.proto", &money),
        ],
        "proto/money.proto:1: error: Protobuf, line 3, column 23: expected the name of a field, found `=`",
    );
    check(
        &[("t.yaml", REFERRING_3)],
        "`proto/order.proto` cannot be loaded: proto/order.proto: not found",
    );
}
