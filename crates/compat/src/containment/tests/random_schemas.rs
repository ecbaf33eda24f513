//! Random schemas and values: a proof must hold for every value.
//!
//! A seed determines a schema, a modified copy, and many values that could distinguish the two. If
//! containment is proved, an independent validator must not find a counterexample.
//! `PORTCULLIS_SEEDS` sets the number of seeds.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::super::containment_verdict::{ProducerReading, ValueEncoding};
use super::super::formula_pair::{ContainmentSide, FormulaPair};
use super::drafts::lowered;
use super::harness::{Outcome, decide, validator};
use portcullis_contract::MessageDirection;

const NAMES: [&str; 4] = ["a", "b", "ab", "x1"];
const PATTERNS: [&str; 6] = ["^a", "b$", "^[a-c]+$", "\\d", "^.{2,3}$", "^(?!a)"];
const FORMATS: [&str; 4] = ["date", "ipv4", "uuid", "uri-reference"];

fn pick<'p, T>(rng: &mut Rng, list: &'p [T]) -> &'p T {
    &list[rng.usize(..list.len())]
}

fn small(rng: &mut Rng) -> Value {
    match rng.u8(..8) {
        0 => json!(rng.i32(-3..4)),
        1 => json!(f64::from(rng.i32(-6..7)) / 2.0),
        2 => json!(pick(
            rng,
            &[
                "",
                "a",
                "b",
                "ab",
                "abc",
                "1",
                "a1",
                "2026-01-01",
                "1.2.3.4"
            ]
        )),
        3 => json!(rng.bool()),
        4 => Value::Null,
        5 => json!([]),
        6 => json!({}),
        _ => json!(rng.i32(-1..2)),
    }
}

fn value(rng: &mut Rng, depth: u32) -> Value {
    match rng.u8(..10) {
        0..3 if depth > 0 => {
            let count = rng.usize(..4);
            (0..count).map(|_| value(rng, depth - 1)).collect()
        }
        3..7 if depth > 0 => {
            let count = rng.usize(..4);
            let members: Map<String, Value> = (0..count)
                .map(|_| {
                    (
                        (*pick(rng, &["a", "b", "ab", "x1", "zz", ""])).to_owned(),
                        value(rng, depth - 1),
                    )
                })
                .collect();
            Value::Object(members)
        }
        _ => small(rng),
    }
}

fn schemas(rng: &mut Rng, depth: u32, most: usize) -> Value {
    let count = 1 + rng.usize(..most);
    (0..count).map(|_| schema(rng, depth)).collect()
}

fn schema(rng: &mut Rng, depth: u32) -> Value {
    if depth == 0 || rng.u8(..12) == 0 {
        return match rng.u8(..6) {
            0 => json!(rng.bool()),
            1 => json!({ "const": small(rng) }),
            2 => json!({ "enum": [small(rng), small(rng), small(rng)] }),
            _ => {
                json!({ "type": pick(rng, &["string", "integer", "number", "boolean", "null", "object", "array"]) })
            }
        };
    }
    let mut keywords = Map::new();
    for _ in 0..1 + rng.usize(..4) {
        let (keyword, operand) = keyword(rng, depth - 1);
        keywords.insert(keyword.to_owned(), operand);
    }
    if rng.u8(..3) > 0 {
        let kind = *pick(
            rng,
            &["string", "integer", "number", "object", "array", "object"],
        );
        keywords.insert(
            "type".to_owned(),
            if rng.u8(..5) == 0 {
                json!([kind, "null"])
            } else {
                json!(kind)
            },
        );
    }
    if rng.u8(..20) == 0 {
        keywords.insert("$ref".to_owned(), json!("#"));
        // A schema that refers directly to itself has no meaning.
        return json!({ "properties": { "a": Value::Object(keywords) } });
    }
    Value::Object(keywords)
}

