//! `portcullis diff`: inputs, formats, exit codes, approvals.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::app::run;

const OLD: &str = "\
openapi: 3.1.0
info: {title: Orders, version: 1.4.0, x-squad-owner: payments}
paths:
  /orders/{id}:
    put:
      operationId: putOrder
      parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - {name: limit, in: query, required: true, schema: {type: integer, maximum: 50}}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
  /gone:
    get: {operationId: gone, responses: {'204': {description: ok}}}
components:
  schemas:
    Order: {type: object, required: [amount], properties: {amount: {type: integer, maximum: 20}, note: {type: string}}}
";

fn newer() -> String {
    let text = OLD
        .replace("maximum: 20", "maximum: 10")
        .replace("1.4.0", "1.5.0");
    let (start, end) = (
        text.find("  /gone:").unwrap(),
        text.find("components:").unwrap(),
    );
    text[..start].to_owned() + &text[end..]
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("old.yaml", OLD);
    write("new.yaml", &newer());
    write("other.yaml", &OLD.replace("title: Orders", "title: Ledger"));
    write(
        "swagger.yaml",
        "swagger: '1.2'\ninfo: {title: t, version: 1.0.0}\npaths: {}\n",
    );
    write("text.yaml", "hello\n");
    write("broken.yaml", "openapi: [\n");
    let schema = |reference: &str| {
        format!(
            "openapi: 3.0.3\ninfo: {{title: t, version: 1.0.0}}\npaths: {{/a: {{get: {{responses: {{'200': {{description: d, content: {{application/json: {{schema: {{$ref: '{reference}'}}}}}}}}}}}}}}}}\ncomponents: {{schemas: {{A: {{$ref: '#/components/schemas/A'}}}}}}\n"
        )
    };
    write("dangling.yaml", &schema("#/components/schemas/B"));
    write("circle.yaml", &schema("#/components/schemas/A"));
    write("before/payments/orders.yaml", OLD);
    write("before/same.yaml", OLD);
    write(
        "before/dropped.yaml",
        &OLD.replace("title: Orders", "title: Dropped"),
    );
    write(
        "before/moved.yaml",
        &OLD.replace("title: Orders", "title: Moved"),
    );
    write("after/payments/orders.yaml", &newer());
    write("after/same.yaml", OLD);
    write(
        "after/elsewhere/moved.yaml",
        &OLD.replace("title: Orders", "title: Moved"),
    );
    folder
}

#[test]
#[rustfmt::skip]
fn exit_codes_and_bad_input() {
    let folder = folder();
    let check = |words: &str, code: i32, message: &str| {
        let output = run(folder.path(), words, OLD);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {error}");
        assert!(error.contains(message), "{words}: {error}");
        assert!(!message.is_empty() || error.is_empty(), "{words}: {error}");
    };
    check("diff old.yaml old.yaml", 0, "");
    check("diff old.yaml new.yaml", 1, "");
    check("diff - new.yaml", 1, "");
    check("diff old.yaml -", 0, "");
    check("diff old.yaml new.yaml --fail-on none", 0, "");
    check("diff old.yaml other.yaml --fail-on warning", 0, "");
    check("diff old.yaml other.yaml --semver", 1, "");
    // Responses may now contain values that the older contract forbids.
    check("diff new.yaml old.yaml", 1, "");
    check("diff before after", 1, "");
    check("diff - -", 2, "standard input can be one of the revisions, not both");
    check("diff old.yaml before", 2, "name two files or two directories");
    check("diff old.yaml nothing.yaml", 2, "nothing.yaml: No such file");
    check("diff old.yaml swagger.yaml", 2, "convert it to Swagger 2.0 or OpenAPI first");
    check("diff old.yaml text.yaml", 2, "not an OpenAPI or AsyncAPI document");
    check("diff old.yaml broken.yaml", 2, "broken.yaml:");
    check("diff old.yaml dangling.yaml", 2, "dangling.yaml:3: error: `#/components/schemas/B` does not resolve");
    check("diff old.yaml circle.yaml", 2, "is a reference to itself");
    check("diff old.yaml https://example.com/openapi.yaml", 2, "is not fetched: save it");
    check("diff old.yaml new.yaml --approvals nothing.toml", 2, "nothing.toml: No such file");
    check("diff old.yaml new.yaml --today tomorrow", 2, "expected a date such as 2026-05-01");
}

