//! Samples of strings and numbers: at the bounds of their schemas, and a few usual ones.

use fastrand::Rng;
use portcullis_pattern::{PatternReading, read_pattern, to_hir};
use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Number, Value, json};

type KeywordScopes<'s> = [&'s Map<String, Value>];

/// The longest text that is generated to reach a bound, in characters.
const CHARACTERS_MAX: u64 = 5_000;

/// A string. `None` if the bounds contradict each other.
pub(super) fn sample_text(rng: &mut Rng, scopes: &KeywordScopes<'_>) -> Option<String> {
    let bound = |keyword: &'static str| {
        scopes
            .iter()
            .filter_map(move |scope| scope.get(keyword)?.as_u64())
    };
    let least = bound("minLength").max().unwrap_or(0);
    let most = bound("maxLength").min();
    if most.is_some_and(|most| most < least) {
        return None;
    }
    let word = |keyword: &str| scopes.iter().find_map(|scope| scope.get(keyword)?.as_str());
    if let Some(text) = word("format").and_then(|format| formatted(rng, format)) {
        return Some(text);
    }
    if let Some(pattern) = word("pattern") {
        return matching(rng, pattern, least, most);
    }
    let most_tried = most.unwrap_or(least + 40).min(CHARACTERS_MAX);
    let length = match rng.u8(..6) {
        0 => least,
        1 => least + 1,
        2 | 3 => most_tried,
        4 => most_tried.saturating_sub(1),
        _ => 6,
    };
    let length = length.clamp(least, most_tried.max(least));
    if length > CHARACTERS_MAX {
        return None;
    }
    let alphabet: &[char] = match rng.u8(..5) {
        0 => &['a', 'B', '7'],
        1 => &['é', ' ', 'ß'],
        2 => &['1'],
        _ => &['a', 'b', 'c'],
    };
    Some(
        (0..length)
            .map(|_| alphabet[rng.usize(..alphabet.len())])
            .collect(),
    )
}

/// A text in a format that validators assert or that readers expect; `None` for other formats.
fn formatted(rng: &mut Rng, format: &str) -> Option<String> {
    let several: &[&str] = match format {
        "date-time" => &["2024-02-29T12:00:00Z", "1985-04-12T23:20:50.52+01:00"],
        "date" => &["2024-02-29", "1999-12-31"],
        "time" => &["23:20:50Z", "00:00:00+02:00"],
        "duration" => &["P1D", "PT5M"],
        "uuid" => &[
            "9f8a1c2e-7b3d-4e5f-8a9b-0c1d2e3f4a5b",
            "00000000-0000-0000-0000-000000000000",
        ],
        "email" | "idn-email" => &["a@example.com", "first.last+tag@mail.example.org"],
        "hostname" | "idn-hostname" => &["example.com", "a"],
        "ipv4" => &["192.0.2.1", "0.0.0.0"],
        "ipv6" => &["2001:db8::1", "::"],
        "uri" | "url" | "iri" => &["https://example.com/a?b=c#d", "urn:isbn:0451450523"],
        "uri-reference" | "iri-reference" => &["/a/b", "https://example.com"],
        "uri-template" => &["https://example.com/{id}"],
        "json-pointer" => &["/a/0", ""],
        "regex" => &["^a+$"],
        "byte" => &["YWJj", "AAAA"],
        "int64" | "int32" => &["7"],
        _ => return None,
    };
    Some(several[rng.usize(..several.len())].to_owned())
}

/// A text that probably matches a pattern (ECMA-262) and has an allowed length.
fn matching(rng: &mut Rng, pattern: &str, least: u64, most: Option<u64>) -> Option<String> {
    let tree = read_pattern(pattern, PatternReading::Strict).ok()?;
    let syntax = to_hir(&tree.root)?;
    (0..30).find_map(|turn| {
        let mut text = String::new();
        write_match(rng, &syntax, turn, &mut text)?;
        let length = text.chars().count() as u64;
        (length >= least && most.is_none_or(|most| length <= most)).then_some(text)
    })
}

fn write_match(rng: &mut Rng, syntax: &Hir, stretch: u32, text: &mut String) -> Option<()> {
    if text.len() > 2_000 {
        return None;
    }
    match syntax.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            let range = ranges.get(rng.usize(..ranges.len().max(1)))?;
            let readable = ranges
                .iter()
                .find(|range| range.start() <= 'a' && 'a' <= range.end());
            let start = u32::from(range.start());
            let end = u32::from(range.end()).min(start + 9);
            let any = char::from_u32(rng.u32(start..=end)).unwrap_or(range.start());
            text.push(if readable.is_some() && rng.u8(..3) > 0 {
                'a'
            } else {
                any
            });
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            let more = if rng.bool() { 0 } else { stretch.min(40) };
            let count = repetition.min.saturating_add(more).min(most);
            for _ in 0..count {
                write_match(rng, &repetition.sub, stretch, text)?;
            }
        }
        HirKind::Capture(capture) => write_match(rng, &capture.sub, stretch, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write_match(rng, part, stretch, text)?;
            }
        }
        HirKind::Alternation(parts) => {
            let part = &parts[rng.usize(..parts.len())];
            write_match(rng, part, stretch, text)?;
        }
    }
    Some(())
}

/// A number, often at a bound.
pub(super) fn sample_number(
    rng: &mut Rng,
    scopes: &KeywordScopes<'_>,
    is_integer: bool,
) -> Option<Value> {
    let bound = |keyword: &'static str| {
        scopes
            .iter()
            .filter_map(move |scope| scope.get(keyword)?.as_f64())
    };
    let least = bound("minimum")
        .chain(bound("exclusiveMinimum"))
        .fold(f64::NEG_INFINITY, f64::max);
    let most = bound("maximum")
        .chain(bound("exclusiveMaximum"))
        .fold(f64::INFINITY, f64::min);
    let step = bound("multipleOf").next();
    let is_small = scopes
        .iter()
        .any(|scope| scope.get("x-exact-format") == Some(&json!("int32")));
    let mut candidates = vec![0.0, 1.0, -1.0, 7.0, 100.0];
    candidates.extend(
        [least, least + 1.0, most, most - 1.0]
            .iter()
            .filter(|number| number.is_finite()),
    );
    candidates.push(if is_small {
        2_147_483_647.0
    } else {
        4_294_967_296.0
    });
    if !is_integer {
        candidates.extend(
            [0.5, -2.25, least + 0.5, most - 0.5]
                .iter()
                .filter(|number| number.is_finite()),
        );
    }
    if let Some(step) = step {
        let first = if least.is_finite() {
            (least / step).ceil()
        } else {
            0.0
        };
        candidates.extend([first, first + 1.0, first + 7.0].map(|count| count * step));
    }
    candidates.retain(|number| {
        let is_fitting = !is_integer || number.fract() == 0.0;
        let is_multiple = step.is_none_or(|step| (number / step).fract() == 0.0);
        *number >= least && *number <= most && is_fitting && is_multiple
    });
    for keyword in ["exclusiveMinimum", "exclusiveMaximum"] {
        bound(keyword).for_each(|excluded| candidates.retain(|number| *number != excluded));
    }
    let number = *candidates.get(rng.usize(..candidates.len().max(1)))?;
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Some(json!(number as i64));
    }
    Number::from_f64(number).map(Value::Number)
}
