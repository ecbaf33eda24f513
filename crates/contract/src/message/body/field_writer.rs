//! Writes the values of one field to the tape, by one of its readings.

use portcullis_json::{JsonLimits, SyntaxError, Tape};

use super::form_fields::{FieldReading, FormFields};
use super::form_value::FormValue;
use crate::message::parameter::{ParameterReadError, ParameterSource, RawPairs, put_scalar, write};
use crate::schema::item_types::ItemTypes;
use crate::schema::schema_surface::TypeSet;

/// Writes the fields of one form.
#[derive(Debug)]
pub(super) struct FieldWriter<'r> {
    pub(super) tape: &'r mut Tape,
    /// Parses JSON texts inside the body.
    pub(super) inner: &'r mut Tape,
    pub(super) fields: &'r FormFields,
    /// The pairs that styled fields are read from.
    pub(super) pairs: RawPairs<'r>,
    pub(super) limits: JsonLimits,
}

impl FieldWriter<'_> {
    /// Writes a field that has a style. After an error the tape may contain a part of it.
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

    /// Writes the values; fails before writing if one of them must be JSON and is not.
    pub(super) fn write_values(
        &mut self,
        values: &[FormValue<'_>],
        reading: FieldReading,
    ) -> Result<(), SyntaxError> {
        match reading {
            FieldReading::JsonItems => return self.json_items(values),
            FieldReading::Items(types, as_text) => return self.items(values, &types, as_text),
            FieldReading::Delimited(list, as_text) if list.repeats => {
                self.tape.begin_array();
                for value in values {
                    self.scalar(value, |tape, text| list.write(tape, text, as_text, false));
                }
                self.tape.end();
            }
            FieldReading::Delimited(list, as_text) => {
                for value in values.iter().take(1) {
                    self.scalar(value, |tape, text| list.write(tape, text, as_text, false));
                }
            }
            FieldReading::OctetItems => {
                self.tape.begin_array();
                for value in values {
                    self.scalar(value, Tape::string);
                }
                self.tape.end();
            }
            FieldReading::Json => match values.first() {
                Some(FormValue::Text(text)) => return self.json(text),
                Some(FormValue::Form(form)) => self.tape.copy_value(form.root("")),
                Some(FormValue::Octets(_)) | None => {}
            },
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
            FormValue::Form(form) => self.tape.copy_value(form.root("")),
        }
    }

    fn items(
        &mut self,
        values: &[FormValue<'_>],
        types: &ItemTypes,
        as_text: bool,
    ) -> Result<(), SyntaxError> {
        let is_json = |position| {
            !types.at(position).has(TypeSet::SCALAR) && types.at(position) != TypeSet::NONE
        };
        for (position, value) in values.iter().enumerate() {
            if let FormValue::Text(text) = value
                && is_json(position)
            {
                self.inner.parse("", text.as_bytes(), self.limits)?;
            }
        }
        self.tape.begin_array();
        for (position, value) in values.iter().enumerate() {
            match value {
                FormValue::Text(text) if is_json(position) => self.json(text)?,
                _ => self.scalar(value, |tape, text| {
                    put_scalar(tape, text, types.at(position), as_text);
                }),
            }
        }
        self.tape.end();
        Ok(())
    }

    fn json(&mut self, text: &str) -> Result<(), SyntaxError> {
        let source = self.inner.parse("", text.as_bytes(), self.limits)?;
        self.tape.copy_value(self.inner.root(source));
        Ok(())
    }

    fn json_items(&mut self, values: &[FormValue<'_>]) -> Result<(), SyntaxError> {
        if let [FormValue::Text(only)] = values
            && only.trim_ascii_start().starts_with('[')
        {
            return self.json(only);
        }
        // Parse all texts before writing any of them.
        for value in values {
            if let FormValue::Text(text) = value {
                self.inner.parse("", text.as_bytes(), self.limits)?;
            }
        }
        self.tape.begin_array();
        for value in values {
            match value {
                FormValue::Text(text) => self.json(text)?,
                FormValue::Form(form) => self.tape.copy_value(form.root("")),
                FormValue::Octets(_) => {}
            }
        }
        self.tape.end();
        Ok(())
    }
}
