//! The keyword `pattern` for patterns with look-around or backreferences.
//!
//! The validators of the `jsonschema` crate have one engine for all patterns of a contract, and only
//! the linear one has a bound that a sender cannot reach. So lowering gives the patterns that it
//! does not support a keyword of their own, with the prefix [`EXACT`], which is decided for each
//! pattern. What is cheap is looked at first: a text that violates `minLength` or `maxLength` of the
//! same schema is not matched.

use jsonschema::{Keyword, ValidationError};
use serde_json::{Map, Value};

use portcullis_json::{JsonNode, TapeJson};

use super::exact::{BoxedKeyword, MUST_BE, TapeValidatorOptions};
use super::lookaround::PatternEngine;
use super::lower::EXACT;

/// What follows [`MUST_BE`] in the message of this keyword, before the pattern.
pub(crate) const MATCHING: &str = "text that matches ";

/// Adds the keyword.
pub(super) fn with_pattern_keyword(options: TapeValidatorOptions) -> TapeValidatorOptions {
    options.with_keyword(format!("{EXACT}pattern"), |parent, value, _| {
        keyword(parent, value).ok_or_else(|| ValidationError::custom("not a regular expression"))
    })
}

fn keyword(parent: &Map<String, Value>, value: &Value) -> Option<BoxedKeyword> {
    let pattern = value.as_str()?;
    let bound = |name| parent.get(name).and_then(Value::as_u64);
    Some(Box::new(PatternKeyword {
        engine: PatternEngine::new(pattern)?,
        pattern: pattern.into(),
        length_min: bound("minLength").unwrap_or(0),
        length_max: bound("maxLength").unwrap_or(u64::MAX),
    }))
}

struct PatternKeyword {
    engine: PatternEngine,
    pattern: Box<str>,
    length_min: u64,
    length_max: u64,
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
        // The keyword with the bound reports a text beyond it.
        let has_bound = self.length_min > 0 || self.length_max < u64::MAX;
        if has_bound {
            let length = text.chars().count() as u64;
            if length < self.length_min || length > self.length_max {
                return true;
            }
        }
        self.engine.is_match(text)
    }
}
