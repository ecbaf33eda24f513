//! Checks the parts of a multipart body by their position (OpenAPI 3.2.0, Sequential Media Types: they
//! are the items of an array, in order).
//!
//! Each part is checked by the schemas of its position. If all parts can be read, the array is
//! checked as a whole, too (`minItems`, `contains`).

use portcullis_json::{DuplicateKeys, JsonLimits, SyntaxError, Tape};
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};

use super::body_judge::BodyJudge;
use super::described_parts::DescribedParts;
use super::field_writer::FieldWriter;
use super::form_data::{FormData, FormPart, PartContent};
use super::form_fields::{FieldReading, FormFields};
use super::form_value::FormValue;
use super::part_layout::{PartLayout, PartShape, PartUse};
use crate::message::check_settings::CheckScratch;
use crate::message::parameter::RawPairs;
use crate::schema::schema_set::SchemaKey;
use crate::schema::schema_verdict::SchemaVerdict;

/// A part, as far as its position decides how it is read.
#[derive(Debug)]
struct OrderedPart<'p> {
    value: FormValue<'p>,
    part_use: PartUse,
    shape: &'p PartShape,
}

impl FormData {
    /// Checks the parts by their position. `all` is the schema of the array of all parts, `below` the
    /// pointer to it.
    pub(super) fn check_ordered(
        &self,
        judge: &mut BodyJudge<'_>,
        layout: &PartLayout,
        all: Option<&SchemaKey>,
        below: &str,
        scratch: &mut CheckScratch,
    ) {
        let before = judge.violations.len();
        let mut parts = Vec::with_capacity(self.parts.len());
        for (position, part) in self.parts.iter().enumerate() {
            let shape = layout.at(position);
            let pointer = format!("{below}/{position}");
            part.check_head(judge, &shape.field, &|| pointer.clone(), &mut scratch.inner);
            let part_use = shape.use_of(&part.head);
            let value = match (part_use, &shape.nested) {
                (PartUse::Nested, Some(layout)) => {
                    part.check_nested(judge, layout, shape, &pointer, scratch);
                    None
                }
                (PartUse::Nested | PartUse::Unread, _) => None,
                (PartUse::Form, _) => {
                    let nested = shape.field.nested.as_deref();
                    let inner = &mut scratch.inner;
                    nested.and_then(|nested| part.form_value(judge, nested, &pointer, inner))
                }
                (PartUse::Json | PartUse::Text | PartUse::Octets, _) => {
                    let Some(value) = part.value_or_report(judge, &pointer) else {
                        return;
                    };
                    Some(value)
                }
            };
            parts.push(value.map(|value| OrderedPart {
                value,
                part_use,
                shape,
            }));
        }
        // A part of a wrong type cannot match its schema, so its value is not checked.
        if !judge.is_refuted_since(before) {
            check_parts(judge, &parts, all, below, scratch);
        }
    }
}

impl FormPart {
    /// Checks the parts inside the part, which are the items of its value.
    fn check_nested(
        &self,
        judge: &mut BodyJudge<'_>,
        layout: &PartLayout,
        shape: &PartShape,
        below: &str,
        scratch: &mut CheckScratch,
    ) {
        let PartContent::Kept(bytes) = &self.content else {
            return;
        };
        let content_type = self.head.content_type.as_deref().unwrap_or_default();
        let mut nested = FormData::with_order(content_type, bytes.len(), true);
        nested.feed_parts(DescribedParts::ByPosition(layout), bytes);
        if nested.is_read(judge, below) {
            nested.check_ordered(judge, layout, shape.schemas.first(), below, scratch);
        }
    }
}

