//! Whatever the program accepts of numbers, strings and text that is not quite JSON, the validators
//! accept: literals at the edges of what is compared as integers, texts around each format and
//! pattern, and escapes.

use serde_json::{Value, json};

use super::property_tests::Seed;
use super::tests::{accepts, document, is_valid};

/// Joins up to `count` of the parts.
fn joined(seed: &mut Seed, parts: &[&str], count: usize) -> String {
    (0..=seed.below(count)).map(|_| seed.pick(parts)).collect()
}

/// A number literal, or something like one.
fn literal(seed: &mut Seed) -> String {
    const DIGITS: [&str; 9] = [
        "0",
        "1",
        "5",
        "9",
        "00",
        "0000000",
        "9223372036854775807",
        "999999999",
        "36854775808",
    ];
    let mut text = String::from(seed.pick(&["", "", "", "-", "-", "+", " "]));
    text += &joined(seed, &DIGITS, 3);
    if seed.one_in(3) {
        text += seed.pick(&[".", ".0", ".5", ".50"]);
        text += &joined(seed, &["0", "", "1", "25", "00000000000000000"], 3);
    }
    if seed.one_in(4) {
        text += seed.pick(&["e", "E", "e+", "e-", "e0", "E-0"]);
        text += seed.pick(&["0", "1", "2", "18", "-1", "400", ""]);
    }
    text
}

fn number_schema(seed: &mut Seed) -> Value {
    const BOUNDS: [&str; 12] = [
        "0",
        "-0",
        "1",
        "5",
        "1.5",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "0.1",
        "1e2",
        "99999999999999999999.5",
    ];
    let mut schema = json!({"type": seed.pick(&["integer", "number"])});
    for _ in 0..seed.below(3) {
        let name = seed.pick(&[
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
        ]);
        let bound = seed.pick(&BOUNDS);
        let value: Value = serde_json::from_str(bound).expect("a bound is JSON");
        if name == "multipleOf" {
            schema[name] = json!([0.01, 1.0, 2.0, 5.0][seed.below(4)]);
        } else if seed.one_in(2) {
            schema[format!("x-exact-{name}")] = json!(bound);
        } else {
            schema[name] = value;
        }
    }
    if seed.one_in(6) {
        schema["enum"] = json!([0, 1, 5, 9_223_372_036_854_775_807_i64, i64::MIN]);
    }
    if seed.one_in(6) {
        schema["x-exact-format"] = json!(seed.pick(&["int32", "int64"]));
    }
    schema
}

fn text_schema(seed: &mut Seed) -> Value {
    const PATTERNS: [&str; 14] = [
        "^[a-z]+$",
        "^a*b?$",
        r"^\d+$",
        r"^\w+@\w+$",
        r"^\S+$",
        "^.$",
        "^[^a]{2}$",
        "^[a-z]{0,3}[0-9]{2}$",
        "^(?:a)$",
        "a$",
        "^$",
        r"^\s$",
        "^[ -~]*$",
        r"^[\w.-]+$",
    ];
    const FORMATS: [&str; 8] = [
        "uuid",
        "date",
        "time",
        "date-time",
        "email",
        "ipv4",
        "byte",
        "base64url",
    ];
    match seed.below(4) {
        0 => json!({"pattern": seed.pick(&PATTERNS)}),
        1 => json!({"minLength": seed.below(4), "maxLength": seed.below(6)}),
        _ => json!({"format": seed.pick(&FORMATS)}),
    }
}

/// What texts near to formats and patterns are joined from, a kind in each line.
#[rustfmt::skip]
const PIECES: [&[&str]; 6] = [
    &["a", "b", "0", "9", "A", "@", ".", "-", "_", "+", "é", "😀", "\u{a0}", "\u{2028}", r"\n", r"\u0061", r"\ud83d\ude00", " "],
    &["a", "b1", ".", "@", "-", "--", "+", "_", "example.com", "xn--a", "a.b@c.d", "é", "\u{0}", "[1.2.3.4]"],
    &["2024-02-29", "2023-02-29", "0000-01-01", "T", "t", " ", "12:00:00", "23:59:60", "24:00:00", "00:00:00.5", ".123456789012", "Z", "z", "+00:00", "-23:59", "+24:00", "+1:00", ".", "2024-13-01", "12:60:00", "-"],
    &["a", "Q", "=", "==", "YQ", "YWI", "YWJj", "-", "_", "+", "/", " "],
    &["1", "0", "255", "256", "01", ".", "1.2.3", "10.0.0.", "+1"],
    &["7f9c24e5", "-5f1b-4c1e-9d4b-", "2f0c1f1f7a10", "-", "g", "F", "7f9c24e5-5f1b-4c1e-9d4b-2f0c1f1f7a1", "é"],
];

/// The text of a JSON string that may be near to a format or a pattern.
fn string(seed: &mut Seed) -> String {
    let pieces = PIECES[seed.below(PIECES.len())];
    let text = joined(seed, pieces, 5);
    let long = "a".repeat([0, 0, 0, 60, 64, 190][seed.below(6)]);
    format!("\"{long}{text}\"")
}

fn compare(seed: u64, schema: &Value, text: &str) -> bool {
    let document = document(schema, &[]);
    let is_accepted = accepts(&document, text);
    let is_right = !is_accepted || is_valid(&document, text);
    assert!(is_right, "SIM_SEED={seed}: {schema} refuses {text}");
    is_accepted
}

fn count_accepted(mut judge: impl FnMut(u64) -> bool) -> usize {
    if let Ok(seed) = std::env::var("SIM_SEED") {
        return usize::from(judge(seed.parse().expect("SIM_SEED is a number")));
    }
    let is_full = std::env::var("PORTCULLIS_TEST_LOAD").is_ok_and(|load| load == "full");
    let seeds = if is_full { 300_000 } else { 3_000 };
    (0..seeds).filter(|seed| judge(*seed)).count()
}

#[test]
fn accepts_only_numbers_that_validators_accept() {
    let accepted = count_accepted(|number| {
        let mut seed = Seed(number);
        let schema = number_schema(&mut seed);
        let text = literal(&mut seed);
        compare(number, &schema, &text)
    });
    assert!(
        accepted > 100 || std::env::var("SIM_SEED").is_ok(),
        "{accepted}"
    );
}

#[test]
fn accepts_only_strings_that_validators_accept() {
    let accepted = count_accepted(|number| {
        let mut seed = Seed(number);
        let schema = text_schema(&mut seed);
        let text = string(&mut seed);
        compare(number, &schema, &text)
    });
    assert!(
        accepted > 100 || std::env::var("SIM_SEED").is_ok(),
        "{accepted}"
    );
}
