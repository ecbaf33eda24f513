//! Writes one scalar from its text.

use portcullis_json::Tape;

use crate::schema::schema_surface::TypeSet;

/// Writes a scalar to the tape as the first allowed type that its text has. A text of no allowed
/// type is written as a string, which the validator refuses.
pub(crate) fn put_scalar(tape: &mut Tape, text: &str, types: TypeSet, as_text: bool) {
    let is_text = as_text && types.has(TypeSet::STRING);
    if !is_text && types.has(TypeSet::NUMBER) && tape.number(text).is_ok() {
        return;
    }
    match text {
        "true" | "false" if !is_text && types.has(TypeSet::BOOLEAN) => {
            tape.boolean(text == "true");
        }
        _ => tape.string(text),
    }
}
