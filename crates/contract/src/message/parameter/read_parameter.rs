//! Reads a parameter's text to a tape, by style (OpenAPI 3.0.4 and 3.1.1, Style Values).
//!
//! The tape then holds a typed value, which the contract's validator checks like any other JSON.

use std::borrow::Cow;
use std::collections::BTreeSet;

use portcullis_json::Tape;

use super::declaration::{Parameter, ParameterReading};
use super::escapes::{EscapeRules, decode};
use super::named_values::only_value;
use super::parameter_read_error::ParameterReadError;
use super::parameter_source::ParameterSource;
use super::parameter_style::ParameterStyle;
use super::parameter_writer::ParameterWriter;
use crate::message::violation::MessagePart;

/// Reads `parameter` from `source` onto `tape`, which then holds `{"<key>": value}`.
///
/// With `as_text`, a scalar that may be a string is read as a string.
pub(crate) fn read(
    tape: &mut Tape,
    key: &str,
    parameter: &Parameter,
    reading: &ParameterReading,
    source: ParameterSource<'_>,
    as_text: bool,
) -> Result<(), ParameterReadError> {
    tape.begin(key);
    write(tape, parameter, reading, source, as_text)
}

/// Reads a list or an object like [`read`]. The items or properties in `strings` are read as strings,
/// if they may be.
pub(crate) fn read_with_strings(
    tape: &mut Tape,
    key: &str,
    parameter: &Parameter,
    reading: &ParameterReading,
    source: ParameterSource<'_>,
    strings: &BTreeSet<String>,
) -> Result<(), ParameterReadError> {
    tape.begin(key);
    let writer = ParameterWriter {
        tape,
        escapes: escapes_of(parameter.part),
        as_text: false,
        strings: Some(strings),
    };
    write_value(writer, parameter, reading, source)
}

/// Writes the value as the next value of an open tape. After an error the tape may contain a part
/// of the value.
pub(crate) fn write(
    tape: &mut Tape,
    parameter: &Parameter,
    reading: &ParameterReading,
    source: ParameterSource<'_>,
    as_text: bool,
) -> Result<(), ParameterReadError> {
    let writer = ParameterWriter {
        tape,
        escapes: escapes_of(parameter.part),
        as_text,
        strings: None,
    };
    write_value(writer, parameter, reading, source)
}

fn write_value(
    mut writer: ParameterWriter<'_>,
    parameter: &Parameter,
    reading: &ParameterReading,
    source: ParameterSource<'_>,
) -> Result<(), ParameterReadError> {
    match source {
        ParameterSource::One(text) => writer.text(parameter, reading, text),
        ParameterSource::Pairs(pairs, siblings)
            if parameter.style == ParameterStyle::DeepObject =>
        {
            writer.deep_object(parameter, reading, pairs, siblings)
        }
        ParameterSource::Pairs(pairs, siblings) => match reading {
            ParameterReading::Object(shape)
                if parameter.explode
                    && matches!(
                        parameter.style,
                        ParameterStyle::Form | ParameterStyle::Cookie
                    ) =>
            {
                writer.exploded_object(parameter, shape, pairs, siblings)
            }
            // In style `form` a cookie name occurs once, so the items of a list are separated by
            // commas, although the specification's default differs (Appendix D).
            ParameterReading::Delimited(list) if list.repeats => {
                writer.repeated_lists(parameter, *list, pairs)
            }
            ParameterReading::Array(types)
                if parameter.explode
                    && (parameter.part != MessagePart::Cookie
                        || parameter.style == ParameterStyle::Cookie) =>
            {
                writer.exploded_array(parameter, types, pairs)
            }
            ParameterReading::Array(_)
            | ParameterReading::Delimited(_)
            | ParameterReading::Object(_)
            | ParameterReading::Scalar(_) => {
                let text = only_value(parameter, pairs, writer.escapes)?;
                writer.text(parameter, reading, text)
            }
        },
    }
}

impl Parameter {
    /// Whether an item of a list does not count: empty ones in header fields (RFC 9110 section
    /// 5.6.1.2).
    pub(super) fn skips_item(&self, item: &str) -> bool {
        self.part == MessagePart::Header && item.trim_matches([' ', '\t']).is_empty()
    }

    /// The text of a parameter with one value, decoded once.
    pub(crate) fn text<'a>(
        &self,
        source: ParameterSource<'a>,
    ) -> Result<Cow<'a, str>, ParameterReadError> {
        let escapes = escapes_of(self.part);
        let raw = match source {
            ParameterSource::One(raw) => raw,
            ParameterSource::Pairs(pairs, _) => only_value(self, pairs, escapes)?,
        };
        Ok(decode(raw, escapes)?)
    }
}

pub(super) fn escapes_of(part: MessagePart) -> EscapeRules {
    match part {
        MessagePart::Path => EscapeRules::Percent,
        MessagePart::Query => EscapeRules::Form,
        MessagePart::Target
        | MessagePart::Header
        | MessagePart::Cookie
        | MessagePart::Body
        | MessagePart::Status => EscapeRules::None,
    }
}
