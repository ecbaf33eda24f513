//! Whatever the program accepts, the validators accept: random schemas, and values that are made
//! for them and then changed a little.
//!
//! A run of some seconds is part of every test run. `PORTCULLIS_TEST_LOAD=full` makes it tens of
//! millions of verdicts; `SIM_SEED=…` repeats one seed.

use portcullis_json::{JsonLimits, Tape, WorkLimit, within_limit};
use serde_json::{Map, Value, json};

use super::OnePassProgram;
use super::tests::document;
use crate::schema::lower::closed;
use crate::schema::pattern_keyword::SchemaPatterns;
use crate::schema::schema_validator::build_validator;

/// A generator of numbers (splitmix64).
pub(super) struct Seed(pub(super) u64);

impl Seed {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub(super) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    pub(super) fn pick<'v, T: ?Sized>(&mut self, values: &[&'v T]) -> &'v T {
        values[self.below(values.len())]
    }
}

const NAMES: [&str; 6] = ["a", "b", "kind", "é", "long-name-of-a-property", "x/y"];
const TEXTS: [&str; 14] = [
    "",
    "a",
    "b",
    "AB-1",
    "abc",
    "é€😀",
    "2024-02-29",
    "2023-02-29",
    "12:00:00Z",
    "a.b@c-d.example",
    "7f9c24e5-5f1b-4c1e-9d4b-2f0c1f1f7a10",
    "10.0.0.1",
    "YQ==",
    "a\u{2028}b",
];
const NUMBERS: [&str; 15] = [
    "0",
    "-0",
    "1",
    "2",
    "-1",
    "100",
    "1.0",
    "1.5",
    "0.01",
    "1e2",
    "9007199254740993",
    "-9223372036854775808",
    "-9223372036854775809",
    "1e-400",
    "12345678901234567890.5",
];
const PATTERNS: [&str; 9] = [
    "^[A-Z]{2}-[0-9]+$",
    "^a?b*$",
    "b",
    "^[^<>]{1,3}$",
    r"^\d{4}-\d{2}-\d{2}$",
    "^(?:a|bc)$",
    "^(ab)?c$",
    r"^\w+$",
    "^.$",
];
const FORMATS: [&str; 10] = [
    "uuid",
    "date",
    "time",
    "date-time",
    "email",
    "ipv4",
    "byte",
    "base64url",
    "uri",
    "vendor",
];

/// A schema of at most this depth. `#/$defs/1` and `#/$defs/2` may be referred to.
fn schema(seed: &mut Seed, depth: usize) -> Value {
    if depth == 0 || seed.one_in(12) {
        return match seed.below(4) {
            0 => json!(true),
            1 if seed.one_in(3) => json!(false),
            2 => json!({ "$ref": seed.pick(&["#/$defs/1", "#/$defs/2"]) }),
            _ => json!({ "type": type_names(seed) }),
        };
    }
    let mut keywords = Map::new();
    if !seed.one_in(3) {
        keywords.insert("type".to_owned(), type_names(seed));
    }
    for _ in 0..=seed.below(3) {
        let (keyword, value) = keyword(seed, depth);
        keywords.insert(keyword.to_owned(), value);
    }
    Value::Object(keywords)
}

fn type_names(seed: &mut Seed) -> Value {
    const TYPES: [&str; 7] = [
        "null", "boolean", "integer", "number", "string", "array", "object",
    ];
    if seed.one_in(3) {
        let first = seed.below(TYPES.len());
        let second = (first + 1 + seed.below(TYPES.len() - 1)) % TYPES.len();
        return json!([TYPES[first], TYPES[second]]);
    }
    json!(seed.pick(&TYPES))
}

