//! The fields of a form as they arrived, and the choice of their readings.
//!
//! A schema may allow several readings of one text (`5` as a number or as a string). The most
//! specific one is tried first. Fields that the validator rejects are then read by their next
//! reading, until the object is valid or no reading is left.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use smallvec::{SmallVec, smallvec};

use portcullis_json::{SyntaxError, pointer};
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::limits::FORM_FIELDS_MAX;

use super::body_judge::BodyJudge;
use super::field_writer::FieldWriter;
use super::form_fields::{FieldReading, FormFields};
use super::form_value::FormValue;
use crate::message::parameter::{Parameter, ParameterReadError};
use crate::message::violation::ViolationClass;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_verdict::SchemaVerdict;

/// The most times that an object is read again.
const ROUNDS_MAX: usize = 8;

/// The longest name that a message quotes, in characters.
const NAME_CHARS_MAX: usize = 100;

/// The values with one name.
#[derive(Debug)]
struct FormEntry<'b> {
    name: Cow<'b, str>,
    values: SmallVec<[FormValue<'b>; 1]>,
    /// The readings of the values. A styled field uses those of its parameter instead.
    readings: SmallVec<[FieldReading; 4]>,
    /// The field, if its encoding has a style.
    styled: Option<StyledField>,
    /// The index of the current reading.
    reading: usize,
    /// Whether the parts declare JSON as their media type.
    is_json: bool,
}

/// A field that is read like a query parameter.
#[derive(Clone, Copy, Debug)]
struct StyledField {
    /// The index of the field.
    field: usize,
    /// The number of its readings.
    readings: usize,
}

/// A field that no reading fits.
#[derive(Debug)]
struct UnreadableField {
    /// The index of the entry.
    entry: usize,
    error: FieldReadError,
}

/// Why a field cannot be read.
#[derive(Debug)]
enum FieldReadError {
    Syntax(SyntaxError),
    Styled(ParameterReadError),
}

/// The form has too many fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {FORM_FIELDS_MAX} fields")]
pub(super) struct TooManyFields;

/// The fields of one form.
#[derive(Debug)]
pub(super) struct FormEntries<'b, 'f> {
    fields: &'f FormFields,
    list: Vec<FormEntry<'b>>,
    by_name: HashMap<Cow<'b, str>, usize>,
}

impl<'b, 'f> FormEntries<'b, 'f> {
    pub(super) fn new(fields: &'f FormFields) -> Self {
        Self {
            fields,
            list: Vec::new(),
            by_name: HashMap::new(),
        }
    }

    /// Adds a value under a name.
    pub(super) fn add(
        &mut self,
        name: Cow<'b, str>,
        value: FormValue<'b>,
        is_json: bool,
    ) -> Result<(), TooManyFields> {
        if let Some(index) = self.by_name.get(&name) {
            let entry = &mut self.list[*index];
            entry.is_json &= is_json;
            entry.values.push(value);
            return Ok(());
        }
        if self.list.len() == FORM_FIELDS_MAX {
            return Err(TooManyFields);
        }
        self.by_name.insert(name.clone(), self.list.len());
        self.list.push(FormEntry {
            name,
            values: smallvec![value],
            readings: SmallVec::new(),
            styled: None,
            reading: 0,
            is_json,
        });
        Ok(())
    }

    /// Adds a field with a style, whose value may be in several pairs.
    pub(super) fn add_styled(&mut self, field: usize, parameter: &Parameter) {
        self.list.push(FormEntry {
            name: Cow::Owned(parameter.name.clone()),
            values: SmallVec::new(),
            readings: SmallVec::new(),
            styled: Some(StyledField {
                field,
                readings: parameter.readings_in_order().count(),
            }),
            reading: 0,
            is_json: false,
        });
    }

    /// Checks the object of all fields.
    pub(super) fn check(
        self,
        judge: &mut BodyJudge<'_>,
        key: &SchemaKey,
        writer: &mut FieldWriter<'_>,
    ) {
        match self.read_best(judge, key, "", writer) {
            None => {}
            Some(SchemaVerdict::Valid) => judge.check_undeclared(writer.tape.wrapped(""), ""),
            Some(SchemaVerdict::Unknown(part)) => judge.push_unread(part, ""),
            Some(SchemaVerdict::Invalid | SchemaVerdict::OverLimit) => {
                judge.validate_value(writer.tape.wrapped(""), "");
            }
        }
    }

