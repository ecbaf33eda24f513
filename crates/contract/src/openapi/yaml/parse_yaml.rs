//! The entry point: YAML text in, a tape or an error out.

use std::borrow::Cow;

use portcullis_json::{JsonLimits, SOURCE_BYTES_MAX, Tape};

use super::closing_brackets::ClosingBrackets;
use super::separating_tabs::SeparatingTabs;
use super::yaml_error::YamlError;
use super::{composer, tape_emitter};

/// Parses one YAML document. The tape holds all text itself, so its root is `tape.root("")`. Its
/// nodes report the lines of the YAML text.
///
/// Keys that are not strings, such as status codes and booleans, become the text they are written
/// as.
///
/// # Errors
/// Syntax errors, more than one document, duplicate keys, values that JSON cannot represent
/// (`.nan`, unknown tags), and exceeded limits, including by the expansion of aliases.
pub(crate) fn parse_yaml(text: &str, limits: JsonLimits) -> Result<Tape, YamlError> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!("longer than {SOURCE_BYTES_MAX} bytes");
        return Err(YamlError {
            line: 1,
            column: 1,
            message,
        });
    }
    let mut brackets = ClosingBrackets::default();
    let mut tabs = SeparatingTabs::default();
    let mut text = Cow::Borrowed(text);
    loop {
        let error = match composer::compose(&text, limits.depth_max) {
            Ok(items) => return tape_emitter::emit(&items, limits),
            Err(error) => error,
        };
        let changed = brackets.moved(&text, &error);
        match changed.or_else(|| tabs.replaced(&text, &error)) {
            Some(changed) => text = Cow::Owned(changed),
            None => return Err(brackets.original(error)),
        }
    }
}