fn json(folder: &Path, words: &str) -> Value {
    let output = run(folder, words, "");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{words}: {output:?}"))
}

fn finding<'j>(report: &'j Value, rule: &str, site: &str) -> &'j Value {
    let findings = report["contracts"][0]["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| {
        finding["rule"] == rule && finding["site"].as_str().unwrap().contains(site)
    });
    found.unwrap_or_else(|| panic!("{rule} {site}: {findings:#?}"))
}

#[test]
fn breaking_changes_have_a_witness() {
    let folder = folder();
    let report = json(folder.path(), "diff old.yaml new.yaml --format json");
    assert_eq!(report["schema"], "portcullis-diff/1");
    assert_eq!(report["verdict"], "breaking");
    let lower = finding(&report, "schema.maximum.decreased", "request body");
    assert_eq!(lower["level"], "breaking");
    assert_eq!(lower["certainty"], "witnessed");
    assert_eq!(lower["subject"], "PUT /orders/{id}");
    assert_eq!(lower["site"], "request body application/json /amount");
    assert_eq!(lower["aliases"][0], "request-property-max-decreased");
    assert_eq!(
        (&lower["before"], &lower["after"]),
        (&"20".into(), &"10".into())
    );
    assert_eq!(lower["provider"], "payments");
    assert_eq!(lower["new"]["file"], "new.yaml");
    assert_eq!(lower["new"]["line"], 14);
    let amount = lower["witness"]["value"]["amount"].as_i64().unwrap();
    assert!((11..=20).contains(&amount), "{amount}");
    let request = &lower["witness"]["request"];
    assert_eq!(request["method"], "PUT");
    let target = request["target"].as_str().unwrap();
    assert!(
        target.starts_with("/orders/") && target.contains("?limit="),
        "{target}"
    );
    let curl = lower["witness"]["curl"].as_str().unwrap();
    assert!(
        curl.starts_with("curl -X PUT -g \"$BASE\"'/orders/"),
        "{curl}"
    );
    // Clients that accept the older response also accept a narrower one.
    assert_eq!(
        finding(&report, "schema.maximum.decreased", "response 200")["level"],
        "info"
    );
    assert_eq!(
        finding(&report, "operation.removed", "")["level"],
        "breaking"
    );
    assert_eq!(report["contracts"][0]["semver"]["required"], "major");
    assert_eq!(report["contracts"][0]["semver"]["honoured"], false);
    assert_eq!(report["contracts"][0]["semver"]["suggested"], "2.0.0");
}

