//! The compiled schemas of one contract and direction: one validator for all of them.
//!
//! Nothing is shared between two builds of a validator, and everything inside one build is. So
//! all schemas that are judged on their own hang under one wrapper,
//! `{"properties": {"<key>": …}}`, and a value is judged as the object `{"<key>": value}`,
//! which every tape is anyway.

use std::fmt;

use jsonschema::{Draft, Keyword, ValidationError, Validator};

use crate::json::{Node, TapeJson};

use super::document::{Documents, Place};
use super::lower::{Lowered, NUMBER_FORMAT};
use super::malformed::{all_malformed, malformed};
use super::problem::Problem;

/// A schema that is judged on its own: the member name under which its values are judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchemaKey(String);

impl SchemaKey {
    pub(super) fn new(number: u32) -> Self {
        Self(number.to_string())
    }

    /// The member name for [`crate::json::Tape`].
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All schemas of one contract and direction.
pub(super) struct SchemaSet {
    validator: Validator<TapeJson>,
    origins: Vec<Place>,
}

impl fmt::Debug for SchemaSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaSet")
            .field("definitions", &self.origins.len())
            .finish_non_exhaustive()
    }
}

impl SchemaSet {
    /// Builds the validator.
    ///
    /// # Errors
    /// Every schema that is no schema, with its place in the contract.
    pub(super) fn build(lowered: Lowered, documents: &Documents) -> Result<Self, Vec<Problem>> {
        let Lowered {
            schema,
            origins,
            mut problems,
        } = lowered;
        if !problems.is_empty() {
            problems.extend(all_malformed(&schema, &origins, documents));
            return Err(problems);
        }
        let validator = jsonschema::options_for::<TapeJson>()
            .with_draft(Draft::Draft202012)
            .offline()
            .should_validate_formats(true)
            .with_format("byte", is_base64)
            .with_keyword(NUMBER_FORMAT, |_, format, _| {
                Ok(number_range(format.as_str()))
            })
            .build(&schema);
        match validator {
            Ok(validator) => Ok(Self { validator, origins }),
            Err(error) => Err(malformed(&schema, &error, &origins, documents)),
        }
    }

    /// Whether a wrapped value satisfies the schema of its key.
    pub(super) fn is_valid(&self, wrapped: Node<'_>) -> bool {
        self.validator.is_valid(wrapped)
    }

    /// Every error of a wrapped value. Slow: only after [`SchemaSet::is_valid`] said no.
    pub(super) fn errors<'a>(
        &'a self,
        wrapped: Node<'a>,
    ) -> impl Iterator<Item = ValidationError<'a>> {
        self.validator.iter_errors(wrapped)
    }

    /// Where the definitions stand in the contract.
    pub(super) fn origins(&self) -> &[Place] {
        &self.origins
    }

    /// The place in the contract that a location in the lowered schema came from, and the rest
    /// of the pointer below that place's definition.
    pub(super) fn origin<'p>(&self, location: &'p str) -> Option<(Place, &'p str)> {
        origin(&self.origins, location)
    }
}

/// The definition that a location in the lowered schema is inside of, and the rest of the
/// pointer below it.
pub(super) fn origin<'p>(origins: &[Place], location: &'p str) -> Option<(Place, &'p str)> {
    let rest = location.strip_prefix("/$defs/")?;
    let end = rest.find('/').unwrap_or(rest.len());
    let number: usize = rest[..end].parse().ok()?;
    Some((*origins.get(number)?, &rest[end..]))
}

/// Base64 with padding (RFC 4648 section 4), the `byte` format of OpenAPI 3.0.
fn is_base64(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - data.len() <= 2
        && data
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

/// The range of `int32` or `int64`; other numbers pass (`type` judges whether it is integral).
struct NumberRange {
    min: i64,
    max: i64,
    name: &'static str,
}

fn number_range(format: Option<&str>) -> Box<dyn for<'i> Keyword<'i, TapeJson>> {
    Box::new(match format {
        Some("int32") => NumberRange {
            min: i64::from(i32::MIN),
            max: i64::from(i32::MAX),
            name: "int32",
        },
        _ => NumberRange {
            min: i64::MIN,
            max: i64::MAX,
            name: "int64",
        },
    })
}

impl<'i> Keyword<'i, TapeJson> for NumberRange {
    fn validate(&self, instance: Node<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        Err(ValidationError::custom(format!(
            "the number is outside {}, which spans {} to {}",
            self.name, self.min, self.max
        )))
    }

    fn is_valid(&self, instance: Node<'i>) -> bool {
        let Some(text) = instance.number_text() else {
            return true;
        };
        match instance.as_i64() {
            Some(number) => (self.min..=self.max).contains(&number),
            // Beyond i64, or not integral: compare as a double, exact enough outside the range.
            None => text.parse::<f64>().is_ok_and(|number| {
                number >= self.min as f64
                    && number <= self.max as f64
                    && instance.as_u64().is_none()
            }),
        }
    }
}
