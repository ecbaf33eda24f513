//! A value of a form field.

use std::borrow::Cow;

use portcullis_json::Tape;

/// One value of a field.
#[derive(Debug)]
pub(super) enum FormValue<'b> {
    /// Decoded text.
    Text(Cow<'b, str>),
    /// The number of octets, which were not kept.
    Octets(u64),
    /// The fields of a form inside the field.
    Form(Tape),
}
