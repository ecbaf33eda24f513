//! The entry point: YAML text in, a tape or an error out.

use portcullis_json::{JsonLimits, SOURCE_BYTES_MAX, Tape};

use super::yaml_error::YamlError;
use super::{composer, tape_emitter};

/// Reads one YAML document. The tape holds all its text: its handles are made with
/// `tape.root("")`, and tell the lines of the YAML text.
///
/// Member names that are not strings (status codes, booleans) become the text they are
/// written as.
///
/// # Errors
/// Syntax errors; more than one document; repeated names; values without a JSON form (`.nan`,
/// unknown tags); limits exceeded, also by the expansion of aliases.
pub(crate) fn parse_yaml(text: &str, limits: JsonLimits) -> Result<Tape, YamlError> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!("longer than {SOURCE_BYTES_MAX} bytes");
        return Err(YamlError {
            line: 1,
            column: 1,
            message,
        });
    }
    let items = composer::compose(text, limits.depth_max)?;
    tape_emitter::emit(&items, limits)
}
