//! The members of a form as they arrived, and reading them onto a tape.
//!
//! A schema may admit several readings of one text (`5` as a number or as a string). The most
//! telling one is tried first; members that the validator complains about are then read in their
//! next way, until the object is valid or nothing is left to try.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use smallvec::{SmallVec, smallvec};

use portcullis_json::{SyntaxError, pointer};
use portcullis_vocabulary::enforcement::Enforcement;
use portcullis_vocabulary::limits::FORM_FIELDS_MAX;

use super::body_judge::BodyJudge;
use super::body_shape::{FieldReading, FormFields};
use super::field_writer::FieldWriter;
use crate::message::parameter::{Parameter, ParameterReadError};
use crate::message::violation::ViolationClass;
use crate::schema::schema_set::SchemaKey;

/// How often an object is read again at most.
const ROUNDS_MAX: usize = 8;

/// How much of a name a message quotes, in characters.
const NAME_SHOWN_MAX: usize = 100;

/// One value of a member.
#[derive(Debug)]
pub(super) enum FormValue<'b> {
    /// Decoded text.
    Text(Cow<'b, str>),
    /// So many octets, which were not kept.
    Octets(u64),
}

/// The values that came under one name.
#[derive(Debug)]
struct FormEntry<'b> {
    name: Cow<'b, str>,
    values: SmallVec<[FormValue<'b>; 1]>,
    /// The ways to read them; for a styled member, those of its parameter instead.
    attempts: SmallVec<[FieldReading; 4]>,
    /// The member whose encoding names a style, and how many ways it has.
    styled: Option<(usize, usize)>,
    attempt: usize,
    /// Whether the values are said to be JSON.
    is_json: bool,
}

/// Why a member cannot be read.
#[derive(Debug)]
enum FieldReadError {
    Syntax(SyntaxError),
    Styled(ParameterReadError),
}

/// More members than anybody declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {FORM_FIELDS_MAX} members")]
pub(super) struct TooManyFields;

