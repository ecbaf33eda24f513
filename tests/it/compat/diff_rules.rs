//! Checks that every rule of `diff` has a fixture, and that the reference page lists every rule.
//!
//! `PORTCULLIS_TEST_WRITE=1` rewrites `docs/compatibility.md` from the table of rules.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use portcullis_compat::{
    ChangeCertainty, ChangeLevel, CompareOptions, CompatReport, Date, DiffRule, MirrorRule,
    compare, rules,
};
use portcullis_contract::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_vocabulary::Limits;

/// A fragment of a document; `VERSION x` in its first line stands for `info.version`.
pub(crate) fn contract(fragment: &str) -> CompiledContract {
    let (version, fragment) = match fragment.strip_prefix("VERSION ") {
        Some(rest) => rest.split_once('\n').unwrap(),
        None => ("1.0.0", fragment),
    };
    // `EVENTS x` in its first line makes it an AsyncAPI document.
    let (kind, fragment) = match fragment.strip_prefix("EVENTS ") {
        Some(rest) => {
            let (version, fragment) = rest.split_once('\n').unwrap();
            (format!("asyncapi: {version}"), fragment)
        }
        None => ("openapi: 3.1.0".to_owned(), fragment),
    };
    let text = format!("{kind}\ninfo: {{title: t, version: {version}}}\n{fragment}\n");
    let documents = parse_single_file("t.yaml", text.into_bytes(), &Limits::default()).unwrap();
    let options = CompileOptions {
        outbound_operations: true,
        accepts_events: true,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap_or_else(|problems| panic!("{fragment}: {problems:?}"))
}

pub(crate) fn report(old: &str, new: &str) -> CompatReport {
    let options = CompareOptions {
        notice_days: 10,
        ..CompareOptions::for_day(Date::parse("2026-01-01").unwrap())
    };
    compare(&contract(old), &contract(new), &options)
}

fn findings(report: &CompatReport, rule: &str) -> Vec<(ChangeLevel, ChangeCertainty)> {
    let of_rule = report
        .findings
        .iter()
        .filter(|finding| finding.rule.id == rule);
    of_rule
        .map(|finding| (finding.level, finding.certainty.clone()))
        .collect()
}

/// A property of a request body and of a response, or the whole body.
fn around(schema: &str, is_request: bool) -> String {
    let body = format!(
        "content: {{application/json: {{schema: {{type: object, properties: {{v: {schema}}}, required: [v]}}}}}}"
    );
    if is_request {
        format!("paths: {{/a: {{post: {{requestBody: {{{body}}}, responses: {{}}}}}}}}")
    } else {
        format!("paths: {{/a: {{get: {{responses: {{'200': {{description: d, {body}}}}}}}}}}}")
    }
}

#[test]
fn every_rule_has_a_fixture() {
    let mut shown: BTreeSet<&str> = DOCUMENTS.iter().map(|(rule, _, _)| *rule).collect();
    shown.extend(SCHEMAS.iter().map(|(rule, _, _)| *rule));
    // No fixture can show this rule, because it reports breaks that no edit explains.
    shown.insert("schema.values.narrowed");
    // The paths of a fixture would have to be many; bounded_work.rs of the crate has them.
    shown.insert("operation.address.not-compared");
    // The fixtures compile; tests/it/cli/diff_tolerant.rs shows this rule.
    shown.insert("broken-part.not-compared");
    for rule in rules() {
        assert!(shown.remove(rule.id), "{rule}: add a fixture that shows it");
    }
    assert!(shown.is_empty(), "fixtures of no rule: {shown:?}");
}

#[test]
fn every_fixture_shows_its_rule() {
    for (rule, old, new) in DOCUMENTS {
        let report = report(old, new);
        let found = findings(&report, rule);
        assert!(!found.is_empty(), "{rule}: {:?}", report.findings);
        let known = rules().iter().find(|known| known.id == *rule).unwrap();
        let levels: Vec<ChangeLevel> = known.levels.into_iter().flatten().collect();
        for (level, certainty) in found {
            match certainty {
                ChangeCertainty::Witnessed => assert_eq!(level, ChangeLevel::Breaking, "{rule}"),
                ChangeCertainty::Rule => assert!(levels.contains(&level), "{rule}: {level:?}"),
                // The validators may refute what the rule claims.
                ChangeCertainty::Unshown(_) => {
                    assert!(Some(&level) <= levels.iter().max(), "{rule}: {level:?}");
                }
                ChangeCertainty::Proved | ChangeCertainty::Unknown(_) => {
                    panic!("{rule}: {certainty:?}")
                }
            }
        }
    }
}

#[test]
fn schema_rules_apply_on_both_sides_and_breaks_have_witnesses() {
    let (mut missing, mut unknown) = (Vec::new(), Vec::new());
    for (id, old, new) in SCHEMAS {
        let rule: &DiffRule = rules().iter().find(|rule| rule.id == *id).unwrap();
        for (side, is_request) in [(0, true), (1, false)] {
            let report = report(&around(old, is_request), &around(new, is_request));
            let found = findings(&report, id);
            if found.is_empty() {
                let rules = report.findings.iter().map(|finding| finding.rule.id);
                missing.push((*id, is_request, rules.collect::<Vec<_>>()));
            }
            for (level, certainty) in found {
                let classical = rule.levels[side].unwrap();
                match certainty {
                    ChangeCertainty::Witnessed => assert_eq!(level, ChangeLevel::Breaking, "{id}"),
                    ChangeCertainty::Proved => assert!(level < ChangeLevel::Breaking, "{id}"),
                    // The bodies here are JSON, which has no XML form.
                    ChangeCertainty::Rule if *id == "schema.xml.changed" => {
                        assert_eq!(level, ChangeLevel::Info);
                    }
                    ChangeCertainty::Rule | ChangeCertainty::Unshown(_) => {
                        assert_eq!(level, classical, "{id} {is_request}");
                    }
                    ChangeCertainty::Unknown(reason) => unknown.push((*id, is_request, reason)),
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(unknown.is_empty(), "{unknown:#?}");
}

#[test]
fn reverting_a_change_reports_its_mirror_rule() {
    let mut checked = 0;
    for (id, old, new) in DOCUMENTS {
        let rule = rules().iter().find(|rule| rule.id == *id).unwrap();
        let MirrorRule::Of(mirror) = rule.mirror else {
            continue;
        };
        // Some reverse changes are reported for the whole element, by another rule of the family.
        let back = report(new, old);
        let family = mirror.rsplit_once('.').map_or(mirror, |(family, _)| family);
        let is_reported = back
            .findings
            .iter()
            .any(|finding| finding.rule.id.starts_with(family));
        assert!(
            is_reported
                || back.findings.is_empty()
                || id.contains("sunset")
                || id.contains("retired"),
            "{id}: {mirror}"
        );
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn the_reference_page_has_every_rule() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let page = page();
    if std::env::var_os("PORTCULLIS_TEST_WRITE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/compatibility.md is outdated: run with PORTCULLIS_TEST_WRITE=1"
    );
}

const INTRODUCTION: &str = "\
# Compatibility rules

`portcullis diff OLD NEW` compares two revisions of a contract and reports what the changes mean for consumers. A change is **breaking** if a message that was valid becomes invalid: the service refuses a request that it used to accept, or sends a response that the old contract forbids. For webhooks and callbacks the roles are swapped: the service sends the request, and its consumers respond. Events that an application receives are judged as requests, and those that it sends as responses ([events.md](events.md)).

## How a level is determined

For schemas, containment decides whether a change is breaking: does one revision accept every value that the other sends? Senders are assumed to send only the properties that their schema declares. The search has three answers:

- **proved**: the search was exhaustive and found no refused value. The change counts as `info`. A removed property remains a `warning`, because consumers may use it.
- **witnessed**: a value is refused. The report shows it. The validators of both contracts have confirmed it, as a complete message if they validate messages of its media type. The change is `breaking`.
- **unknown**: neither could be shown. The level of the table below applies, but at least `warning`; with `--strict` it is `breaking`. The report gives the reason.

What is only written differently is not a change. This covers references, `allOf` with one element, `nullable` and `type: [.., \"null\"]`, exclusive bounds of integers, the order of properties, and the split into files. Every other edit is reported, even if it changes nothing: as `info` if no value is affected. Formats that validators do not assert, links and the XML form of values that are not XML are `info`, too.

All other changes have the level of their rule; the report marks them with `rule`.

## Differences from other tools

- A status that the old contract did not declare is a warning, as is a new media type of a response: the old contract's validators refuse the response, but clients are expected to treat an unknown status as the first one of its class (RFC 9110, section 15).
- A response body where the old contract declared none is a warning: old consumers were promised nothing about it.
- Addresses count, not only paths. If `/rooms/free` is added next to `/rooms/{id}`, it takes the requests to this address over, so both operations are compared there. If it is removed, the operation of `/rooms/{id}` serves its requests, which is a warning unless this operation refuses them. Addresses that the old operation refused, because the text is not a valid `id`, cannot be taken over.
- The names of header fields are case-insensitive everywhere, including API keys.
- Server URLs are compared with all values that their variables allow.
- A media type that a range still covers does not count as removed. `application/json` does not cover `application/problem+json`.
- Security requirements are compared by meaning. Credentials that satisfied an old alternative must satisfy a new one. API keys and HTTP schemes are equal if they look the same on the wire.
- A deprecated operation or parameter may be removed once its `x-sunset` has passed, not before. An operation with the `x-stability-level` `draft` or `alpha` may be removed at any time.
- Changes of `explode` and `style` count only if they change the serialized value. Where a value is one text, they are informational if the new contract accepts every such text, and unknown if no refused text was found; lists and objects that are read as other values are breaking.
- Names count where they are sent: those of path parameters in the style `matrix`, of properties of exploded objects, of API keys, and of the pairs of a query that is one value (`in: querystring`). If another parameter reads a name now, its values are compared with those that were sent.
- A webhook or a callback may be removed like an operation. The key of a callback is not sent, so only its expression counts.
- A client certificate is not part of a message. Where the new contract asks for one, no example can show that a request is accepted.

## Versions

Breaking changes require a greater major version, additions and deprecations a greater minor version, and all other changes a greater patch version (semver.org). Below 1.0.0 the minor version takes the role of the major version. A pre-release promises no compatibility, so any greater version may follow it. The check is skipped unless both versions are semantic versions; an optional `v` in front is ignored. With `--semver`, the command fails if the version is not raised enough.

## Approvals

`--approvals FILE` reads a reviewed file of approved changes; `--print-approvals` prints entries for it. An approved change counts in no level. An approval refers to a change by its rule, its location, and the values before and after, so it survives new wording and moved lines. The report lists expired approvals and approvals of changes that no longer exist.

## Rules

The three level columns apply to a change in a request, in a response, and in neither. The aliases are the ids of oasdiff.
";

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut area = None;
    for rule in rules() {
        if area != Some(rule.area) {
            write!(page, "\n### {:?}\n\n| rule | request | response | neither | what happened | aliases |\n|---|---|---|---|---|---|\n", rule.area).unwrap();
            area = Some(rule.area);
        }
        let [request, response, neither] = rule
            .levels
            .map(|level| level.map_or("", ChangeLevel::as_str));
        let aliases: Vec<String> = rule
            .aliases()
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        let aliases = aliases.join(" ");
        writeln!(
            page,
            "| `{rule}` | {request} | {response} | {neither} | {} | {aliases} |",
            rule.title
        )
        .unwrap();
    }
    page
}

/// An old and a new schema for each rule, as a property of a body.
#[rustfmt::skip]
const SCHEMAS: &[(&str, &str, &str)] = &[
    ("schema.property.added.optional", "{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}, b: {}}}"),
    ("schema.property.added.required", "{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}, b: {}}, required: [b]}"),
    ("schema.property.removed.optional", "{type: object, properties: {a: {}, b: {}}}", "{type: object, properties: {a: {}}}"),
    ("schema.property.removed.required", "{type: object, properties: {a: {}, b: {}}, required: [b]}", "{type: object, properties: {a: {}}}"),
    ("schema.properties.removed", "{type: object, properties: {a: {}, b: {type: string}}, required: [b]}", "{type: object}"),
    ("schema.property.required", "{type: object, properties: {a: {}}}", "{type: object, properties: {a: {}}, required: [a]}"),
    ("schema.property.optional", "{type: object, properties: {a: {}}, required: [a]}", "{type: object, properties: {a: {}}}"),
    ("schema.type.widened", "{type: integer}", "{type: number}"),
    ("schema.type.narrowed", "{type: number}", "{type: integer}"),
    ("schema.type.changed", "{type: number}", "{type: string}"),
    ("schema.null.allowed", "{type: string}", "{type: [string, \"null\"]}"),
    ("schema.null.unlisted", "{type: string, enum: [a]}", "{type: [string, \"null\"], enum: [a]}"),
    ("schema.null.refused", "{type: [string, \"null\"]}", "{type: string}"),
    ("schema.format.set", "{type: string}", "{type: string, format: date}"),
    ("schema.format.unset", "{type: string, format: date}", "{type: string}"),
    ("schema.format.changed", "{type: string, format: date}", "{type: string, format: uuid}"),
    ("schema.format.unasserted", "{type: string}", "{type: string, format: wire-method}"),
    ("schema.maximum.increased", "{type: number, maximum: 10}", "{type: number, maximum: 20}"),
    ("schema.maximum.decreased", "{type: number, maximum: 20}", "{type: number, maximum: 10}"),
    ("schema.maximum.set", "{type: number}", "{type: number, maximum: 10}"),
    ("schema.maximum.unset", "{type: number, maximum: 10}", "{type: number}"),
    ("schema.minimum.increased", "{type: number, minimum: 10}", "{type: number, minimum: 20}"),
    ("schema.minimum.decreased", "{type: number, minimum: 20}", "{type: number, minimum: 10}"),
    ("schema.minimum.set", "{type: number}", "{type: number, minimum: 10}"),
    ("schema.minimum.unset", "{type: number, minimum: 10}", "{type: number}"),
    ("schema.exclusive-maximum.increased", "{type: number, exclusiveMaximum: 10}", "{type: number, exclusiveMaximum: 20}"),
    ("schema.exclusive-maximum.decreased", "{type: number, exclusiveMaximum: 20}", "{type: number, exclusiveMaximum: 10}"),
    ("schema.exclusive-maximum.set", "{type: number}", "{type: number, exclusiveMaximum: 10}"),
    ("schema.exclusive-maximum.unset", "{type: number, exclusiveMaximum: 10}", "{type: number}"),
    ("schema.exclusive-minimum.increased", "{type: number, exclusiveMinimum: 10}", "{type: number, exclusiveMinimum: 20}"),
    ("schema.exclusive-minimum.decreased", "{type: number, exclusiveMinimum: 20}", "{type: number, exclusiveMinimum: 10}"),
    ("schema.exclusive-minimum.set", "{type: number}", "{type: number, exclusiveMinimum: 10}"),
    ("schema.exclusive-minimum.unset", "{type: number, exclusiveMinimum: 10}", "{type: number}"),
    ("schema.max-length.increased", "{type: string, maxLength: 3}", "{type: string, maxLength: 5}"),
    ("schema.max-length.decreased", "{type: string, maxLength: 5}", "{type: string, maxLength: 3}"),
    ("schema.max-length.set", "{type: string}", "{type: string, maxLength: 3}"),
    ("schema.max-length.unset", "{type: string, maxLength: 3}", "{type: string}"),
    ("schema.min-length.increased", "{type: string, minLength: 3}", "{type: string, minLength: 5}"),
    ("schema.min-length.decreased", "{type: string, minLength: 5}", "{type: string, minLength: 3}"),
    ("schema.min-length.set", "{type: string}", "{type: string, minLength: 3}"),
    ("schema.min-length.unset", "{type: string, minLength: 3}", "{type: string}"),
    ("schema.max-items.increased", "{type: array, maxItems: 2}", "{type: array, maxItems: 4}"),
    ("schema.max-items.decreased", "{type: array, maxItems: 4}", "{type: array, maxItems: 2}"),
    ("schema.max-items.set", "{type: array}", "{type: array, maxItems: 2}"),
    ("schema.max-items.unset", "{type: array, maxItems: 2}", "{type: array}"),
    ("schema.min-items.increased", "{type: array, minItems: 2}", "{type: array, minItems: 4}"),
    ("schema.min-items.decreased", "{type: array, minItems: 4}", "{type: array, minItems: 2}"),
    ("schema.min-items.set", "{type: array}", "{type: array, minItems: 2}"),
    ("schema.min-items.unset", "{type: array, minItems: 2}", "{type: array}"),
    ("schema.max-properties.increased", "{type: object, additionalProperties: {type: integer}, maxProperties: 2}", "{type: object, additionalProperties: {type: integer}, maxProperties: 4}"),
    ("schema.max-properties.decreased", "{type: object, additionalProperties: {type: integer}, maxProperties: 4}", "{type: object, additionalProperties: {type: integer}, maxProperties: 2}"),
    ("schema.max-properties.set", "{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: integer}, maxProperties: 2}"),
    ("schema.max-properties.unset", "{type: object, additionalProperties: {type: integer}, maxProperties: 2}", "{type: object, additionalProperties: {type: integer}}"),
    ("schema.min-properties.increased", "{type: object, additionalProperties: {type: integer}, minProperties: 2}", "{type: object, additionalProperties: {type: integer}, minProperties: 4}"),
    ("schema.min-properties.decreased", "{type: object, additionalProperties: {type: integer}, minProperties: 4}", "{type: object, additionalProperties: {type: integer}, minProperties: 2}"),
    ("schema.min-properties.set", "{type: object, additionalProperties: {type: integer}}", "{type: object, additionalProperties: {type: integer}, minProperties: 2}"),
    ("schema.min-properties.unset", "{type: object, additionalProperties: {type: integer}, minProperties: 2}", "{type: object, additionalProperties: {type: integer}}"),
    ("schema.max-contains.increased", "{type: array, contains: {const: 1}, maxContains: 2}", "{type: array, contains: {const: 1}, maxContains: 3}"),
    ("schema.max-contains.decreased", "{type: array, contains: {const: 1}, maxContains: 3}", "{type: array, contains: {const: 1}, maxContains: 2}"),
    ("schema.max-contains.set", "{type: array, contains: {const: 1}}", "{type: array, contains: {const: 1}, maxContains: 2}"),
    ("schema.max-contains.unset", "{type: array, contains: {const: 1}, maxContains: 2}", "{type: array, contains: {const: 1}}"),
    ("schema.min-contains.increased", "{type: array, contains: {const: 1}, minContains: 2}", "{type: array, contains: {const: 1}, minContains: 3}"),
    ("schema.min-contains.decreased", "{type: array, contains: {const: 1}, minContains: 3}", "{type: array, contains: {const: 1}, minContains: 2}"),
    ("schema.min-contains.set", "{type: array, contains: {const: 1}}", "{type: array, contains: {const: 1}, minContains: 2}"),
    ("schema.min-contains.unset", "{type: array, contains: {const: 1}, minContains: 2}", "{type: array, contains: {const: 1}}"),
    ("schema.multiple-of.set", "{type: number}", "{type: number, multipleOf: 2}"),
    ("schema.multiple-of.unset", "{type: number, multipleOf: 2}", "{type: number}"),
    ("schema.multiple-of.changed", "{type: number, multipleOf: 2}", "{type: number, multipleOf: 3}"),
    ("schema.pattern.set", "{type: string}", "{type: string, pattern: ^a}"),
    ("schema.pattern.unset", "{type: string, pattern: ^a}", "{type: string}"),
    ("schema.pattern.changed", "{type: string, pattern: ^a}", "{type: string, pattern: ^b}"),
    ("schema.unique.set", "{type: array}", "{type: array, uniqueItems: true}"),
    ("schema.unique.unset", "{type: array, uniqueItems: true}", "{type: array}"),
    ("schema.enum.set", "{type: string}", "{type: string, enum: [a]}"),
    ("schema.enum.unset", "{type: string, enum: [a]}", "{type: string}"),
    ("schema.enum.value.added", "{enum: [a]}", "{enum: [a, b]}"),
    ("schema.enum.value.removed", "{enum: [a, b]}", "{enum: [a]}"),
    ("schema.extensible-enum.value.added", "{x-extensible-enum: [a]}", "{x-extensible-enum: [a, b]}"),
    ("schema.extensible-enum.value.removed", "{x-extensible-enum: [a, b]}", "{x-extensible-enum: [a]}"),
    ("schema.const.set", "{type: string}", "{type: string, const: a}"),
    ("schema.const.unset", "{type: string, const: a}", "{type: string}"),
    ("schema.const.changed", "{const: a}", "{const: b}"),
    ("schema.default.added", "{type: string}", "{type: string, default: a}"),
    ("schema.default.removed", "{type: string, default: a}", "{type: string}"),
    ("schema.default.changed", "{default: a}", "{default: b}"),
    ("schema.read-only.set", "{type: string}", "{type: string, readOnly: true}"),
    ("schema.read-only.unset", "{type: string, readOnly: true}", "{type: string}"),
    ("schema.write-only.set", "{type: string}", "{type: string, writeOnly: true}"),
    ("schema.write-only.unset", "{type: string, writeOnly: true}", "{type: string}"),
    ("schema.all-of.added", "{type: string}", "{type: string, allOf: [{type: string}], minLength: 2}"),
    ("schema.all-of.removed", "{type: string, allOf: [{type: string}], minLength: 2}", "{type: string}"),
    ("schema.any-of.added", "{anyOf: [{type: string}, {type: array}]}", "{anyOf: [{type: string}, {type: array}, {type: integer}]}"),
    ("schema.any-of.removed", "{anyOf: [{type: string}, {type: array}, {type: integer}]}", "{anyOf: [{type: string}, {type: array}]}"),
    ("schema.one-of.added", "{oneOf: [{type: string}, {type: array}]}", "{oneOf: [{type: string}, {type: array}, {type: integer}]}"),
    ("schema.one-of.removed", "{oneOf: [{type: string}, {type: array}, {type: integer}]}", "{oneOf: [{type: string}, {type: array}]}"),
    ("schema.alternatives.wrapped", "{type: object, properties: {a: {type: string}}, required: [a]}", "{oneOf: [{type: object, properties: {a: {type: string}}, required: [a]}, {type: object, properties: {b: {type: string}}, required: [b]}]}"),
    ("schema.alternatives.unwrapped", "{oneOf: [{type: object, properties: {a: {type: string}}, required: [a]}, {type: object, properties: {b: {type: string}}, required: [b]}]}", "{type: object, properties: {a: {type: string}}, required: [a]}"),
    ("schema.not.added", "{type: string}", "{type: string, not: {const: a}}"),
    ("schema.not.removed", "{type: string, not: {const: a}}", "{type: string}"),
    ("schema.if.added", "{then: {minLength: 2}}", "{if: {type: string}, then: {minLength: 2}}"),
    ("schema.if.removed", "{if: {type: string}, then: {minLength: 2}}", "{then: {minLength: 2}}"),
    ("schema.then.added", "{if: {type: string}}", "{if: {type: string}, then: {minLength: 2}}"),
    ("schema.then.removed", "{if: {type: string}, then: {minLength: 2}}", "{if: {type: string}}"),
    ("schema.else.added", "{if: {type: string}}", "{if: {type: string}, else: {minimum: 2}}"),
    ("schema.else.removed", "{if: {type: string}, else: {minimum: 2}}", "{if: {type: string}}"),
    ("schema.contains.added", "{type: array}", "{type: array, contains: {const: 1}}"),
    ("schema.contains.removed", "{type: array, contains: {const: 1}}", "{type: array}"),
    ("schema.dependent-required.added", "{type: object, properties: {a: {}, b: {}}}", "{type: object, properties: {a: {}, b: {}}, dependentRequired: {a: [b]}}"),
    ("schema.dependent-required.removed", "{type: object, properties: {a: {}, b: {}}, dependentRequired: {a: [b]}}", "{type: object, properties: {a: {}, b: {}}}"),
    ("schema.dependent-required.changed", "{type: object, properties: {a: {}, b: {}}, dependentRequired: {a: [b]}}", "{type: object, properties: {a: {}, b: {}}, dependentRequired: {a: [c]}}"),
    ("schema.dependent-schema.added", "{type: object, properties: {a: {}, b: {}}}", "{type: object, properties: {a: {}, b: {}}, dependentSchemas: {a: {required: [b]}}}"),
    ("schema.dependent-schema.removed", "{type: object, properties: {a: {}, b: {}}, dependentSchemas: {a: {required: [b]}}}", "{type: object, properties: {a: {}, b: {}}}"),
    ("schema.pattern-property.added", "{type: object, additionalProperties: true}", "{type: object, additionalProperties: true, patternProperties: {^x: {type: string}}}"),
    ("schema.pattern-property.removed", "{type: object, additionalProperties: true, patternProperties: {^x: {type: string}}}", "{type: object, additionalProperties: true}"),
    ("schema.property-names.added", "{type: object, additionalProperties: true}", "{type: object, additionalProperties: true, propertyNames: {maxLength: 3}}"),
    ("schema.property-names.removed", "{type: object, additionalProperties: true, propertyNames: {maxLength: 3}}", "{type: object, additionalProperties: true}"),
    ("schema.prefix-items.added", "{type: array}", "{type: array, prefixItems: [{type: string}]}"),
    ("schema.prefix-items.removed", "{type: array, prefixItems: [{type: string}]}", "{type: array}"),
    ("schema.items.added", "{type: array}", "{type: array, items: {type: string}}"),
    ("schema.items.removed", "{type: array, items: {type: string}}", "{type: array}"),
    ("schema.unevaluated-items.added", "{type: array, prefixItems: [{}]}", "{type: array, prefixItems: [{}], unevaluatedItems: false}"),
    ("schema.unevaluated-items.removed", "{type: array, prefixItems: [{}], unevaluatedItems: false}", "{type: array, prefixItems: [{}]}"),
    ("schema.unevaluated-properties.added", "{type: object, patternProperties: {^a: {}}}", "{type: object, patternProperties: {^a: {}}, unevaluatedProperties: false}"),
    ("schema.unevaluated-properties.removed", "{type: object, patternProperties: {^a: {}}, unevaluatedProperties: false}", "{type: object, patternProperties: {^a: {}}}"),
    ("schema.additional-properties.refused", "{type: object, additionalProperties: true}", "{type: object, additionalProperties: false}"),
    ("schema.additional-properties.allowed", "{type: object, additionalProperties: false}", "{type: object, additionalProperties: true}"),
    ("schema.additional-properties.typed", "{type: object, additionalProperties: true}", "{type: object, additionalProperties: {type: string}}"),
    ("schema.additional-properties.untyped", "{type: object, additionalProperties: {type: string}}", "{type: object, additionalProperties: true}"),
    ("schema.content-encoding.changed", "{type: string}", "{type: string, contentEncoding: base64}"),
    ("schema.content-media-type.changed", "{type: string}", "{type: string, contentMediaType: text/html}"),
    ("schema.content-schema.added", "{type: string, contentMediaType: application/json}", "{type: string, contentMediaType: application/json, contentSchema: {type: integer}}"),
    ("schema.content-schema.removed", "{type: string, contentMediaType: application/json, contentSchema: {type: integer}}", "{type: string, contentMediaType: application/json}"),
    ("schema.discriminator.added", "{type: object, properties: {k: {type: string}, l: {type: string}}}", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k}}"),
    ("schema.discriminator.removed", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k}}", "{type: object, properties: {k: {type: string}, l: {type: string}}}"),
    ("schema.discriminator.property.changed", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k}}", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: l}}"),
    ("schema.discriminator.mapping.added", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k, mapping: {a: A}}}", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k, mapping: {a: A, b: B}}}"),
    ("schema.discriminator.mapping.removed", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k, mapping: {a: A, b: B}}}", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k, mapping: {a: A}}}"),
    ("schema.discriminator.mapping.changed", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k, mapping: {a: A}}}", "{type: object, properties: {k: {type: string}, l: {type: string}}, discriminator: {propertyName: k, mapping: {a: B}}}"),
    ("schema.xml.changed", "{type: string}", "{type: string, xml: {attribute: true}}"),
    ("schema.deprecated", "{type: string}", "{type: string, deprecated: true, x-sunset: 2030-01-01}"),
    ("schema.reactivated", "{type: string, deprecated: true}", "{type: string}"),
    ("schema.sunset.missing", "{type: string}", "{type: string, deprecated: true}"),
    ("schema.sunset.malformed", "{type: string}", "{type: string, deprecated: true, x-sunset: soon}"),
    ("schema.sunset.too-soon", "{type: string}", "{type: string, deprecated: true, x-sunset: 2026-01-05}"),
    ("schema.sunset.earlier", "{type: string, deprecated: true, x-sunset: 2026-02-01}", "{type: string, deprecated: true, x-sunset: 2026-01-05}"),
    ("schema.sunset.earlier-with-notice", "{type: string, deprecated: true, x-sunset: 2026-06-01}", "{type: string, deprecated: true, x-sunset: 2026-03-01}"),
    ("schema.sunset.later", "{type: string, deprecated: true, x-sunset: 2026-02-01}", "{type: string, deprecated: true, x-sunset: 2026-03-01}"),
    ("schema.sunset.removed", "{type: string, deprecated: true, x-sunset: 2026-02-01}", "{type: string, deprecated: true}"),
    ("schema.stability.decreased", "{type: string, x-stability-level: stable}", "{type: string, x-stability-level: beta}"),
    ("schema.stability.increased", "{type: string, x-stability-level: beta}", "{type: string, x-stability-level: stable}"),
    ("schema.stability.malformed", "{type: string}", "{type: string, x-stability-level: firm}"),];

