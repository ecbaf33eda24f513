//! Tests that the work for one message and for one contract is bounded.

use super::*;
use crate::message::explain_errors::{ViolationSubject, explain};
use portcullis_json::{JsonLimits, Tape};
use portcullis_vocabulary::Limits;

/// Compiles a contract in which `schema` is the body of a request. `components` are the properties
/// of `components.schemas`.
fn contract(schema: &str, components: &str) -> Result<CompiledContract, Vec<ContractProblem>> {
    let text = format!(
        r#"{{"openapi": "3.1.0", "info": {{"title": "t", "version": "1"}},
            "components": {{"schemas": {{{components}}}}},
            "paths": {{"/": {{"post": {{"requestBody": {{"content": {{
                "application/json": {{"schema": {schema}}}}}}}}}}}}}}}"#
    );
    let documents = parse_single_file("t.json", text.into_bytes(), &Limits::default())
        .expect("a document within the limits");
    compile(documents, &CompileOptions::default())
}

/// The violations of a value, as `keyword: message`.
fn violations(contract: &CompiledContract, value: &str) -> Vec<String> {
    let operation = &contract.operations[0];
    let BodyDeclaration::Declared(body) = &operation.body else {
        return Vec::new();
    };
    let key = body.content[0].schema.as_ref().expect("a schema");
    let mut tape = Tape::new();
    let source = tape
        .parse(key.as_str(), value.as_bytes(), JsonLimits::default())
        .expect("JSON");
    let wrapped = tape.wrapped(source);
    let schemas = contract.schemas(MessageDirection::Request);
    if schemas.is_valid(wrapped) {
        return Vec::new();
    }
    let subject = ViolationSubject {
        class: ViolationClass::InvalidBody,
        part: MessagePart::Body,
        name: None,
    };
    let found = explain(schemas, &contract.documents, wrapped, subject, 10);
    let sentences = found.into_iter().map(|violation| {
        let keyword = violation.keyword.unwrap_or_default();
        format!("{keyword}: {}", violation.masked)
    });
    sentences.collect()
}

/// A set of numbers that all round to the same float is checked in one pass.
#[test]
fn numbers_that_round_alike_are_unique() {
    let contract = contract(r#"{"uniqueItems": true}"#, "").expect("a contract");
    let list = |number: &dyn Fn(usize) -> String| {
        let numbers: Vec<String> = (0..20_000).map(number).collect();
        format!("[{}]", numbers.join(","))
    };
    let large = |n| format!("1000000000000000000000000000000{n:05}");
    assert_eq!(violations(&contract, &list(&large)), [""; 0]);
    let small = |n| format!("1e-{}", 400 + n);
    assert_eq!(violations(&contract, &list(&small)), [""; 0]);
    let repeated = |n| format!("1{n:05}e-400");
    let text = list(&repeated).replace("[1", "[119999.0e-400,1");
    let expected = "uniqueItems: value has non-unique elements";
    assert_eq!(violations(&contract, &text), [expected]);
}

/// A long `enum` is looked up, in whatever notation a number is.
#[test]
fn a_long_list_of_numbers_is_looked_up() {
    let numbers: Vec<String> = (0..500).map(|n| format!("{n}.5")).collect();
    let list = numbers.join(",");
    let schema = format!(r#"{{"items": {{"enum": [{list}, "a", null]}}}}"#);
    let contract = contract(&schema, "").expect("a contract");
    assert_eq!(
        violations(&contract, r#"[4995e-1, 0.50, "a", null]"#),
        [""; 0]
    );
    let found = violations(&contract, "[500.5]");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("enum: value must be one of [0.5,1.5,"),
        "{found:?}"
    );
    for value in ["[true]", "[{}]", "[\"b\"]"] {
        assert_eq!(violations(&contract, value).len(), 1, "{value}");
    }
}

/// A chain of `count` component schemas; `schema` writes one that refers to the next.
fn chain(count: usize, schema: impl Fn(&str) -> String) -> String {
    let members = (0..count).map(|number| {
        let next = format!(r##"{{"$ref": "#/components/schemas/S{}"}}"##, number + 1);
        format!(r#""S{number}": {}, "#, schema(&next))
    });
    members.collect::<String>() + &format!(r#""S{count}": {{"type": "object"}}"#)
}

const FIRST: &str = r##"{"$ref": "#/components/schemas/S0"}"##;

/// The problems of a contract whose schemas form a chain, each as `kind: message`.
fn problems(components: &str) -> Vec<String> {
    let problems = contract(FIRST, components).err().unwrap_or_default();
    let texts = problems.into_iter().map(|problem| {
        let message: String = problem.message.chars().take(40).collect();
        format!(
            "{}: {message} at {}",
            problem.kind.as_str(),
            problem.at.pointer
        )
    });
    texts.collect()
}

#[test]
fn contracts_that_multiply_schemas_are_refused() {
    let doubled = [
        |next: &str| format!(r#"{{"allOf": [{next}, {next}]}}"#),
        |next: &str| format!(r#"{{"oneOf": [{next}, {{"not": {next}}}]}}"#),
        |next: &str| format!(r#"{{"if": {next}, "else": {next}}}"#),
    ];
    for schema in doubled {
        let problems = problems(&chain(40, schema));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with("costly-schema: the schema applies more than 20000 schem"),
            "{problems:?}"
        );
    }
    let wide = |next: &str| format!(r#"{{"anyOf": [{}]}}"#, [next; 10].join(", "));
    assert_eq!(problems(&chain(12, wide)).len(), 1);
    let parents = |next: &str| format!(r#"{{"allOf": [{next}]}}"#);
    let deep = problems(&chain(4_000, parents));
    assert!(
        matches!(&deep[..], [one] if one.starts_with("costly-schema: the schema applies schemas to one value")),
        "{deep:?}"
    );
}

/// Values nest as deep as the message; the contract may have any number of schemas.
#[test]
fn long_chains_of_properties_compile() {
    let properties = |next: &str| format!(r#"{{"properties": {{"a": {next}}}}}"#);
    let contract = contract(FIRST, &chain(16_000, properties)).expect("a contract");
    assert_eq!(violations(&contract, r#"{"a": {"a": {}}}"#), [""; 0]);
    let found = lint(&contract);
    let kinds: Vec<&str> = found.iter().map(|problem| problem.kind.as_str()).collect();
    assert_eq!(kinds, ["costly-schema"]);
}

#[test]
fn long_chains_of_references_are_refused() {
    let found = problems(&chain(16_000, str::to_owned));
    assert_eq!(
        found,
        [
            "unresolved-reference: `#/components/schemas/S0` leads through  at /paths/~1/post/requestBody/content/application~1json/schema"
        ]
    );
}
