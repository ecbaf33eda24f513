//! Keywords that compare numbers exactly: bounds, multiples, integer formats, `const` and `enum`.
//!
//! Numbers in JSON Schema are decimals of any size (validation, section 6.2). The keywords of the
//! `jsonschema` crate convert every number that is not a 64-bit integer to a float, so this module
//! replaces its bounds. A value in a schema that `serde_json` would round is kept as JSON text in a
//! keyword with the prefix [`EXACT`]. So is a long `enum` with other values than strings, because the
//! crate compares such a list value by value.

use std::cmp::Ordering;

use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

use portcullis_json::{
    JsonLimits, JsonNode, Tape, TapeJson, ValueSet, compare_numbers, is_multiple,
};

use portcullis_validator::TapeValidatorOptions;

use super::lower::EXACT;

/// The start of a message; the rest says what is expected.
pub(crate) const MUST_BE: &str = "must be ";

pub(super) type BoxedKeyword = Box<dyn for<'i> Keyword<'i, TapeJson>>;

/// Adds the keywords of this module.
pub(super) fn with_exact_keywords(options: TapeValidatorOptions) -> TapeValidatorOptions {
    let bounds = [
        ("minimum", NumberComparison::AtLeast),
        ("exclusiveMinimum", NumberComparison::Above),
        ("maximum", NumberComparison::AtMost),
        ("exclusiveMaximum", NumberComparison::Below),
        ("multipleOf", NumberComparison::MultipleOf),
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
enum NumberComparison {
    AtLeast,
    Above,
    AtMost,
    Below,
    MultipleOf,
}

/// A bound, with the literal of the schema.
struct NumericBound {
    rule: NumberComparison,
    literal: Box<str>,
}

fn bound(rule: NumberComparison, value: &Value) -> BoxedKeyword {
    let literal = text(value).into();
    Box::new(NumericBound { rule, literal })
}

/// The literal of a number, or the JSON text of a value.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl<'i> Keyword<'i, TapeJson> for NumericBound {
    fn validate(&self, instance: JsonNode<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        let literal = &self.literal;
        let expected = match self.rule {
            NumberComparison::AtLeast => format!("≥ {literal}"),
            NumberComparison::Above => format!("> {literal}"),
            NumberComparison::AtMost => format!("≤ {literal}"),
            NumberComparison::Below => format!("< {literal}"),
            NumberComparison::MultipleOf => format!("a multiple of {literal}"),
        };
        Err(must_be(&expected))
    }

    fn is_valid(&self, instance: JsonNode<'i>) -> bool {
        let Some(text) = instance.number_text() else {
            return true;
        };
        let compared = || compare_numbers(text, &self.literal);
        match self.rule {
            NumberComparison::AtLeast => compared() != Ordering::Less,
            NumberComparison::Above => compared() == Ordering::Greater,
            NumberComparison::AtMost => compared() != Ordering::Greater,
            NumberComparison::Below => compared() == Ordering::Less,
            NumberComparison::MultipleOf => is_multiple(text, &self.literal),
        }
    }
}

fn must_be(expected: &str) -> ValidationError<'static> {
    ValidationError::custom(format!("{MUST_BE}{expected}"))
}

/// The range of `int32` or `int64`. Fractions within the range pass, because only `type` requires
/// an integer.
struct IntegerRange {
    name: &'static str,
    min: &'static str,
    max: &'static str,
}

fn range(format: &Value) -> BoxedKeyword {
    Box::new(match format.as_str() {
        Some("int32") => IntegerRange {
            name: "int32",
            min: "-2147483648",
            max: "2147483647",
        },
        _ => IntegerRange {
            name: "int64",
            min: "-9223372036854775808",
            max: "9223372036854775807",
        },
    })
}

impl<'i> Keyword<'i, TapeJson> for IntegerRange {
    fn validate(&self, instance: JsonNode<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        let Self { name, min, max } = self;
        Err(must_be(&format!("within {name}, from {min} to {max}")))
    }

    fn is_valid(&self, instance: JsonNode<'i>) -> bool {
        instance.number_text().is_none_or(|text| {
            compare_numbers(text, self.min) != Ordering::Less
                && compare_numbers(text, self.max) != Ordering::Greater
        })
    }
}

/// The operand of `const`, with its numbers exactly as written.
struct ExactValue {
    tape: Tape,
    source: String,
}

fn constant(value: &Value) -> BoxedKeyword {
    let source = text(value);
    let mut tape = Tape::new();
    let limits = JsonLimits {
        depth_max: u32::MAX,
        ..JsonLimits::default()
    };
    tape.parse("", source.as_bytes(), limits)
        .expect("lowering wrote it as JSON");
    Box::new(ExactValue { tape, source })
}

impl ExactValue {
    fn value(&self) -> JsonNode<'_> {
        self.tape.root(&self.source)
    }
}

impl<'i> Keyword<'i, TapeJson> for ExactValue {
    fn validate(&self, instance: JsonNode<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        Err(must_be(&format!("exactly {}", self.value())))
    }

    fn is_valid(&self, instance: JsonNode<'i>) -> bool {
        self.value().equals(instance)
    }
}

/// The operand of `enum`, with its numbers exactly as written.
struct ExactValues(ValueSet);

fn one_of(value: &Value) -> BoxedKeyword {
    let set = ValueSet::parse(text(value)).expect("lowering wrote it as JSON");
    Box::new(ExactValues(set))
}

impl<'i> Keyword<'i, TapeJson> for ExactValues {
    fn validate(&self, instance: JsonNode<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        Err(must_be(&format!("one of {}", self.0.list())))
    }

    fn is_valid(&self, instance: JsonNode<'i>) -> bool {
        self.0.contains(instance)
    }
}