/// An old and a new document for each rule.
#[rustfmt::skip]
const DOCUMENTS: &[(&str, &str, &str)] = &[
    ("contract.kind.changed", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {payload: {type: string}}}}}", "paths: {}"),
    ("event.channel.added", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}, b: {}}"),
    ("event.channel.removed", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {payload: {type: string}}}}, b: {subscribe: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {payload: {type: string}}}}}"),
    ("event.address.changed", "EVENTS 3.0.0\nchannels: {a: {address: x, messages: {m: {payload: {type: string}}}}}", "EVENTS 3.0.0\nchannels: {a: {address: y, messages: {m: {payload: {type: string}}}}}"),
    ("event.topic.changed", "EVENTS 2.6.0\nchannels: {a: {bindings: {kafka: {topic: x}}, subscribe: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {bindings: {kafka: {topic: y}}, subscribe: {message: {payload: {type: string}}}}}"),
    ("event.partitions.changed", "EVENTS 2.6.0\nchannels: {a: {bindings: {kafka: {partitions: 1}}, subscribe: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {bindings: {kafka: {partitions: 2}}, subscribe: {message: {payload: {type: string}}}}}"),
    ("event.operation.added", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {payload: {type: string}}}, publish: {message: {payload: {type: string}}}}}"),
    ("event.operation.removed", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {payload: {type: string}}}, publish: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}"),
    ("event.reply.added", "EVENTS 3.0.0\nchannels: {a: {messages: {m: {payload: {type: string}}}}}\noperations: {o: {action: receive, channel: {$ref: '#/channels/a'}}}", "EVENTS 3.0.0\nchannels: {a: {messages: {m: {payload: {type: string}}}}}\noperations: {o: {action: receive, channel: {$ref: '#/channels/a'}, reply: {}}}"),
    ("event.reply.removed", "EVENTS 3.0.0\nchannels: {a: {messages: {m: {payload: {type: string}}}}}\noperations: {o: {action: receive, channel: {$ref: '#/channels/a'}, reply: {}}}", "EVENTS 3.0.0\nchannels: {a: {messages: {m: {payload: {type: string}}}}}\noperations: {o: {action: receive, channel: {$ref: '#/channels/a'}}}"),
    ("event.message.added", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {oneOf: [{messageId: x, payload: {type: string}}]}}}}", "EVENTS 2.6.0\nchannels: {a: {subscribe: {message: {oneOf: [{messageId: x, payload: {type: string}}, {messageId: y, payload: {type: integer}}]}}}}"),
    ("event.message.removed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {oneOf: [{messageId: x, payload: {type: string}}, {messageId: y, payload: {type: integer}}]}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {oneOf: [{messageId: x, payload: {type: string}}]}}}}"),
    ("event.message.renamed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {messageId: x, payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {messageId: y, payload: {type: string}}}}}"),
    ("event.content-type.changed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {contentType: application/json, payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {contentType: application/xml, payload: {type: string}}}}}"),
    ("event.schema-format.changed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro, payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}"),
    ("event.avro.unreadable", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro, payload: {type: long}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro, payload: {type: int}}}}}"),
    ("event.avro.changed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro, payload: {type: int}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro, payload: {type: long}}}}}"),
    ("event.avro.logical-type.changed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro, payload: {type: record, name: R, fields: [{name: a, type: {type: long, logicalType: timestamp-millis}}]}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro, payload: {type: record, name: R, fields: [{name: a, type: {type: long, logicalType: timestamp-micros}}]}}}}}"),
    ("event.protobuf.unreadable", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { string a = 1; }'}}}}", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int32 a = 1; }'}}}}"),
    ("event.protobuf.narrowed", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int64 a = 1; }'}}}}", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int32 a = 1; }'}}}}"),
    ("event.protobuf.changed", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int32 a = 1; }'}}}}", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int64 a = 1; }'}}}}"),
    ("event.protobuf.meaning.changed", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { enum E { Z = 0; A = 1; } E a = 1; }'}}}}", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { enum E { Z = 0; B = 1; } E a = 1; }'}}}}"),
    ("event.protobuf.number.unreserved", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int32 a = 1; int32 b = 2; }'}}}}", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int32 a = 1; }'}}}}"),
    ("event.protobuf.number.reused", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int32 a = 1; reserved 2; }'}}}}", "EVENTS 2.6.0\ndefaultContentType: application/protobuf\nchannels: {a: {publish: {message: {schemaFormat: 'application/vnd.google.protobuf;version=3', payload: 'syntax = \"proto3\"; message M { int32 a = 1; int32 b = 2; }'}}}}"),
    ("event.correlation-id.added", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {correlationId: {location: '$message.header#/a'}, payload: {type: string}}}}}"),
    ("event.correlation-id.removed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {correlationId: {location: '$message.header#/a'}, payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}"),
    ("event.correlation-id.changed", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {correlationId: {location: '$message.header#/a'}, payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {correlationId: {location: '$message.header#/b'}, payload: {type: string}}}}}"),
    ("event.squad-id-key.missing", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}, b: {subscribe: {message: {payload: {type: string}}}}}"),
    ("event.squad-id-key.added", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {x-squad-id-key: '$message.header#/a', publish: {message: {payload: {type: string}}}}}"),
    ("event.squad-id-key.removed", "EVENTS 2.6.0\nchannels: {a: {x-squad-id-key: '$message.header#/a', publish: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {publish: {message: {payload: {type: string}}}}}"),
    ("event.squad-id-key.changed", "EVENTS 2.6.0\nchannels: {a: {x-squad-id-key: '$message.header#/a', publish: {message: {payload: {type: string}}}}}", "EVENTS 2.6.0\nchannels: {a: {x-squad-id-key: '$message.header#/b', publish: {message: {payload: {type: string}}}}}"),
    ("operation.added", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {responses: {}}}, /b: {get: {responses: {}}}}"),
    ("operation.removed", "paths: {/a: {get: {responses: {}}}, /b: {get: {responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("operation.retired", "paths: {/a: {get: {responses: {}}}, /b: {get: {deprecated: true, x-sunset: 2025-12-31, responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("operation.removed-before-sunset", "paths: {/a: {get: {responses: {}}}, /b: {get: {deprecated: true, x-sunset: 2026-12-31, responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("operation.served-by-another", "paths: {'/r/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}, /r/free: {get: {responses: {}}}}", "paths: {'/r/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}}"),
    ("operation.address.taken-over", "paths: {'/r/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}}", "paths: {'/r/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}, /r/free: {get: {responses: {}}}}"),
    ("operation.address.refused", "paths: {'/r/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}}", "paths: {'/r/{id}': {get: {parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {}}}, /r/free: {post: {responses: {}}}}"),
    ("operation.deprecated", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {deprecated: true, x-sunset: 2030-01-01, responses: {}}}}"),
    ("operation.reactivated", "paths: {/a: {get: {deprecated: true, responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("operation.sunset.missing", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {deprecated: true, responses: {}}}}"),
    ("operation.sunset.malformed", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {deprecated: true, x-sunset: soon, responses: {}}}}"),
    ("operation.sunset.too-soon", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-01-05, responses: {}}}}"),
    ("operation.sunset.earlier", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-02-01, responses: {}}}}", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-01-05, responses: {}}}}"),
    ("operation.sunset.earlier-with-notice", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-06-01, responses: {}}}}", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-03-01, responses: {}}}}"),
    ("operation.sunset.later", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-02-01, responses: {}}}}", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-03-05, responses: {}}}}"),
    ("operation.sunset.removed", "paths: {/a: {get: {deprecated: true, x-sunset: 2026-02-01, responses: {}}}}", "paths: {/a: {get: {deprecated: true, responses: {}}}}"),
    ("objective.added", "paths: {}", "x-slo: {availability: 0.999}\npaths: {}"),
    ("objective.removed", "paths: {/a: {get: {x-slo: {latency: {le: 300ms, share: 0.9}}, responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("objective.availability.lowered", "x-slo: {availability: 0.999}\npaths: {}", "x-slo: {availability: 0.99}\npaths: {}"),
    ("objective.availability.raised", "paths: {/a: {get: {x-slo: {availability: 0.99}, responses: {}}}}", "paths: {/a: {get: {x-slo: {availability: 0.999}, responses: {}}}}"),
    ("objective.latency.lowered", "x-slo: {latency: {le: 300ms, share: 0.9}}\npaths: {}", "x-slo: {latency: {le: 400ms, share: 0.99}}\npaths: {}"),
    ("objective.latency.raised", "x-slo: {latency: {le: 300ms, share: 0.9}}\npaths: {}", "x-slo: {latency: {le: 200ms, share: 0.9}}\npaths: {}"),
    ("objective.window.lengthened", "x-slo: {availability: 0.9, window: 7d}\npaths: {}", "x-slo: {availability: 0.9}\npaths: {}"),
    ("objective.window.shortened", "x-slo: {availability: 0.9}\npaths: {}", "x-slo: {availability: 0.9, window: 169h}\npaths: {}"),
    ("objective.tier.lowered", "x-sla-tier: gold\npaths: {}", "x-sla-tier: silver\npaths: {}"),
    ("objective.tier.raised", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {x-sla-tier: bronze, responses: {}}}}"),
    ("operation.stability.decreased", "paths: {/a: {get: {x-stability-level: stable, responses: {}}}}", "paths: {/a: {get: {x-stability-level: beta, responses: {}}}}"),
    ("operation.stability.increased", "paths: {/a: {get: {x-stability-level: beta, responses: {}}}}", "paths: {/a: {get: {x-stability-level: stable, responses: {}}}}"),
    ("operation.stability.malformed", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {x-stability-level: firm, responses: {}}}}"),
    ("operation.id.added", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {operationId: a, responses: {}}}}"),
    ("operation.id.removed", "paths: {/a: {get: {operationId: a, responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("operation.id.changed", "paths: {/a: {get: {operationId: a, responses: {}}}}", "paths: {/a: {get: {operationId: b, responses: {}}}}"),
    ("operation.tag.added", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {tags: [t], responses: {}}}}"),
    ("operation.tag.removed", "paths: {/a: {get: {tags: [t], responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("webhook.added", "paths: {}\nwebhooks: {w: {post: {responses: {}}}}", "paths: {}\nwebhooks: {w: {post: {responses: {}}}, v: {post: {responses: {}}}}"),
    ("webhook.removed", "paths: {}\nwebhooks: {w: {post: {responses: {}}}, v: {post: {responses: {}}}}", "paths: {}\nwebhooks: {w: {post: {responses: {}}}}"),
    ("callback.added", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {callbacks: {c: {/x: {post: {responses: {}}}}}, responses: {}}}}"),
    ("callback.removed", "paths: {/a: {get: {callbacks: {c: {/x: {post: {responses: {}}}}}, responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("callback.address.changed", "paths: {/a: {get: {callbacks: {c: {'{$request.body#/a}': {post: {responses: {}}}}}, responses: {}}}}", "paths: {/a: {get: {callbacks: {c: {'{$request.body#/b}': {post: {responses: {}}}}}, responses: {}}}}"),
    ("server.added", "servers: [{url: https://h/v1}]\npaths: {/a: {get: {responses: {}}}}", "servers: [{url: https://h/v1}, {url: https://i/v1}]\npaths: {/a: {get: {responses: {}}}}"),
    ("server.removed", "servers: [{url: https://h/v1}, {url: https://i/v1}]\npaths: {/a: {get: {responses: {}}}}", "servers: [{url: https://h/v1}]\npaths: {/a: {get: {responses: {}}}}"),
    ("server.base-path.removed", "servers: [{url: https://h/v1}]\npaths: {/a: {get: {responses: {}}}}", "servers: [{url: https://h/v2}]\npaths: {/a: {get: {responses: {}}}}"),
    ("server.default.changed", "servers: [{url: 'https://{r}.h/v1', variables: {r: {default: eu, enum: [eu, us]}}}]\npaths: {/a: {get: {responses: {}}}}", "servers: [{url: 'https://{r}.h/v1', variables: {r: {default: us, enum: [eu, us]}}}]\npaths: {/a: {get: {responses: {}}}}"),
    ("path.added.empty", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {responses: {}}}, /b: {}}"),
    ("path.removed.empty", "paths: {/a: {get: {responses: {}}}, /b: {}}", "paths: {/a: {get: {responses: {}}}}"),
    ("version.not-raised", "VERSION 1.2.3\npaths: {/a: {get: {responses: {}}}, /b: {get: {responses: {}}}}", "VERSION 1.2.3\npaths: {/a: {get: {responses: {}}}}"),
    ("version.lowered", "VERSION 1.2.3\npaths: {/a: {get: {responses: {}}}, /b: {get: {responses: {}}}}", "VERSION 1.2.0\npaths: {/a: {get: {responses: {}}}}"),
    ("version.raised-too-little", "VERSION 1.2.3\npaths: {/a: {get: {responses: {}}}, /b: {get: {responses: {}}}}", "VERSION 1.2.4\npaths: {/a: {get: {responses: {}}}}"),
    ("component.schema.removed", "paths: {/a: {get: {responses: {}}}}\ncomponents: {schemas: {A: {type: string}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("parameter.added.required", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, required: true}], responses: {}}}}"),
    ("parameter.added.optional", "paths: {/a: {get: {responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}"),
    ("parameter.removed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("parameter.moved", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: header, schema: {type: string}}], responses: {}}}}"),
    ("parameter.retired", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2025-12-31}], responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("parameter.removed-before-sunset", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-12-31}], responses: {}}}}", "paths: {/a: {get: {responses: {}}}}"),
    ("parameter.path.declared", "paths: {'/a/{p}': {get: {parameters: [], responses: {}}}}", "paths: {'/a/{p}': {get: {parameters: [{name: p, in: path, required: true, schema: {type: integer}}], responses: {}}}}"),
    ("parameter.path.undeclared", "paths: {'/a/{p}': {get: {parameters: [{name: p, in: path, required: true, schema: {type: integer}}], responses: {}}}}", "paths: {'/a/{p}': {get: {parameters: [], responses: {}}}}"),
    ("parameter.name-taken", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: f, in: query, schema: {type: object, properties: {q: {type: integer}}}}], responses: {}}}}"),
    ("parameter.renamed", "paths: {'/a/{p}': {get: {parameters: [{name: p, in: path, required: true, style: matrix, schema: {type: integer}}], responses: {}}}}", "paths: {'/a/{r}': {get: {parameters: [{name: r, in: path, required: true, style: matrix, schema: {type: integer}}], responses: {}}}}"),
    ("parameter.not-in-path", "paths: {/a: {get: {parameters: [{name: q, in: path, required: true, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: path, required: true, schema: {type: integer}}], responses: {}}}}"),
    ("parameter.required", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, required: true}], responses: {}}}}"),
    ("parameter.optional", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, required: true}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}"),
    ("parameter.style.changed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: array, items: {type: string}}, explode: false}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: array, items: {type: string}}, explode: false, style: pipeDelimited}], responses: {}}}}"),
    ("parameter.explode.changed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: array, items: {type: string}}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: array, items: {type: string}}, explode: false}], responses: {}}}}"),
    ("parameter.content.changed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, content: {application/json: {schema: {type: string}}}}], responses: {}}}}"),
    ("parameter.empty.refused", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, allowEmptyValue: true}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}"),
    ("parameter.empty.allowed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, allowEmptyValue: true}], responses: {}}}}"),
    ("parameter.reserved.changed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, allowReserved: true}], responses: {}}}}"),
    ("parameter.deprecated", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2030-01-01}], responses: {}}}}"),
    ("parameter.reactivated", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}"),
    ("parameter.sunset.missing", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true}], responses: {}}}}"),
    ("parameter.sunset.malformed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: soon}], responses: {}}}}"),
    ("parameter.sunset.too-soon", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-01-05}], responses: {}}}}"),
    ("parameter.sunset.earlier", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-02-01}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-01-05}], responses: {}}}}"),
    ("parameter.sunset.earlier-with-notice", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-06-01}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-03-01}], responses: {}}}}"),
    ("parameter.sunset.later", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-02-01}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-03-05}], responses: {}}}}"),
    ("parameter.sunset.removed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true, x-sunset: 2026-02-01}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}, deprecated: true}], responses: {}}}}"),
    ("parameter.default.added", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string, default: a}}], responses: {}}}}"),
    ("parameter.default.removed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string, default: a}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string}}], responses: {}}}}"),
    ("parameter.default.changed", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string, default: a}}], responses: {}}}}", "paths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: string, default: b}}], responses: {}}}}"),
    ("body.added.required", "paths: {/a: {post: {responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}, required: true}, responses: {}}}}"),
    ("body.added.optional", "paths: {/a: {post: {responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}}, responses: {}}}}"),
    ("body.removed", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}}, responses: {}}}}", "paths: {/a: {post: {responses: {}}}}"),
    ("body.required", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}, required: true}, responses: {}}}}"),
    ("body.optional", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}, required: true}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}}, responses: {}}}}"),
    ("media-type.added", "paths: {/a: {post: {requestBody: {content: {application/json: {}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {}, text/plain: {}}}, responses: {}}}}"),
    ("media-type.added", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {}, text/plain: {}}}}}}}"),
    ("media-type.removed", "paths: {/a: {post: {requestBody: {content: {application/json: {}, text/plain: {}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {}}}, responses: {}}}}"),
    ("media-type.removed", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {}, text/plain: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {}}}}}}}"),
    ("media-type.generalized", "paths: {/a: {post: {requestBody: {content: {text/plain: {}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {text/*: {}}}, responses: {}}}}"),
    ("media-type.generalized", "paths: {/a: {get: {responses: {'200': {description: d, content: {text/plain: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {text/*: {}}}}}}}"),
    ("media-type.specialized", "paths: {/a: {post: {requestBody: {content: {text/*: {}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {text/plain: {}}}, responses: {}}}}"),
    ("media-type.specialized", "paths: {/a: {get: {responses: {'200': {description: d, content: {text/*: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {text/plain: {}}}}}}}"),
    ("media-type.renamed", "paths: {/a: {post: {requestBody: {content: {text/plain: {}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {text/plain; charset=utf-8: {}}}, responses: {}}}}"),
    ("media-type.renamed", "paths: {/a: {get: {responses: {'200': {description: d, content: {text/plain: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {text/plain; charset=utf-8: {}}}}}}}"),
    ("media-type.schema.added", "paths: {/a: {post: {requestBody: {content: {application/json: {}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}}, responses: {}}}}"),
    ("media-type.schema.added", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {type: string}}}}}}}}"),
    ("media-type.schema.removed", "paths: {/a: {post: {requestBody: {content: {application/json: {schema: {type: string}}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {application/json: {}}}, responses: {}}}}"),
    ("media-type.schema.removed", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {type: string}}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {}}}}}}}"),
    ("media-type.encoding.changed", "paths: {/a: {post: {requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {a: {type: string}}}}}}, responses: {}}}}", "paths: {/a: {post: {requestBody: {content: {multipart/form-data: {schema: {type: object, properties: {a: {type: string}}}, encoding: {a: {contentType: text/html}}}}}, responses: {}}}}"),
    ("media-type.encoding.changed", "paths: {/a: {get: {responses: {'200': {description: d, content: {multipart/form-data: {schema: {type: object, properties: {a: {type: string}}}}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, content: {multipart/form-data: {schema: {type: object, properties: {a: {type: string}}}, encoding: {a: {contentType: text/html}}}}}}}}}"),
    ("status.added.success", "paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '201': {description: d}}}}}"),
    ("status.added.other", "paths: {/a: {get: {responses: {'200': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '404': {description: d}}}}}"),
    ("status.added.covered", "paths: {/a: {get: {responses: {'200': {description: d}, '4XX': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '4XX': {description: d}, '404': {description: d}}}}}"),
    ("status.removed.success", "paths: {/a: {get: {responses: {'200': {description: d}, '201': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}}}}}"),
    ("status.removed.other", "paths: {/a: {get: {responses: {'200': {description: d}, '404': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}}}}}"),
    ("status.removed.covered", "paths: {/a: {get: {responses: {'200': {description: d}, '4XX': {description: d}, '404': {description: d}}}}}", "paths: {/a: {get: {responses: {'200': {description: d}, '4XX': {description: d}}}}}"),
    ("header.added", "paths: {/a: {get: {responses: {'200': {description: d, headers: {}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, headers: {x: {schema: {type: string}}}}}}}}"),
    ("header.removed.required", "paths: {/a: {get: {responses: {'200': {description: d, headers: {x: {required: true, schema: {type: string}}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, headers: {}}}}}}"),
    ("header.removed.optional", "paths: {/a: {get: {responses: {'200': {description: d, headers: {x: {schema: {type: string}}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, headers: {}}}}}}"),
    ("header.optional", "paths: {/a: {get: {responses: {'200': {description: d, headers: {x: {required: true, schema: {type: string}}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, headers: {x: {schema: {type: string}}}}}}}}"),
    ("header.required", "paths: {/a: {get: {responses: {'200': {description: d, headers: {x: {schema: {type: string}}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, headers: {x: {required: true, schema: {type: string}}}}}}}}"),
    ("link.added", "paths: {/a: {get: {responses: {'200': {description: d, links: {}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, links: {n: {operationId: x}}}}}}}"),
    ("link.removed", "paths: {/a: {get: {responses: {'200': {description: d, links: {n: {operationId: x}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, links: {}}}}}}"),
    ("link.changed", "paths: {/a: {get: {responses: {'200': {description: d, links: {n: {operationId: x}}}}}}}", "paths: {/a: {get: {responses: {'200': {description: d, links: {n: {operationId: y}}}}}}}"),
    ("security.required", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {security: [{k: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security.dropped", "paths: {/a: {get: {security: [{k: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security.alternative.removed", "paths: {/a: {get: {security: [{k: []}, {o: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {security: [{k: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security.alternative.added", "paths: {/a: {get: {security: [{k: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {security: [{k: []}, {o: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security.alternative.dropped", "paths: {/a: {get: {security: [{k: []}, {k: [], o: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {security: [{k: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security.alternative.extended", "webhooks: {w: {post: {security: [{k: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, b: {type: http, scheme: bearer}}}", "webhooks: {w: {post: {security: [{k: []}, {k: [], b: []}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, b: {type: http, scheme: bearer}}}"),
    ("security.scope.added", "paths: {/a: {get: {security: [{o: [r]}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {security: [{o: [r, w]}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security.scope.removed", "paths: {/a: {get: {security: [{o: [r, w]}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {security: [{o: [r]}], responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: x-k}, o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security-scheme.added", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}"),
    ("security-scheme.removed", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {}}"),
    ("security-scheme.changed", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: header, name: a}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {k: {type: apiKey, in: query, name: a}}}"),
    ("security-scheme.url.changed", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/2, scopes: {r: r}}}}}}"),
    ("security-scheme.flow.added", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}, password: {tokenUrl: https://t/1, scopes: {r: r}}}}}}"),
    ("security-scheme.flow.removed", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}, password: {tokenUrl: https://t/1, scopes: {r: r}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}"),
    ("security-scheme.scope.added", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}"),
    ("security-scheme.scope.removed", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r, w: w}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}"),
    ("security-scheme.scope.changed", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: r}}}}}}", "paths: {/a: {get: {responses: {}}}}\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://t/1, scopes: {r: read}}}}}}"),];
