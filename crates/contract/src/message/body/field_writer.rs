//! Writing one member's values onto the tape, in one of the ways to read them.

use portcullis_json::{JsonLimits, SyntaxError, Tape};

use super::body_shape::{FieldReading, FormFields};
use super::form_entries::FormValue;
use crate::message::parameter::{ParameterReadError, ParameterSource, RawPairs, put_scalar, write};

/// What writing takes.
#[derive(Debug)]
pub(super) struct FieldWriter<'r> {
    pub(super) tape: &'r mut Tape,
    /// For JSON texts inside of the body.
    pub(super) inner: &'r mut Tape,
    pub(super) fields: &'r FormFields,
    /// What styles spread members over.
    pub(super) pairs: RawPairs<'r>,
    pub(super) limits: JsonLimits,
}

impl FieldWriter<'_> {
    /// Puts a member that is written by a style. An error may leave a part of it on the tape.
    pub(super) fn write_styled(
        &mut self,
        field: usize,
        attempt: usize,
    ) -> Result<(), ParameterReadError> {
        let Some(parameter) = &self.fields.get(field).styled else {
            return Ok(());
        };
        let Some((reading, as_text)) = parameter.readings_in_order().nth(attempt) else {
            return Ok(());
        };
        let source = ParameterSource::Pairs(self.pairs, &self.fields.siblings);
        write(self.tape, parameter, reading, source, as_text)
    }

    /// Puts the values; nothing where one of them is not JSON and must be.
    pub(super) fn write_values(
        &mut self,
        values: &[FormValue<'_>],
        attempt: FieldReading,
    ) -> Result<(), SyntaxError> {
        match attempt {
            FieldReading::JsonItems => return self.json_items(values),
            FieldReading::Items(types, as_text) => {
                self.tape.begin_array();
                for value in values {
                    self.scalar(value, |tape, text| put_scalar(tape, text, types, as_text));
                }
                self.tape.end();
            }
            FieldReading::OctetItems => {
                self.tape.begin_array();
                for value in values {
                    self.scalar(value, Tape::string);
                }
                self.tape.end();
            }
            FieldReading::Json => {
                if let Some(FormValue::Text(text)) = values.first() {
                    return self.json(text);
                }
            }
            FieldReading::Scalar(types, as_text) => {
                for value in values.iter().take(1) {
                    self.scalar(value, |tape, text| put_scalar(tape, text, types, as_text));
                }
            }
            FieldReading::Octets => {
                for value in values.iter().take(1) {
                    self.scalar(value, Tape::string);
                }
            }
        }
        Ok(())
    }

    fn scalar(&mut self, value: &FormValue<'_>, put: impl FnOnce(&mut Tape, &str)) {
        match value {
            FormValue::Text(text) => put(self.tape, text),
            FormValue::Octets(count) => self.tape.octets(*count),
        }
    }

    fn json(&mut self, text: &str) -> Result<(), SyntaxError> {
        let source = self.inner.parse("", text.as_bytes(), self.limits)?;
        self.tape.copy_value(self.inner.root(source));
        Ok(())
    }

    fn json_items(&mut self, values: &[FormValue<'_>]) -> Result<(), SyntaxError> {
        let texts = || {
            values.iter().filter_map(|value| match value {
                FormValue::Text(text) => Some(text),
                FormValue::Octets(_) => None,
            })
        };
        if let [FormValue::Text(only)] = values
            && only.trim_ascii_start().starts_with('[')
        {
            return self.json(only);
        }
        // Nothing is put before all of it can be read.
        for text in texts() {
            self.inner.parse("", text.as_bytes(), self.limits)?;
        }
        self.tape.begin_array();
        for text in texts() {
            self.json(text)?;
        }
        self.tape.end();
        Ok(())
    }
}
