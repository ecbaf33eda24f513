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
use super::event_stream::events;
use crate::schema::schema_set::SchemaKey;

const RECORD_SEPARATOR: u8 = 0x1e;

/// Checks each record until the maximum number of violations is reached.
pub(super) fn check_records(
    judge: &mut BodyJudge<'_>,
    key: &SchemaKey,
    shape: &BodyShape,
    format: BodyFormat,
    bytes: &[u8],
    tape: &mut Tape,
) {
    let records = match format {
        BodyFormat::JsonSequence => sequence(bytes),
        BodyFormat::EventStream => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Box::new(events(text).map(Cow::Owned)) as RecordIter<'_>),
            Err(_) => Err("the event stream is not UTF-8"),
        },
        _ => Ok(lines(bytes)),
    };
    let records = match records {
        Ok(records) => records,
        Err(message) => return judge.malformed(String::new(), message.to_owned()),
    };
    let item = if shape.is_of_all_records {
        shape.item.as_ref()
    } else {
        Some(key)
    };
    let mut all = AllRecords::default();
    for (number, record) in records.enumerate() {
        if judge.violations.len() >= judge.settings.violations_max {
            return;
        }
        let below = format!("/{number}");
        if format == BodyFormat::JsonSequence && is_truncated(&record) {
            let message =
                "the record is truncated: it does not end with a line feed (RFC 7464 section 2.4)";
            return judge.malformed(below, message.to_owned());
        }
        match item {
            Some(item) => match judge.parse(item, &record, tape, &below) {
                Some(source) => {
                    judge.validate_value(tape.wrapped(source), &below);
                }
                None => return,
            },
            None => {
                if let Err(error) = tape.parse("", &record, judge.json_limits()) {
                    let violation = judge.syntax_violation(&error, &below);
                    return judge.push(violation);
                }
            }
        }
        if shape.is_of_all_records {
            all.push(&record);
        }
    }
    if shape.is_of_all_records {
        all.check(judge, key, tape);
    }
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

type RecordIter<'b> = Box<dyn Iterator<Item = Cow<'b, [u8]>> + 'b>;

/// Lines that are not blank. A carriage return before the line feed is white space.
fn lines(bytes: &[u8]) -> RecordIter<'_> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let lines = lines.filter(|line| !line.trim_ascii().is_empty());
    Box::new(lines.map(Cow::Borrowed))
}

/// The texts between record separators, without empty ones (RFC 7464 section 2.1).
fn sequence(bytes: &[u8]) -> Result<RecordIter<'_>, &'static str> {
    match bytes {
        [] => Ok(Box::new(std::iter::empty())),
        [RECORD_SEPARATOR, rest @ ..] => {
            let records = rest.split(|byte| *byte == RECORD_SEPARATOR);
            let records = records.filter(|record| !record.trim_ascii().is_empty());
            Ok(Box::new(records.map(Cow::Borrowed)))
        }
        _ => Err("the first record does not begin with a record separator (RFC 7464)"),
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
    use super::*;

    #[test]
    fn splits_records() {
        let text = |records: RecordIter<'_>| -> Vec<String> {
            records
                .map(|record| String::from_utf8_lossy(&record).trim().to_owned())
                .collect()
        };
        assert_eq!(text(lines(b"1\r\n\n {}\n[2]")), ["1", "{}", "[2]"]);
        assert!(text(lines(b"\n\r\n")).is_empty());
        assert_eq!(text(sequence(b"\x1e1\n\x1e\x1e{}\n").unwrap()), ["1", "{}"]);
        assert!(text(sequence(b"").unwrap()).is_empty());
        assert!(sequence(b"1\n").is_err());
    }

    #[test]
    fn scalars_without_white_space_are_truncated() {
        for (record, expected) in [("1", true), ("1\n", false), ("{}", false), ("nul", true)] {
            assert_eq!(is_truncated(record.as_bytes()), expected, "{record}");
        }
    }
}
