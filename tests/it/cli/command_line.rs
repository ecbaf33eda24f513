//! The command line: arguments, output and exit codes, and `portcullis check`.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

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
    write("config.text", "[a]\nb = 1\n");
    write("squads.toml", "[squads.a]\nservices = [\"b\"]\n");
    write(
        "one.json",
        r#"{"openapi": "3.1.0", "info": {"title": "é", "version": "1"}, "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "content": {"application/json": {"schema": {"type": "sting"}}}}}}}}}"#,
    );
    write(
        "two.toml",
        "[[services]]\nname = \"a\"\ncontract = \"none.yaml\"\nupstream = \"mock\"\nhosts = [\"a.example\"]\n[[services]]\nname = \"b\"\ncontract = \"wrong.json\"\nupstream = \"mock\"\nhosts = [\"b.example\"]\n[[services]]\nname = \"c\"\ncontract = \"good.yaml\"\nupstream = \"mock\"\n",
    );
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
    check("replay --contract good.yaml --host http://a/b -", 2, "try a");
    check("breakers --admin 127.0.0.1:1", 2, "expected http://host:port, https://host:port or unix:/path; try http://127.0.0.1:1");
    check("gate --squad a --service b --contract good.yaml --registry r", 2, "portcullis: the catalog is refused\ncontracts/squads.toml: cannot be read: there is no such file; try --catalog with the path of a file\n");
    check("gate history --squad a --service b --registry good.yaml", 2, "good.yaml: is a file; a registry is a directory");
    check("serve --config two.toml", 2, "service `a`: none.yaml: No such file or directory (os error 2); check the path and its permissions\nservice `b`: the contract is refused\n  wrong.json:1:31: error: ");
    check("gate --squad a --service b --contract good.yaml --registry s3:/r --catalog squads.toml", 2, "\"s3:/r\" is not a registry: expected a directory or s3://bucket/prefix: two slashes follow `s3:`");
    check("check config.text", 2, "config.text:2:1: this is not YAML; a contract is an OpenAPI document in YAML or JSON");
    check("check good.yaml --ignore misspelt-keywrd", 2, "no problem has the id \"misspelt-keywrd\": did you mean misspelt-keyword?");
    check("check wrong.json --ignore malformed-document", 1, "");
    check("chekc", 2, "some similar subcommands exist: 'schema', 'check'");
    check("check --format xml good.yaml", 2, "[possible values: text, json, markdown, github, sarif, junit, gitlab]");
    check("completions bash", 0, "");
    check("serve", 2, "portcullis: there is no config.toml in the working directory");
    check("serve --config config.bad", 2, "portcullis: the configuration is refused\nconfig.bad:1: ");
    check("serve --contract good.yaml --listen nowhere", 2, "--listen: listen.address: expected");
    check("--help", 0, "");
    check("--version", 0, "");
}

#[test]
fn one_line_contracts_have_columns() {
    let folder = folder();
    let output = run(folder.path(), "check one.json", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("one.json:1:181  malformed-schema"), "{text}");
    let output = run(folder.path(), "check --format json one.json", "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["contracts"][0]["problems"][0]["column"], 181);
    let output = run(folder.path(), "check --format github one.json", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("line=1,col=181"), "{text}");
}

/// Runs git in a folder.
fn git(folder: &Path, words: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// A contract in `api` that refers to `common.yaml` next to `api`.
const SHARED: &str = "\
openapi: 3.1.0
info: {title: Shared, version: 1.0.0}
paths:
  /a: {get: {operationId: a, responses: {200: {description: d, content: {application/json: {schema: {$ref: '../common.yaml#/A'}}}}}}}
";

/// A folder with that contract, a configuration, a catalog and a registry.
fn shared_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("api")).unwrap();
    write("common.yaml", "A: {type: integer}\n");
    write("api/openapi.yaml", SHARED);
    write("api/linked.yaml", &SHARED.replace("../common", "link"));
    std::os::unix::fs::symlink("../common.yaml", folder.path().join("api/link.yaml")).unwrap();
    write("squads.toml", "[squads.a]\nservices = [\"s\"]\n");
    std::fs::create_dir(folder.path().join("registry")).unwrap();
    let service =
        "[[services]]\nname = \"s\"\ncontract = \"api/openapi.yaml\"\nupstream = \"mock\"\n";
    write("config.toml", service);
    write("wide.toml", &format!("{service}ref_root = \".\"\n"));
    folder
}