fn keyword(rng: &mut Rng, depth: u32) -> (&'static str, Value) {
    let count = |rng: &mut Rng| json!(rng.u8(..4));
    let map = |rng: &mut Rng, names: &[&str]| {
        let members: Map<String, Value> = (0..1 + rng.usize(..3))
            .map(|_| ((*pick(rng, names)).to_owned(), schema(rng, depth)))
            .collect();
        Value::Object(members)
    };
    match rng.u8(..36) {
        0 => ("minimum", json!(rng.i32(-3..4))),
        1 => ("maximum", json!(rng.i32(-3..4))),
        2 => ("exclusiveMinimum", json!(f64::from(rng.i32(-6..7)) / 2.0)),
        3 => ("exclusiveMaximum", json!(f64::from(rng.i32(-6..7)) / 2.0)),
        4 => (
            "multipleOf",
            pick(rng, &[json!(1), json!(2), json!(3), json!(0.5), json!(1.5)]).clone(),
        ),
        5 => ("minLength", count(rng)),
        6 => ("maxLength", count(rng)),
        7 => ("pattern", json!(pick(rng, &PATTERNS))),
        8 => ("format", json!(pick(rng, &FORMATS))),
        9 => ("minItems", count(rng)),
        10 => ("maxItems", count(rng)),
        11 => ("uniqueItems", json!(true)),
        12 => ("contains", schema(rng, depth)),
        13 => ("minContains", count(rng)),
        14 => ("maxContains", count(rng)),
        15 => ("items", schema(rng, depth)),
        16 => ("prefixItems", schemas(rng, depth, 2)),
        17 => ("minProperties", count(rng)),
        18 => ("maxProperties", count(rng)),
        19 => ("required", json!([pick(rng, &NAMES)])),
        20..24 => ("properties", map(rng, &NAMES)),
        24 => ("patternProperties", map(rng, &PATTERNS[..5])),
        25 => ("additionalProperties", schema(rng, depth)),
        26 => ("propertyNames", schema(rng, depth)),
        27 => (
            "dependentRequired",
            json!({ *pick(rng, &NAMES): [pick(rng, &NAMES)] }),
        ),
        28 => ("dependentSchemas", map(rng, &NAMES)),
        29 => ("allOf", schemas(rng, depth, 2)),
        30 => ("anyOf", schemas(rng, depth, 3)),
        31 => ("oneOf", schemas(rng, depth, 3)),
        32 => ("not", schema(rng, depth)),
        33 => ("if", schema(rng, depth)),
        34 => (*pick(rng, &["then", "else"]), schema(rng, depth)),
        _ => (
            *pick(rng, &["unevaluatedProperties", "unevaluatedItems"]),
            schema(rng, depth),
        ),
    }
}

/// A schema with one keyword changed at any depth.
fn changed(rng: &mut Rng, schema: &Value, depth: u32) -> Value {
    let mut changed_schema = schema.clone();
    let Value::Object(keywords) = &mut changed_schema else {
        return self::schema(rng, depth);
    };
    let names: Vec<String> = keywords.keys().cloned().collect();
    match rng.u8(..5) {
        0 => {
            let (name, operand) = keyword(rng, depth);
            keywords.insert(name.to_owned(), operand);
        }
        1 if !names.is_empty() => {
            keywords.remove(pick(rng, &names));
        }
        _ if !names.is_empty() => {
            let name = pick(rng, &names);
            let operand = keywords.get_mut(name).unwrap();
            match (name.as_str(), &mut *operand) {
                ("properties" | "patternProperties" | "dependentSchemas", Value::Object(map)) => {
                    let names: Vec<String> = map.keys().cloned().collect();
                    if let Some(inner) = names.first() {
                        map[inner] = changed(rng, &map[inner], depth);
                    }
                }
                ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                    let at = rng.usize(..list.len());
                    list[at] = changed(rng, &list[at], depth);
                }
                (_, Value::Object(_))
                    if !["const", "enum", "dependentRequired"].contains(&name.as_str()) =>
                {
                    *operand = changed(rng, operand, depth)
                }
                (_, Value::Number(number)) => {
                    let number = number.as_f64().unwrap();
                    *operand = if number > 0.5 && number.fract() == 0.0 {
                        json!(number as i64 - 1)
                    } else {
                        json!(1)
                    };
                    if name == "multipleOf" && *operand == json!(0) {
                        *operand = json!(2);
                    }
                }
                _ => {}
            }
        }
        _ => {}
    }
    changed_schema
}

