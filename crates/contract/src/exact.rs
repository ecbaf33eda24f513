//! Keywords that judge numbers exactly: bounds, multiples, number formats, and the values that
//! `serde_json` would round.
//!
//! JSON Schema's numbers are decimals of any size (validation, section 6.2); a validator's own
//! keywords compare through floats as soon as a number is no 64-bit integer. So the bounds are
//! replaced, and a schema's own value that would be rounded is carried as JSON text in a keyword
//! whose name begins with [`EXACT`].

use std::cmp::Ordering;
use std::sync::Arc;

use jsonschema::{Keyword, Retrieve, ValidationError, ValidationOptions};
use serde_json::Value;

use portcullis_json::{Limits, Node, Tape, TapeJson, compare_numbers, is_multiple};

use super::lower::EXACT;

/// The options of validators of tapes.
pub(super) type Options = ValidationOptions<'static, Arc<dyn Retrieve>, TapeJson>;

/// How a message begins; the rest says what would have been right.
pub(super) const MUST_BE: &str = "must be ";

type Compiled = Box<dyn for<'i> Keyword<'i, TapeJson>>;

/// Adds the keywords of this module.
pub(super) fn with_exact_keywords(options: Options) -> Options {
    let bounds = [
        ("minimum", Rule::AtLeast),
        ("exclusiveMinimum", Rule::Above),
        ("maximum", Rule::AtMost),
        ("exclusiveMaximum", Rule::Below),
        ("multipleOf", Rule::MultipleOf),
    ];
    let options = bounds.into_iter().fold(options, |options, (name, rule)| {
        options
            .with_keyword(name, move |_, value, _| Ok(bound(rule, value)))
            .with_keyword(format!("{EXACT}{name}"), move |_, value, _| {
                Ok(bound(rule, value))
            })
    });
    options
        .with_keyword(format!("{EXACT}format"), |_, value, _| Ok(range(value)))
        .with_keyword(format!("{EXACT}const"), |_, value, _| Ok(constant(value)))
        .with_keyword(format!("{EXACT}enum"), |_, value, _| Ok(one_of(value)))
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    AtLeast,
    Above,
    AtMost,
    Below,
    MultipleOf,
}

/// A bound, as it is written.
struct Bound {
    rule: Rule,
    literal: Box<str>,
}

fn bound(rule: Rule, value: &Value) -> Compiled {
    let literal = text(value).into();
    Box::new(Bound { rule, literal })
}

/// The literal of a number, or the JSON text that stands for a value.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl<'i> Keyword<'i, TapeJson> for Bound {
    fn validate(&self, instance: Node<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        let literal = &self.literal;
        let expected = match self.rule {
            Rule::AtLeast => format!("≥ {literal}"),
            Rule::Above => format!("> {literal}"),
            Rule::AtMost => format!("≤ {literal}"),
            Rule::Below => format!("< {literal}"),
            Rule::MultipleOf => format!("a multiple of {literal}"),
        };
        Err(must_be(&expected))
    }

    fn is_valid(&self, instance: Node<'i>) -> bool {
        let Some(text) = instance.number_text() else {
            return true;
        };
        let compared = || compare_numbers(text, &self.literal);
        match self.rule {
            Rule::AtLeast => compared() != Ordering::Less,
            Rule::Above => compared() == Ordering::Greater,
            Rule::AtMost => compared() != Ordering::Greater,
            Rule::Below => compared() == Ordering::Less,
            Rule::MultipleOf => is_multiple(text, &self.literal),
        }
    }
}

fn must_be(expected: &str) -> ValidationError<'static> {
    ValidationError::custom(format!("{MUST_BE}{expected}"))
}

/// The range of `int32` or `int64`; other numbers pass (`type` judges whether it is integral).
struct Range {
    name: &'static str,
    min: &'static str,
    max: &'static str,
}

fn range(format: &Value) -> Compiled {
    Box::new(match format.as_str() {
        Some("int32") => Range {
            name: "int32",
            min: "-2147483648",
            max: "2147483647",
        },
        _ => Range {
            name: "int64",
            min: "-9223372036854775808",
            max: "9223372036854775807",
        },
    })
}

impl<'i> Keyword<'i, TapeJson> for Range {
    fn validate(&self, instance: Node<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        let Self { name, min, max } = self;
        Err(must_be(&format!("within {name}, from {min} to {max}")))
    }

    fn is_valid(&self, instance: Node<'i>) -> bool {
        instance.number_text().is_none_or(|text| {
            compare_numbers(text, self.min) != Ordering::Less
                && compare_numbers(text, self.max) != Ordering::Greater
        })
    }
}

/// A value of a schema, whose numbers are as they were written.
struct Written {
    tape: Tape,
    source: String,
    is_list: bool,
}

fn constant(value: &Value) -> Compiled {
    Box::new(Written::new(value, false))
}

fn one_of(value: &Value) -> Compiled {
    Box::new(Written::new(value, true))
}

impl Written {
    fn new(value: &Value, is_list: bool) -> Self {
        let source = text(value);
        let mut tape = Tape::new();
        let limits = Limits {
            depth_max: u32::MAX,
            ..Limits::default()
        };
        tape.parse("", source.as_bytes(), limits)
            .expect("it was read as JSON before");
        Self {
            tape,
            source,
            is_list,
        }
    }

    fn value(&self) -> Node<'_> {
        self.tape.root(&self.source)
    }
}

impl<'i> Keyword<'i, TapeJson> for Written {
    fn validate(&self, instance: Node<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        let value = self.value();
        Err(must_be(&match self.is_list {
            true => format!("one of {value}"),
            false => format!("exactly {value}"),
        }))
    }

    fn is_valid(&self, instance: Node<'i>) -> bool {
        match self.is_list {
            true => self.value().elements().any(|value| value.equals(instance)),
            false => self.value().equals(instance),
        }
    }
}
