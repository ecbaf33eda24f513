//! Tests of reading parameters: the tables of the specification, and a corpus of cases.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{PairScratch, Parameter, ParameterReadError, ParameterSource, RawPairs, read};
use crate::openapi::dialect::MessageDirection;
use crate::schema::schema_verdict::SchemaVerdict;
use crate::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_json::Tape;
use portcullis_vocabulary::limits::Limits;

/// The result of reading a parameter.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    Value(Value),
    Invalid,
    Absent,
}

/// A contract whose only operation has these parameters.
pub(super) fn contract(openapi: &str, parameters: &Value) -> CompiledContract {
    let named_in_path = parameters.as_array().unwrap().iter();
    let path: String = named_in_path
        .filter(|parameter| parameter["in"] == "path")
        .map(|parameter| format!("/{{{}}}", parameter["name"].as_str().unwrap()))
        .collect();
    let document = json!({
        "openapi": openapi,
        "info": {"title": "t", "version": "1"},
        "paths": {format!("/x{path}"): {"get": {
            "parameters": parameters,
            "responses": {"200": {"description": "ok"}}
        }}}
    });
    let bytes = document.to_string().into_bytes();
    let documents = parse_single_file("t.json", bytes, &Limits::default()).unwrap();
    compile(documents, &CompileOptions::default()).unwrap()
}

pub(super) fn outcome(contract: &CompiledContract, raw: &str) -> Outcome {
    let operation = &contract.operations[0];
    let parameter = &operation.parameters[0];
    let mut scratch = PairScratch::new();
    let source = match parameter.part.as_str() {
        "query" => {
            ParameterSource::Pairs(RawPairs::of_query(raw, &mut scratch), &operation.parameters)
        }
        "cookie" => ParameterSource::Pairs(
            RawPairs::of_cookies(raw, &mut scratch),
            &operation.parameters,
        ),
        _ => ParameterSource::One(raw),
    };
    let mut tape = Tape::new();
    let mut outcome = Outcome::Absent;
    for (reading, as_text) in parameter.readings_in_order() {
        match attempt(contract, &mut tape, parameter, source, (reading, as_text)) {
            Outcome::Absent => {}
            Outcome::Invalid => outcome = Outcome::Invalid,
            value @ Outcome::Value(_) => return value,
        }
    }
    outcome
}

fn attempt(
    contract: &CompiledContract,
    tape: &mut Tape,
    parameter: &Parameter,
    source: ParameterSource<'_>,
    (reading, as_text): (&super::ParameterReading, bool),
) -> Outcome {
    let key = parameter.schema.as_ref().unwrap().as_str();
    let schemas = contract.schemas(MessageDirection::Request);
    match read(tape, key, parameter, reading, source, as_text) {
        Ok(()) if schemas.verdict(tape.wrapped("")) == SchemaVerdict::Valid => {
            Outcome::Value(tape.root("").to_value())
        }
        Ok(())
        | Err(
            ParameterReadError::Repeated
            | ParameterReadError::RepeatedProperty
            | ParameterReadError::Escapes(_)
            | ParameterReadError::Malformed(_),
        ) => Outcome::Invalid,
        Err(ParameterReadError::Missing | ParameterReadError::NotChecked) => Outcome::Absent,
    }
}

fn check(parameter: &Value, raw: &str, expected: &Outcome) {
    let mut parameter = parameter.clone();
    parameter["name"] = json!("color");
    let contract = contract("3.0.4", &json!([parameter]));
    assert_eq!(&outcome(&contract, raw), expected, "{parameter} {raw}");
}

