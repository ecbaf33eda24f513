//! Round-trip tests: a value that is encoded by the specification is read back, in every style.
//!
//! The encoder follows RFC 6570 section 3.2.1 for the styles that are URI templates, and the table
//! of Style Examples for the others. It never writes what the specification leaves undefined: empty
//! lists and objects, a style's delimiter inside a value that the style does not escape, exploded
//! `spaceDelimited` and `pipeDelimited`, exploded lists of cookies.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Number, Value, json};

use super::tests::{Outcome, contract, is_same, outcome};

/// Everything but the unreserved characters (RFC 3986 section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const NAMES: [&str; 8] = ["R", "a b", "é", "x.y", "n,m", "a&b=c", "p|q", "%41;+"];

/// How a parameter is declared.
#[derive(Clone, Copy, Debug)]
struct Way {
    place: &'static str,
    style: &'static str,
    explode: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Scalar,
    Array,
    Object,
}

use Shape::{Array, Object, Scalar};

/// Style Values: the locations and the shapes that each style is defined for.
const TABLE: [(&str, &str, &[bool], &[Shape]); 9] = [
    ("path", "simple", &[false, true], &[Scalar, Array, Object]),
    ("path", "label", &[false, true], &[Scalar, Array, Object]),
    ("path", "matrix", &[false, true], &[Scalar, Array, Object]),
    ("query", "form", &[false, true], &[Scalar, Array, Object]),
    ("query", "spaceDelimited", &[false], &[Array, Object]),
    ("query", "pipeDelimited", &[false], &[Array, Object]),
    ("query", "deepObject", &[true], &[Object]),
    ("header", "simple", &[false, true], &[Scalar, Array, Object]),
    ("cookie", "form", &[false], &[Scalar, Array, Object]),
];

fn ways() -> impl Iterator<Item = (Way, Shape)> {
    TABLE
        .into_iter()
        .flat_map(|(place, style, explodes, shapes)| {
            explodes.iter().flat_map(move |&explode| {
                let way = Way {
                    place,
                    style,
                    explode,
                };
                shapes.iter().map(move |shape| (way, *shape))
            })
        })
}

impl Way {
    fn parameter(self, schema: &Value) -> Value {
        let Self {
            place,
            style,
            explode,
        } = self;
        json!({"name": "color", "in": place, "style": style, "explode": explode,
            "required": place == "path", "schema": schema})
    }

    /// Whether the style can encode a value's text: it has an escape for every character.
    fn can_carry(self, shape: Shape, text: &str) -> bool {
        // Header fields and cookies are not percent-encoded.
        let is_plain = || {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && !b",;=\"\\".contains(&byte))
        };
        match self.style {
            // Empty items of a list in a header field do not count (RFC 9110 section 5.6.1.2).
            "simple" if self.place == "header" && shape == Array && text.is_empty() => false,
            "simple" | "form" if matches!(self.place, "header" | "cookie") => is_plain(),
            // `.` is unreserved, so it is not escaped.
            "label" if self.explode && shape != Scalar => !text.contains('.'),
            "spaceDelimited" => !text.contains(' '),
            "pipeDelimited" => !text.contains('|'),
            _ => true,
        }
    }

    fn escape(self, text: &str) -> String {
        match self.place {
            "header" | "cookie" => text.to_owned(),
            _ => utf8_percent_encode(text, RESERVED).to_string(),
        }
    }

    fn encode(self, value: &Value) -> String {
        let text = |value: &Value| match value {
            Value::String(text) => self.escape(text),
            other => self.escape(&other.to_string()),
        };
        match value {
            Value::Array(items) => self.array(&items.iter().map(text).collect::<Vec<_>>()),
            Value::Object(members) => {
                let pairs = members
                    .iter()
                    .map(|(name, value)| (self.escape(name), text(value)));
                self.object(&pairs.collect::<Vec<_>>())
            }
            scalar => self.flat(&text(scalar)),
        }
    }

    /// One text with the prefix of the style.
    fn flat(self, text: &str) -> String {
        match self.style {
            "simple" => text.to_owned(),
            "label" => format!(".{text}"),
            "matrix" => path_style("color", text),
            _ => format!("color={text}"),
        }
    }

    fn delimiter(self) -> &'static str {
        match self.style {
            "spaceDelimited" => "%20",
            "pipeDelimited" => "%7C",
            "label" if self.explode => ".",
            "form" if self.explode => "&",
            _ => ",",
        }
    }

    fn array(self, items: &[String]) -> String {
        let delimiter = self.delimiter();
        match (self.style, self.explode) {
            ("matrix", true) => items.iter().map(|item| path_style("color", item)).collect(),
            ("form", true) => {
                let pairs = items.iter().map(|item| format!("color={item}"));
                pairs.collect::<Vec<_>>().join(delimiter)
            }
            _ => self.flat(&items.join(delimiter)),
        }
    }

    fn object(self, pairs: &[(String, String)]) -> String {
        let each = |write: &dyn Fn(&str, &str) -> String, delimiter: &str| {
            let written = pairs.iter().map(|(name, value)| write(name, value));
            written.collect::<Vec<_>>().join(delimiter)
        };
        let delimiter = self.delimiter();
        match (self.style, self.explode) {
            ("deepObject", _) => each(&|name, value| format!("color%5B{name}%5D={value}"), "&"),
            ("matrix", true) => each(&path_style, ""),
            ("form", true) => each(&|name, value| format!("{name}={value}"), delimiter),
            (_, true) => self.flat(&each(&|name, value| format!("{name}={value}"), delimiter)),
            (_, false) => {
                let write = |name: &str, value: &str| format!("{name}{delimiter}{value}");
                self.flat(&each(&write, delimiter))
            }
        }
    }
}