#[test]
fn proofs_hold_for_random_values() {
    let seeds = std::env::var("PORTCULLIS_SEEDS").map_or(400, |seeds| seeds.parse().unwrap());
    let first = std::env::var("PORTCULLIS_SEED").map_or(0, |seed| seed.parse().unwrap());
    let work = move || {
        let mut figures = [0_usize; 4];
        for seed in first..first + seeds {
            try_seed(seed, &mut figures);
        }
        println!("contained, not contained, undecided, without validator: {figures:?}");
        assert!(figures[0] > 0 && figures[1] > 0);
        assert!(
            figures[2] * 20 <= figures[0] + figures[1],
            "too much is left undecided"
        );
    };
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(work)
        .unwrap();
    thread.join().unwrap();
}

fn try_seed(seed: u64, figures: &mut [usize; 4]) {
    let mut rng = Rng::with_seed(seed);
    let one = schema(&mut rng, 3);
    let other = if rng.u8(..4) == 0 {
        schema(&mut rng, 3)
    } else {
        changed(&mut rng, &one, 2)
    };
    let (Some(first), Some(second)) = (validator(&one, 2020), validator(&other, 2020)) else {
        figures[3] += 1;
        return;
    };
    if std::env::var_os("PORTCULLIS_LIST").is_some() {
        println!("seed {seed}\n   {one}\n   {other}");
    }
    let documents = [lowered(&one, 2020), lowered(&other, 2020)];
    for reading in [ProducerReading::Accepted, ProducerReading::Sent] {
        let pair = FormulaPair::new(&documents[0], &documents[0], MessageDirection::Request);
        let producer = pair.root(ContainmentSide::Producer, Some("0"));
        let sends = std::cell::RefCell::new(pair);
        let is_counterexample = |value: &Value| {
            let is_sent = reading == ProducerReading::Accepted
                || sends
                    .borrow_mut()
                    .evaluator()
                    .sends(&[producer], value, true)
                    == Some(true);
            Some(first.is_valid(value) && !second.is_valid(value) && is_sent)
        };
        match decide(
            &documents[0],
            &documents[1],
            reading,
            ValueEncoding::Json,
            &is_counterexample,
        ) {
            Outcome::Contained => {
                figures[0] += 1;
                for _ in 0..300 {
                    let value = value(&mut rng, 3);
                    assert_ne!(
                        is_counterexample(&value),
                        Some(true),
                        "seed {seed} {reading:?}: {value} is in {one} and not in {other}"
                    );
                }
            }
            Outcome::Not(_) => figures[1] += 1,
            Outcome::Undecided(reason) => {
                figures[2] += 1;
                println!("seed {seed} {reading:?} undecided: {reason}\n   {one}\n   {other}");
            }
        }
    }
}

/// The known patterns and samples must agree with the validators. Mutated samples test the edges.
#[test]
fn known_formats_agree_with_validators() {
    use super::super::known_formats::{samples, wider_pattern};
    use super::super::language::compile;
    use portcullis_contract::{ASSERTED_FORMATS, SchemaValidator};
    const CHARACTERS: [char; 20] = [
        '0', '9', 'a', 'T', 't', 'z', 'Z', '-', '+', ':', '.', '/', '@', '=', ' ', '\n', 'é', '。',
        '%', 'P',
    ];
    let mut rng = Rng::with_seed(1);
    for format in ASSERTED_FORMATS {
        let validator = SchemaValidator::new(&json!({ "format": format })).unwrap();
        let accepts = |text: &str| validator.accepts(&json!(text).to_string());
        let mut pattern = wider_pattern(format).map(|pattern| compile(pattern).unwrap());
        assert!(!samples(format).is_empty(), "{format}");
        for sample in samples(format) {
            assert!(accepts(sample), "{sample:?} is no {format}");
            for _ in 0..400 {
                let mut characters: Vec<char> = sample.chars().collect();
                for _ in 0..1 + rng.usize(..3) {
                    let at = rng.usize(..=characters.len());
                    match rng.u8(..3) {
                        0 => characters.insert(at, *pick(&mut rng, &CHARACTERS)),
                        1 if at < characters.len() => characters[at] = *pick(&mut rng, &CHARACTERS),
                        _ if at < characters.len() => {
                            characters.remove(at);
                        }
                        _ => {}
                    }
                }
                let text: String = characters.into_iter().collect();
                let is_wider = pattern
                    .as_mut()
                    .is_none_or(|pattern| pattern.is_match(&text));
                assert!(is_wider || !accepts(&text), "{text:?} is a {format}");
            }
        }
    }
}
