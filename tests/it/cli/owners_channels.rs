//! `portcullis owners channels`: which squads send and receive the events of channels.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::app::run;

const SENDING: &str = "\
asyncapi: 3.0.0
info: {title: Orders, version: '1', x-squad-owner: payments}
channels:
  orders:
    address: shop.orders
    messages: {created: {payload: {type: string}}, cancelled: {payload: {type: string}}}
  audit: {messages: {entry: {payload: {type: string}}}}
operations:
  emit: {action: send, channel: {$ref: '#/channels/orders'}}
  note: {action: send, channel: {$ref: '#/channels/audit'}}
";

/// The channel names its provider, which is another squad than the one that receives.
const RECEIVING: &str = "\
asyncapi: 2.6.0
info: {title: Search, version: '1', x-squad-owner: search}
channels:
  incoming:
    x-squad-owner: payments
    bindings: {kafka: {topic: shop.orders}}
    publish: {message: {messageId: created, payload: {type: string}}}
";

const CATALOG: &str = "[squads.payments]\n[squads.search]\n";

fn channels(folder: &Path, words: &str) -> (Option<i32>, String, String) {
    let output = run(folder, &format!("owners channels {words}"), "");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn squads_of_several_contracts_meet_at_their_channels() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.yaml", SENDING);
    write("b.yaml", RECEIVING);
    write(
        "http.yaml",
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\n",
    );
    write("squads.toml", CATALOG);
    let (code, text, errors) = channels(folder.path(), ". --catalog squads.toml");
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    let expected = "\
audit
  payments sends entry  (./a.yaml)
  no contract receives from this channel
shop.orders
  search receives created  (./b.yaml)
  payments sends cancelled, created  (./a.yaml)
";
    assert_eq!(text, expected);
    let (_, json, _) = channels(folder.path(), "a.yaml b.yaml --format json");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["channels"][1]["channel"], "shop.orders");
    let used = &json["channels"][1]["uses"][1];
    assert_eq!(
        (&used["action"], &used["squad"], &used["messages"][0]),
        (&"send".into(), &"payments".into(), &"cancelled".into())
    );
}

#[test]
fn contracts_without_a_squad_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("squads.toml", CATALOG);
    write("a.yaml", &SENDING.replace(", x-squad-owner: payments", ""));
    write(
        "b.yaml",
        &RECEIVING.replace("x-squad-owner: search", "x-squad-owner: serch"),
    );
    let (code, text, errors) = channels(folder.path(), "a.yaml b.yaml --catalog squads.toml");
    assert_eq!(code, Some(1));
    assert!(
        text.contains("  (no squad) sends cancelled, created  (a.yaml)"),
        "{text}"
    );
    for expected in [
        "a.yaml: no squad: add `x-squad-owner` to `info`",
        "b.yaml: no squad of the catalog is called `serch`; did you mean `search`?",
    ] {
        assert!(errors.contains(expected), "{errors}");
    }
    write("c.yaml", &SENDING.replace("action: send", "action: sent"));
    for (words, expected) in [
        ("c.yaml", "c.yaml"),
        ("gone.yaml", "gone.yaml"),
        ("a.yaml --catalog gone.toml", "gone.toml"),
    ] {
        let (code, text, errors) = channels(folder.path(), words);
        assert_eq!((code, text.as_str()), (Some(2), ""), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    }
}
