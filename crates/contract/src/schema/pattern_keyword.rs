//! The keyword `pattern`.
//!
//! The validators of the `jsonschema` crate read patterns in their own way, and have one engine for
//! all patterns of a contract. So the keyword is ours: each pattern is matched as ECMA-262 says, by
//! the engine that it needs. Cheap keywords are checked first: a text that violates `minLength` or
//! `maxLength` of the same schema is not matched by an engine that takes steps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value};

use portcullis_json::{JsonNode, TapeJson, take_steps};
use portcullis_pattern::{EcmaPattern, MatchEngine, PatternFault};
use portcullis_validator::TapeValidatorOptions;

use super::exact::{BoxedKeyword, MUST_BE};

/// What follows [`MUST_BE`] in the message of this keyword, before the pattern.
pub(crate) const MATCHING: &str = "text that matches ";

/// How many bytes of a text are matched in the time of one step.
const BYTES_PER_STEP: u64 = 32;

/// The patterns of one document, because a contract uses the same ones again and again. Clones share
/// them.
#[derive(Clone, Debug, Default)]
pub(super) struct SchemaPatterns(Arc<Mutex<HashMap<String, Arc<EcmaPattern>>>>);

impl SchemaPatterns {
    /// The compiled pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern.
    pub(super) fn compiled(&self, pattern: &str) -> Result<Arc<EcmaPattern>, PatternFault> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = known.get(pattern) {
            return Ok(Arc::clone(compiled));
        }
        let compiled = Arc::new(EcmaPattern::new(pattern)?);
        known.insert(pattern.to_owned(), Arc::clone(&compiled));
        Ok(compiled)
    }
}

/// Adds the keyword.
pub(super) fn with_pattern_keyword(
    options: TapeValidatorOptions,
    cache: SchemaPatterns,
) -> TapeValidatorOptions {
    options.with_keyword("pattern", move |parent, value, _| {
        let Some(pattern) = value.as_str() else {
            return Err(ValidationError::custom("a pattern must be a string"));
        };
        keyword(&cache, parent, pattern)
            .map_err(|fault| ValidationError::custom(format!("not a regular expression: {fault}")))
    })
}

fn keyword(
    cache: &SchemaPatterns,
    parent: &Map<String, Value>,
    pattern: &str,
) -> Result<BoxedKeyword, PatternFault> {
    let compiled = cache.compiled(pattern)?;
    let bound = |name| parent.get(name).and_then(Value::as_u64);
    let takes_steps = !matches!(
        compiled.engine(),
        MatchEngine::WordList | MatchEngine::ClassRun | MatchEngine::Linear
    );
    let lengths = match (bound("minLength"), bound("maxLength")) {
        (None, None) => None,
        (least, most) => Some((least.unwrap_or(0), most.unwrap_or(u64::MAX))),
    };
    Ok(Box::new(PatternKeyword {
        compiled,
        pattern: pattern.into(),
        lengths: lengths.filter(|_| takes_steps),
    }))
}

struct PatternKeyword {
    compiled: Arc<EcmaPattern>,
    pattern: Box<str>,
    /// The lengths of texts that are matched.
    lengths: Option<(u64, u64)>,
}

impl<'i> Keyword<'i, TapeJson> for PatternKeyword {
    fn validate(&self, instance: JsonNode<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            return Ok(());
        }
        let pattern = &self.pattern;
        Err(ValidationError::custom(format!(
            "{MUST_BE}{MATCHING}{pattern}"
        )))
    }

    fn is_valid(&self, instance: JsonNode<'i>) -> bool {
        let Some(text) = instance.as_str() else {
            return true;
        };
        take_steps(1 + text.len() as u64 / BYTES_PER_STEP);
        // The keyword with the bound reports a text beyond it.
        if let Some((least, most)) = self.lengths {
            let length = text.chars().count() as u64;
            if length < least || length > most {
                return true;
            }
        }
        self.compiled
            .is_match(text, &take_steps)
            .unwrap_or_else(|| {
                // Whether it matches is not known.
                take_steps(u64::MAX);
                false
            })
    }
}
