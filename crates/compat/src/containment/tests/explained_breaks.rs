//! Tests explanations on contracts: value, location and sentence; and changes that break nothing.

#![expect(
    clippy::needless_pass_by_value,
    reason = "a case is one line, and its schemas are written there"
)]

use serde_json::{Value, json};

use portcullis_contract::{
    BodyDeclaration, CompileOptions, CompiledContract, MessageDirection, SchemaKey, compile,
    parse_single_file,
};
use portcullis_vocabulary::limits::Limits;

use super::super::{
    ContainmentBudget, ContainmentVerdict, ProducerReading, SchemaBreak, SchemaComparison,
    SchemaQuestion,
};

/// A contract with one operation that receives and returns a value of the schema.
fn contract(version: &str, schema: &Value, components: &Value) -> CompiledContract {
    let content = json!({ "application/json": { "schema": schema } });
    let document = json!({
        "openapi": version,
        "info": { "title": "t", "version": "1" },
        "paths": { "/x": { "post": {
            "requestBody": { "content": content },
            "responses": { "200": { "description": "", "content": content } },
        } } },
        "components": { "schemas": components },
    });
    let text = serde_json::to_string_pretty(&document).unwrap();
    let documents = parse_single_file("c.json", text.into_bytes(), &Limits::default()).unwrap();
    compile(documents, &CompileOptions::default()).unwrap()
}

fn key(contract: &CompiledContract, direction: MessageDirection) -> &SchemaKey {
    let operation = &contract.operations[0];
    let content = match (direction, &operation.body) {
        (MessageDirection::Request, BodyDeclaration::Declared(body)) => &body.content,
        _ => &operation.responses[0].content,
    };
    content[0].schema.as_ref().unwrap()
}

fn judged(
    old: &CompiledContract,
    new: &CompiledContract,
    direction: MessageDirection,
    reading: ProducerReading,
) -> ContainmentVerdict {
    let (producer, acceptor) = match direction {
        MessageDirection::Request => (old, new),
        MessageDirection::Response => (new, old),
    };
    let mut comparison =
        SchemaComparison::new(producer, acceptor, direction, ContainmentBudget::default());
    comparison.ask(SchemaQuestion {
        producer: Some(key(producer, direction)),
        acceptor: Some(key(acceptor, direction)),
        reading,
        ..SchemaQuestion::default()
    })
}

fn verdict(old: &Value, new: &Value, direction: MessageDirection) -> ContainmentVerdict {
    let [old, new] = [old, new].map(|schema| contract("3.1.0", schema, &json!({})));
    judged(&old, &new, direction, ProducerReading::Sent)
}

fn breaks(old: &Value, new: &Value, direction: MessageDirection) -> Vec<SchemaBreak> {
    match verdict(old, new, direction) {
        ContainmentVerdict::Breaking(breaks) => breaks,
        other => panic!("{old} {new}: {other:?}"),
    }
}

/// Checks the sentences about all causes, in any order.
#[track_caller]
fn check_sentences(direction: MessageDirection, old: Value, new: Value, expected: &[&str]) {
    let mut found: Vec<String> = breaks(&old, &new, direction)
        .into_iter()
        .map(|found| found.message)
        .collect();
    let mut expected = expected.to_vec();
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected, "{old} {new}");
}

fn object(members: Value) -> Value {
    json!({ "type": "object", "properties": members })
}

