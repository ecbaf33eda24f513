//! `portcullis diff --tolerant`: revisions with broken parts, and places without effect.

use std::path::Path;

use serde_json::Value;

use crate::support::app::run;

/// A revision without broken parts. `POST /z` breaks in every comparison.
const NEW: &str = "\
openapi: 3.0.3
info: {title: t, version: 1.0.0}
paths:
  /x:
    post:
      parameters:
      - {name: q, in: query, required: true, schema: {type: integer}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/X'}}}}
      security: [{k: []}]
      responses: {'200': {description: ok, headers: {X-A: {schema: {type: string}}}, content: {application/json: {schema: {type: integer}}}}}
  /y: {get: {responses: {'204': {description: d}}}}
  /z:
    post:
      requestBody: {content: {application/json: {schema: {type: integer, maximum: 5}}}}
      responses: {'204': {description: d}}
components:
  securitySchemes: {k: {type: apiKey, in: header, name: X-K}}
  schemas:
    X:
      type: object
      properties:
        kind: {type: string, minLength: 1}
        tags: {type: array, items: {type: string}}
";

/// The older revision: one replaced text, and a higher maximum for `POST /z`.
fn old(from: &str, to: &str) -> String {
    assert_eq!(NEW.matches(from).count(), 1, "{from}");
    NEW.replace("maximum: 5", "maximum: 9").replace(from, to)
}

fn folder(old: &str, new: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.yaml"), old).unwrap();
    std::fs::write(folder.path().join("new.yaml"), new).unwrap();
    folder
}

fn json(folder: &Path, words: &str) -> Value {
    let output = run(folder, &format!("diff {words} --format json"), "");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{words}: {output:?}"));
    report["contracts"][0].clone()
}

fn findings(contract: &Value) -> &Vec<Value> {
    contract["findings"].as_array().unwrap()
}

/// Compares an older revision with a broken part. The part is named with its line; a finding of the
/// rule `rule` about `subject` is unknown because of it; nothing else is breaking or unknown but
/// the change of `POST /z`.
#[track_caller]
fn check(from: &str, to: &str, line: u64, problem: &str, (subject, rule): (&str, &str)) {
    let folder = folder(&old(from, to), NEW);
    let contract = json(folder.path(), "old.yaml new.yaml");
    let parts = contract["broken_parts"].as_array().unwrap();
    let part = parts.iter().find(|part| {
        part["side"] == "old"
            && part["location"]["file"] == "old.yaml"
            && part["location"]["line"] == line
            && part["message"].as_str().unwrap().contains(problem)
    });
    assert!(part.is_some(), "{to}: {parts:#?}");
    let place = format!("the older contract is broken here: old.yaml:{line} ");
    let mut is_shown = false;
    for finding in findings(&contract) {
        let reason = finding["reason"].as_str().unwrap_or_default();
        if finding["subject"] == "POST /z" {
            assert_eq!(finding["rule"], "schema.maximum.decreased", "{to}");
            assert_eq!(finding["level"], "breaking", "{to}");
            assert_eq!(finding["certainty"], "witnessed", "{to}");
            assert_eq!(finding["witness"]["value"], 6, "{to}");
        } else if reason.starts_with(&place) {
            assert_eq!(finding["certainty"], "unknown", "{to}: {finding:#}");
            assert_ne!(finding["level"], "info", "{to}: {finding:#}");
            assert_eq!(finding["witness"], Value::Null, "{to}: {finding:#}");
            is_shown |= finding["rule"] == rule && finding["subject"] == subject;
        } else {
            assert_eq!(finding["level"], "info", "{to}: {finding:#}");
            assert_ne!(finding["certainty"], "unknown", "{to}: {finding:#}");
        }
    }
    assert!(is_shown, "{to}: {rule}: {:#?}", findings(&contract));
    let strict = run(folder.path(), "diff old.yaml new.yaml --tolerant none", "");
    assert!(
        matches!(strict.status.code(), Some(1 | 2)),
        "{to}: {strict:?}"
    );
}

const BODY: &str = "POST /x";

#[test]
#[rustfmt::skip]
fn broken_schemas_are_unknown() {
    let kind = "kind: {type: string, minLength: 1}";
    let narrowed = (BODY, "schema.type.narrowed");
    check(kind, "kind: {oneOf: []}", 22, "`oneOf` is empty", narrowed);
    check(kind, "kind: {anyOf: []}", 22, "`anyOf` is empty", narrowed);
    check(kind, "kind: {allOf: 5}", 22, "`allOf` is not valid JSON Schema", narrowed);
    check(kind, "kind: {enum: []}", 22, "`enum` is empty, so no value is valid", narrowed);
    check(kind, "kind: {$ref: '#/components/schemas/No'}", 22, "does not resolve", narrowed);
    check(kind, "kind: {$ref: 'other.yaml#/No'}", 22, "cannot be loaded", narrowed);
    check(kind, "kind: {$ref: 5}", 22, "`$ref` must be a string", narrowed);
    check(kind, "kind: {type: [string, integer]}", 22, "in OpenAPI 3.0 `type` must be one name", (BODY, "schema.min-length.set"));
    check(kind, "kind: {type: sting, minLength: 1}", 22, "did you mean `string`?", (BODY, "schema.type.widened"));
    check(kind, "kind: {type: string, pattern: '('}", 22, "`pattern` is not a regular expression", (BODY, "schema.min-length.set"));
    check(kind, "kind: {type: string, minLength: -1}", 22, "`minLength` is not valid JSON Schema", (BODY, "schema.min-length.increased"));
    check(kind, "kind: {type: string, maxLength: '5'}", 22, "`maxLength` is not valid JSON Schema", (BODY, "schema.min-length.set"));
    check(kind, "kind: {exclusiveMinimum: 5}", 22, "in OpenAPI 3.0 `exclusiveMinimum` is a boolean", narrowed);
    check(kind, "kind: {type: string, type: string}", 22, "duplicate key \"type\"", (BODY, "schema.min-length.set"));
    check(kind, "kind: {type: integer}\n        kind: {type: string}", 23, "duplicate key \"kind\"", (BODY, "schema.min-length.set"));
    check("items: {type: string}", "items: [{type: string}]", 23, "a schema must be an object", (BODY, "schema.items.added"));
}

#[test]
#[rustfmt::skip]
fn broken_parts_of_operations_put_findings_in_doubt() {
    let not_compared = (BODY, "broken-part.not-compared");
    let parameter = (BODY, "parameter.added.required");
    check("in: query", "in: body", 7, "`in: body` belongs to Swagger 2.0", parameter);
    check("name: q, ", "", 7, "`name` is missing", parameter);
    check("in: query, ", "in: query, style: simple, ", 7, "`style: simple` does not exist", parameter);
    check("{name: q, in: query, required: true, schema: {type: integer}}", "5", 7, "a parameter must be an object", parameter);
    check(", schema: {type: integer}}\n", "}\n", 7, "`q` has no `schema`", not_compared);
    check("{name: q,", "{name: p, name: q,", 7, "duplicate key \"name\"", not_compared);
    check("'200'", "OK", 10, "`OK` is not a status", (BODY, "status.added.success"));
    check("content: {application/json: {schema: {type: integer}}}}}", "content: {json: {schema: {type: integer}}}}}", 10, "`json` is not a media type", (BODY, "media-type.added"));
    check("content: {application/json: {schema: {type: integer}}}}}", "content: 5}}", 10, "`content` must be an object", (BODY, "media-type.added"));
    check("X-A: {schema: {type: string}}", "X-A: {$ref: '#/components/headers/No'}", 10, "does not resolve", (BODY, "header.added"));
    check("{required: true, content: {application/json: {schema: {$ref: '#/components/schemas/X'}}}}", "{$ref: '#/components/No'}", 8, "does not resolve", (BODY, "body.added.required"));
    check("in: header", "in: body", 9, "`in` must be query, header or cookie", (BODY, "security.alternative.removed"));
    check("[{k: []}]", "[{no: []}]", 9, "`no` is not among", (BODY, "security.alternative.removed"));
    check("paths:\n", "servers: 5\npaths:\n", 3, "`servers` must be an array", ("the contract", "broken-part.not-compared"));
}

#[test]
#[rustfmt::skip]
fn operations_that_cannot_be_compiled_are_left_out() {
    let added = ("GET /y", "operation.added");
    check("  /y:", "  /y?a=b:", 11, "a path cannot contain `?`", added);
    check("  /y:", "  /y#a:", 11, "a path cannot contain `#`", added);
    check("  /y:", "  //y:", 11, "no request can match this path", added);
    check("{get: {responses: {'204': {description: d}}}}", "{get: 5}", 11, "an operation must be an object", added);
    check("{get: {responses: {'204': {description: d}}}}", "{$ref: '#/components/No'}", 11, "does not resolve", added);
    check("  /z:", "  /w?a: {get: {responses: {}}}\n  /z:", 12, "a path cannot contain `?`", ("GET /w?a", "broken-part.not-compared"));
    let twice = "  /a/{b}: {get: {responses: {}}}\n  /a/{c}: {get: {responses: {}}}\n  /z:";
    check("  /z:", twice, 13, "`/a/{b}` and `/a/{c}` are the same path", ("GET /a/{b}", "operation.removed"));
    check("  /z:", "  /x: {get: {responses: {}}}\n  /z:", 12, "duplicate key \"/x\", first used on line 4", ("POST /x", "operation.added"));
}

/// A key that is repeated at the root puts the existence of every operation in doubt.
#[test]
fn a_repeated_root_is_in_doubt_as_a_whole() {
    let old = old("components:", "paths: {}\ncomponents:");
    let folder = folder(&old, NEW);
    let contract = json(folder.path(), "old.yaml new.yaml");
    let added = findings(&contract)
        .iter()
        .filter(|finding| finding["rule"] == "operation.added");
    let certainties: Vec<&Value> = added.map(|finding| &finding["certainty"]).collect();
    assert_eq!(certainties, ["unknown", "unknown", "unknown"]);
}

#[test]
fn breaks_beside_a_broken_keyword_are_found() {
    let kind = "kind: {type: string, minLength: 1}";
    let old = old(
        kind,
        "kind: {oneOf: []}\n        size: {type: integer, maximum: 9}",
    );
    let new = NEW.replace(
        kind,
        "kind: {type: string}\n        size: {type: integer, maximum: 7}",
    );
    let folder = folder(&old, &new);
    let contract = json(folder.path(), "old.yaml new.yaml");
    let found: Vec<&Value> = findings(&contract)
        .iter()
        .filter(|finding| finding["site"].as_str().unwrap().ends_with("/size"))
        .collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["certainty"], "witnessed");
    assert_eq!(found[0]["witness"]["value"], serde_json::json!({"size": 8}));
}