/// A pair of a path-style expression, which has no `=` if the value is empty (`ifemp`).
fn path_style(name: &str, value: &str) -> String {
    match value {
        "" => format!(";{name}"),
        value => format!(";{name}={value}"),
    }
}

/// Random values of the type `kind`.
fn scalar(kind: &str, way: Way, shape: Shape) -> BoxedStrategy<Value> {
    let value = match kind {
        "integer" => any::<i64>().prop_map(Value::from).boxed(),
        "number" => any::<f64>()
            .prop_filter_map("is finite", |number| Some(Number::from_f64(number)?.into()))
            .boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        _ => prop_oneof![
            any::<String>(),
            "[ -~]{0,6}",
            "[a-z.,|;=&+%0-9\\[\\]]{0,6}",
            "[a-z0-9-]{0,6}",
            Just("true".to_owned()),
            Just("1".to_owned()),
        ]
        .prop_map(Value::from)
        .boxed(),
    };
    value
        .prop_filter("has an escape for it", move |value| match value {
            Value::String(text) => way.can_carry(shape, text),
            other => way.can_carry(shape, &other.to_string()),
        })
        .boxed()
}

fn value(kind: &str, way: Way, shape: Shape) -> BoxedStrategy<Value> {
    let scalar = scalar(kind, way, shape);
    match shape {
        Scalar => scalar,
        Array => prop::collection::vec(scalar, 1..4)
            .prop_map(Value::from)
            .boxed(),
        Object => {
            let mut names = NAMES.to_vec();
            names.retain(|name| way.can_carry(shape, name));
            let most = names.len();
            (
                subsequence(names, 1..=most),
                prop::collection::vec(scalar, most),
            )
                .prop_map(|(names, values)| {
                    let names = names.into_iter().map(str::to_owned);
                    Value::Object(names.zip(values).collect::<Map<_, _>>())
                })
                .boxed()
        }
    }
}

fn schema(kind: &str, shape: Shape) -> Value {
    match shape {
        Scalar => json!({"type": kind}),
        Array => json!({"type": "array", "items": {"type": kind}}),
        Object => {
            let members = NAMES.map(|name| (name.to_owned(), json!({"type": kind})));
            json!({"type": "object", "properties": Map::from_iter(members)})
        }
    }
}

#[track_caller]
fn check(way: Way, shape: Shape, kind: &str) {
    let contract = contract("3.1.1", &json!([way.parameter(&schema(kind, shape))]));
    let mut config = ProptestConfig::with_cases(48);
    config.failure_persistence = None;
    let read_back = |value: Value| {
        let raw = way.encode(&value);
        let found = outcome(&contract, &raw);
        let expected = Outcome::Value(value);
        prop_assert!(is_same(&found, &expected), "{way:?} {raw:?}: {found:?}");
        Ok(())
    };
    let outcome = TestRunner::new(config).run(&value(kind, way, shape), read_back);
    outcome.unwrap_or_else(|error| panic!("{shape:?} of {kind}: {error}"));
}

#[test]
fn reads_encoded_strings() {
    ways().for_each(|(way, shape)| check(way, shape, "string"));
}

#[test]
fn reads_encoded_integers() {
    ways().for_each(|(way, shape)| check(way, shape, "integer"));
}

#[test]
fn reads_encoded_numbers() {
    // The `.` of a number cannot be escaped in a style that uses it as the delimiter.
    let is_defined = |way: &Way| way.style != "label" || !way.explode;
    ways()
        .filter(|(way, shape)| is_defined(way) || *shape == Scalar)
        .for_each(|(way, shape)| check(way, shape, "number"));
}

#[test]
fn reads_encoded_booleans() {
    ways().for_each(|(way, shape)| check(way, shape, "boolean"));
}

#[test]
fn never_panics() {
    for (way, shape) in ways() {
        let schema = schema("string", shape);
        let mixed = json!({"oneOf": [schema, {"type": ["integer", "null"]}]});
        let contract = contract("3.1.1", &json!([way.parameter(&mixed)]));
        let text = prop_oneof![
            any::<String>(),
            "(color|R|=|&|;|,|\\.|\\||%20|%7C|%|%4|\\[|\\]|%5B|%5D|\\+| |é|1|\"){0,12}",
        ];
        let run = |raw: String| {
            outcome(&contract, &raw);
            Ok(())
        };
        let mut config = ProptestConfig::with_cases(64);
        config.failure_persistence = None;
        TestRunner::new(config).run(&text, run).unwrap();
    }
}

#[test]
fn matrix_properties_may_be_empty() {
    let way = Way {
        place: "path",
        style: "matrix",
        explode: true,
    };
    let contract = contract("3.0.4", &json!([way.parameter(&schema("string", Object))]));
    let expected = Outcome::Value(json!({"R": "", "x.y": "1"}));
    assert_eq!(outcome(&contract, ";R;x.y=1"), expected);
}