#[test]
fn text_begins_with_the_most_severe_change_and_warns_about_other_titles() {
    let folder = folder();
    let output = run(folder.path(), "diff old.yaml new.yaml", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\x1b'), "{text}");
    assert!(text.starts_with("new.yaml  Orders 1.4.0 → 1.5.0"), "{text}");
    assert!(text.contains("breaking  PUT /orders/{id}, request body application/json /amount: maximum lowered from 20 to 10 [schema.maximum.decreased]"), "{text}");
    assert!(text.contains("for example {\"amount\":"), "{text}");
    assert!(
        text.find("breaking").unwrap() < text.find("info").unwrap(),
        "{text}"
    );
    assert!(
        text.ends_with("2 breaking, 0 unknown, 0 warnings, 2 infos\n"),
        "{text}"
    );
    let output = run(folder.path(), "diff old.yaml other.yaml", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("are these revisions of one service?"),
        "{text}"
    );
}

#[test]
fn the_other_formats_have_locations_and_counts() {
    let folder = folder();
    let print = |format: &str| {
        let output = run(
            folder.path(),
            &format!("diff old.yaml new.yaml --format {format}"),
            "",
        );
        assert_eq!(output.status.code(), Some(1), "{format}");
        String::from_utf8(output.stdout).unwrap()
    };
    let markdown = print("markdown");
    assert!(
        markdown.starts_with("## Contract changes: breaking\n"),
        "{markdown}"
    );
    assert!(
        markdown.contains("| payments | 2 | 0 | 0 | 2 |"),
        "{markdown}"
    );
    let github = print("github");
    assert!(github.contains("::error file=new.yaml,line=14,title=schema.maximum.decreased::PUT /orders/{id}, request body"), "{github}");
    let sarif: Value = serde_json::from_str(&print("sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let lower = results
        .iter()
        .find(|result| result["ruleId"] == "schema.maximum.decreased" && result["level"] == "error")
        .unwrap();
    assert_eq!(
        lower["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "new.yaml"
    );
    assert_eq!(
        lower["locations"][0]["physicalLocation"]["region"]["startLine"],
        14
    );
    let junit = print("junit");
    assert!(junit.contains("tests=\"3\" failures=\"2\""), "{junit}");
    assert!(
        junit.contains(
            "<failure type=\"operation.removed\" message=\"GET /gone: operation removed; for example \
             &quot;GET /gone&quot;\"/>"
        ),
        "{junit}"
    );
}

#[test]
fn approved_changes_do_not_fail_and_unused_entries_are_reported() {
    let folder = folder();
    let printed = run(
        folder.path(),
        "diff old.yaml new.yaml --print-approvals",
        "",
    );
    let entries = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(entries.matches("[[approval]]").count(), 2, "{entries}");
    let write = |text: &str| std::fs::write(folder.path().join("approvals.toml"), text).unwrap();
    let words = "diff old.yaml new.yaml --today 2026-06-01 --approvals approvals.toml";
    write(&entries);
    let refused = run(folder.path(), words, "");
    assert_eq!(refused.status.code(), Some(2));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        error.contains("approvals.toml: line 1: `reason` is empty"),
        "{error}"
    );
    let reasoned = entries.replace("reason = \"\"", "reason = \"no client calls it\"");
    write(&reasoned);
    let output = run(folder.path(), words, "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("approved by payments: no client calls it"),
        "{text}"
    );
    let stale = "\n[[approval]]\nfingerprint = \"0000\"\nowner = \"a\"\nreason = \"b\"\n";
    let expired = reasoned.replace("# expires = \"2027-01-31\"", "expires = \"2026-05-31\"");
    write(&format!("{expired}{stale}"));
    let output = run(folder.path(), words, "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert_eq!(text.matches("an approval has expired").count(), 2, "{text}");
    assert_eq!(
        text.matches("matches no change of these contracts").count(),
        1,
        "{text}"
    );
}

#[test]
fn levels_of_rules_can_be_set() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(
        path("levels.toml"),
        "[diff.levels]\nschema.maximum.decreased = 'info'\n\"operation.*\" = 'warning'\n",
    )
    .unwrap();
    let words = "old.yaml new.yaml --levels levels.toml --level schema.maximum.decreased=warning";
    let report = json(folder.path(), &format!("diff {words} --format json"));
    let lowered = finding(
        &report,
        "schema.maximum.decreased",
        "request body application/json /amount",
    );
    assert_eq!(
        (&lowered["level"], &lowered["replaced_level"]),
        (&"warning".into(), &"breaking".into())
    );
    assert_eq!(lowered["certainty"], "witnessed", "the example stays");
    let removed = finding(&report, "operation.removed", "");
    assert_eq!(removed["level"], "warning");
    assert_eq!(report["verdict"], "warning");
    // The version follows the levels that were set.
    assert_eq!(report["contracts"][0]["semver"]["required"], "minor");

    let words = "diff old.yaml new.yaml --level operation.removed=off --level schema.*=off";
    let output = run(folder.path(), words, "");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("0 breaking, 0 unknown, "), "{text}");
    assert!(text.contains(", 3 turned off"), "{text}");

    let words = "diff old.yaml new.yaml --level schema.maximum.decreased=info --format text";
    let output = run(folder.path(), words, "");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(1),
        "the operation was removed: {text}"
    );
    assert!(
        text.contains("breaking without the level setting"),
        "{text}"
    );

    let refused = |words: &str, expected: &str| {
        let output = run(
            folder.path(),
            &format!("diff old.yaml new.yaml {words}"),
            "",
        );
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(expected), "{words}: {error}");
    };
    refused(
        "--level operation.remove=off",
        "did you mean operation.removed?",
    );
    refused("--level operation.removed", "expected a rule and its level");
    refused("--level operation.removed=error", "unknown level \"error\"");
    std::fs::write(path("levels.toml"), "[diff.levels]\nnothing = 'off'\n").unwrap();
    refused(
        "--levels levels.toml",
        "levels.toml: line 2: no rule is named \"nothing\"",
    );
}