/// Each finding names the broken part that it depends on, and equal texts in two places do not have
/// to mean the same.
#[test]
fn every_broken_part_has_its_own_place() {
    let kind = "kind: {type: string, minLength: 1}";
    let both = "kind: {oneOf: []}\n        size: {oneOf: []}";
    let old = old(kind, both);
    let new = NEW.replace(kind, "kind: {type: string}\n        size: {type: integer}");
    let folder = folder(&old, &new);
    let contract = json(folder.path(), "old.yaml new.yaml");
    for (site, line) in [("/kind", 22), ("/size", 23)] {
        let mut found = findings(&contract).iter();
        let found = found
            .find(|finding| finding["site"].as_str().unwrap().ends_with(site))
            .unwrap();
        let reason = found["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("old.yaml:{line} ")), "{reason}");
    }
}

/// What both revisions have has not changed, even if it is broken.
#[test]
fn unchanged_broken_parts_are_no_findings() {
    for (from, to) in [
        ("kind: {type: string, minLength: 1}", "kind: {oneOf: []}"),
        ("kind: {type: string, minLength: 1}", "kind: {enum: []}"),
        ("in: query", "in: body"),
        ("'200'", "OK"),
        ("  /y:", "  /y?a=b:"),
        ("[{k: []}]", "[{no: []}]"),
        (", schema: {type: integer}}\n", "}\n"),
    ] {
        let before = old(from, to);
        let folder = folder(&before, &before.replace("maximum: 9", "maximum: 5"));
        let contract = json(folder.path(), "old.yaml new.yaml --tolerant both");
        let rules: Vec<&Value> = findings(&contract)
            .iter()
            .map(|finding| &finding["rule"])
            .collect();
        assert_eq!(
            rules,
            ["schema.maximum.decreased", "version.not-raised"],
            "{to}"
        );
        assert_ne!(contract["broken_parts"], serde_json::json!([]), "{to}");
    }
}

#[test]
fn tolerance_is_for_one_side() {
    let broken = old("kind: {type: string, minLength: 1}", "kind: {oneOf: []}");
    let folder = folder(&broken, NEW);
    let check = |words: &str, code: i32, message: &str| {
        let output = run(folder.path(), words, "");
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words}: {text}");
        assert!(text.contains(message), "{words}: {text}");
    };
    let older = "broken part of the older contract: old.yaml:22: `oneOf` is empty";
    let newer = "broken part of the newer contract: old.yaml:22: `oneOf` is empty";
    check("diff old.yaml new.yaml", 1, older);
    check("diff old.yaml new.yaml --tolerant old", 1, older);
    check("diff old.yaml new.yaml --tolerant both", 1, older);
    check(
        "diff old.yaml new.yaml --tolerant new",
        2,
        "old.yaml is refused",
    );
    check(
        "diff old.yaml new.yaml --tolerant none",
        2,
        "old.yaml is refused",
    );
    check("diff new.yaml old.yaml", 2, "old.yaml is refused");
    check(
        "diff new.yaml old.yaml --tolerant new --fail-on none",
        0,
        newer,
    );
    check(
        "diff old.yaml new.yaml --format markdown",
        1,
        "> broken part of the older contract: old.yaml:22:",
    );
    check(
        "diff old.yaml new.yaml --strict",
        1,
        "not proved: the older contract is broken here",
    );
    let output = run(folder.path(), "diff old.yaml new.yaml", "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.find(older) < text.find("POST /x"), "{text}");
    std::fs::write(folder.path().join("old.yaml"), "openapi: [\n").unwrap();
    check("diff old.yaml new.yaml --tolerant both", 2, "old.yaml:");
}

/// Changes in places without effect are noted, and only there.
#[test]
fn places_without_effect_are_noted() {
    let notes = |old: &str, new: &str| -> Vec<String> {
        let folder = folder(old, new);
        let contract = json(folder.path(), "old.yaml new.yaml");
        let notes = contract["notes"].as_array().unwrap().iter();
        notes
            .map(|note| note.as_str().unwrap().to_owned())
            .collect()
    };
    let check = |old: &str, from: &str, to: &str, expected: &str| {
        let new = old.replace(from, to);
        assert_ne!(old, new, "{from}");
        let found = notes(old, &new);
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "{from}: {found:#?}"
        );
        let unrelated = old.replace("maximum: 5", "maximum: 4");
        assert_eq!(notes(old, &unrelated), Vec::<String>::new(), "{expected}");
    };
    let parameter = NEW.replace("in: query", "in: path");
    let expected = "new.yaml:7: the path parameter `q` does not occur in `/x` and is not validated";
    check(
        &parameter,
        "required: true, schema: {type: integer}",
        "required: true, schema: {type: string}",
        expected,
    );
    let kind = "kind: {type: string, minLength: 1}";
    let optional = "kind: {anyOf: [{$ref: '#/components/schemas/Limits'}, {nullable: true}]}\n        \
                    tags: {type: array}\n    Limits: {type: object, properties: {rows: {type: integer, maximum: 100}}}";
    let nullable = NEW
        .split("        tags:")
        .next()
        .unwrap()
        .replace(kind, optional)
        + "\n";
    let expected = "new.yaml:22: `{nullable: true}` without `type` accepts every value";
    check(&nullable, "maximum: 100", "maximum: 7", expected);
    let wrapped = nullable.replace(
        "anyOf: [{$ref: '#/components/schemas/Limits'}, {nullable: true}]",
        "allOf: [{$ref: '#/components/schemas/Limits'}]",
    );
    check(
        &wrapped,
        "'#/components/schemas/Limits'}]",
        "'#/components/schemas/Limits'}], nullable: true",
        "new.yaml:22: `nullable: true` without `type` has no effect",
    );
    let foreign = NEW.replace(kind, "kind: {type: string, const: a}");
    check(
        &foreign,
        "const: a",
        "const: b",
        "new.yaml:22: OpenAPI 3.0 does not have `const`",
    );
    let status = NEW.replace("'200'", "OK");
    check(
        &status,
        "schema: {type: integer}}}}}\n",
        "schema: {type: string}}}}}\n",
        "`OK` is not a status",
    );
}