/// The members of one form.
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
            attempts: SmallVec::new(),
            styled: None,
            attempt: 0,
            is_json,
        });
        Ok(())
    }

    /// Adds a member that a style spreads over pairs.
    pub(super) fn add_styled(&mut self, field: usize, parameter: &Parameter) {
        self.list.push(FormEntry {
            name: Cow::Owned(parameter.name.clone()),
            values: SmallVec::new(),
            attempts: SmallVec::new(),
            styled: Some((field, parameter.readings_in_order().count())),
            attempt: 0,
            is_json: false,
        });
    }

    /// Judges the object that the members make.
    pub(super) fn judge(
        mut self,
        judge: &mut BodyJudge<'_>,
        key: &SchemaKey,
        desk: &mut FieldWriter<'_>,
    ) {
        if !self.choose_readings(judge) {
            return;
        }
        if let Err((index, unread)) = self.read(key, desk) {
            return report_unreadable(judge, &self.list[index].name, unread);
        }
        let first: Vec<usize> = self.list.iter().map(|entry| entry.attempt).collect();
        let schemas = judge.contract.schemas(judge.direction);
        for _ in 0..ROUNDS_MAX {
            let wrapped = desk.tape.wrapped("");
            if schemas.is_valid(wrapped) {
                return;
            }
            if !self.list.iter().any(FormEntry::has_more) {
                break;
            }
            let named: BTreeSet<String> = schemas
                .errors(wrapped)
                .into_iter()
                .filter_map(|error| member_of(error.instance_path().as_str()))
                .collect();
            if !self.advance(&named) || self.read(key, desk).is_err() {
                break;
            }
        }
        // The first reading is the most telling one.
        for (entry, attempt) in self.list.iter_mut().zip(first) {
            entry.attempt = attempt;
        }
        if self.read(key, desk).is_ok() {
            judge.validate_value(desk.tape.wrapped(""), "");
        }
    }

    /// Decides on the ways to read each member. Tells whether it is worth reading them: a name
    /// that came twice and holds one value is read in two ways by two readers.
    fn choose_readings(&mut self, judge: &mut BodyJudge<'_>) -> bool {
        let mut goes_on = true;
        for entry in &mut self.list {
            if entry.styled.is_some() {
                continue;
            }
            let field = self.fields.find(&entry.name);
            let declared = field.map_or(&self.fields.undeclared, |index| {
                &self.fields.get(index).attempts
            });
            entry.choose_readings(declared);
            if !entry.attempts.is_empty() {
                continue;
            }
            repeated(judge, &entry.name);
            goes_on &= judge.rules.policy.of(ViolationClass::DuplicateKey) != Enforcement::Reject;
            // The last one counts, as for repeated members of JSON.
            entry.values.drain(..entry.values.len() - 1);
            entry.choose_readings(declared);
        }
        goes_on
    }

    /// Writes all members, or tells which of them cannot be read in any way.
    fn read(
        &mut self,
        key: &SchemaKey,
        desk: &mut FieldWriter<'_>,
    ) -> Result<(), (usize, FieldReadError)> {
        desk.tape.begin(key.as_str());
        desk.tape.begin_object();
        for (index, entry) in self.list.iter_mut().enumerate() {
            desk.tape.key(&entry.name);
            match entry.read(desk) {
                Ok(()) => {}
                Err(FieldReadError::Styled(_)) if entry.has_more() => {
                    // What it left on the tape is written over.
                    entry.attempt += 1;
                    return self.read(key, desk);
                }
                Err(unread) => return Err((index, unread)),
            }
        }
        desk.tape.end();
        Ok(())
    }

    /// Takes members to their next reading: those that errors name, or all where no error names
    /// one that has another.
    fn advance(&mut self, named: &BTreeSet<String>) -> bool {
        let is_named = |entry: &FormEntry<'_>| named.contains(entry.name.as_ref());
        let some_named = self
            .list
            .iter()
            .any(|entry| entry.has_more() && is_named(entry));
        let mut advanced = false;
        for entry in &mut self.list {
            if entry.has_more() && (!some_named || is_named(entry)) {
                entry.attempt += 1;
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
            self.attempts = match is_single && !declared.contains(&FieldReading::OctetItems) {
                true => smallvec![FieldReading::Octets],
                false if declared.iter().any(|attempt| attempt.is_array()) => {
                    smallvec![FieldReading::OctetItems]
                }
                false => SmallVec::new(),
            };
            return;
        }
        let admits = |attempt: &&FieldReading| is_single || attempt.is_array();
        self.attempts = declared.iter().filter(admits).copied().collect();
        if self.is_json && !self.attempts.is_empty() {
            let json = match self.attempts.iter().all(|attempt| attempt.is_array()) {
                true => FieldReading::JsonItems,
                false => FieldReading::Json,
            };
            self.attempts.retain(|attempt| *attempt != json);
            self.attempts.insert(0, json);
        }
    }

    /// Reads the member in the way that is its turn, or the next one that can be read.
    fn read(&mut self, desk: &mut FieldWriter<'_>) -> Result<(), FieldReadError> {
        if let Some((field, _)) = self.styled {
            return desk
                .write_styled(field, self.attempt)
                .map_err(FieldReadError::Styled);
        }
        let mut first = None;
        loop {
            match desk.write_values(&self.values, self.attempts[self.attempt]) {
                Ok(()) => return Ok(()),
                Err(error) if self.has_more() => {
                    first.get_or_insert(error);
                    self.attempt += 1;
                }
                Err(error) => return Err(FieldReadError::Syntax(first.unwrap_or(error))),
            }
        }
    }

    fn has_more(&self) -> bool {
        let count = self.styled.map_or(self.attempts.len(), |(_, count)| count);
        self.attempt + 1 < count
    }
}

/// The member of the body that an error's path leads into: `/<key>/<member>/…`.
fn member_of(path: &str) -> Option<String> {
    pointer::tokens(path).nth(1).map(Cow::into_owned)
}

/// Says why a member cannot be read.
fn report_unreadable(judge: &mut BodyJudge<'_>, name: &str, unread: FieldReadError) {
    let below = format!("/{}", pointer::escape(name));
    match unread {
        FieldReadError::Syntax(error) => {
            let violation = judge.syntax_violation(&error, &below);
            judge.push(violation);
        }
        FieldReadError::Styled(
            ParameterReadError::Repeated | ParameterReadError::RepeatedMember,
        ) => repeated(judge, name),
        FieldReadError::Styled(ParameterReadError::Escapes(error)) => {
            judge.malformed(below, error.to_string())
        }
        FieldReadError::Styled(ParameterReadError::Malformed(error)) => {
            judge.malformed(below, error.to_owned())
        }
        // Members of members, which no style defines: nobody knows what they mean.
        FieldReadError::Styled(ParameterReadError::NotJudged | ParameterReadError::Missing) => {}
    }
}

fn repeated(judge: &mut BodyJudge<'_>, name: &str) {
    let name: String = name.chars().take(NAME_SHOWN_MAX).collect();
    let message = format!("`{name}` holds one value and came more than once");
    let mut violation = judge.violation(ViolationClass::DuplicateKey, message);
    violation.pointer = format!("/{}", pointer::escape(&name));
    judge.push(violation);
}
