//! Judges values by schemas that are unknown in part.
//!
//! A part that cannot be read may accept a value or refuse it. So a value is judged several times,
//! with different assumptions about what the unknown parts answer. If every assumption leads to the
//! same verdict, the verdict does not depend on them. Otherwise it is unknown. A value to which no
//! unknown part is applied is judged once.
//!
//! Two assumptions, that all parts accept or that all refuse, would be enough if every keyword were
//! monotone. `oneOf` is not: of two unknown alternatives exactly one may match. So the verdict must
//! also survive one answer that differs from all others.

use std::cell::Cell;

use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

use portcullis_json::{JsonNode, TapeJson, take_steps};

use super::lower::{UNKNOWN, unknown_node};
use super::schema_verdict::SchemaVerdict;
use crate::openapi::document::NodeRef;
use portcullis_validator::TapeValidatorOptions;

/// The most answers that are changed one at a time. A value to which more unknown parts are applied
/// is judged by the others alone.
const CHANGED_ANSWERS_MAX: u32 = 16;

/// The assumption that a value is judged under, and what was met so far.
#[derive(Clone, Copy)]
struct AssumedAnswers {
    /// What every unknown part answers.
    accepts: bool,
    /// The number of the answer that is the opposite.
    changed: Option<u32>,
    /// How many unknown parts were applied.
    applied: u32,
    /// The first of them.
    first: Option<NodeRef>,
}

impl AssumedAnswers {
    const fn of(accepts: bool, changed: Option<u32>) -> Self {
        Self {
            accepts,
            changed,
            applied: 0,
            first: None,
        }
    }
}

thread_local! {
    /// Where nothing asks, unknown parts accept everything.
    static ANSWERS: Cell<AssumedAnswers> = const { Cell::new(AssumedAnswers::of(true, None)) };
}

/// The verdict about a value, which `judge` finds under one assumption.
pub(super) fn verdict_of(mut judge: impl FnMut() -> SchemaVerdict) -> SchemaVerdict {
    let mut assume = |accepts, changed| {
        ANSWERS.set(AssumedAnswers::of(accepts, changed));
        let verdict = judge();
        (verdict, ANSWERS.replace(AssumedAnswers::of(true, None)))
    };
    let (verdict, AssumedAnswers { first, .. }) = assume(true, None);
    let Some(part) = first else {
        return verdict;
    };
    let (opposite, AssumedAnswers { applied, .. }) = assume(false, None);
    let differs = |other| match (verdict, other) {
        (SchemaVerdict::OverLimit, _) | (_, SchemaVerdict::OverLimit) => {
            Some(SchemaVerdict::OverLimit)
        }
        (same, other) => (same != other).then_some(SchemaVerdict::Unknown(part)),
    };
    let changed = || (0..applied.min(CHANGED_ANSWERS_MAX)).map(Some);
    differs(opposite)
        .or_else(|| changed().find_map(|changed| differs(assume(false, changed).0)))
        .unwrap_or(verdict)
}

/// Adds the keyword that stands for unknown parts.
pub(super) fn with_unknown_keyword(options: TapeValidatorOptions) -> TapeValidatorOptions {
    options.with_keyword(UNKNOWN, |_, marks: &Value, _| {
        Ok(Box::new(UnknownKeyword {
            part: unknown_node(marks),
        }))
    })
}

/// A part of a schema whose meaning is unknown. Without a node it accepts everything.
struct UnknownKeyword {
    part: Option<NodeRef>,
}

impl<'i> Keyword<'i, TapeJson> for UnknownKeyword {
    fn validate(&self, instance: JsonNode<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::<TapeJson>::is_valid(self, instance) {
            Ok(())
        } else {
            Err(ValidationError::custom("is described by an unknown part"))
        }
    }

    fn is_valid(&self, _: JsonNode<'i>) -> bool {
        let Some(part) = self.part else {
            return true;
        };
        take_steps(1);
        let mut answers = ANSWERS.get();
        let number = answers.applied;
        answers.applied = number.saturating_add(1);
        answers.first = answers.first.or(Some(part));
        ANSWERS.set(answers);
        answers.accepts != (answers.changed == Some(number))
    }
}
