//! AsyncAPI contracts on the command line: `check`, `diff`, `replay` and `gate`.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::app;

const ORDERS: &str = "\
asyncapi: 3.0.0
info: {title: Orders events, version: 1.0.0, x-squad-owner: payments}
defaultContentType: application/json
channels:
  orders:
    address: orders
    messages:
      created: {$ref: 'messages.yaml#/Created'}
      cancelled:
        payload: {type: object, required: [id], properties: {id: {type: string}}}
  refunds:
    address: refunds/{region}
    parameters: {region: {}}
    messages:
      refund: {payload: {type: object, required: [amount], properties: {amount: {type: number, minimum: 0}}}}
operations:
  emit: {action: send, channel: {$ref: '#/channels/orders'}}
  settle: {action: receive, channel: {$ref: '#/channels/refunds'}}
";

const MESSAGES: &str = "\
Created:
  headers: {type: object, required: [trace], properties: {trace: {type: string}}}
  bindings: {kafka: {key: {type: string}}}
  payload: {$ref: '#/Order'}
Order:
  type: object
  required: [id, total]
  properties:
    id: {type: string}
    total: {type: number, minimum: 0}
";

/// A folder with the contract and its file of messages.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "orders.yaml", ORDERS);
    write(&folder, "messages.yaml", MESSAGES);
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn run(folder: &TempDir, words: &str, input: &str) -> Output {
    app::run(folder.path(), words, input)
}

/// Runs the program and returns its output if it ends with this code.
#[track_caller]
fn printed(folder: &TempDir, words: &str, input: &str, code: i32) -> String {
    let output = run(folder, words, input);
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{words}: {text}{error}");
    format!("{text}{error}")
}

