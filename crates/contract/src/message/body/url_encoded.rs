//! `application/x-www-form-urlencoded` bodies (WHATWG URL section 5.1, by the Encoding Object).
//!
//! Names and values are decoded once. A field whose encoding has a style is read like a query
//! parameter. Any other field is read by the media type that its schema implies: scalars as text,
//! objects as JSON text, arrays as repeated names.

use portcullis_json::{Tape, pointer};

use super::body_judge::BodyJudge;
use super::field_writer::FieldWriter;
use super::folded_names::{FoldedNames, read_as};
use super::form_entries::FormEntries;
use super::form_fields::FormFields;
use super::form_value::FormValue;
use crate::message::parameter::{ParameterSource, RawPairs, decode_form, owns_pair};
use crate::message::violation::MessagePart;
use crate::schema::schema_set::SchemaKey;

/// Checks the pairs of a form. No pairs are an object without properties.
pub(super) fn check_form(
    judge: &mut BodyJudge<'_>,
    key: &SchemaKey,
    fields: &FormFields,
    pairs: RawPairs<'_>,
    [tape, inner]: [&mut Tape; 2],
) {
    let Some(entries) = form_entries(judge, fields, pairs, "") else {
        return;
    };
    let limits = judge.json_limits();
    let mut writer = FieldWriter {
        tape,
        inner,
        fields,
        pairs,
        limits,
    };
    entries.check(judge, key, &mut writer);
}

/// The fields in the pairs of a form. `None` if a pair cannot be read, which is reported below a
/// pointer.
pub(super) fn form_entries<'b, 'f>(
    judge: &mut BodyJudge<'_>,
    fields: &'f FormFields,
    pairs: RawPairs<'b>,
    below: &str,
) -> Option<FormEntries<'b, 'f>> {
    let mut entries = FormEntries::new(fields);
    let names = FoldedNames::of(fields);
    let mut malformed = |pointer: &str, message: String| {
        judge.malformed(format!("{below}{pointer}"), message);
    };
    for (raw_name, raw_value) in pairs.iter() {
        let name = match decode_form(raw_name) {
            Ok(name) => name,
            Err(error) => {
                malformed("", format!("a field name: {error}"));
                return None;
            }
        };
        let value = match decode_form(raw_value) {
            Ok(value) => value,
            Err(error) => {
                malformed(&format!("/{}", pointer::escape(&name)), error.to_string());
                return None;
            }
        };
        if is_styled(fields, &name) {
            continue;
        }
        if fields.find(&name).is_none()
            && let Some(known) = names.declared_as(&name)
        {
            let message = read_as(known);
            malformed(&format!("/{}", pointer::escape(&name)), message);
            return None;
        }
        if let Err(error) = entries.add(name, FormValue::Text(value), false) {
            malformed("", error.to_string());
            return None;
        }
    }
    for (index, field) in fields.iter().enumerate() {
        let Some(parameter) = &field.styled else {
            continue;
        };
        if parameter.is_in(ParameterSource::Pairs(pairs, &fields.siblings)) {
            entries.add_styled(index, parameter);
        }
    }
    Some(entries)
}

/// Whether a name belongs to a field with a style.
fn is_styled(fields: &FormFields, name: &str) -> bool {
    let owns = |other: &_| owns_pair(other, name, MessagePart::Query);
    let is_own = |field: &super::form_fields::FormField| {
        field.styled.as_ref().is_some_and(|parameter| {
            owns(parameter)
                || parameter.takes_property(name)
                || (parameter.takes_other(name) && !fields.siblings.iter().any(owns))
        })
    };
    fields.iter().any(is_own)
}
