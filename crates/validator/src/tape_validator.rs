//! A validator, which is freed on a stack with room for it.
//!
//! A validator frees a schema inside the schema that owns it. In a contract with thousands of
//! schemas that refer to each other in a row, that takes more stack than threads usually have.

use std::fmt;
use std::sync::Arc;

use jsonschema::{Draft, PatternOptions, Retrieve, ValidationError, ValidationOptions, Validator};
use serde_json::Value;

use portcullis_json::{JsonNode, TapeJson};

/// The number of definitions that any stack has room for.
const SHALLOW_MAX: usize = 1_000;

/// The stack that freeing one definition needs, with room to spare.
const STACK_BYTES_PER_DEFINITION: usize = 2 << 10;

/// The options of a validator, to which keywords and formats can be added.
pub type TapeValidatorOptions = ValidationOptions<'static, Arc<dyn Retrieve>, TapeJson>;

/// Matches the names of properties.
#[derive(Clone, Copy, Debug)]
pub enum NamePatternEngine {
    /// In linear time, with at most so many bytes for one pattern.
    Linear {
        /// The bytes.
        size_bytes_max: usize,
    },
    /// With look-around and references.
    Backtracking {
        /// The most steps of one match.
        steps_max: usize,
        /// The most bytes of one pattern.
        size_bytes_max: usize,
    },
}

/// The options of JSON Schema 2020-12 with formats. Nothing is fetched.
pub fn tape_options() -> TapeValidatorOptions {
    jsonschema::options_for::<TapeJson>()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
}

/// A validator of wrapped values (see [`portcullis_json::Tape`]).
pub struct TapeValidator {
    /// `None` only while it is freed.
    validator: Option<Validator<TapeJson>>,
    definitions: usize,
}

impl TapeValidator {
    /// Builds the validator of a schema with a number of definitions.
    ///
    /// # Errors
    /// If the schema is not valid.
    pub fn build(
        schema: &Value,
        options: TapeValidatorOptions,
        engine: NamePatternEngine,
        definitions: usize,
    ) -> Result<Self, ValidationError<'static>> {
        let validator = match engine {
            NamePatternEngine::Linear { size_bytes_max } => options
                .with_pattern_options(PatternOptions::regex().size_limit(size_bytes_max))
                .build(schema)?,
            NamePatternEngine::Backtracking {
                steps_max,
                size_bytes_max,
            } => options
                .with_pattern_options(
                    PatternOptions::fancy_regex()
                        .backtrack_limit(steps_max)
                        .size_limit(size_bytes_max),
                )
                .build(schema)?,
        };
        Ok(Self {
            validator: Some(validator),
            definitions,
        })
    }

    /// Whether a wrapped value is valid.
    pub fn is_valid(&self, wrapped: JsonNode<'_>) -> bool {
        self.get().is_valid(wrapped)
    }

    /// The first error of a wrapped value.
    pub fn first_error<'i>(&'i self, wrapped: JsonNode<'i>) -> Option<ValidationError<'i>> {
        self.get().validate(wrapped).err()
    }

    /// All errors of a wrapped value.
    pub fn errors<'i>(&'i self, wrapped: JsonNode<'i>) -> Vec<ValidationError<'i>> {
        self.get().iter_errors(wrapped).collect()
    }

    fn get(&self) -> &Validator<TapeJson> {
        self.validator.as_ref().expect("it is not freed yet")
    }
}

impl fmt::Debug for TapeValidator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TapeValidator")
            .field("definitions", &self.definitions)
            .finish_non_exhaustive()
    }
}

impl Drop for TapeValidator {
    fn drop(&mut self) {
        let validator = self.validator.take();
        if self.definitions <= SHALLOW_MAX {
            return;
        }
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new()
                .name("free".to_owned())
                .stack_size(self.definitions.saturating_mul(STACK_BYTES_PER_DEFINITION));
            // The thread gets the validator once it runs, because a thread that cannot be spawned
            // would free it here. Then it is leaked, which is better than an overflow.
            let (sender, receiver) = std::sync::mpsc::channel();
            match builder.spawn_scoped(scope, move || drop(receiver.recv())) {
                Ok(_) => drop(sender.send(validator)),
                Err(_) => std::mem::forget(validator),
            }
        });
    }
}
