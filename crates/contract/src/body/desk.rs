//! Writing one member's values onto the tape, in one of the ways to read them.

use portcullis_json::{Limits, SyntaxError, Tape};

use super::super::parameter::{Absent, Pairs, Source, put_scalar, write};
use super::entries::Value;
use super::model::{Attempt, Fields};

/// What writing takes.
#[derive(Debug)]
pub(super) struct Desk<'r> {
    pub(super) tape: &'r mut Tape,
    /// For JSON texts inside of the body.
    pub(super) inner: &'r mut Tape,
    pub(super) fields: &'r Fields,
    /// What styles spread members over.
    pub(super) pairs: Pairs<'r>,
    pub(super) limits: Limits,
}

impl Desk<'_> {
    /// Puts a member that is written by a style. An error may leave a part of it on the tape.
    pub(super) fn styled(&mut self, field: usize, attempt: usize) -> Result<(), Absent> {
        let Some(parameter) = &self.fields.get(field).styled else {
            return Ok(());
        };
        let Some((reading, as_text)) = parameter.attempts().nth(attempt) else {
            return Ok(());
        };
        let source = Source::Pairs(self.pairs, &self.fields.siblings);
        write(self.tape, parameter, reading, source, as_text)
    }

    /// Puts the values; nothing where one of them is not JSON and must be.
    pub(super) fn values(
        &mut self,
        values: &[Value<'_>],
        attempt: Attempt,
    ) -> Result<(), SyntaxError> {
        match attempt {
            Attempt::JsonItems => return self.json_items(values),
            Attempt::Items(types, as_text) => {
                self.tape.begin_array();
                for value in values {
                    self.scalar(value, |tape, text| put_scalar(tape, text, types, as_text));
                }
                self.tape.end();
            }
            Attempt::OctetItems => {
                self.tape.begin_array();
                for value in values {
                    self.scalar(value, Tape::string);
                }
                self.tape.end();
            }
            Attempt::Json => {
                if let Some(Value::Text(text)) = values.first() {
                    return self.json(text);
                }
            }
            Attempt::Scalar(types, as_text) => {
                for value in values.iter().take(1) {
                    self.scalar(value, |tape, text| put_scalar(tape, text, types, as_text));
                }
            }
            Attempt::Octets => {
                for value in values.iter().take(1) {
                    self.scalar(value, Tape::string);
                }
            }
        }
        Ok(())
    }

    fn scalar(&mut self, value: &Value<'_>, put: impl FnOnce(&mut Tape, &str)) {
        match value {
            Value::Text(text) => put(self.tape, text),
            Value::Octets(count) => self.tape.octets(*count),
        }
    }

    fn json(&mut self, text: &str) -> Result<(), SyntaxError> {
        let source = self.inner.parse("", text.as_bytes(), self.limits)?;
        self.tape.graft(self.inner.root(source));
        Ok(())
    }

    fn json_items(&mut self, values: &[Value<'_>]) -> Result<(), SyntaxError> {
        let texts = || {
            values.iter().filter_map(|value| match value {
                Value::Text(text) => Some(text),
                Value::Octets(_) => None,
            })
        };
        if let [Value::Text(only)] = values
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