#[test]
fn reads_the_style_examples_of_the_specification() {
    let array = json!({"type": "array", "items": {"type": "string"}});
    let object = json!({"type": "object", "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}}});
    let colors = || Outcome::Value(json!(["blue", "black"]));
    let rgb = || Outcome::Value(json!({"R": 100, "G": 200}));
    let parameter = |place: &str, style: &str, explode: bool, schema: &Value| json!({"in": place, "style": style, "explode": explode, "schema": schema, "required": true});
    let arrays = [
        ("path", "matrix", false, ";color=blue,black"),
        ("path", "matrix", true, ";color=blue;color=black"),
        ("path", "label", false, ".blue,black"),
        ("path", "label", true, ".blue.black"),
        ("path", "simple", false, "blue,black"),
        ("path", "simple", true, "blue,black"),
        ("query", "form", false, "color=blue,black"),
        ("query", "form", true, "color=blue&color=black"),
        ("query", "spaceDelimited", false, "color=blue%20black"),
        ("query", "pipeDelimited", false, "color=blue%7Cblack"),
        ("header", "simple", false, "blue,black"),
        ("cookie", "form", false, "color=blue,black"),
    ];
    for (place, style, explode, raw) in arrays {
        check(&parameter(place, style, explode, &array), raw, &colors());
    }
    let objects = [
        ("path", "matrix", false, ";color=R,100,G,200"),
        ("path", "matrix", true, ";R=100;G=200"),
        ("path", "label", false, ".R,100,G,200"),
        ("path", "label", true, ".R=100.G=200"),
        ("path", "simple", false, "R,100,G,200"),
        ("path", "simple", true, "R=100,G=200"),
        ("query", "form", false, "color=R,100,G,200"),
        ("query", "form", true, "R=100&G=200"),
        ("query", "pipeDelimited", false, "color=R%7C100%7CG%7C200"),
        ("query", "deepObject", true, "color%5BR%5D=100&color[G]=200"),
        ("header", "simple", true, "R=100,G=200"),
    ];
    for (place, style, explode, raw) in objects {
        check(&parameter(place, style, explode, &object), raw, &rgb());
    }
}

#[test]
fn reads_scalars_strictly_by_type() {
    let query = |schema: Value| json!({"in": "query", "schema": schema});
    let integer = query(json!({"type": "integer"}));
    for (raw, number) in [
        ("color=1", json!(1)),
        ("color=-0", json!(-0.0)),
        ("color=1.0", json!(1.0)),
        ("color=1e2", json!(100.0)),
    ] {
        check(&integer, raw, &Outcome::Value(number));
    }
    for raw in [
        "color=+1",
        "color=01",
        "color=0x1",
        "color=1_0",
        "color=",
        "color=NaN",
        "color=1.5",
        "color",
    ] {
        check(&integer, raw, &Outcome::Invalid);
    }
    check(
        &query(json!({"type": "boolean"})),
        "color=true",
        &Outcome::Value(json!(true)),
    );
    check(
        &query(json!({"type": "boolean"})),
        "color=1",
        &Outcome::Invalid,
    );
    check(
        &query(json!({"type": "string"})),
        "color=a%2Bb+c",
        &Outcome::Value(json!("a+b c")),
    );
    check(
        &query(json!({"type": "string"})),
        "color=%zz",
        &Outcome::Invalid,
    );
    check(
        &query(json!({"type": "string"})),
        "color=a&color=b",
        &Outcome::Invalid,
    );
    check(
        &query(json!({"type": "string"})),
        "other=a",
        &Outcome::Absent,
    );
    let mixed = query(json!({"oneOf": [{"type": "integer", "minimum": 10}, {"type": "string"}]}));
    check(&mixed, "color=5", &Outcome::Value(json!("5")));
    check(
        &query(json!({"enum": [1, 2]})),
        "color=2",
        &Outcome::Value(json!(2)),
    );
}

/// The directory named by `PORTCULLIS_CORPORA`, or the one next to the checkout.
fn corpora() -> PathBuf {
    let named = std::env::var_os("PORTCULLIS_CORPORA").map(PathBuf::from);
    let directory = named
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"));
    assert!(
        directory.is_dir(),
        "no corpora in {directory:?}; set PORTCULLIS_CORPORA to their directory"
    );
    directory
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn agrees_with_the_corpus() {
    let folder = corpora();
    let text = std::fs::read_to_string(folder.join("params/cases.jsonl")).unwrap();
    assert!(!text.is_empty());
    let mut wrong = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let found = outcome_of_case(&case);
        let expected = match case["expected"]["kind"].as_str().unwrap() {
            "value" => Outcome::Value(case["expected"]["value"].clone()),
            "invalid" => Outcome::Invalid,
            _ => Outcome::Absent,
        };
        if !is_same(&found, &expected) {
            wrong.push(format!("{}: {found:?} instead of {expected:?}", case["id"]));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}: {wrong:#?}",
        wrong.len(),
        text.lines().count()
    );
}

fn outcome_of_case(case: &Value) -> Outcome {
    let mut parameter = json!({"required": case["in"] == "path"});
    for member in ["name", "in", "style", "explode", "allowReserved", "schema"] {
        if !case[member].is_null() && (member != "allowReserved" || case["in"] == "query") {
            parameter[member] = case[member].clone();
        }
    }
    let mut parameters = vec![parameter];
    for other in case["other_parameters"].as_array().into_iter().flatten() {
        let mut other = other.clone();
        if other["schema"].is_null() {
            other["schema"] = json!({});
        }
        parameters.push(other);
    }
    let contract = contract(case["openapi"].as_str().unwrap(), &Value::Array(parameters));
    outcome(&contract, case["raw"].as_str().unwrap())
}

/// Numbers are compared by value: `1` is `1.0`.
pub(super) fn is_same(found: &Outcome, expected: &Outcome) -> bool {
    fn same(left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
            (Value::Array(left), Value::Array(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
            }
            (Value::Object(left), Value::Object(right)) => {
                left.len() == right.len()
                    && left
                        .iter()
                        .all(|(name, l)| right.get(name).is_some_and(|r| same(l, r)))
            }
            _ => left == right,
        }
    }
    match (found, expected) {
        (Outcome::Value(found), Outcome::Value(expected)) => same(found, expected),
        _ => found == expected,
    }
}
