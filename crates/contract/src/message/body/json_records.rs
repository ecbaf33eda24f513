//! Sequences of values: JSON Lines, JSON text sequences (RFC 7464) and server-sent events.
//!
//! In OpenAPI 3.2 `itemSchema` describes each record, and `schema` all of them as an array. OpenAPI
//! 3.0 and 3.1 do not say which of the two a schema describes: there, a schema that allows only
//! arrays describes all records, and any other schema describes one.

use std::borrow::Cow;

use portcullis_json::{DuplicateKeys, JsonLimits, Tape};

use super::body_format::BodyFormat;
use super::body_judge::BodyJudge;
use super::body_shape::BodyShape;
use super::event_stream::{event, without_mark};
use super::record_boundaries::{RECORD_SEPARATOR, RecordBoundaries};
use crate::schema::schema_set::SchemaKey;

/// Checks a whole sequence, until the maximum number of violations is reached.
pub(super) fn check_records(
    judge: &mut BodyJudge<'_>,
    key: &SchemaKey,
    shape: &BodyShape,
    format: BodyFormat,
    bytes: &[u8],
    tape: &mut Tape,
) {
    let item = shape.record_schema(key);
    let mut all = AllRecords::default();
    for (number, record) in records(format, bytes).enumerate() {
        if judge.settings.is_full(judge.violations) {
            return;
        }
        let below = format!("/{number}");
        let record = match record {
            Ok(record) => record,
            Err(message) => return judge.malformed(below, message.to_owned()),
        };
        let is_read = match item {
            Some(item) => check_record(judge, item, &record, &below, tape),
            None => reads_record(judge, &record, &below, tape),
        };
        if !is_read {
            return;
        }
        if shape.is_of_all_records {
            all.push(&record);
        }
    }
    if shape.is_of_all_records {
        all.check(judge, key, tape);
    }
}

/// Checks a whole sequence as an array only. Records that cannot be read have been reported.
pub(super) fn check_all_records(
    judge: &mut BodyJudge<'_>,
    key: &SchemaKey,
    format: BodyFormat,
    bytes: &[u8],
    tape: &mut Tape,
) {
    let mut all = AllRecords::default();
    for record in records(format, bytes) {
        match record {
            Ok(record) if tape.parse("", &record, judge.json_limits()).is_ok() => all.push(&record),
            Ok(_) | Err(_) => return,
        }
    }
    all.check(judge, key, tape);
}

/// Checks one record by its schema. Returns whether it is a JSON value.
pub(super) fn check_record(
    judge: &mut BodyJudge<'_>,
    item: &SchemaKey,
    record: &[u8],
    below: &str,
    tape: &mut Tape,
) -> bool {
    let Some(source) = judge.parse(item, record, tape, below) else {
        return false;
    };
    judge.validate_value(tape.wrapped(source), below);
    true
}

/// Whether a record without a schema is a JSON value.
fn reads_record(judge: &mut BodyJudge<'_>, record: &[u8], below: &str, tape: &mut Tape) -> bool {
    let Err(error) = tape.parse("", record, judge.json_limits()) else {
        return true;
    };
    let violation = judge.syntax_violation(&error, below);
    judge.push(violation);
    false
}

/// The text of an array of all records, each of which is known to be one JSON value.
#[derive(Default)]
struct AllRecords {
    text: Vec<u8>,
}

impl AllRecords {
    fn push(&mut self, record: &[u8]) {
        self.text
            .push(if self.text.is_empty() { b'[' } else { b',' });
        self.text.extend_from_slice(record);
    }

    fn check(mut self, judge: &mut BodyJudge<'_>, key: &SchemaKey, tape: &mut Tape) {
        if self.text.is_empty() {
            self.text.push(b'[');
        }
        self.text.push(b']');
        let limits = judge.json_limits();
        let limits = JsonLimits {
            depth_max: limits.depth_max.saturating_add(1),
            duplicate_keys: DuplicateKeys::Allow,
        };
        match tape.parse(key.as_str(), &self.text, limits) {
            Ok(source) => {
                judge.validate_value(tape.wrapped(source), "");
            }
            Err(error) => {
                let violation = judge.syntax_violation(&error, "");
                judge.push(violation);
            }
        }
    }
}

/// The records of a body, or why one cannot be read.
pub(super) fn records(
    format: BodyFormat,
    bytes: &[u8],
) -> impl Iterator<Item = Result<Cow<'_, [u8]>, &'static str>> {
    let mut boundaries = RecordBoundaries::new(format);
    let mut rest = match format {
        BodyFormat::EventStream => without_mark(bytes),
        _ => bytes,
    };
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = boundaries.next_end(rest).unwrap_or(rest.len());
            let (piece, after) = rest.split_at(end);
            rest = after;
            if let Some(record) = read_record(format, piece).transpose() {
                return Some(record);
            }
        }
        None
    })
}