    /// Writes the object of all fields to the tape, by the first readings that its schema accepts, or
    /// else by the most specific ones. Returns the verdict, or `None` if a field cannot be read, which
    /// is reported below a pointer.
    pub(super) fn read_best(
        mut self,
        judge: &mut BodyJudge<'_>,
        key: &SchemaKey,
        below: &str,
        writer: &mut FieldWriter<'_>,
    ) -> Option<SchemaVerdict> {
        if !self.choose_readings(judge, below) {
            return None;
        }
        if let Err(unreadable) = self.read(key, writer) {
            let name = &self.list[unreadable.entry].name;
            report_unreadable(judge, name, below, unreadable.error);
            return None;
        }
        let first: Vec<usize> = self.list.iter().map(|entry| entry.reading).collect();
        let schemas = judge.schemas();
        let mut unknown = None;
        for _ in 0..ROUNDS_MAX {
            let wrapped = writer.tape.wrapped("");
            match schemas.verdict(wrapped) {
                verdict @ (SchemaVerdict::Valid | SchemaVerdict::OverLimit) => {
                    return Some(verdict);
                }
                verdict @ SchemaVerdict::Unknown(_) => unknown = unknown.or(Some(verdict)),
                SchemaVerdict::Invalid => {}
            }
            if !self.list.iter().any(FormEntry::has_next) {
                break;
            }
            let invalid: BTreeSet<String> = schemas
                .errors(wrapped)
                .into_iter()
                .filter_map(|error| property_of(error.instance_path().as_str()))
                .collect();
            if !self.advance(&invalid) || self.read(key, writer).is_err() {
                break;
            }
        }
        // The errors of the first reading, which is the most specific one, are reported.
        for (entry, reading) in self.list.iter_mut().zip(first) {
            entry.reading = reading;
        }
        self.read(key, writer).ok()?;
        Some(unknown.unwrap_or(SchemaVerdict::Invalid))
    }

    /// Chooses the readings of each field. Returns whether the fields can be read: a repeated field
    /// that takes one value is ambiguous, so it stops the check if that class is rejected.
    fn choose_readings(&mut self, judge: &mut BodyJudge<'_>, below: &str) -> bool {
        let mut is_readable = true;
        for entry in &mut self.list {
            if entry.styled.is_some() {
                continue;
            }
            let field = self.fields.find(&entry.name);
            let declared = field.map_or(&self.fields.undeclared, |index| {
                &self.fields.get(index).readings
            });
            entry.choose_readings(declared);
            if !entry.readings.is_empty() {
                continue;
            }
            report_repeated(judge, &entry.name, below);
            is_readable &= judge.duplicate_policy() != Enforcement::Reject;
            // The last one counts, as for repeated properties of JSON.
            entry.values.drain(..entry.values.len() - 1);
            entry.choose_readings(declared);
        }
        is_readable
    }

    /// Writes all fields to the tape.
    fn read(
        &mut self,
        key: &SchemaKey,
        writer: &mut FieldWriter<'_>,
    ) -> Result<(), UnreadableField> {
        writer.tape.begin(key.as_str());
        writer.tape.begin_object();
        for (index, entry) in self.list.iter_mut().enumerate() {
            writer.tape.key(&entry.name);
            match entry.read(writer) {
                Ok(()) => {}
                Err(FieldReadError::Styled(_)) if entry.has_next() => {
                    // Start again: the tape may contain a part of the field.
                    entry.reading += 1;
                    return self.read(key, writer);
                }
                Err(error) => {
                    return Err(UnreadableField {
                        entry: index,
                        error,
                    });
                }
            }
        }
        writer.tape.end();
        Ok(())
    }