fn keyword(seed: &mut Seed, depth: usize) -> (&'static str, Value) {
    match seed.below(10) {
        0 => numeric_keyword(seed),
        1 | 2 => text_keyword(seed),
        3 => array_keyword(seed, depth),
        4..=6 => object_keyword(seed, depth),
        7 => match seed.below(3) {
            0 => ("const", scalar(seed)),
            1 => ("enum", json!([scalar(seed), scalar(seed)])),
            _ => ("enum", json!([seed.pick(&TEXTS), seed.pick(&TEXTS)])),
        },
        _ => {
            let name = seed.pick(&["allOf", "anyOf", "oneOf", "oneOf"]);
            let count = 1 + seed.below(3);
            let tagged = seed.one_in(2);
            let branch = |seed: &mut Seed| {
                let branch = schema(seed, depth - 1);
                if !tagged {
                    return branch;
                }
                json!({
                    "required": ["kind"],
                    "properties": {"kind": {"const": seed.pick(&TEXTS)}, "a": branch},
                })
            };
            (name, (0..count).map(|_| branch(seed)).collect())
        }
    }
}

fn numeric_keyword(seed: &mut Seed) -> (&'static str, Value) {
    let exact = ["9007199254740993", "1e-400", "0.1"];
    match seed.below(7) {
        0 => ("minimum", json!(seed.below(3))),
        1 => ("maximum", json!(seed.below(101))),
        2 => ("exclusiveMinimum", json!(-1.5)),
        3 => ("exclusiveMaximum", json!(100)),
        4 => ("multipleOf", json!(0.5)),
        5 => ("x-exact-minimum", json!(seed.pick(&exact))),
        _ => ("x-exact-format", json!(seed.pick(&["int32", "int64"]))),
    }
}

fn text_keyword(seed: &mut Seed) -> (&'static str, Value) {
    match seed.below(4) {
        0 => ("minLength", json!(seed.below(3))),
        1 => ("maxLength", json!(seed.below(4))),
        2 => ("pattern", json!(seed.pick(&PATTERNS))),
        _ => ("format", json!(seed.pick(&FORMATS))),
    }
}

fn array_keyword(seed: &mut Seed, depth: usize) -> (&'static str, Value) {
    match seed.below(6) {
        0 => ("minItems", json!(seed.below(3))),
        1 => ("maxItems", json!(seed.below(4))),
        2 => ("uniqueItems", json!(seed.one_in(2))),
        3 => {
            let count = 1 + seed.below(2);
            let prefix = (0..count).map(|_| schema(seed, depth - 1)).collect();
            ("prefixItems", prefix)
        }
        4 if seed.one_in(4) => ("contains", schema(seed, depth - 1)),
        _ => ("items", schema(seed, depth - 1)),
    }
}

fn object_keyword(seed: &mut Seed, depth: usize) -> (&'static str, Value) {
    match seed.below(10) {
        9 if seed.one_in(2) => rare_object_keyword(seed, depth),
        8 => ("unevaluatedProperties", json!(false)),
        0 => ("required", json!([seed.pick(&NAMES)])),
        1 => ("additionalProperties", schema(seed, depth - 1)),
        2 => ("additionalProperties", json!(false)),
        3 => ("minProperties", json!(seed.below(2))),
        4 => ("maxProperties", json!(seed.below(4))),
        5 if seed.one_in(4) => ("not", schema(seed, depth - 1)),
        _ => {
            let mut properties = Map::new();
            for _ in 0..=seed.below(3) {
                properties.insert(seed.pick(&NAMES).to_owned(), schema(seed, depth - 1));
            }
            ("properties", Value::Object(properties))
        }
    }
}

/// A keyword that the program leaves to the validators.
fn rare_object_keyword(seed: &mut Seed, depth: usize) -> (&'static str, Value) {
    let name = seed.pick(&NAMES);
    match seed.below(6) {
        0 => (
            "patternProperties",
            json!({ "^[a-k]": schema(seed, depth - 1) }),
        ),
        1 => ("propertyNames", json!({ "maxLength": 1 + seed.below(4) })),
        2 => ("dependentRequired", json!({ name: [seed.pick(&NAMES)] })),
        3 => ("dependentSchemas", json!({ name: schema(seed, depth - 1) })),
        4 => ("unevaluatedProperties", schema(seed, depth - 1)),
        _ => ("if", json!({ "not": schema(seed, depth - 1) })),
    }
}

fn scalar(seed: &mut Seed) -> Value {
    match seed.below(6) {
        0 => Value::Null,
        1 => json!(seed.one_in(2)),
        2 => json!(seed.below(4)),
        3 => json!([1.5, 100.0, -1.0, 0.0][seed.below(4)]),
        _ => json!(seed.pick(&TEXTS)),
    }
}

