//! Tests of the tape, one file for each topic.

mod validators;
mod properties;
mod deserialize;
mod syntax;

use serde_json::Value;

use super::{DuplicateKeys, JsonLimits, SyntaxError, Tape};

const ALLOW: JsonLimits = JsonLimits {
    depth_max: 128,
    duplicate_keys: DuplicateKeys::Allow,
};

fn parse(text: &str) -> Result<Value, SyntaxError> {
    let mut tape = Tape::new();
    let text = tape.parse("body", text.as_bytes(), JsonLimits::default())?;
    Ok(tape.root(text).to_value())
}

/// The tape of a valid text.
fn tape(text: &str) -> Tape {
    let mut tape = Tape::new();
    tape.parse("body", text.as_bytes(), JsonLimits::default())
        .expect("JSON");
    tape
}
