//! Reading a parameter's text onto a tape, by style (OpenAPI 3.0.4 and 3.1.1, Style Values).
//!
//! The tape then holds a typed value that the contract's validator judges like any other JSON.

use std::borrow::Cow;

use portcullis_json::Tape;

use super::declaration::{Parameter, ParameterReading, ParameterStyle};
use super::escapes::{EscapeError, EscapeRules, decode, is_named};
use super::pair_ownership::{deep_member, owns_pair};
use super::raw_pairs::RawPairs;
use super::split_delimited::{pieces, split_pair};
use crate::message::violation::MessagePart;
use crate::schema::schema_surface::{ObjectShape, TypeSet};

/// Where a parameter's text is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ParameterSource<'a> {
    /// One text: a path segment's capture, or a header's field lines joined by commas.
    One(&'a str),
    /// All pairs of the query or the cookies, and the parameters that share them.
    Pairs(RawPairs<'a>, &'a [Parameter]),
}

/// Why no value was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterReadError {
    /// The parameter is not there.
    Missing,
    /// It holds one value and came more than once.
    Repeated,
    /// It names a member more than once, so that two readers may take two values.
    RepeatedMember,
    /// Its escapes are malformed.
    Escapes(EscapeError),
    /// Its text does not have the form of its style.
    Malformed(&'static str),
    /// It is there and not judged.
    NotJudged,
}

impl From<EscapeError> for ParameterReadError {
    fn from(error: EscapeError) -> Self {
        Self::Escapes(error)
    }
}

/// Reads `parameter` from `source` onto `tape`, which then holds `{"<key>": value}`.
///
/// `as_text` reads every scalar that may be a string as one.
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

/// Writes what [`read`] reads as the next value of an open tape. An error may leave a part of it
/// there.
pub(crate) fn write(
    tape: &mut Tape,
    parameter: &Parameter,
    reading: &ParameterReading,
    source: ParameterSource<'_>,
    as_text: bool,
) -> Result<(), ParameterReadError> {
    let escapes = escapes_of(parameter.part);
    let mut writer = ParameterWriter {
        tape,
        escapes,
        as_text,
    };
    match source {
        ParameterSource::One(text) => writer.text(parameter, reading, text),
        ParameterSource::Pairs(pairs, siblings)
            if parameter.style == ParameterStyle::DeepObject =>
        {
            writer.deep_object(parameter, reading, pairs, siblings)
        }
        ParameterSource::Pairs(pairs, siblings) => match reading {
            ParameterReading::Object(shape)
                if parameter.explode && parameter.style == ParameterStyle::Form =>
            {
                writer.exploded_object(parameter, shape, pairs, siblings)
            }
            // Cookies hold each name once, so lists are written with commas there, whatever the
            // specification's default says (Appendix D).
            ParameterReading::Array(types)
                if parameter.explode && parameter.part != MessagePart::Cookie =>
            {
                writer.exploded_array(parameter, *types, pairs)
            }
            ParameterReading::Array(_)
            | ParameterReading::Object(_)
            | ParameterReading::Scalar(_) => {
                let text = only_value(parameter, pairs, escapes)?;
                writer.text(parameter, reading, text)
            }
        },
    }
}

impl Parameter {
    /// The one text of the parameter, decoded once.
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

fn escapes_of(part: MessagePart) -> EscapeRules {
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

/// The value of the only pair of that name.
fn only_value<'a>(
    parameter: &Parameter,
    pairs: RawPairs<'a>,
    escapes: EscapeRules,
) -> Result<&'a str, ParameterReadError> {
    let mut values = pairs
        .iter()
        .filter(|(name, _)| is_named(name, &parameter.name, escapes))
        .map(|pair| pair.1);
    let value = values.next().ok_or(ParameterReadError::Missing)?;
    // The first of repeated cookies is the more specific one (RFC 6265 section 5.4).
    if parameter.part != MessagePart::Cookie && values.next().is_some() {
        return Err(ParameterReadError::Repeated);
    }
    if value.is_empty() && parameter.allow_empty {
        return Err(ParameterReadError::NotJudged);
    }
    Ok(value)
}

struct ParameterWriter<'t> {
    tape: &'t mut Tape,
    escapes: EscapeRules,
    as_text: bool,
}