/// A JSON text. `hint` is a schema that it may be made for.
fn text(seed: &mut Seed, hint: &Value, depth: usize, out: &mut String) {
    let space = |seed: &mut Seed, out: &mut String| {
        if seed.one_in(6) {
            out.push_str(seed.pick(&[" ", "\n\t", "          "]));
        }
    };
    space(seed, out);
    let choices = hint.get("enum").and_then(Value::as_array);
    let listed = choices
        .map(|values| &values[seed.below(values.len())])
        .or(hint.get("const"));
    if let Some(value) = listed.filter(|_| !seed.one_in(4)) {
        out.push_str(&value.to_string());
        return space(seed, out);
    }
    let branches = ["oneOf", "anyOf", "allOf"]
        .into_iter()
        .find_map(|name| hint.get(name)?.as_array());
    if let Some(branches) = branches.filter(|_| !seed.one_in(3)) {
        let branch = branches[seed.below(branches.len())].clone();
        return text(seed, &branch, depth, out);
    }
    let declared = hint.get("type").map(|types| match types {
        Value::Array(names) => names[seed.below(names.len())].clone(),
        name => name.clone(),
    });
    let is_declared = declared.is_some() && !seed.one_in(6);
    let kind = match declared
        .as_ref()
        .and_then(Value::as_str)
        .filter(|_| is_declared)
    {
        Some(name) => name.to_owned(),
        None => {
            let names = [
                "null", "boolean", "number", "string", "array", "object", "object",
            ];
            seed.pick(&names).to_owned()
        }
    };
    match kind.as_str() {
        "null" => out.push_str("null"),
        "boolean" => out.push_str(seed.pick(&["true", "false"])),
        "integer" => out.push_str(&(seed.below(200).wrapping_sub(3) as i64 % 150).to_string()),
        "number" => out.push_str(seed.pick(&NUMBERS)),
        "string" => string(seed, seed_text(hint), out),
        "array" => array(seed, hint, depth, out),
        _ => object(seed, hint, depth, out),
    }
    space(seed, out);
}

/// A text that the schema may have been made for.
fn seed_text(hint: &Value) -> Option<&'static str> {
    let format = hint.get("format").and_then(Value::as_str)?;
    let at = FORMATS.iter().position(|name| *name == format)?;
    Some(
        [
            TEXTS[10],
            TEXTS[6],
            TEXTS[8],
            "2024-02-29T12:00:00Z",
            TEXTS[9],
            TEXTS[11],
            TEXTS[12],
            "YQ",
            "urn:a",
            "",
        ][at],
    )
}

fn string(seed: &mut Seed, known: Option<&str>, out: &mut String) {
    let text = known
        .filter(|_| !seed.one_in(4))
        .unwrap_or_else(|| seed.pick(&TEXTS));
    if seed.one_in(8) {
        out.push('"');
        for unit in text.encode_utf16() {
            out.push_str(&format!("\\u{unit:04x}"));
        }
        out.push('"');
    } else {
        out.push_str(&json!(text).to_string());
    }
}

fn array(seed: &mut Seed, hint: &Value, depth: usize, out: &mut String) {
    let null = Value::Null;
    let items = hint.get("items").unwrap_or(&null);
    let prefix = hint.get("prefixItems").and_then(Value::as_array);
    let mut previous = String::new();
    out.push('[');
    for at in 0..seed.below(if depth == 0 { 1 } else { 4 }) {
        if at > 0 {
            out.push(',');
        }
        // Some elements are equal.
        if at == 0 || !seed.one_in(8) {
            let schema = prefix.and_then(|prefix| prefix.get(at)).unwrap_or(items);
            previous.clear();
            text(seed, schema, depth - 1, &mut previous);
        }
        out.push_str(&previous);
    }
    out.push(']');
}

