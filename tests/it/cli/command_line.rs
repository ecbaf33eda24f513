//! The program as a person meets it: words in, text and an exit code out.

use std::process::{Command, Stdio};

use crate::support::app::run;

const GOOD: &str = "\
openapi: 3.1.0
info: {title: Orders, version: 1.4.0, x-squad-owner: payments}
servers: [{url: /v1}, {url: /v2}]
paths:
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: fetchOrder
      responses: {200: {description: d}, 4XX: {description: d}, default: {description: d}}
    put:
      x-sla-tier: gold
      x-squad-owner: search
      requestBody: {required: true, content: {application/json: {}, application/merge-patch+json: {}}}
      responses: {204: {description: d}}
";

const QUESTIONABLE: &str = "\
openapi: 3.0.3
info: {title: Q, version: '1'}
paths: {}
components: {schemas: {A: {type: integer, example: a}}}
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("all")).unwrap();
    write("good.yaml", GOOD);
    write("all/questionable.yaml", QUESTIONABLE);
    write("all/fragment.yaml", "type: object\n");
    write("wrong.json", r#"{"openapi": "3.1.0", "paths": []}"#);
    write("broken.yaml", "openapi: [\n");
    write("config.bad", "a = \n");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    folder
}

#[test]
#[rustfmt::skip]
fn exit_codes() {
    let folder = folder();
    let check = |words: &str, code: i32, message: &str| {
        let output = run(folder.path(), words, GOOD);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {error}");
        assert!(error.contains(message), "{words}: {error}");
        assert!(!message.is_empty() || error.is_empty(), "{words}: {error}");
    };
    check("check good.yaml", 0, "");
    check("check -", 0, "");
    check("check all", 0, "");
    check("check all --fail-on warning", 1, "");
    check("check wrong.json", 1, "");
    check("check broken.yaml", 2, "portcullis: broken.yaml:2:1: ");
    check("check broken.yaml wrong.json", 2, "broken.yaml:2:1: ");
    check("check none.yaml", 2, "portcullis: none.yaml: No such file");
    check("check empty", 2, "portcullis: empty: no contract below this directory");
    check("chekc", 2, "a similar subcommand exists: 'check'");
    check("check --format xml good.yaml", 2, "[possible values: text, json]");
    check("completions bash", 0, "");
    check("serve", 2, "portcullis: there is no config.toml in the working directory");
    check("serve --config config.bad", 2, "portcullis: the configuration is refused\nconfig.bad:1: ");
    check("serve --contract good.yaml --listen nowhere", 2, "--listen: listen.address: expected");
    check("--help", 0, "");
    check("--version", 0, "");
}

#[test]
#[rustfmt::skip]
fn text_for_people() {
    let folder = folder();
    let check = |words: &str, expected: &str| {
        let output = run(folder.path(), words, "");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    };
    check("check good.yaml all wrong.json", r##"Orders 1.4.0
  file      good.yaml
  revision  sha256:3d53ae5d7bfd976ba0781dad31d6060e716231d958e5201f87408de3833a9386
  dialect   OpenAPI 3.1
  provider  payments

  GET  /v1/orders/{id}  fetchOrder  1 parameter → 200 4XX default
       /v2/orders/{id}
  PUT  /v1/orders/{id}              provider search, gold, 1 parameter, application/json or
                                    application/merge-patch+json → 204
       /v2/orders/{id}

Q 1
  file      all/questionable.yaml
  revision  sha256:3824f24b9173f515e8b1aa96b32bf9347c85ad14c2a10fefc4fa2b0857758553
  dialect   OpenAPI 3.0

  warning  all/questionable.yaml:4  invalid-example
           the example does not satisfy its schema: "a" is not of type "integer" (line 4); correct one of the
           two
           #/components/schemas/A/example

(no title)
  file      wrong.json
  revision  sha256:a23c5b838760a889174362329f5f5f9e6bca571146014e9ddfef8909596b6479
  dialect   OpenAPI 3.1

  error    wrong.json:1  malformed-document
           `paths` must be an object, not an array
           #/paths

3 contracts, 2 operations, 1 error, 1 warning
"##);
    let mut many = String::from("openapi: 3.0.3\ninfo: {title: M, version: '1'}\npaths: {}\n");
    many += "components:\n  schemas:\n";
    for number in 1..=12 {
        many += &format!("    A{number}: {{type: integer, example: a}}\n");
    }
    let output = run(folder.path(), "check -", &many);
    let text = String::from_utf8(output.stdout).unwrap();
    let end = "\n  … and 2 more warnings invalid-example (--format json lists all)\n\n\
               1 contract, 0 operations, 0 errors, 12 warnings\n";
    assert!(text.ends_with(end), "{text}");
    assert_eq!(text.matches("breaks its schema").count(), 10);
}

#[test]
fn json_for_programs() {
    let folder = folder();
    let output = run(
        folder.path(),
        "check --format json good.yaml all broken.yaml",
        "",
    );
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!({
        "contracts": [
            {
                "path": "good.yaml",
                "title": "Orders", "version": "1.4.0",
                "revision": "sha256:3d53ae5d7bfd976ba0781dad31d6060e716231d958e5201f87408de3833a9386",
                "dialect": "3.1", "provider": "payments",
                "files": ["good.yaml"],
                "operations": [
                    {
                        "method": "GET", "name": "fetchOrder",
                        "paths": ["/v1/orders/{id}", "/v2/orders/{id}"],
                        "provider": "payments", "tier": null, "enforcement": null,
                        "parameters": 1, "body": null,
                        "statuses": ["200", "4XX", "default"]
                    },
                    {
                        "method": "PUT", "name": "PUT /orders/{id}",
                        "paths": ["/v1/orders/{id}", "/v2/orders/{id}"],
                        "provider": "search", "tier": "gold", "enforcement": null,
                        "parameters": 1,
                        "body": {
                            "required": true,
                            "types": ["application/json", "application/merge-patch+json"]
                        },
                        "statuses": ["204"]
                    }
                ],
                "problems": []
            },
            {
                "path": "all/questionable.yaml",
                "title": "Q", "version": "1",
                "revision": "sha256:3824f24b9173f515e8b1aa96b32bf9347c85ad14c2a10fefc4fa2b0857758553",
                "dialect": "3.0", "provider": null,
                "files": ["all/questionable.yaml"],
                "operations": [],
                "problems": [{
                    "severity": "warning", "kind": "invalid-example",
                    "file": "all/questionable.yaml", "line": 4,
                    "pointer": "/components/schemas/A/example",
                    "message": "the example does not satisfy its schema: \"a\" is not of type \"integer\" (line 4); correct one of them"
                }]
            }
        ],
        "unreadable": [{
            "path": "broken.yaml",
            "message": "broken.yaml:2:1: while parsing a node, did not find expected node content"
        }],
        "summary": {
            "contracts": 2, "operations": 2, "errors": 0, "warnings": 1, "unreadable": 1
        }
    });
    assert_eq!(report, expected);
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let folder = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["check", "wrong.json"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
