//! Operations that only OpenAPI 3.2 can declare are compared like others.

use portcullis_contract::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_vocabulary::Limits;

use crate::compare::compare;
use crate::compare_options::CompareOptions;
use crate::date::Date;

fn contract(version: &str, item: &str) -> CompiledContract {
    let text =
        format!("openapi: {version}\ninfo: {{title: t, version: 1.0.0}}\npaths:\n  /a: {item}\n");
    let documents = parse_single_file("t.yaml", text.into_bytes(), &Limits::default()).unwrap();
    compile(documents, &CompileOptions::default()).unwrap()
}

/// The rules of the findings about operations and paths between two path items, with the method.
fn rules(old: &CompiledContract, new: &CompiledContract) -> Vec<String> {
    let options = CompareOptions::for_day(Date::parse("2026-01-01").unwrap());
    let report = compare(old, new, &options);
    let findings = report.findings.iter();
    let mut found: Vec<String> = findings
        .filter(|finding| !finding.rule.id.starts_with("version."))
        .flat_map(|finding| {
            let places = finding.places.iter();
            places.map(|place| format!("{} {place}", finding.rule.id))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn methods_of_3_2_are_operations() {
    let before = contract("3.1.1", "{post: {responses: {}}}");
    let after = contract(
        "3.2.0",
        "{post: {responses: {}}, query: {responses: {}}, additionalOperations: {COPY: {responses: {}}}}",
    );
    let added = ["operation.added COPY /a", "operation.added QUERY /a"];
    assert_eq!(rules(&before, &after), added);
    let removed = ["operation.removed COPY /a", "operation.removed QUERY /a"];
    assert_eq!(rules(&after, &before), removed);
}

#[test]
fn a_parameter_of_an_additional_operation_is_compared() {
    let copy = |schema: &str| {
        let parameter = format!("{{name: q, in: query, schema: {schema}}}");
        let item = format!(
            "{{additionalOperations: {{COPY: {{parameters: [{parameter}], responses: {{}}}}}}}}"
        );
        contract("3.2.0", &item)
    };
    let found = rules(
        &copy("{type: integer, maximum: 5}"),
        &copy("{type: integer, maximum: 4}"),
    );
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("schema.maximum.decreased COPY /a"),
        "{found:?}"
    );
}

#[test]
fn schemas_of_records_are_compared() {
    let lines = |version: &str, media: &str| {
        let item = format!(
            "{{post: {{requestBody: {{content: {{application/jsonl: {media}}}}}, responses: {{}}}}}}"
        );
        contract(version, &item)
    };
    let record = "{type: integer, maximum: 5}";
    let of_31 = lines("3.1.1", &format!("{{schema: {record}}}"));
    let same = lines("3.2.0", &format!("{{itemSchema: {record}}}"));
    assert_eq!(rules(&of_31, &same), Vec::<String>::new());
    let lower = lines("3.2.0", "{itemSchema: {type: integer, maximum: 4}}");
    let found = rules(&same, &lower);
    assert!(
        found[0].starts_with("schema.maximum.decreased"),
        "{found:?}"
    );
    let both = |maximum: u8| {
        let item = format!(
            "{{schema: {{type: array}}, itemSchema: {{type: integer, maximum: {maximum}}}}}"
        );
        lines("3.2.0", &item)
    };
    let found = rules(&both(5), &both(4));
    assert!(
        found[0].starts_with("schema.maximum.decreased"),
        "{found:?}"
    );
}