    /// Moves invalid fields to their next reading, or all fields if no invalid one has a next
    /// reading. Returns whether a reading changed.
    fn advance(&mut self, invalid: &BTreeSet<String>) -> bool {
        let is_invalid = |entry: &FormEntry<'_>| invalid.contains(entry.name.as_ref());
        let only_invalid = self
            .list
            .iter()
            .any(|entry| entry.has_next() && is_invalid(entry));
        let mut advanced = false;
        for entry in &mut self.list {
            if entry.has_next() && (!only_invalid || is_invalid(entry)) {
                entry.reading += 1;
                advanced = true;
            }
        }
        advanced
    }
}

impl FormEntry<'_> {
    fn choose_readings(&mut self, declared: &[FieldReading]) {
        let is_counted = |value: &FormValue<'_>| matches!(value, FormValue::Octets(_));
        let is_single = self.values.len() == 1;
        if self.values.iter().any(is_counted) {
            let fits =
                |reading: &&FieldReading| reading.is_octets() && (is_single || reading.is_array());
            self.readings = declared.iter().filter(fits).copied().collect();
            if self.readings.is_empty() && is_single {
                self.readings.push(FieldReading::Octets);
            } else if self.readings.is_empty() && declared.iter().any(|reading| reading.is_array())
            {
                self.readings.push(FieldReading::OctetItems);
            }
            return;
        }
        let fits = |reading: &&FieldReading| is_single || reading.is_array();
        self.readings = declared.iter().filter(fits).copied().collect();
        // A scalar is a text, whatever the part says (OpenAPI 3.1.1, Encoding Object, `contentType`).
        let is_text = self.readings.iter().all(|reading| reading.is_text());
        if self.is_json && !is_text {
            let json = if self.readings.iter().all(|reading| reading.is_array()) {
                FieldReading::JsonItems
            } else {
                FieldReading::Json
            };
            self.readings.retain(|reading| *reading != json);
            self.readings.insert(0, json);
        }
    }

    /// Writes the field by its current reading, or by the next one that succeeds.
    fn read(&mut self, writer: &mut FieldWriter<'_>) -> Result<(), FieldReadError> {
        if let Some(styled) = self.styled {
            return writer
                .write_styled(styled.field, self.reading)
                .map_err(FieldReadError::Styled);
        }
        let mut first = None;
        loop {
            match writer.write_values(&self.values, self.readings[self.reading]) {
                Ok(()) => return Ok(()),
                Err(error) if self.has_next() => {
                    first.get_or_insert(error);
                    self.reading += 1;
                }
                Err(error) => return Err(FieldReadError::Syntax(first.unwrap_or(error))),
            }
        }
    }

    fn has_next(&self) -> bool {
        let count = self
            .styled
            .map_or(self.readings.len(), |styled| styled.readings);
        self.reading + 1 < count
    }
}

/// The property of the body that contains an error: `/<key>/<property>/…`.
fn property_of(path: &str) -> Option<String> {
    pointer::tokens(path).nth(1).map(Cow::into_owned)
}

/// Reports why a field cannot be read.
fn report_unreadable(judge: &mut BodyJudge<'_>, name: &str, below: &str, error: FieldReadError) {
    let form = below;
    let below = format!("{form}/{}", pointer::escape(name));
    match error {
        FieldReadError::Syntax(error) => {
            let violation = judge.syntax_violation(&error, &below);
            judge.push(violation);
        }
        FieldReadError::Styled(
            ParameterReadError::Repeated | ParameterReadError::RepeatedProperty,
        ) => report_repeated(judge, name, form),
        FieldReadError::Styled(ParameterReadError::Escapes(error)) => {
            judge.malformed(below, error.to_string())
        }
        FieldReadError::Styled(ParameterReadError::Malformed(error)) => {
            judge.malformed(below, error.to_owned())
        }
        // No style defines nested objects, so their meaning is unknown.
        FieldReadError::Styled(ParameterReadError::NotChecked | ParameterReadError::Missing) => {}
    }
}

fn report_repeated(judge: &mut BodyJudge<'_>, name: &str, below: &str) {
    let name: String = name.chars().take(NAME_CHARS_MAX).collect();
    let message = format!("`{name}` takes one value but occurs more than once");
    let mut violation = judge.violation(ViolationClass::DuplicateKey, message);
    violation.pointer = format!("{below}/{}", pointer::escape(&name));
    judge.push(violation);
}
