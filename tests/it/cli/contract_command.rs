//! `portcullis contract` and `portcullis config` with an admin port.

use std::io::Write;
use std::process::Stdio;

use portcullis::admin::{ConfigReloadView, ConfigResult};
use serde_json::Value;

use super::operate::{error_message, printed};
use crate::support::app::program;
use crate::support::steered::{NEXT, Port, REVISION, applied, refusal};

#[test]
fn lists_contracts() {
    let port = Port::start();
    let expected = "\
service  state   version  revision      operations  candidate  source
orders   active  1.4.0    3d53ae5d7bfd          12  1.5.0      orders.yaml
market   none    -        -                      0  -          https://contracts.example/market.yaml
market: 404; check the address
";
    assert_eq!(printed(port.address, "contract list", 1), expected);
    let json = printed(port.address, "contract list --format json", 1);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["services"][1]["service"], "market");
}

#[test]
fn shows_a_contract_with_its_history() {
    let port = Port::start();
    let expected = format!(
        "\
orders  Orders 1.4.0
  state       active since 2025-12-31T23:00:00.000Z, 1h
  revision    {REVISION}
  source      orders.yaml
  operations  12
  policy      adopt
  candidate   1.5.0 (a23c5b838760)
  at                        result    version  revision      trigger   compiled  why
  2025-12-31T23:59:51.000Z  refused   1.4.1    3d53ae5d7bfd  operator      9 ms  2 errors in it
  2025-12-31T23:00:00.000Z  in-force  1.4.0    3d53ae5d7bfd  operator   3600 ms
"
    );
    assert_eq!(printed(port.address, "contract show orders", 0), expected);
    let expected = "\
market
  state       none
  revision    -
  source      https://contracts.example/market.yaml
  operations  0
  policy      candidate
  last error  404; check the address
";
    assert_eq!(printed(port.address, "contract show market", 1), expected);
    let json = printed(port.address, "contract show orders --format json", 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["history"][1]["result"], "in-force");
}

#[test]
fn changes_contracts() {
    let port = Port::start();
    for (word, result) in [
        ("reload", "in-force"),
        ("promote", "promoted"),
        ("drop", "dropped"),
    ] {
        let words = format!("contract {word} orders");
        let expected = format!("orders  {result}  1.5.0  a23c5b838760  compiled in 12 ms\n");
        assert_eq!(printed(port.address, &words, 0), expected);
        let json = printed(port.address, &format!("{words} --format json"), 0);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["revision"], NEXT);
        assert_eq!(port.contracts.calls().len(), 2, "{word}");
    }
}

#[test]
fn a_rejected_contract_is_a_finding() {
    let port = Port::start();
    let expected = "\
refused: the contract of `strict` is refused and nothing has changed; correct it and send or reload it again
  strict.yaml:3 `paths` must be an object #/paths
";
    assert_eq!(printed(port.address, "contract reload strict", 1), expected);
    let json = printed(port.address, "contract reload strict --format json", 1);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["status"], 422);
    assert_eq!(json["problems"].as_array().unwrap().len(), 1);
    let refused = printed(port.address, "contract promote odd", 1);
    assert_eq!(refused, "refused: this is no YAML; send a contract\n");
}

#[test]
fn uploads_a_candidate_from_a_file_or_standard_input() {
    let port = Port::start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let expected = "orders  candidate  1.5.0  a23c5b838760  compiled in 12 ms\n";
    for (name, text) in [("näch&ste?.yaml", "openapi: 3.1.0"), ("next.JSON", "{}")] {
        let words = format!("contract candidate orders {}", file(name, text));
        assert_eq!(printed(port.address, &words, 0), expected);
        let call = format!("propose orders {} bytes Some({name:?})", text.len());
        assert_eq!(port.contracts.calls(), [call]);
    }
    let mut command = program();
    command.args(["contract", "candidate", "orders", "-"]);
    command.args(["--admin", &format!("http://{}", port.address)]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"openapi:").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(port.contracts.calls(), ["propose orders 8 bytes None"]);
    let large = file("large.yaml", &"a".repeat(250_000));
    let url = format!("http://{}", port.address);
    let words = format!("contract candidate orders {large} --admin {url}");
    let message = error_message(&words, &[]);
    assert!(
        message.contains("answers 413: the contract is larger than"),
        "{message}"
    );
    let message = error_message("contract candidate orders /nowhere.yaml", &[]);
    assert!(
        message.starts_with("portcullis: /nowhere.yaml: No such file"),
        "{message}"
    );
}