#[test]
fn compares_directories_contract_by_contract() {
    let folder = folder();
    let report = json(folder.path(), "diff before after --format json");
    assert_eq!(report["unchanged"], 2, "{report:#}");
    assert_eq!(report["contracts"].as_array().unwrap().len(), 1);
    assert_eq!(report["contracts"][0]["path"], "payments/orders.yaml");
    assert_eq!(report["gone"][0]["path"], "dropped.yaml");
    assert_eq!(
        report["notes"][0],
        "moved.yaml moved to elsewhere/moved.yaml"
    );
    assert_eq!(report["squads"]["payments"]["breaking"], 3);
    assert_eq!(report["verdict"], "breaking");
}

fn git(folder: &Path, words: &[&str]) {
    let done = Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{words:?}: {done:?}");
}

#[test]
fn reads_git_revisions_with_referenced_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let entry = OLD.replace("#/components/schemas/Order", "../shared/order.yaml");
    let order = |most: u32| {
        format!(
            "type: object\nrequired: [amount]\nproperties: {{amount: {{type: integer, maximum: {most}}}}}\n"
        )
    };
    git(folder.path(), &["init", "-q"]);
    write("contracts/orders/openapi.yaml", &entry);
    write("contracts/shared/order.yaml", &order(20));
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-qm", "one"]);
    write("contracts/shared/order.yaml", &order(10));
    let one = "diff HEAD:contracts/orders/openapi.yaml contracts/orders/openapi.yaml --format json";
    let report = json(folder.path(), one);
    let lower = finding(&report, "schema.maximum.decreased", "request body");
    assert_eq!(lower["level"], "breaking");
    assert_eq!(lower["new"]["file"], "contracts/shared/order.yaml");
    assert_eq!(lower["old"]["file"], "HEAD:contracts/shared/order.yaml");
    git(folder.path(), &["commit", "-qam", "two"]);
    let all = json(
        folder.path(),
        "diff HEAD~1:contracts HEAD:contracts --format json",
    );
    assert_eq!(
        all["contracts"][0]["path"], "orders/openapi.yaml",
        "{all:#}"
    );
    assert_eq!(all["summary"]["breaking"], 1);
    let check = |words: &str, message: &str| {
        let output = run(folder.path(), words, "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(error.contains(message), "{words}: {error}");
    };
    check(
        "diff nowhere:contracts HEAD:contracts",
        "nowhere:contracts: git cannot read this",
    );
    check(
        "diff HEAD:nothing.yaml HEAD:contracts",
        "HEAD:nothing.yaml: git cannot read this",
    );
}

#[test]
fn markdown_begins_with_sentences_and_folds_the_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let contract = |properties: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{title: Gifts, version: 1.0.0}}\npaths:\n  /gifts:\n    post: {{requestBody: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/donations'}}}}}}}}, responses: {{'204': {{description: d}}}}}}\n  /more:\n    put: {{requestBody: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/donations'}}}}}}}}, responses: {{'204': {{description: d}}}}}}\ncomponents:\n  schemas:\n    donations: {{type: object, additionalProperties: false, properties: {{{properties}}}}}\n"
        )
    };
    let removed: String = (0..32)
        .map(|n| format!("p{n:02}: {{type: string}}, "))
        .collect();
    let old = contract(&format!("{removed}sum: {{type: integer, maximum: 9}}"));
    let new = contract("sum: {type: integer, maximum: 8}");
    std::fs::write(folder.path().join("old.yaml"), old).unwrap();
    std::fs::write(folder.path().join("new.yaml"), new).unwrap();
    let output = run(
        folder.path(),
        "diff old.yaml new.yaml --format markdown",
        "",
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "## Contract changes: breaking",
            "",
            "33 breaking, 0 unknown, 0 warnings, 1 info, 0 approved",
        ]
    );
    let sentences: Vec<&&str> = lines.iter().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(
        sentences,
        [
            &"- breaking: <code>donations</code>: 32 optional properties removed from a closed request body (p00, p01, p02, p03 and 28 more), in 2 operations",
            &"- breaking: <code>donations</code>: request body application/json /sum: maximum lowered from 9 to 8, in 2 operations",
        ]
    );
    let position = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part}: {text}"));
    assert!(
        position("- breaking") < position("<details><summary>Evidence for 33 findings</summary>")
    );
    let evidence = position("Evidence for");
    assert!(evidence < position("| breaking | schema.maximum.decreased |"));
}