fn object(seed: &mut Seed, hint: &Value, depth: usize, out: &mut String) {
    let null = Value::Null;
    let properties = hint.get("properties").and_then(Value::as_object);
    let required = hint.get("required").and_then(Value::as_array);
    let mut names: Vec<String> = Vec::new();
    names.extend(
        required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned),
    );
    for name in properties.into_iter().flatten().map(|(name, _)| name) {
        if !seed.one_in(3) {
            names.push(name.clone());
        }
    }
    if seed.one_in(4) {
        names.push(seed.pick(&NAMES).to_owned());
    }
    if !seed.one_in(20) {
        names.sort();
        names.dedup();
    }
    if depth == 0 {
        names.clear();
    }
    out.push('{');
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(seed, Some(name), out);
        out.push(':');
        let declared = properties.and_then(|properties| properties.get(name));
        let other = hint.get("additionalProperties").unwrap_or(&null);
        text(seed, declared.unwrap_or(other), depth - 1, out);
    }
    out.push('}');
}

/// A text with the spaces that most writers put between its parts: as it is, none, one after each comma
/// and colon, or that with exceptions.
fn respaced(seed: &mut Seed, text: String) -> String {
    let style = seed.below(4);
    if style == 0 {
        return text;
    }
    let mut out = String::new();
    let (mut is_inside, mut is_escaped) = (false, false);
    for character in text.chars() {
        if !is_inside && character.is_ascii_whitespace() {
            continue;
        }
        out.push(character);
        is_inside ^= character == '"' && !is_escaped;
        is_escaped = is_inside && character == '\\' && !is_escaped;
        let is_separator = !is_inside && matches!(character, ',' | ':');
        if is_separator && (style == 2 || style == 3 && !seed.one_in(8)) {
            out.push(' ');
        }
    }
    out
}

/// Changes one byte, or nothing.
fn mutate(seed: &mut Seed, text: &mut Vec<u8>) {
    if text.is_empty() || !seed.one_in(4) {
        return;
    }
    let at = seed.below(text.len());
    let byte = *seed.pick(&[
        &b'0', &b'"', &b'\\', &b'}', &b']', &b',', &b' ', &b'e', &b'-', &0xFF,
    ]);
    match seed.below(3) {
        0 => text[at] = byte,
        1 => text.insert(at, byte),
        _ => drop(text.remove(at)),
    }
}

/// How many texts were valid, and how many of them were accepted.
#[derive(Debug, Default)]
struct Coverage {
    valid: usize,
    accepted: usize,
}

fn run(seed: u64, coverage: &mut Coverage) {
    let mut random = Seed(seed);
    let others = [schema(&mut random, 2), schema(&mut random, 1)];
    let root = schema(&mut random, 3);
    let mut document = document(&root, &others);
    if random.one_in(4) {
        document = closed(&document);
    }
    let patterns = SchemaPatterns::default();
    let Ok(validator) = build_validator(&document, 1, false, &patterns) else {
        return;
    };
    let program = OnePassProgram::new(&document, &[0], &patterns);
    let mut tape = Tape::new();
    for _ in 0..20 {
        let mut written = String::new();
        text(&mut random, &root, 4, &mut written);
        let mut bytes = respaced(&mut random, written).into_bytes();
        mutate(&mut random, &mut bytes);
        let limits = JsonLimits::default();
        let accepted = program.accepts(0, &bytes, limits);
        let is_valid = tape.parse("0", &bytes, limits).is_ok_and(|source| {
            let wrapped = tape.wrapped(source);
            let limit = WorkLimit {
                steps_max: 100_000,
                backtracks_names: false,
            };
            within_limit(limit, || validator.is_valid(wrapped)) == Some(true)
        });
        assert!(
            is_valid || !accepted,
            "SIM_SEED={seed}: {document} refuses {}",
            String::from_utf8_lossy(&bytes)
        );
        coverage.valid += usize::from(is_valid);
        coverage.accepted += usize::from(accepted);
    }
}

#[test]
fn accepts_only_what_validators_accept() {
    let mut coverage = Coverage::default();
    if let Ok(seed) = std::env::var("SIM_SEED") {
        return run(seed.parse().expect("SIM_SEED is a number"), &mut coverage);
    }
    let is_full = std::env::var("PORTCULLIS_TEST_LOAD").is_ok_and(|load| load == "full");
    for seed in 0..if is_full { 1_000_000 } else { 3_000 } {
        run(seed, &mut coverage);
    }
    let Coverage { valid, accepted } = coverage;
    println!("{accepted} of {valid} valid texts were accepted");
    assert!(accepted * 2 > valid, "{accepted} of {valid}");
}