#[test]
fn violations_of_a_candidate_are_a_finding() {
    let port = Port::start();
    let clean = "\
orders  candidate 1.5.0 (a23c5b838760) since 2025-12-31T23:58:20.000Z, 1m 40s
  1000 exchanges validated, 0 would be rejected, 3 could not be validated; it receives 12.5 % of the traffic
";
    assert_eq!(printed(port.address, "contract candidate orders", 0), clean);
    port.contracts.refuse(vec![
        refusal("payments", "createOrder", 2),
        refusal("checkout", "fetchOrder", 4),
        refusal("checkout", "createOrder", 31),
    ]);
    let expected = "\
orders  candidate 1.5.0 (a23c5b838760) since 2025-12-31T23:58:20.000Z, 1m 40s
  1000 exchanges validated, 37 would be rejected, 3 could not be validated; it receives 12.5 % of the traffic
  checkout  35
    createOrder
          31  request_body
              the member `quantity` must be an integer (at /quantity)
              next.yaml:7  #/components/schemas/Order
    fetchOrder
           4  request_body
              the member `quantity` must be an integer (at /quantity)
              next.yaml:7  #/components/schemas/Order
  payments  2
    createOrder
           2  request_body
              the member `quantity` must be an integer (at /quantity)
              next.yaml:7  #/components/schemas/Order
";
    assert_eq!(
        printed(port.address, "contract candidate orders", 1),
        expected
    );
    let json = printed(port.address, "contract candidate orders --format json", 1);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["refused"], 37);
}

#[test]
fn reloads_the_configuration() {
    let port = Port::start();
    port.contracts.configure(applied());
    let expected = "\
applied  1 change
  services.orders.timeout
active after a restart:
  listen.address
";
    assert_eq!(printed(port.address, "config reload", 0), expected);
    port.contracts.configure(ConfigReloadView {
        result: ConfigResult::Refused,
        problems: vec!["config.toml:3: no such key".to_owned()],
        ..applied()
    });
    let refused = printed(port.address, "config reload", 1);
    let expected = "\
refused: the configuration is refused and the active one stays; correct it and reload it again
  config.toml:3: no such key
";
    assert_eq!(refused, expected);
    let json = printed(port.address, "config reload --format json", 1);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["problems"][0], "config.toml:3: no such key");
}

#[test]
fn explains_failed_requests_and_exits_with_2() {
    let port = Port::start();
    let url = format!("http://{}", port.address);
    let check = |words: &str, status: u16, detail: &str| {
        let message = error_message(&format!("{words} --admin {url}"), &[]);
        let expected = format!("portcullis: {url} answers {status}: {detail}");
        assert!(message.starts_with(&expected), "{words}: {message}");
    };
    check(
        "contract show order",
        404,
        "there is no service `order`, did you mean `orders`?",
    );
    check("contract reload order", 404, "there is no service `order`");
    check(
        "contract candidate market",
        404,
        "`market` has no candidate; propose one",
    );
    check("contract promote market", 404, "`market` has no candidate");
    check(
        "contract reload busy",
        409,
        "another change of the contract of `busy` is in progress",
    );
    check(
        "contract reload gone",
        503,
        "gone.yaml: No such file; check the path",
    );
    check(
        "contract drop ../orders",
        404,
        "there is no service `..%2Forders`",
    );
    check(
        "config reload",
        409,
        "another reload of the configuration is in progress",
    );
    for words in ["contract", "config"] {
        let message = error_message(words, &[]);
        assert!(
            message.contains(&format!("Usage: portcullis {words}")),
            "{message}"
        );
    }
}

#[test]
fn sends_the_token_with_changes_only() {
    const TOKEN: &str = "correct-horse-battery";
    let port = Port::bind("0.0.0.0:0", Some(TOKEN));
    let url = format!("http://{}", port.address);
    port.contracts.configure(applied());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let file = file.to_str().unwrap();
    printed(port.address, "contract show orders", 0);
    printed(port.address, "contract candidate orders", 0);
    for words in [
        "contract reload orders",
        "contract promote orders",
        "contract drop orders",
        "config reload",
    ] {
        let message = error_message(&format!("{words} --admin {url}"), &[]);
        assert!(
            message.contains("answers 401: changes need the configured"),
            "{message}"
        );
        printed(port.address, &format!("{words} --token-file {file}"), 0);
    }
    let proposal = format!("contract candidate orders {file}");
    let message = error_message(&format!("{proposal} --admin {url}"), &[]);
    assert!(message.contains("answers 401"), "{message}");
    printed(port.address, &format!("{proposal} --token-file {file}"), 0);
}
