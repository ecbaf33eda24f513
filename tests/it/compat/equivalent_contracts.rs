//! Contracts with the same meaning count as unchanged, however they are written.

use super::diff_rules::{contract, report};
use crate::support::corpus::corpora;
use portcullis::source::load_contract;
use portcullis_compat::{CompareOptions, Date, compare};
use portcullis_contract::{CompileOptions, compile};
use portcullis_vocabulary::Limits;

fn assert_equivalent(old: &str, new: &str) {
    for (old, new) in [(old, new), (new, old)] {
        let report = report(old, new);
        let left: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| finding.rule.id != "component.schema.removed")
            .collect();
        assert!(left.is_empty(), "{old}\n{new}\n{left:#?}");
    }
}

fn body(schema: &str) -> String {
    let content = format!("content: {{application/json: {{schema: {schema}}}}}");
    format!(
        "paths: {{/a: {{post: {{requestBody: {{{content}}}, responses: {{'200': {{description: d, {content}}}}}}}}}}}"
    )
}

#[test]
fn equivalent_wording_is_not_a_change() {
    let plain = "{type: object, required: [a], properties: {a: {type: string, maxLength: 3}, b: {type: [integer, 'null']}}}";
    let component = |schema: &str| {
        format!(
            "{}\ncomponents: {{schemas: {{S: {schema}}}}}",
            body("{$ref: '#/components/schemas/S'}")
        )
    };
    for other in [
        "{properties: {b: {type: ['null', integer]}, a: {maxLength: 3, type: string}}, required: [a], type: object}",
        "{allOf: [{type: object, required: [a], properties: {a: {type: string, maxLength: 3}, b: {type: [integer, 'null']}}}]}",
        "{type: object, required: [a], properties: {a: {allOf: [{type: string}, {maxLength: 3}]}, b: {anyOf: [{type: integer}, {type: 'null'}]}}}",
        "{title: t, description: d, type: object, required: [a], properties: {a: {type: string, maxLength: 3, example: x}, b: {type: [integer, 'null']}}}",
    ] {
        assert_equivalent(&body(plain), &body(other));
    }
    assert_equivalent(&body(plain), &component(plain));
    let split = format!(
        "{}\ncomponents: {{schemas: {{S: {{type: object, required: [a], properties: {{a: {{$ref: '#/components/schemas/A'}}, b: {{type: [integer, 'null']}}}}}}, A: {{type: string, maxLength: 3}}}}}}",
        body("{$ref: '#/components/schemas/S'}")
    );
    assert_equivalent(&body(plain), &split);
    assert_equivalent(
        &body("{type: integer, exclusiveMinimum: -1}"),
        &body("{type: integer, minimum: 0}"),
    );
    assert_equivalent(&body("{enum: [a, b]}"), &body("{enum: [b, a]}"));
    assert_equivalent(
        &body("{oneOf: [{type: string}, {type: integer}]}"),
        &body("{oneOf: [{type: integer}, {type: string}]}"),
    );
}

#[test]
fn recursion_ends() {
    let node = |inner: &str| {
        format!(
            "{}\ncomponents: {{schemas: {{N: {{type: object, properties: {{v: {inner}, next: {{$ref: '#/components/schemas/N'}}}}}}}}}}",
            body("{$ref: '#/components/schemas/N'}")
        )
    };
    assert_equivalent(&node("{type: string}"), &node("{type: string}"));
    assert!(
        !report(&node("{type: string}"), &node("{type: integer}"))
            .findings
            .is_empty()
    );
}

#[test]
fn a_schema_that_is_its_own_alternative_ends() {
    let pet = |alternatives: &str| {
        format!(
            "{}\ncomponents: {{schemas: {{P: {{type: object, required: [k], properties: {{k: {{type: string}}}}{alternatives}}}, \
             C: {{allOf: [{{$ref: '#/components/schemas/P'}}], properties: {{c: {{type: string}}}}}}, \
             D: {{allOf: [{{$ref: '#/components/schemas/P'}}], properties: {{d: {{type: string}}}}}}}}}}",
            body("{$ref: '#/components/schemas/P'}")
        )
    };
    let of_itself = ", oneOf: [{$ref: '#/components/schemas/C'}, {$ref: '#/components/schemas/D'}]";
    assert!(!report(&pet(""), &pet(of_itself)).findings.is_empty());
    assert_equivalent(&pet(of_itself), &pet(of_itself));
}

#[test]
fn nullable_equals_a_null_type() {
    let of = |version: &str, schema: &str| {
        format!(
            "openapi: {version}\ninfo: {{title: t, version: 1.0.0}}\n{}\n",
            body(schema)
        )
    };
    let compiled = |text: String| {
        let documents =
            portcullis_contract::parse_single_file("t.yaml", text.into_bytes(), &Limits::default())
                .unwrap();
        compile(documents, &CompileOptions::default()).unwrap()
    };
    let old = compiled(of(
        "3.0.3",
        "{type: object, properties: {a: {type: string, nullable: true}, n: {type: integer, minimum: 1, exclusiveMinimum: true}}}",
    ));
    let new = compiled(of(
        "3.1.0",
        "{type: object, properties: {a: {type: [string, 'null']}, n: {type: integer, exclusiveMinimum: 1}}}",
    ));
    let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
    assert!(compare(&old, &new, &options).findings.is_empty());
    assert!(compare(&new, &old, &options).findings.is_empty());
}

#[test]
fn comparisons_are_repeatable() {
    let (old, new) = (
        body("{type: object, properties: {a: {enum: [x, y]}, b: {maximum: 3}}}"),
        body("{type: object, properties: {a: {enum: [y]}, b: {maximum: 2}}, required: [a]}"),
    );
    let text = || format!("{:?}", report(&old, &new));
    assert_eq!(text(), text());
    let _ = contract(&old);
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn every_real_contract_equals_itself() {
    let folder = corpora().join("specs");
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The largest contracts take minutes in a debug build.
        let is_small = path.metadata().unwrap().len() < 4 << 20;
        if !is_small || path.ends_with("manifest.json") {
            continue;
        }
        let compiled = || {
            let documents = load_contract(&path, &Limits::default()).ok()?;
            let options = CompileOptions {
                outbound_operations: true,
                ..CompileOptions::default()
            };
            compile(documents, &options).ok()
        };
        let (Some(old), Some(mut new)) = (compiled(), compiled()) else {
            continue;
        };
        // Equal revisions are not compared at all.
        new.revision = "another".into();
        let report = compare(
            &old,
            &new,
            &CompareOptions::for_day(Date::parse("2026-01-01").unwrap()),
        );
        assert!(
            report.findings.is_empty(),
            "{}: {:?}",
            path.display(),
            report.findings.first()
        );
        compared += 1;
    }
    assert!(compared > 20, "{compared}");
}