#[test]
fn explains_refused_requests() {
    let check = |old, new, expected: &[&str]| {
        check_sentences(MessageDirection::Request, old, new, expected)
    };
    check(
        object(json!({"quantity": {"type": "integer", "minimum": 0}})),
        object(json!({"quantity": {"type": "integer", "minimum": 1}})),
        &["`quantity` may no longer be 0"],
    );
    check(
        object(json!({"kind": {"enum": ["a", "b"]}})),
        object(json!({"kind": {"enum": ["a"]}})),
        &["`kind` may no longer be \"b\""],
    );
    check(
        object(json!({"a": {"type": ["string", "null"]}, "b": {"type": "string"}})),
        json!({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string", "maxLength": 3}}, "required": ["c"]}),
        &[
            "`a` may no longer be null",
            "`b` may no longer have 4 characters",
            "`c` is now required",
        ],
    );
    check(
        object(json!({"tags": {"type": "array", "items": {"type": "string"}}})),
        object(
            json!({"tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "maxItems": 1}}),
        ),
        &[
            "`tags` may no longer have 2 items",
            "an item of `tags` may no longer be \"\", which does not match the pattern \"^[a-z]+$\"",
        ],
    );
    check(
        object(json!({"a": {}, "b": {}})),
        json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}),
        &["`b` may no longer be sent"],
    );
    // A cause that no old request avoids does not hide other causes.
    let old = |kind: &str| json!({"type": "object", "properties": {"a": {"type": kind}, "b": {"type": "string"}}, "required": ["a"]});
    let mut new = old("integer");
    new["properties"]["b"]["maxLength"] = json!(1);
    new["required"] = json!(["a", "c", "d"]);
    check(
        old("string"),
        new,
        &[
            "`a` may no longer be a string such as \"\"",
            "`b` may no longer have 2 characters",
            "`c` is now required",
            "`d` is now required",
        ],
    );
    check(
        json!({"type": "string"}),
        json!({"type": "integer"}),
        &["the value may no longer be a string such as \"\""],
    );
}

#[test]
fn explains_new_responses() {
    let check = |old, new, expected: &[&str]| {
        check_sentences(MessageDirection::Response, old, new, expected)
    };
    check(
        object(json!({"status": {"enum": ["open"]}})),
        object(json!({"status": {"enum": ["open", "archived"]}})),
        &["`status` may now be \"archived\", which consumers of the old contract do not know"],
    );
    check(
        json!({"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}),
        object(json!({"id": {"type": "string"}})),
        &["`id` may now be missing, but consumers of the old contract rely on it"],
    );
    check(
        json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false}),
        object(json!({"a": {}, "b": {}})),
        &["`b` may now be present, which the old contract forbids"],
    );
}

#[test]
fn a_break_has_both_locations_and_values() {
    let old = object(json!({"n": {"type": "integer", "minimum": 0}}));
    let new = object(json!({"n": {"type": "integer", "minimum": 1}}));
    let found = breaks(&old, &new, MessageDirection::Request).remove(0);
    assert_eq!(found.witness, json!({"n": 0}));
    assert_eq!((&*found.pointer, &*found.keyword), ("/n", "minimum"));
    assert_eq!(
        (found.before.as_deref(), found.after.as_deref()),
        (Some("0"), Some("1"))
    );
    let at = "/paths/~1x/post/requestBody/content/application~1json/schema/properties/n/minimum";
    for spot in [
        found.producer_location.unwrap(),
        found.acceptor_location.unwrap(),
    ] {
        assert_eq!(spot.pointer, at);
        assert!(spot.line > 1);
    }
    let found = breaks(&new, &old, MessageDirection::Response).remove(0);
    assert_eq!(
        (found.before.as_deref(), found.after.as_deref()),
        (Some("1"), Some("0"))
    );
}

#[test]
fn properties_of_the_other_direction_are_not_sent() {
    let old = object(
        json!({"id": {"type": "integer", "readOnly": true}, "secret": {"type": "integer", "writeOnly": true}}),
    );
    let new = object(json!({"id": {"type": "string"}, "secret": {"type": "string"}}));
    let told = |direction| breaks(&old, &new, direction).remove(0).pointer;
    assert_eq!(told(MessageDirection::Request), "/secret");
    // The new contract does not mark what it sends.
    let pointers: Vec<String> = breaks(&old, &new, MessageDirection::Response)
        .into_iter()
        .map(|found| found.pointer)
        .collect();
    assert_eq!(pointers, ["/id", "/secret"]);
    let marked = object(json!({"id": {"type": "string", "readOnly": true}}));
    assert_eq!(
        verdict(
            &marked,
            &object(json!({"id": false})),
            MessageDirection::Request
        ),
        ContainmentVerdict::Compatible
    );
}

#[test]
fn undeclared_properties_count_only_for_accepted_values() {
    let old = object(json!({"a": {"type": "string"}}));
    let new = object(json!({"a": {"type": "string"}, "b": {"type": "string"}}));
    assert_eq!(
        verdict(&old, &new, MessageDirection::Request),
        ContainmentVerdict::Compatible
    );
    let [old, new] = [old, new].map(|schema| contract("3.1.0", &schema, &json!({})));
    let strict = judged(
        &old,
        &new,
        MessageDirection::Request,
        ProducerReading::Accepted,
    );
    assert!(
        matches!(strict, ContainmentVerdict::Breaking(_)),
        "{strict:?}"
    );
}

#[test]
fn rewording_breaks_nothing() {
    let part = json!({"type": "object", "properties": {"k": {"type": "string", "nullable": true}, "next": {"$ref": "#/components/schemas/Part"}}});
    let components = json!({ "Part": part });
    let by_name = json!({"$ref": "#/components/schemas/Part"});
    let check = |one: &CompiledContract, other: &CompiledContract, same: bool| {
        for direction in [MessageDirection::Request, MessageDirection::Response] {
            for (one, other) in [(one, other), (other, one)] {
                let verdict = judged(one, other, direction, ProducerReading::Sent);
                let expected = if same {
                    ContainmentVerdict::Same
                } else {
                    ContainmentVerdict::Compatible
                };
                assert!(
                    verdict == expected || verdict == ContainmentVerdict::Same,
                    "{verdict:?}"
                );
            }
        }
    };
    let base = contract("3.0.3", &by_name, &components);
    check(&base, &contract("3.0.3", &part, &components), false);
    check(
        &base,
        &contract("3.0.3", &json!({"allOf": [by_name]}), &components),
        true,
    );
    let renamed = json!({"Other": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Other"}, "k": {"type": "string", "nullable": true}}}});
    check(
        &base,
        &contract(
            "3.0.3",
            &json!({"$ref": "#/components/schemas/Other"}),
            &renamed,
        ),
        true,
    );
    let newer = json!({"Part": {"type": "object", "properties": {"k": {"type": ["string", "null"]}, "next": {"$ref": "#/components/schemas/Part"}}}});
    check(&base, &contract("3.1.0", &by_name, &newer), true);
    let wide = json!({"Part": {"type": "object", "properties": {"k": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "next": {"$ref": "#/components/schemas/Part"}}}});
    check(&base, &contract("3.1.0", &by_name, &wide), false);
}

#[test]
fn a_small_budget_leaves_the_question_undecided() {
    let [old, new] = [
        json!({"type": "string"}),
        json!({"type": "string", "maxLength": 3}),
    ]
    .map(|schema| contract("3.1.0", &schema, &json!({})));
    let budget = ContainmentBudget {
        question_steps: 1,
        ..ContainmentBudget::default()
    };
    let mut comparison = SchemaComparison::new(&old, &new, MessageDirection::Request, budget);
    let verdict = comparison.judge(
        Some(key(&old, MessageDirection::Request)),
        Some(key(&new, MessageDirection::Request)),
    );
    let ContainmentVerdict::Unknown(unknown) = verdict else {
        panic!("{verdict:?}")
    };
    assert_eq!(unknown.reason, "the search exceeded its step budget");
}