/// Checks the parts of one body, of which those are `None` that were checked before and whose values
/// are not known. `all` is the schema of the array, `below` the pointer to it.
fn check_parts(
    judge: &mut BodyJudge<'_>,
    parts: &[Option<OrderedPart<'_>>],
    all: Option<&SchemaKey>,
    below: &str,
    scratch: &mut CheckScratch,
) {
    let before = judge.violations.len();
    let mut values = Vec::with_capacity(parts.len());
    for (number, part) in parts.iter().enumerate() {
        if judge.settings.is_full(judge.violations) {
            return;
        }
        let pointer = format!("{below}/{number}");
        let reading = part
            .as_ref()
            .and_then(|part| check_part(judge, part, &pointer, scratch));
        values.push(part.as_ref().zip(reading));
    }
    let Some(all) = all else {
        return check_undeclared(judge, &values, below, scratch);
    };
    let Some(values) = values.into_iter().collect::<Option<Vec<_>>>() else {
        return;
    };
    if judge.is_refuted_since(before) {
        return;
    }
    let mut unknown = None;
    // Alternatives of the array may want a text as a string that is a number, too.
    let is_mixed = |(_, reading): &(_, FieldReading)| text_reading(*reading) != *reading;
    if values.iter().any(is_mixed) {
        let as_text = values
            .iter()
            .map(|(part, reading)| (*part, text_reading(*reading)));
        let as_text: Vec<_> = as_text.collect();
        write_all(judge, all, &as_text, scratch);
        match judge.schemas().verdict(scratch.tape.wrapped("")) {
            SchemaVerdict::Valid => return,
            SchemaVerdict::Unknown(part) => unknown = Some(part),
            SchemaVerdict::Invalid | SchemaVerdict::OverLimit => {}
        }
    }
    write_all(judge, all, &values, scratch);
    let wrapped = scratch.tape.wrapped("");
    match unknown {
        Some(part) if judge.schemas().verdict(wrapped) == SchemaVerdict::Invalid => {
            judge.push_unread(part, below);
        }
        _ => {
            judge.validate_value(wrapped, below);
        }
    }
}

/// Checks that the values of parts have only declared properties.
fn check_undeclared(
    judge: &mut BodyJudge<'_>,
    values: &[Option<(&OrderedPart<'_>, FieldReading)>],
    below: &str,
    scratch: &mut CheckScratch,
) {
    if judge.schemas().closed().is_none() {
        return;
    }
    let limits = allowing_repeats(judge);
    let CheckScratch { tape, inner, .. } = scratch;
    for (number, value) in values.iter().enumerate() {
        let Some((part, reading)) = value else {
            continue;
        };
        for key in &part.shape.schemas {
            tape.begin(key.as_str());
            if write(part, *reading, limits, tape, inner).is_ok()
                && judge.schemas().verdict(tape.wrapped("")) == SchemaVerdict::Valid
            {
                judge.check_undeclared(tape.wrapped(""), &format!("{below}/{number}"));
            }
        }
    }
}

/// The reading that prefers strings.
fn text_reading(reading: FieldReading) -> FieldReading {
    match reading {
        FieldReading::Scalar(types, _) if types.is_mixed() => FieldReading::Scalar(types, true),
        other => other,
    }
}

/// Writes the array of all parts to the tape.
fn write_all(
    judge: &BodyJudge<'_>,
    all: &SchemaKey,
    values: &[(&OrderedPart<'_>, FieldReading)],
    scratch: &mut CheckScratch,
) {
    let CheckScratch { tape, inner, .. } = scratch;
    tape.begin(all.as_str());
    tape.begin_array();
    let limits = allowing_repeats(judge);
    for (part, reading) in values {
        let written = write(part, *reading, limits, tape, inner);
        debug_assert!(written.is_ok(), "each part was written before");
    }
    tape.end();
}

/// Checks one part by the schemas of its position. Returns its reading, if its value is known.
fn check_part(
    judge: &mut BodyJudge<'_>,
    part: &OrderedPart<'_>,
    pointer: &str,
    scratch: &mut CheckScratch,
) -> Option<FieldReading> {
    let limits = judge.json_limits();
    let error = match check_readings(judge, part, pointer, limits, scratch) {
        Ok(reading) => return reading,
        Err(error) => error,
    };
    let violation = judge.syntax_violation(&error, pointer);
    let is_repeated = violation.class == ViolationClass::DuplicateKey;
    judge.push(violation);
    let policy = judge.duplicate_policy();
    if !is_repeated || policy == Enforcement::Reject {
        return None;
    }
    let limits = allowing_repeats(judge);
    check_readings(judge, part, pointer, limits, scratch).ok()?
}

/// Tries the readings of a part until its schemas accept one. Otherwise the first one that has its
/// syntax says what is wrong.
fn check_readings(
    judge: &mut BodyJudge<'_>,
    part: &OrderedPart<'_>,
    pointer: &str,
    limits: JsonLimits,
    scratch: &mut CheckScratch,
) -> Result<Option<FieldReading>, SyntaxError> {
    let readings = match part.part_use {
        PartUse::Json | PartUse::Form => &[FieldReading::Json][..],
        PartUse::Text => &part.shape.field.readings,
        PartUse::Octets => &[FieldReading::Octets],
        PartUse::Nested | PartUse::Unread => return Ok(None),
    };
    let CheckScratch { tape, inner, .. } = scratch;
    let (mut first, mut unknown, mut failure) = (None, None, None);
    for reading in readings {
        tape.begin("");
        if let Err(error) = write(part, *reading, limits, tape, inner) {
            failure.get_or_insert(error);
            continue;
        }
        let schemas = judge.schemas();
        let mut is_known = true;
        let may_be_valid = part.shape.schemas.iter().all(|key| {
            tape.begin(key.as_str());
            let is_written = write(part, *reading, limits, tape, inner).is_ok();
            let verdict = schemas.verdict(tape.wrapped(""));
            is_known &= verdict == SchemaVerdict::Valid;
            is_written && matches!(verdict, SchemaVerdict::Valid | SchemaVerdict::Unknown(_))
        });
        match (may_be_valid, is_known) {
            (true, true) => return Ok(Some(*reading)),
            (true, false) => unknown = unknown.or(Some(*reading)),
            (false, _) => first = first.or(Some(*reading)),
        }
    }
    let Some(reading) = unknown.or(first) else {
        return failure.map_or(Ok(None), Err);
    };
    for key in &part.shape.schemas {
        tape.begin(key.as_str());
        if write(part, reading, limits, tape, inner).is_ok() {
            judge.validate_value(tape.wrapped(""), pointer);
        }
    }
    Ok(Some(reading))
}

fn allowing_repeats(judge: &BodyJudge<'_>) -> JsonLimits {
    JsonLimits {
        duplicate_keys: DuplicateKeys::Allow,
        ..judge.json_limits()
    }
}

/// Writes the value of a part as the next value of an open tape.
fn write(
    part: &OrderedPart<'_>,
    reading: FieldReading,
    limits: JsonLimits,
    tape: &mut Tape,
    inner: &mut Tape,
) -> Result<(), SyntaxError> {
    let mut writer = FieldWriter {
        tape,
        inner,
        fields: &FormFields::default(),
        pairs: RawPairs::EMPTY,
        limits,
    };
    writer.write_values(std::slice::from_ref(&part.value), reading)
}