impl ParameterWriter<'_> {
    /// Reads a value that stands in one text.
    fn text(
        &mut self,
        parameter: &Parameter,
        reading: &ParameterReading,
        text: &str,
    ) -> Result<(), ParameterReadError> {
        let (body, separator) = match parameter.style {
            ParameterStyle::Simple | ParameterStyle::Form => (text, ","),
            ParameterStyle::Label => (
                text.strip_prefix('.').ok_or(ParameterReadError::Malformed(
                    "must start with `.` (style label)",
                ))?,
                if parameter.explode { "." } else { "," },
            ),
            ParameterStyle::Matrix => return self.matrix(parameter, reading, text),
            ParameterStyle::SpaceDelimited => (text, " "),
            ParameterStyle::PipeDelimited => (text, "|"),
            ParameterStyle::JsonContent
            | ParameterStyle::OtherContent
            | ParameterStyle::DeepObject => {
                return Err(ParameterReadError::NotJudged);
            }
        };
        match reading {
            ParameterReading::Scalar(types) => self.scalar(body, *types),
            ParameterReading::Array(types) => self.array(pieces(body, separator), *types),
            ParameterReading::Object(shape) if parameter.explode => {
                self.members(pieces(body, separator), parameter.style, shape)
            }
            ParameterReading::Object(shape) => self.alternating(pieces(body, separator), shape),
        }
    }

    /// `;name=value` (RFC 6570 section 3.2.7): path-style parameters.
    fn matrix(
        &mut self,
        parameter: &Parameter,
        reading: &ParameterReading,
        text: &str,
    ) -> Result<(), ParameterReadError> {
        const FORM: ParameterReadError =
            ParameterReadError::Malformed("must be written as `;name=value` (style matrix)");
        let body = text.strip_prefix(';').ok_or(FORM)?;
        let value_of = |piece| -> Result<&str, ParameterReadError> {
            let (name, value) = split_pair(piece);
            is_named(name, &parameter.name, EscapeRules::Percent)
                .then_some(value)
                .ok_or(FORM)
        };
        match reading {
            ParameterReading::Object(shape) if parameter.explode => {
                self.members(body.split(';'), parameter.style, shape)
            }
            ParameterReading::Array(types) if parameter.explode => {
                self.tape.begin_array();
                for piece in body.split(';') {
                    self.scalar(value_of(piece)?, *types)?;
                }
                self.tape.end();
                Ok(())
            }
            ParameterReading::Scalar(types) => self.scalar(value_of(body)?, *types),
            ParameterReading::Array(types) => self.array(value_of(body)?.split(','), *types),
            ParameterReading::Object(shape) => self.alternating(value_of(body)?.split(','), shape),
        }
    }

    fn array<'a>(
        &mut self,
        items: impl Iterator<Item = &'a str>,
        types: TypeSet,
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_array();
        for item in items {
            self.scalar(item, types)?;
        }
        self.tape.end();
        Ok(())
    }

    /// Members written as `name=value`. Path-style ones have no `=` where the value is empty
    /// (RFC 6570 section 3.2.7).
    fn members<'a>(
        &mut self,
        pieces: impl Iterator<Item = &'a str>,
        style: ParameterStyle,
        shape: &ObjectShape,
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_object();
        for piece in pieces {
            let may_lack_equals = style == ParameterStyle::Matrix && !piece.is_empty();
            if !may_lack_equals && !piece.contains('=') {
                return Err(ParameterReadError::Malformed(
                    "must be written as `name=value` for each member",
                ));
            }
            let (name, value) = split_pair(piece);
            self.member(name, value, shape)?;
        }
        self.end_object()
    }

    /// Members written as `name,value,name,value`.
    fn alternating<'a>(
        &mut self,
        mut pieces: impl Iterator<Item = &'a str>,
        shape: &ObjectShape,
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_object();
        while let Some(name) = pieces.next() {
            let value = pieces.next().ok_or(ParameterReadError::Malformed(
                "must hold names and values in turn: an even number",
            ))?;
            self.member(name, value, shape)?;
        }
        self.end_object()
    }

    fn exploded_array(
        &mut self,
        parameter: &Parameter,
        types: TypeSet,
        pairs: RawPairs<'_>,
    ) -> Result<(), ParameterReadError> {
        let escapes = self.escapes;
        let mut values = pairs
            .iter()
            .filter(|(name, _)| is_named(name, &parameter.name, escapes))
            .peekable();
        let (_, first) = values.peek().ok_or(ParameterReadError::Missing)?;
        if first.is_empty() && parameter.allow_empty {
            return Err(ParameterReadError::NotJudged);
        }
        self.array(values.map(|(_, value)| value), types)
    }

    /// An exploded form object takes its members from the whole query. Other declared
    /// parameters are no members of it.
    fn exploded_object(
        &mut self,
        parameter: &Parameter,
        shape: &ObjectShape,
        pairs: RawPairs<'_>,
        siblings: &[Parameter],
    ) -> Result<(), ParameterReadError> {
        self.tape.begin_object();
        let mut found = false;
        for (raw_name, value) in pairs.iter() {
            let Ok(name) = decode(raw_name, self.escapes) else {
                continue;
            };
            let is_declared = shape.members.iter().any(|(member, _)| *member == name);
            let is_sibling = siblings
                .iter()
                .any(|other| !other.is_same(parameter) && owns_pair(other, &name, parameter.part));
            if is_declared || (!is_sibling && shape.is_open) {
                self.member(raw_name, value, shape)?;
                found = true;
            }
        }
        self.end_object()?;
        if found {
            Ok(())
        } else {
            Err(ParameterReadError::Missing)
        }
    }

    /// `name[member]=value`. Members of members are not defined by the specification: a parameter
    /// that declares such is not judged where they are sent. A name that another parameter
    /// declares, brackets and all, is that parameter's.
    fn deep_object(
        &mut self,
        parameter: &Parameter,
        reading: &ParameterReading,
        pairs: RawPairs<'_>,
        siblings: &[Parameter],
    ) -> Result<(), ParameterReadError> {
        let ParameterReading::Object(shape) = reading else {
            return Err(ParameterReadError::NotJudged);
        };
        self.tape.begin_object();
        let mut found = false;
        for (raw_name, value) in pairs.iter() {
            let Ok(name) = decode(raw_name, self.escapes) else {
                continue;
            };
            if name == parameter.name {
                return Err(ParameterReadError::Malformed(
                    "must be written as `name[member]=value` (style deepObject)",
                ));
            }
            let is_other = |other: &Parameter| other.part == parameter.part && other.name == name;
            let member = match deep_member(&name, &parameter.name) {
                Some(member) if !siblings.iter().any(is_other) => member,
                Some(_) | None => continue,
            };
            let outer = member.split(['[', ']']).next().unwrap_or_default();
            if outer.len() < member.len() {
                check_nested_property(shape, outer)?;
                found = true;
                continue;
            }
            self.tape.key(member);
            self.scalar(value, shape.types_of(member).unwrap_or(TypeSet::ALL))?;
            found = true;
        }
        self.end_object()?;
        if found {
            Ok(())
        } else {
            Err(ParameterReadError::Missing)
        }
    }

    fn end_object(&mut self) -> Result<(), ParameterReadError> {
        self.tape
            .end_checked()
            .map_err(|_| ParameterReadError::RepeatedMember)
    }

    fn member(
        &mut self,
        name: &str,
        value: &str,
        shape: &ObjectShape,
    ) -> Result<(), ParameterReadError> {
        let name = decode(name, self.escapes)?;
        self.tape.key(&name);
        self.scalar(value, shape.types_of(&name).unwrap_or(TypeSet::ALL))
    }

    fn scalar(&mut self, raw: &str, types: TypeSet) -> Result<(), ParameterReadError> {
        let text = decode(raw, self.escapes)?;
        let text = if self.escapes == EscapeRules::None {
            text.trim_matches([' ', '\t'])
        } else {
            &text
        };
        put_scalar(self.tape, text, types, self.as_text);
        Ok(())
    }
}

/// Whether a member may be passed over that has members, where none are defined: only if it is
/// not declared and may be anything.
fn check_nested_property(shape: &ObjectShape, member: &str) -> Result<(), ParameterReadError> {
    let is_declared = shape.members.iter().any(|(name, _)| name == member);
    let types = shape.types_of(member).unwrap_or(TypeSet::NONE);
    match types.has(TypeSet::ARRAY | TypeSet::OBJECT) {
        true if is_declared => Err(ParameterReadError::NotJudged),
        true => Ok(()),
        false => Err(ParameterReadError::Malformed(
            "holds members of members where none may be",
        )),
    }
}

/// Puts a scalar on the tape as the first type that its text can be. A text that can be none of
/// the admitted types stays a string, for the validator to refuse.
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
