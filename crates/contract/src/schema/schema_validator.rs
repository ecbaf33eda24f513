//! Building validators for tapes.

use jsonschema::ValidationError;
use serde_json::{Value, json};

use portcullis_json::{JsonLimits, Tape};
use portcullis_pattern::NAME_PATTERN_BYTES_MAX;
use portcullis_validator::{NamePatternEngine, TapeValidator, tape_options};

use super::exact::with_exact_keywords;
use super::format::with_formats;
use super::pattern_keyword::{SchemaPatterns, with_pattern_keyword};
use super::unknown_keyword::with_unknown_keyword;

/// The backtracking limit of one match of a name.
pub(crate) const BACKTRACKS_MAX: usize = 20_000;

/// Builds a validator with the formats, patterns and exact comparisons of contracts. Without
/// `backtracks`, it matches names of properties in linear time.
pub(super) fn build_validator(
    schema: &Value,
    definitions: usize,
    backtracks: bool,
    patterns: &SchemaPatterns,
) -> Result<TapeValidator, ValidationError<'static>> {
    let options = with_exact_keywords(with_formats(tape_options()));
    let options = with_pattern_keyword(options, patterns.clone());
    let options = with_unknown_keyword(options);
    let engine = if backtracks {
        NamePatternEngine::Backtracking {
            steps_max: BACKTRACKS_MAX,
            size_bytes_max: NAME_PATTERN_BYTES_MAX,
        }
    } else {
        // The size of an engine is counted with more than that of its automaton.
        NamePatternEngine::Linear {
            size_bytes_max: 2 * NAME_PATTERN_BYTES_MAX,
        }
    };
    TapeValidator::build(schema, options, engine, definitions)
}

/// A validator of one schema, with the formats and exact comparisons of contracts.
#[derive(Debug)]
pub struct SchemaValidator(TapeValidator);

impl SchemaValidator {
    /// Builds the validator of a JSON Schema 2020-12, which may be lowered. `None` if it is not a
    /// valid schema.
    pub fn new(schema: &Value) -> Option<Self> {
        let wrapper = json!({ "properties": { "": schema } });
        build_validator(&wrapper, 1, true, &SchemaPatterns::default())
            .ok()
            .map(Self)
    }

    /// Whether a value, given as JSON text, satisfies the schema.
    pub fn accepts(&self, text: &str) -> bool {
        let mut tape = Tape::new();
        tape.parse("", text.as_bytes(), JsonLimits::default())
            .is_ok_and(|source| self.0.is_valid(tape.wrapped(source)))
    }
}