/// The JSON text in one piece of a sequence; `None` if the piece is only what separates records.
pub(super) fn read_record(
    format: BodyFormat,
    piece: &[u8],
) -> Result<Option<Cow<'_, [u8]>>, &'static str> {
    match format {
        BodyFormat::EventStream => match std::str::from_utf8(piece) {
            Ok(text) => Ok(event(text).map(Cow::Owned)),
            Err(_) => Err("the event is not UTF-8"),
        },
        BodyFormat::JsonSequence => {
            let text = piece.strip_prefix(&[RECORD_SEPARATOR]);
            match text.unwrap_or(piece) {
                blank if blank.trim_ascii().is_empty() => Ok(None),
                _ if text.is_none() => {
                    Err("the record does not begin with a record separator (RFC 7464)")
                }
                record if is_truncated(record) => Err(
                    "the record is truncated: it does not end with a line feed (RFC 7464 section 2.4)",
                ),
                record => Ok(Some(Cow::Borrowed(record))),
            }
        }
        _ if piece.trim_ascii().is_empty() => Ok(None),
        _ => Ok(Some(Cow::Borrowed(piece))),
    }
}

/// Whether the record may be truncated: it ends with a scalar and no white space.
fn is_truncated(record: &[u8]) -> bool {
    let ends_itself = [b'}', b']', b'"'];
    match record {
        [.., last] => !ends_itself.contains(last) && !last.is_ascii_whitespace(),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn splits_records() {
        let check = |format, text: &str, expected: &[Result<&str, ()>]| {
            let found: Vec<Result<String, ()>> = records(format, text.as_bytes())
                .map(|record| match record {
                    Ok(record) => Ok(String::from_utf8_lossy(&record).trim().to_owned()),
                    Err(_) => Err(()),
                })
                .collect();
            let expected: Vec<_> = expected
                .iter()
                .map(|record| record.map(str::to_owned))
                .collect();
            assert_eq!(found, expected, "{text:?}");
        };
        let lines = BodyFormat::JsonLines;
        check(lines, "1\r\n\n {}\n[2]", &[Ok("1"), Ok("{}"), Ok("[2]")]);
        check(lines, "\n\r\n", &[]);
        let sequence = BodyFormat::JsonSequence;
        let text = "\u{1e}1\n\u{1e}\u{1e}{}\n";
        check(sequence, text, &[Ok("1"), Ok("{}")]);
        check(sequence, "\u{1e}1", &[Err(())]);
        check(sequence, "", &[]);
        check(sequence, "1\n", &[Err(())]);
        check(sequence, "\u{1e}{}\n2\n", &[Ok("{}"), Err(())]);
    }

    type FoundRecord = Result<Vec<u8>, &'static str>;

    /// The records of a sequence that arrives in two pieces.
    fn in_pieces(format: BodyFormat, bytes: &[u8], at: usize) -> Vec<FoundRecord> {
        let mut boundaries = RecordBoundaries::new(format);
        let (mut found, mut open) = (Vec::new(), Vec::new());
        let mut read = |piece: &[u8]| {
            let record = read_record(format, piece).transpose();
            found.extend(record.map(|record| record.map(Cow::into_owned)));
        };
        let (first, second) = bytes.split_at(at.min(bytes.len()));
        for mut piece in [first, second] {
            while let Some(end) = boundaries.next_end(piece) {
                open.extend_from_slice(&piece[..end]);
                read(&std::mem::take(&mut open));
                piece = &piece[end..];
            }
            open.extend_from_slice(piece);
        }
        read(&open);
        found
    }

    proptest! {
        #[test]
        fn records_do_not_depend_on_how_they_arrive(
            text in "[\u{1e}\r\n:dat{}\"\\\\,1 ]{0,40}",
            at in 0..40_usize,
        ) {
            for format in [BodyFormat::JsonLines, BodyFormat::JsonSequence, BodyFormat::EventStream] {
                let whole: Vec<FoundRecord> = records(format, text.as_bytes())
                    .map(|record| record.map(Cow::into_owned))
                    .collect();
                prop_assert_eq!(in_pieces(format, text.as_bytes(), at), whole);
            }
        }
    }

    #[test]
    fn scalars_without_white_space_are_truncated() {
        for (record, expected) in [("1", true), ("1\n", false), ("{}", false), ("nul", true)] {
            assert_eq!(is_truncated(record.as_bytes()), expected, "{record}");
        }
    }
}
