//! Compares raw schemas, and checks the answers with independent validators.

use jsonschema::{Draft, Validator};
use serde_json::Value;

use portcullis_contract::MessageDirection;

use super::super::containment_verdict::{ProducerReading, ValueEncoding};
use super::super::formula_pair::{ContainmentSide, CounterexampleGoal, FormulaPair};
use super::super::solve::SearchAnswer;
use super::drafts::lowered;

/// The answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Contained,
    /// With a value that the validators confirm.
    Not(Value),
    /// The reason why it is undecided.
    Undecided(String),
}

pub(super) const STEPS: u64 = 200_000;

/// Whether every value of one schema is valid under another.
pub(super) fn contained(one: &Value, other: &Value, draft: u16, asserts_formats: bool) -> Outcome {
    let (one, other) = (
        &prepared(one, draft, asserts_formats),
        &prepared(other, draft, asserts_formats),
    );
    let validators = [validator(one, draft), validator(other, draft)];
    let is_counterexample = |value: &Value| match &validators {
        [Some(one), Some(other)] => Some(one.is_valid(value) && !other.is_valid(value)),
        _ => None,
    };
    let (first, second) = (lowered(one, draft), lowered(other, draft));
    decide(
        &first,
        &second,
        ProducerReading::Accepted,
        ValueEncoding::Json,
        &is_counterexample,
    )
}

/// Compares lowered documents.
pub(super) fn decide(
    producer: &Value,
    acceptor: &Value,
    reading: ProducerReading,
    encoding: ValueEncoding,
    is_counterexample: &dyn Fn(&Value) -> Option<bool>,
) -> Outcome {
    let mut pair = FormulaPair::new(producer, acceptor, MessageDirection::Request);
    let producer = pair.root(ContainmentSide::Producer, Some("0"));
    let acceptor = pair.root(ContainmentSide::Acceptor, Some("0"));
    if producer == acceptor {
        return Outcome::Contained;
    }
    let mut doubt = CounterexampleGoal {
        producer,
        acceptor,
        reading,
        encoding,
        also_holds: Vec::new(),
    };
    for _ in 0..4 {
        let (answer, _, reason) = pair.refute(&doubt, STEPS);
        match answer {
            SearchAnswer::Empty => return Outcome::Contained,
            SearchAnswer::Unsure => return Outcome::Undecided(reason.unwrap_or_default()),
            SearchAnswer::Found(value, _) => {
                match is_counterexample(&value) {
                    Some(true) => return Outcome::Not(value),
                    None => return Outcome::Undecided("no validator".to_owned()),
                    Some(false) => {}
                }
                let this = pair.exactly(&value);
                doubt.also_holds.push(pair.not(this));
            }
        }
    }
    Outcome::Undecided("no value is confirmed".to_owned())
}

/// Removes `format` unless formats assert, and replaces `const`, which the corpora use even in
/// draft 4, by `enum`.
fn prepared(schema: &Value, draft: u16, asserts_formats: bool) -> Value {
    let Value::Object(keywords) = schema else {
        return schema.clone();
    };
    let mut out = serde_json::Map::new();
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("const", value) if draft == 4 => {
                out.insert("enum".to_owned(), Value::Array(vec![value.clone()]));
            }
            ("format", Value::String(_)) if !asserts_formats => {}
            ("enum" | "const", _) => {
                out.insert(keyword.clone(), value.clone());
            }
            (_, Value::Array(list)) => {
                let list = list
                    .iter()
                    .map(|one| prepared(one, draft, asserts_formats))
                    .collect();
                out.insert(keyword.clone(), list);
            }
            (_, value) => {
                out.insert(keyword.clone(), prepared(value, draft, asserts_formats));
            }
        }
    }
    Value::Object(out)
}

pub(super) fn validator(schema: &Value, draft: u16) -> Option<Validator> {
    let draft = match draft {
        4 => Draft::Draft4,
        6 => Draft::Draft6,
        7 => Draft::Draft7,
        2019 => Draft::Draft201909,
        _ => Draft::Draft202012,
    };
    jsonschema::options()
        .with_draft(draft)
        .offline()
        .should_validate_formats(true)
        .build(schema)
        .ok()
}