#[test]
fn check_lists_channels_and_messages() {
    let folder = folder();
    let text = printed(&folder, "check orders.yaml", "", 0);
    for expected in [
        "dialect   AsyncAPI 3.0.0",
        "provider  payments",
        "send     orders",
        "receive  refunds/{region}",
        "1 contract, 3 operations, 0 errors, 0 warnings",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let json: Value =
        serde_json::from_str(&printed(&folder, "check . --format json", "", 0)).unwrap();
    let operations = json["contracts"][0]["operations"].as_array().unwrap();
    let names: Vec<&str> = operations
        .iter()
        .map(|operation| operation["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["created", "cancelled", "refund"]);
    assert_eq!(operations[0]["body"]["types"][0], "application/json");
}

/// Mistakes name the file, the line and the place.
#[test]
fn check_locates_mistakes() {
    let folder = folder();
    let check = |edit: (&str, &str), expected: &[&str]| {
        assert!(ORDERS.contains(edit.0), "{}", edit.0);
        write(&folder, "edited.yaml", &ORDERS.replace(edit.0, edit.1));
        let text = printed(&folder, "check edited.yaml", "", 1);
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for expected in expected {
            assert!(flat.contains(expected), "{expected}: {text}");
        }
    };
    check(
        ("action: send", "action: emit"),
        &[
            "edited.yaml:17",
            "`action` must be `send` or `receive`",
            "#/operations/emit/action",
        ],
    );
    check(
        ("'#/channels/orders'", "'#/channels/order'"),
        &["edited.yaml:17", "did you mean `orders`?"],
    );
    check(
        ("messages.yaml#/Created", "messages.yaml#/Made"),
        &["edited.yaml:8", "has no `Made`"],
    );
    check(
        ("minimum: 0", "minimum: low"),
        &[
            "edited.yaml:15",
            "#/channels/refunds/messages/refund/payload",
        ],
    );
    check(
        ("title: Orders events, ", ""),
        &["edited.yaml:2", "`title` is missing"],
    );
    check(
        ("asyncapi: 3.0.0", "asyncapi: 1.2.0"),
        &["AsyncAPI `1.2.0` is not supported: use 2.0 to 2.6, 3.0 or 3.1"],
    );
}

#[test]
fn check_warns_of_what_is_not_judged() {
    let folder = folder();
    let raml = "{schemaFormat: 'application/raml+yaml;version=1.0', schema: {type: object}}";
    let edited = ORDERS.replace(
        "{type: object, required: [id], properties: {id: {type: string}}}",
        raml,
    );
    let edited = edited.replace(
        "{type: number, minimum: 0}",
        "{type: number, nullable: true}",
    );
    write(&folder, "edited.yaml", &edited);
    let text = printed(&folder, "check edited.yaml", "", 0);
    for expected in [
        "not-judged",
        "application/raml+yaml",
        "foreign-keyword",
        "`nullable`",
        "2 warnings",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

/// A break in Avro has an event, and recorded events are judged in Avro's JSON encoding.
#[test]
fn payloads_in_avro_are_compared_and_judged() {
    let folder = folder();
    let avro = |fields: &str| {
        let schema = format!(
            "{{schemaFormat: 'application/vnd.apache.avro;version=1.9.0', schema: {{type: record, name: Gone, fields: [{fields}]}}}}"
        );
        ORDERS.replace(
            "{type: object, required: [id], properties: {id: {type: string}}}",
            &schema,
        )
    };
    write(&folder, "old.yaml", &avro("{name: id, type: string}"));
    write(
        &folder,
        "new.yaml",
        &avro("{name: id, type: ['null', string]}"),
    );
    let text = printed(&folder, "check new.yaml", "", 0);
    assert!(!text.contains("not-judged"), "{text}");
    let text = printed(&folder, "diff old.yaml new.yaml", "", 1);
    for expected in [
        "payload /id: payload in Avro can no longer be read: null is written, and string is read [event.avro.unreadable]",
        "for example {\"payload\":{\"id\":null}}",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let event = |payload: &str| {
        format!("{{\"channel\": \"orders\", \"message\": \"cancelled\", \"payload\": {payload}}}\n")
    };
    write(
        &folder,
        "good.jsonl",
        &event("{\"id\": {\"string\": \"a\"}}"),
    );
    printed(&folder, "replay --contract new.yaml good.jsonl", "", 0);
    write(&folder, "bad.jsonl", &event("{\"id\": \"a\"}"));
    let text = printed(&folder, "replay --contract new.yaml bad.jsonl", "", 1);
    assert!(
        text.contains("expected one of null, {\"string\": …}"),
        "{text}"
    );
}

/// Files in Protobuf are read with what they import, also of a Git revision. A break has the bytes of an
/// event, and levels apply.
#[test]
#[expect(clippy::too_many_lines, reason = "the steps change the same files")]
fn payloads_in_protobuf_are_compared_and_judged() {
    let folder = folder();
    fs::create_dir(folder.path().join("proto")).unwrap();
    let schema = "payload: {schemaFormat: 'application/vnd.google.protobuf;version=3', schema: {$ref: proto/gone.proto}}";
    let json = ORDERS.replace(
        "payload: {type: object, required: [id], properties: {id: {type: string}}}",
        schema,
    );
    assert_ne!(json, ORDERS);
    let binary = json.replace(
        schema,
        &format!("contentType: application/protobuf\n        {schema}"),
    );
    write(&folder, "events.yaml", &binary);
    write(&folder, "json.yaml", &json);
    let head = "syntax = \"proto3\";\npackage shop;\n";
    let gone = format!(
        "{head}import \"money.proto\";\nmessage Gone {{\n  string id = 1;\n  Money total = 2;\n}}\n"
    );
    let money = format!("{head}message Money {{ int64 cents = 1; }}\n");
    write(&folder, "proto/gone.proto", &gone);
    write(&folder, "proto/money.proto", &money);
    let text = printed(&folder, "check events.yaml", "", 0);
    assert!(!text.contains("not-judged"), "{text}");
    let git = |words: &str| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@t.test"]);
        command.args(words.split(' ')).current_dir(folder.path());
        assert!(command.output().unwrap().status.success(), "{words}");
    };
    git("init -q");
    git("add -A");
    git("commit -q -m old");
    printed(&folder, "diff HEAD:events.yaml events.yaml", "", 0);
    write(
        &folder,
        "proto/money.proto",
        &money.replace("int64", "sint64"),
    );
    let text = printed(&folder, "diff HEAD:events.yaml events.yaml", "", 1);
    for expected in [
        "payload /total/cents: payload in Protobuf can no longer be read: total: cents: sint64 is written, and int64 is read [event.protobuf.unreadable]",
        "for example {\"payload\":{\"total\":{\"cents\":\"-1\"}},\"payload_hex\":\"12020801\"}",
        "/payload/total/cents: read with another value",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // Both are texts with a number in JSON.
    printed(&folder, "diff HEAD:json.yaml json.yaml", "", 0);
    write(
        &folder,
        "proto/money.proto",
        &money.replace("int64", "int32"),
    );
    let narrowed = "diff events.yaml HEAD:events.yaml";
    let text = printed(&folder, narrowed, "", 0);
    assert!(text.contains("[event.protobuf.narrowed]"), "{text}");
    let raised = format!("{narrowed} --level event.protobuf.narrowed=breaking");
    let text = printed(&folder, &raised, "", 1);
    assert!(text.contains("1 breaking"), "{text}");
    let event = |payload: &str| {
        format!("{{\"channel\": \"orders\", \"message\": \"cancelled\", \"payload\": {payload}}}\n")
    };
    write(
        &folder,
        "good.jsonl",
        &event("{\"id\": \"a\", \"total\": {\"cents\": 5}}"),
    );
    printed(&folder, "replay --contract events.yaml good.jsonl", "", 0);
    write(
        &folder,
        "bad.jsonl",
        &event("{\"total\": {\"cents\": \"x\"}}"),
    );
    let text = printed(&folder, "replay --contract events.yaml bad.jsonl", "", 1);
    assert!(
        text.contains("/payload/total/cents: expected a value of the type int32"),
        "{text}"
    );
    // What is not there is unknown.
    fs::remove_file(folder.path().join("proto/money.proto")).unwrap();
    let text = printed(&folder, "check events.yaml", "", 0);
    assert!(text.contains("it imports `money.proto`"), "{text}");
    let text = printed(&folder, "diff HEAD:events.yaml events.yaml", "", 1);
    assert!(text.contains("1 unknown"), "{text}");
    // A mistake has its line in the file.
    write(
        &folder,
        "proto/money.proto",
        "message Money { int32 cents = 1; }",
    );
    let text = printed(&folder, "check events.yaml", "", 1);
    let expected =
        "Protobuf, line 1, column 23: `cents` needs `optional`, `required` or `repeated`";
    assert!(
        text.contains("proto/money.proto:1") && text.contains(expected),
        "{text}"
    );
}

#[test]
fn diff_shows_events_that_break() {
    let folder = folder();
    fs::create_dir(folder.path().join("new")).unwrap();
    write(
        &folder,
        "new/orders.yaml",
        &ORDERS.replace("[amount]", "[amount, reason]"),
    );
    write(
        &folder,
        "new/messages.yaml",
        &MESSAGES.replace("minimum: 0", "minimum: -5"),
    );
    let text = printed(&folder, "diff orders.yaml new/orders.yaml", "", 1);
    for expected in [
        "send orders created, payload /total: minimum lowered from 0 to -5 [schema.minimum.decreased]",
        "receive refunds refund, payload /reason",
        "at new/messages.yaml:10",
        "2 breaking",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let json = printed(
        &folder,
        "diff orders.yaml new/orders.yaml --format json",
        "",
        1,
    );
    let json: Value = serde_json::from_str(&json).unwrap();
    let findings = json["contracts"][0]["findings"].as_array().unwrap();
    let breaks = findings.iter().filter(|found| found["level"] == "breaking");
    for found in breaks {
        assert_eq!(found["certainty"], "witnessed", "{found}");
        assert!(found["witness"]["value"]["payload"].is_object(), "{found}");
        assert_eq!(found["provider"], "payments");
    }
    // The reverse question of each finds nothing.
    printed(
        &folder,
        "diff new/orders.yaml orders.yaml --fail-on breaking",
        "",
        0,
    );
    printed(
        &folder,
        "diff new/orders.yaml orders.yaml --events full",
        "",
        1,
    );
    write(&folder, "levels.toml", "[events]\ncompatibility = 'full'\n");
    printed(
        &folder,
        "diff new/orders.yaml orders.yaml --levels levels.toml",
        "",
        1,
    );
    printed(
        &folder,
        "diff new/orders.yaml orders.yaml --levels levels.toml --events backward",
        "",
        1,
    );
}

#[test]
fn bad_input_ends_with_2() {
    let folder = folder();
    write(
        &folder,
        "http.yaml",
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\n",
    );
    write(
        &folder,
        "broken.yaml",
        &ORDERS.replace("action: send", "action: emit"),
    );
    write(&folder, "not.yaml", "asyncapi: [\n");
    printed(&folder, "diff orders.yaml broken.yaml", "", 2);
    printed(&folder, "diff orders.yaml not.yaml", "", 2);
    printed(&folder, "replay --contract broken.yaml -", "", 2);
    let text = printed(&folder, "diff http.yaml orders.yaml", "", 1);
    assert!(
        text.contains("contract of another kind from OpenAPI to AsyncAPI"),
        "{text}"
    );
    let text = printed(
        &folder,
        "serve --contract orders.yaml --upstream mock",
        "",
        2,
    );
    assert!(
        text.contains("an AsyncAPI contract describes events, not HTTP"),
        "{text}"
    );
}

/// A valid event of each channel.
const GOOD: &str = r#"{"channel": "orders", "key": "o", "headers": {"trace": "t"}, "payload": {"id": "o", "total": 1}, "message": "created"}"#;
const REFUND: &str = r#"{"channel": "refunds/eu", "payload": {"amount": 5}, "content_type": "application/json; charset=utf-8"}"#;

#[test]
fn replay_judges_recorded_events() {
    let folder = folder();
    let other = r#"{"channel": "orders", "payload": {"id": "o"}}"#;
    let all = [GOOD, other, REFUND].join("\n");
    let text = printed(&folder, "replay --contract orders.yaml -", &all, 0);
    assert!(
        text.contains("3 events, 0 violating, 3 of 3 messages used"),
        "{text}"
    );

    let check = |line: &str, fault: &str, expected: &str| {
        let text = printed(
            &folder,
            "replay --contract orders.yaml - --format json",
            line,
            1,
        );
        let verdict: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(verdict["verdict"], "violates", "{line}");
        let violation = &verdict["violations"][0];
        assert_eq!(violation["fault"], fault, "{line}: {verdict}");
        assert!(verdict.to_string().contains(expected), "{line}: {verdict}");
    };
    let negative = negative();
    check(&negative, "invalid-event", "\"pointer\":\"/payload/total\"");
    check(
        &negative,
        "invalid-event",
        "\"file\":\"messages.yaml\",\"keyword\":\"minimum\",\"line\":10",
    );
    check(
        &GOOD.replace("\"headers\": {\"trace\": \"t\"}, ", ""),
        "invalid-event",
        "\"pointer\":\"/headers\"",
    );
    check(
        &GOOD.replace("\"key\": \"o\", ", ""),
        "invalid-event",
        "key",
    );
    check(&GOOD.replace("created", "lost"), "unknown-message", "lost");
    check(
        r#"{"channel": "carts", "payload": 1}"#,
        "unknown-channel",
        "carts",
    );
    check(
        r#"{"channel": "refunds/eu/west", "payload": {"amount": 5}}"#,
        "unknown-channel",
        "west",
    );
    check(
        &REFUND.replace("application/json;", "text/csv;"),
        "content-type",
        "text/csv",
    );
}

/// The valid event with a total that is too low.
fn negative() -> String {
    GOOD.replace("\"total\": 1", "\"total\": -12345")
}

#[test]
fn replay_hides_values() {
    let (folder, negative) = (folder(), negative());
    let text = printed(&folder, "replay --contract orders.yaml -", &negative, 1);
    assert!(!text.contains("12345"), "{text}");
    let text = printed(
        &folder,
        "replay --contract orders.yaml - --values",
        &negative,
        1,
    );
    assert!(text.contains("12345"), "{text}");
}

#[test]
fn replay_refuses_what_is_no_event() {
    let folder = folder();
    let text = printed(
        &folder,
        "replay --contract orders.yaml -",
        "{\"payload\": 1}\n",
        2,
    );
    assert!(
        text.contains("-:1:1: the record: the property \"channel\" is missing"),
        "{text}"
    );
    let text = printed(
        &folder,
        "replay --contract orders.yaml -",
        &GOOD.replace("payload", "paylaod"),
        1,
    );
    assert!(text.contains("did you mean payload?"), "{text}");
    write(&folder, "a.har", "{\"log\": {\"entries\": []}}");
    let text = printed(&folder, "replay --contract orders.yaml a.har", "", 2);
    assert!(text.contains("an HTTP Archive has no events"), "{text}");
}

const CATALOG: &str = "\
[squads.payments]
services = [\"orders\"]
[squads.checkout]
services = [\"cart\"]
[[resources]]
name = \"orders-topic\"
kind = \"topic\"
owner = \"payments\"
used_by = [\"orders\", \"cart\"]
";

/// One verdict and one record are about the contract of requests and that of events.
#[test]
fn the_gate_decides_about_all_contracts_together() {
    let folder = folder();
    write(&folder, "squads.toml", CATALOG);
    fs::create_dir(folder.path().join("deployments")).unwrap();
    let http = "openapi: 3.1.0\ninfo: {title: Orders, version: 1.0.0}\npaths: {/a: {get: {responses: {}}}}\n";
    write(&folder, "openapi.yaml", http);
    let gate =
        "gate --squad payments --service orders --catalog squads.toml --registry deployments";
    let both = format!("{gate} --contract openapi.yaml --contract orders.yaml");
    printed(&folder, &format!("{both} --record"), "", 0);
    let record = fs::read_to_string(
        folder
            .path()
            .join("deployments/payments/orders/registry.json"),
    )
    .unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(
        record["deployments"][0]["further"][0]["name"],
        "orders.yaml"
    );
    let text = printed(&folder, &both, "", 0);
    assert!(text.contains("already deployed"), "{text}");
    // The order of the flags has no meaning.
    let other_order = format!("{gate} --contract orders.yaml --contract openapi.yaml");
    let text = printed(&folder, &other_order, "", 0);
    assert!(text.contains("already deployed"), "{text}");

    // A break of the events alone blocks, and names who reads them.
    write(
        &folder,
        "orders.yaml",
        &ORDERS.replace(
            "properties: {id: {type: string}}}",
            "properties: {id: {type: integer}}}",
        ),
    );
    let text = printed(&folder, &both, "", 1);
    assert!(
        text.contains("send orders cancelled: payload /id"),
        "{text}"
    );
    assert!(text.contains("it needs the approval of checkout"), "{text}");
    // A deployed contract that is not named would not be compared.
    let text = printed(&folder, &format!("{gate} --contract openapi.yaml"), "", 2);
    assert!(
        text.contains("also has the contract orders.yaml: name it with --contract"),
        "{text}"
    );
    let text = printed(&folder, &format!("{both} --contract orders.yaml"), "", 2);
    assert!(
        text.contains("both contracts are named orders.yaml"),
        "{text}"
    );

    // A harmless change of the events is another deployment.
    write(
        &folder,
        "orders.yaml",
        &ORDERS.replace(
            "properties: {id: {type: string}}}",
            "properties: {id: {type: string}, by: {type: string}}}",
        ),
    );
    printed(&folder, &format!("{both} --record"), "", 0);
    printed(
        &folder,
        "gate history --squad payments --service orders --registry deployments --verify",
        "",
        0,
    );
    printed(
        &folder,
        "gate rollback --squad payments --service orders --catalog squads.toml --registry deployments --reason test",
        "",
        0,
    );
}

/// The contract of requests can come later than that of events.
#[test]
fn a_contract_of_requests_can_be_added_to_one_of_events() {
    let folder = folder();
    write(&folder, "squads.toml", CATALOG);
    fs::create_dir(folder.path().join("deployments")).unwrap();
    let http = "openapi: 3.1.0\ninfo: {title: Orders, version: 1.0.0}\npaths: {/a: {get: {responses: {}}}}\n";
    write(&folder, "openapi.yaml", http);
    let gate = "gate --squad payments --service orders --catalog squads.toml --registry deployments --contract orders.yaml";
    printed(&folder, &format!("{gate} --record"), "", 0);
    let text = printed(&folder, &format!("{gate} --contract openapi.yaml"), "", 0);
    assert!(!text.contains("another kind"), "{text}");
}

/// Events of older revisions may still be in the topic.
#[test]
fn the_gate_compares_with_every_kept_revision() {
    let folder = folder();
    write(&folder, "squads.toml", CATALOG);
    fs::create_dir(folder.path().join("deployments")).unwrap();
    let gate = "gate --squad payments --service orders --catalog squads.toml --registry deployments --contract events.yaml";
    let revision = |schema: &str| {
        let text = format!(
            "asyncapi: 2.6.0\ninfo: {{title: Events, version: 1.0.0}}\nchannels: {{a: {{publish: {{message: {{payload: {schema}}}}}}}}}\n"
        );
        write(&folder, "events.yaml", &text);
    };
    // Each step accepts the events of the one before, but the last one not those of the first.
    revision("{type: integer}");
    printed(&folder, &format!("{gate} --record"), "", 0);
    revision("{type: object, properties: {n: {type: integer}}}");
    write(&folder, "levels.toml", "[diff.levels]\n'*' = 'info'\n");
    printed(
        &folder,
        &format!("{gate} --levels levels.toml --record"),
        "",
        0,
    );
    revision("{type: object, properties: {n: {type: number}}}");
    printed(&folder, gate, "", 0);
    write(&folder, "levels.toml", "[events]\ntransitive = true\n");
    let text = printed(&folder, &format!("{gate} --levels levels.toml"), "", 1);
    assert!(
        text.contains("receive a message: payload: type changed from integer to object"),
        "{text}"
    );
}

/// A folder is searched for contracts of both kinds.
#[test]
fn diff_of_folders_pairs_contracts_of_events() {
    let folder = folder();
    for side in ["old", "new"] {
        write(&folder, &format!("{side}/orders.yaml"), ORDERS);
        write(&folder, &format!("{side}/messages.yaml"), MESSAGES);
    }
    let text = printed(&folder, "diff old new", "", 0);
    assert!(text.contains("1 contracts unchanged"), "{text}");
    assert!(Path::new(&folder.path().join("old")).is_dir());
}

/// The registry keeps a contract with the files in Protobuf that it imports.
#[test]
fn the_gate_keeps_files_in_protobuf() {
    let folder = folder();
    write(&folder, "squads.toml", CATALOG);
    for name in ["deployments", "proto"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let events = "\
asyncapi: 2.6.0
info: {title: Events, version: 1.0.0}
defaultContentType: application/protobuf
channels:
  a:
    publish:
      message:
        schemaFormat: application/vnd.google.protobuf;version=3
        payload: {$ref: proto/a.proto}
";
    write(&folder, "events.yaml", events);
    let head = "syntax = \"proto3\";\n";
    let outer = format!("{head}import \"b.proto\";\nmessage A {{ B b = 1; }}\n");
    let inner = format!("{head}message B {{ int64 n = 1; }}\n");
    write(&folder, "proto/a.proto", &outer);
    write(&folder, "proto/b.proto", &inner);
    let gate = "gate --squad payments --service orders --catalog squads.toml --registry deployments --contract events.yaml";
    printed(&folder, &format!("{gate} --record"), "", 0);
    printed(&folder, gate, "", 0);
    write(&folder, "proto/b.proto", &inner.replace("int64", "string"));
    let text = printed(&folder, gate, "", 1);
    assert!(
        text.contains("b: n: int64 is written, and string is read"),
        "{text}"
    );
}