#[test]
fn references_stay_in_the_repository_or_directory() {
    let folder = shared_folder();
    let check = |words: &str, code: i32, expected: &str| {
        let line = r#"{"request": {"method": "GET", "path": "/a"}}"#;
        let output = run(folder.path(), words, line);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {text}");
        assert!(text.contains(expected), "{words}: {text}");
    };
    let gate = "gate --squad a --service s --catalog squads.toml --registry registry --contract api/openapi.yaml";
    let commands = [
        ("check api/openapi.yaml", 1, 0),
        ("check api/linked.yaml", 1, 0),
        ("diff api/openapi.yaml api/openapi.yaml", 2, 0),
        ("replay --contract api/openapi.yaml -", 2, 0),
        (gate, 2, 0),
    ];
    for (words, outside, inside) in commands {
        check(words, outside, "yaml is outside of ");
        check(&format!("{words} --ref-root ."), inside, "");
        check(
            &format!("{words} --ref-root api"),
            outside,
            "yaml is outside of ",
        );
    }
    check(
        "check api/openapi.yaml",
        1,
        "api/openapi.yaml:4  unresolved-reference",
    );
    check(
        "check api/openapi.yaml --ref-root none",
        1,
        "none: No such file",
    );
    check("serve", 2, "yaml is outside of ");
    check(
        "serve --contract api/openapi.yaml",
        2,
        "allow a wider directory with --ref-root DIR",
    );
    // The configuration is accepted, and only the address is wrong.
    check(
        "serve --config wide.toml --admin 192.0.2.1:1",
        2,
        "cannot listen on admin address",
    );
    check(
        "serve --contract api/openapi.yaml --ref-root . --admin 192.0.2.1:1",
        2,
        "cannot listen on admin address",
    );
    git(folder.path(), &["init", "-q"]);
    for (words, _, inside) in commands {
        check(words, inside, "");
    }
    // A pipe in place of the file is not opened: nothing would ever write to it.
    std::fs::remove_file(folder.path().join("common.yaml")).unwrap();
    let made = Command::new("mkfifo")
        .arg(folder.path().join("common.yaml"))
        .status()
        .unwrap();
    assert!(made.success());
    for (words, outside, _) in commands {
        check(words, outside, "this is not a regular");
    }
}

#[test]
fn revisions_name_their_files() {
    let folder = folder();
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "first"]);
    let check = |words: &str, code: i32, expected: &str| {
        let output = run(folder.path(), words, "");
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {text}");
        assert!(text.contains(expected), "{words}: {text}");
    };
    let hint = "HEAD is a Git revision; name the contract in it: HEAD:";
    check("diff HEAD good.yaml", 2, &format!("{hint}good.yaml\n"));
    check("diff ./good.yaml HEAD", 2, &format!("{hint}good.yaml\n"));
    check("diff HEAD all", 2, &format!("{hint}all\n"));
    check("diff HEAD none.yaml", 2, &format!("{hint}openapi.yaml\n"));
    check("check HEAD", 2, &format!("{hint}openapi.yaml\n"));
    check("check HEAD:good.yaml", 0, "file      HEAD:good.yaml");
    check("check HEAD:all", 0, "1 contract, ");
    check("check HEAD:none.yaml good.yaml", 2, "1 contract, ");
    check("replay --contract HEAD:good.yaml -", 0, "Orders 1.4.0");
}

#[test]
#[rustfmt::skip]
fn check_prints_text() {
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
           the example does not satisfy its schema: "a" is not of type "integer" (line 4); correct
           one of them
           #/components/schemas/A/example

(no title)
  file      wrong.json
  revision  sha256:a23c5b838760a889174362329f5f5f9e6bca571146014e9ddfef8909596b6479
  dialect   OpenAPI 3.1

  error    wrong.json:1:31  malformed-document
           `paths` must be an object, not an array
           #/paths

  warning  wrong.json:1:1  missing-field
           `info` is missing: OpenAPI 3.1 requires it in the OpenAPI Object
           #

3 contracts, 2 operations, 1 error, 2 warnings
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
    assert_eq!(text.matches("does not satisfy its schema").count(), 10);
}

#[test]
fn check_prints_json() {
    let folder = folder();
    let output = run(
        folder.path(),
        "check --format json good.yaml all broken.yaml",
        "",
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
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
                "problems": [],
                "advice": null
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
                    "file": "all/questionable.yaml", "line": 4, "column": null,
                    "pointer": "/components/schemas/A/example",
                    "message": "the example does not satisfy its schema: \"a\" is not of type \"integer\" (line 4); correct one of them",
                    "repair": null
                }],
                "advice": null
            }
        ],
        "unreadable": [{
            "path": "broken.yaml",
            "message": "broken.yaml:2:1: while parsing a node, did not find expected node content"
        }],
        "summary": {
            "contracts": 2, "operations": 2, "errors": 0, "warnings": 1, "ignored": 0, "unreadable": 1
        }
    });
    assert_eq!(report, expected);
}

#[test]
fn a_closed_pipe_does_not_change_the_exit_code() {
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
