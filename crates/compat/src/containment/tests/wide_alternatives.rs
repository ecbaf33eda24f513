//! `oneOf` of many alternatives, as in the payment methods of real contracts: the search decides them
//! with few steps, because it grows with the number of alternatives and not with their combinations.

use serde_json::{Map, Value, json};

use portcullis_contract::MessageDirection;

use super::super::containment_verdict::{ProducerReading, ValueEncoding};
use super::super::formula_pair::{ContainmentSide, CounterexampleGoal, FormulaPair};
use super::super::solve::SearchAnswer;
use super::drafts::lowered;
use super::harness::validator;

const ALTERNATIVES: usize = 40;

/// The steps that a search of this size may take.
const STEPS_MAX: u64 = 20_000;

/// How the alternatives are written.
#[derive(Clone, Copy)]
struct AlternativeShape {
    is_closed: bool,
    is_type_required: bool,
    /// The properties that all alternatives share.
    shared: usize,
}

const SHAPES: [AlternativeShape; 4] = [
    AlternativeShape {
        is_closed: true,
        is_type_required: false,
        shared: 3,
    },
    AlternativeShape {
        is_closed: true,
        is_type_required: true,
        shared: 3,
    },
    AlternativeShape {
        is_closed: false,
        is_type_required: false,
        shared: 6,
    },
    AlternativeShape {
        is_closed: false,
        is_type_required: true,
        shared: 0,
    },
];

fn alternative(number: usize, shape: AlternativeShape) -> Value {
    let text = json!({ "type": "string", "maxLength": 64 });
    let mut properties = Map::new();
    properties.insert(
        "type".to_owned(),
        json!({ "type": "string", "enum": [format!("kind-{number}")] }),
    );
    for shared in 0..shape.shared {
        properties.insert(format!("shared-{shared}"), text.clone());
    }
    properties.insert(format!("own-{number}"), text);
    let mut schema = json!({ "type": "object", "properties": properties });
    if shape.is_closed {
        schema["additionalProperties"] = json!(false);
    }
    // Some of the real alternatives require the discriminating property, and others do not.
    if shape.is_type_required || number.is_multiple_of(2) {
        schema["required"] = json!(["type"]);
    }
    schema
}

fn one_of(shape: AlternativeShape) -> Value {
    let alternatives: Vec<Value> = (0..ALTERNATIVES)
        .map(|number| alternative(number, shape))
        .collect();
    json!({ "oneOf": alternatives })
}

/// The answer of the search, which a validator must confirm.
fn search(old: &Value, new: &Value, reading: ProducerReading) -> SearchAnswer {
    let documents = [lowered(old, 2020), lowered(new, 2020)];
    let mut pair = FormulaPair::new(&documents[0], &documents[1], MessageDirection::Request);
    let goal = CounterexampleGoal {
        producer: pair.root(ContainmentSide::Producer, Some("0")),
        acceptor: pair.root(ContainmentSide::Acceptor, Some("0")),
        reading,
        encoding: ValueEncoding::Json,
        also_holds: Vec::new(),
    };
    let (answer, steps, reason) = pair.refute(&goal, STEPS_MAX);
    assert!(reason.is_none(), "{reason:?} after {steps} steps");
    if let SearchAnswer::Found(value, _) = &answer {
        let is_valid = |schema| validator(schema, 2020).unwrap().is_valid(value);
        assert!(is_valid(old) && !is_valid(new), "{value}");
    }
    answer
}

#[test]
fn optional_properties_added_to_all_alternatives_are_compatible() {
    for shape in SHAPES {
        let old = one_of(shape);
        let mut new = old.clone();
        for alternative in new["oneOf"].as_array_mut().unwrap() {
            alternative["properties"]["data"] = json!({ "type": "string" });
        }
        assert_eq!(
            search(&old, &new, ProducerReading::Sent),
            SearchAnswer::Empty
        );
    }
}

#[test]
fn alternatives_in_another_order_and_a_new_one_are_compatible() {
    let shape = SHAPES[1];
    let old = one_of(shape);
    let mut new = old.clone();
    let alternatives = new["oneOf"].as_array_mut().unwrap();
    alternatives.reverse();
    alternatives.push(alternative(ALTERNATIVES, shape));
    assert_eq!(
        search(&old, &new, ProducerReading::Sent),
        SearchAnswer::Empty
    );
}

#[test]
fn a_break_of_one_alternative_is_found() {
    let found = |old: &Value, new: &Value| {
        let answer = search(old, new, ProducerReading::Sent);
        assert!(matches!(answer, SearchAnswer::Found(..)), "{answer:?}");
    };
    for shape in SHAPES {
        let old = one_of(shape);
        let mut shorter = old.clone();
        shorter["oneOf"][31]["properties"]["own-31"]["maxLength"] = json!(63);
        found(&old, &shorter);
        let mut required = old.clone();
        required["oneOf"][31]["required"] = json!(["type", "own-31"]);
        found(&old, &required);
        let mut removed = old.clone();
        removed["oneOf"].as_array_mut().unwrap().remove(31);
        found(&old, &removed);
    }
}

#[test]
fn an_alternative_that_overlaps_with_another_breaks() {
    let shape = SHAPES[1];
    let old = one_of(shape);
    let mut new = old.clone();
    new["oneOf"]
        .as_array_mut()
        .unwrap()
        .push(alternative(7, shape));
    let answer = search(&old, &new, ProducerReading::Sent);
    assert!(matches!(answer, SearchAnswer::Found(..)), "{answer:?}");
}
