//! Tests that the work for one message and for one contract is bounded.

use super::*;
use crate::message::explain_errors::{ViolationSubject, explain, over_limit};
use crate::schema::schema_verdict::SchemaVerdict;
use portcullis_json::{JsonLimits, Tape};
use portcullis_vocabulary::{EnforcementPolicy, Limits};
use proptest::collection::vec;
use proptest::prelude::*;

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
    let subject = ViolationSubject {
        class: ViolationClass::InvalidBody,
        part: MessagePart::Body,
        name: None,
    };
    match schemas.verdict(wrapped) {
        SchemaVerdict::Valid => return Vec::new(),
        SchemaVerdict::Invalid => {}
        SchemaVerdict::Unknown(_) => panic!("every part is known"),
        SchemaVerdict::OverLimit => {
            let violation = over_limit(schemas, &contract.documents, wrapped, subject);
            return vec![violation.class.to_string()];
        }
    }
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
    let contract = contract(FIRST, &chain(4_000, properties)).expect("a contract");
    assert_eq!(violations(&contract, r#"{"a": {"a": {}}}"#), [""; 0]);
    let found = lint(&contract);
    assert!(
        found
            .iter()
            .all(|problem| problem.kind == ContractProblemKind::CostlySchema),
        "{found:?}"
    );
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

/// The class of a check that takes too much work.
const OVER: [&str; 1] = ["check-limit"];

/// Look-around takes time in proportion to the text, in a list in proportion to all texts.
#[test]
fn patterns_with_lookaround_are_matched_in_one_pass() {
    let password = r#""pattern": "(?=.*\\d)(?=.*[a-z]).{8,}""#;
    let list = contract(&format!(r#"{{"items": {{{password}}}}}"#), "").expect("a contract");
    let long = "a".repeat(40_000);
    assert_eq!(violations(&list, &format!(r#"["{long}1"]"#)), [""; 0]);
    let found = violations(&list, &format!(r#"["{long}"]"#));
    assert_eq!(
        found,
        [r#"pattern: value does not match "(?=.*\\d)(?=.*[a-z]).{8,}""#]
    );
    let texts = vec![r#""abcdefgh1""#; 20_000].join(",");
    assert_eq!(violations(&list, &format!("[{texts}]")), [""; 0]);
}

/// A text that is too long is not matched: only its length is reported.
#[test]
fn lengths_are_checked_before_patterns() {
    let schema = r#"{"maxLength": 64, "pattern": "(a|aa)+\\1b(?=c)"}"#;
    let contract = contract(schema, "").expect("a contract");
    let text = format!("\"{}\"", "a".repeat(40_000));
    let found = violations(&contract, &text);
    assert_eq!(found, ["maxLength: value is longer than 64 characters"]);
    // A short one takes the limit of one match.
    let text = format!("\"{}\"", "a".repeat(60));
    assert_eq!(violations(&contract, &text), OVER);
}

/// What is not known to match does not match, and does not fail to match either.
#[test]
fn work_over_the_limit_is_refused_below_not() {
    let pattern = r#"{"type": "string", "pattern": "^(a|aa)+\\1b$"}"#;
    let text = format!("\"{}\"", "a".repeat(60));
    for schema in [
        format!(r#"{{"not": {pattern}}}"#),
        format!(r#"{{"not": {{"not": {pattern}}}}}"#),
        format!(r#"{{"anyOf": [{pattern}, true]}}"#),
        format!(r#"{{"if": {pattern}, "then": true, "else": true}}"#),
    ] {
        let contract = contract(&schema, "").expect("a contract");
        assert_eq!(violations(&contract, &text), OVER, "{schema}");
        assert_ne!(violations(&contract, "1"), OVER, "{schema}");
    }
}

/// The engine is decided for each pattern: others do not count towards the limit.
#[test]
fn a_pattern_with_lookaround_does_not_change_others() {
    let schema = r#"{"properties": {"a": {"pattern": "^(a|aa)+b$"}, "b": {"pattern": "(?=b)"}}}"#;
    let contract = contract(schema, "").expect("a contract");
    let value = format!(r#"{{"a": "{}b", "b": "b"}}"#, "a".repeat(500_000));
    assert_eq!(violations(&contract, &value), [""; 0]);
}

/// Names are matched by a backtracking engine if a pattern for them looks around.
#[test]
fn names_share_the_limit_of_the_message() {
    let schema = r#"{"patternProperties": {"(?=.*\\d)(?=.*[a-z]).{8,}": {"type": "null"}}}"#;
    let contract = contract(schema, "").expect("a contract");
    let object = |length: usize| {
        let names = (0..1_000).map(|n| format!(r#""{}{n:04}": null"#, "a".repeat(length)));
        format!("{{{}}}", names.collect::<Vec<_>>().join(","))
    };
    assert_eq!(violations(&contract, &object(40)), [""; 0]);
    assert_eq!(violations(&contract, &object(2_500)), OVER);
}

/// The same part of a value can be checked again and again, once for each way to it.
#[test]
fn repeated_ways_to_a_part_of_a_value_share_the_limit() {
    let twice = |next: &str| {
        let part = format!(r#"{{"properties": {{"a": {next}}}}}"#);
        format!(r#"{{"allOf": [{part}, {part}]}}"#)
    };
    let contract = contract(FIRST, &chain(60, twice)).expect("a contract");
    let value = |depth: usize| format!("{}{{}}{}", r#"{"a": "#.repeat(depth), "}".repeat(depth));
    assert_eq!(violations(&contract, &value(8)), [""; 0]);
    assert_eq!(violations(&contract, &value(60)), OVER);
}

/// The records of a body share the steps of the message.
#[test]
fn records_share_the_limit_of_the_message() {
    let text = r#"{"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
        "paths": {"/": {"post": {"requestBody": {"content": {"application/jsonl": {"schema":
            {"type": "string", "pattern": "(a+)\\1b|z$"}}}}}}}}"#;
    let documents = parse_single_file("t.json", text.into(), &Limits::default()).expect("JSON");
    let contract = compile(documents, &CompileOptions::default()).expect("a contract");
    let BodyDeclaration::Declared(body) = &contract.operations[0].body else {
        panic!("the operation declares a body");
    };
    let policy = EnforcementPolicy::default();
    let settings = CheckSettings::new(&policy, &Limits::default());
    let classes = |records: usize| {
        let headers = [(
            http::header::CONTENT_TYPE,
            "application/jsonl".parse().expect("a value"),
        )];
        let mut violations = Vec::new();
        check_body(
            &contract,
            BodyPlan::Judge(&body.content[0]),
            &headers.into_iter().collect(),
            format!("\"{}z\"\n", "a".repeat(800))
                .repeat(records)
                .as_bytes(),
            settings,
            &mut CheckScratch::default(),
            &mut violations,
        );
        let classes = violations.into_iter().map(|violation| violation.class);
        classes.collect::<std::collections::BTreeSet<_>>()
    };
    // Each record takes some hundred thousand steps.
    assert!(classes(4).is_empty());
    assert_eq!(
        classes(40).into_iter().collect::<Vec<_>>(),
        [ViolationClass::CheckLimit]
    );
}

/// Patterns that look around, also in repetitions.
fn lookaround_pattern() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("a"), Just("b"), Just("."), Just("[^b]")].prop_map(str::to_owned);
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            inner.clone().prop_map(|a| format!("(?:{a})*")),
            inner.clone().prop_map(|a| format!("(?={a})")),
            inner.prop_map(|a| format!("(?!.*{a}c)")),
        ]
    })
}

/// Schemas that refer to the next ones by any keyword that applies them to the same value or to a
/// part of it. Without `unevaluatedProperties`: `jsonschema` 0.60.2 panics in some of these graphs.
fn referring_schema() -> impl Strategy<Value = (u8, usize, usize)> {
    (0_u8..6, 1_usize..3, 1_usize..3)
}

fn graph(schemas: &[(u8, usize, usize)]) -> String {
    let members = schemas.iter().enumerate().map(|(number, (keyword, one, other))| {
        let to = |step: &usize| {
            let target = (number + step).min(schemas.len());
            format!(r##"{{"$ref": "#/components/schemas/S{target}"}}"##)
        };
        let (one, other) = (to(one), to(other));
        let schema = match keyword {
            0 => format!(r#"{{"allOf": [{one}, {other}]}}"#),
            1 => format!(r#"{{"anyOf": [{{"not": {one}}}, {other}]}}"#),
            2 => format!(r#"{{"if": {one}, "then": {other}, "else": {other}}}"#),
            3 => format!(r#"{{"properties": {{"a": {one}}}, "additionalProperties": {other}}}"#),
            4 => format!(r#"{{"properties": {{"a": {one}}}, "allOf": [{{"properties": {{"a": {other}}}}}]}}"#),
            _ => format!(r#"{{"patternProperties": {{"a": {one}, "^a": {other}}}}}"#),
        };
        format!(r#""S{number}": {schema}, "#)
    });
    members.collect::<String>() + &format!(r#""S{}": {{"type": "object"}}"#, schemas.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// A backtracking engine takes seconds for most of these.
    #[test]
    fn any_pattern_with_lookaround_is_matched_within_the_limit(pattern in lookaround_pattern()) {
        let schema = serde_json::json!({"pattern": format!("(?=.*[cd]){pattern}")}).to_string();
        // A look-around that is repeated by itself is not a valid pattern.
        if let Ok(contract) = contract(&schema, "") {
            let text = format!("\"{}\"", "ab".repeat(5_000));
            prop_assert_ne!(violations(&contract, &text), OVER);
        }
    }

    /// A contract is refused, or its messages are checked or refused within the limit.
    #[test]
    fn any_graph_of_schemas_is_bounded(schemas in vec(referring_schema(), 1..60)) {
        if let Ok(contract) = contract(FIRST, &graph(&schemas)) {
            let value = format!("{}{{}}{}", r#"{"a": "#.repeat(100), "}".repeat(100));
            let _ = violations(&contract, &value);
        }
    }
}
