//! Sequences of JSON texts: JSON Lines, and JSON text sequences (RFC 7464).
//!
//! OpenAPI 3.0 and 3.1 do not say whether the schema of such a media type describes one record
//! or all of them. A schema that allows only arrays describes all records, and each record is
//! checked by its `items`. Any other schema describes one record.

use portcullis_json::Tape;

use super::body_format::BodyFormat;
use super::body_judge::BodyJudge;
use super::body_shape::BodyShape;
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
        _ => Ok(lines(bytes)),
    };
    let records = match records {
        Ok(records) => records,
        Err(message) => return judge.malformed(String::new(), message.to_owned()),
    };
    let key = match &shape.items {
        None => Some(key),
        Some(items) => items.as_ref(),
    };
    for (number, record) in records.enumerate() {
        if judge.violations.len() >= judge.settings.violations_max {
            return;
        }
        let below = format!("/{number}");
        if format == BodyFormat::JsonSequence && is_truncated(record) {
            let message =
                "the record is truncated: it does not end with a line feed (RFC 7464 section 2.4)";
            return judge.malformed(below, message.to_owned());
        }
        match key {
            Some(key) => match judge.parse(key, record, tape, &below) {
                Some(source) => {
                    judge.validate_value(tape.wrapped(source), &below);
                }
                None => return,
            },
            None => {
                if let Err(error) = tape.parse("", record, judge.json_limits()) {
                    let violation = judge.syntax_violation(&error, &below);
                    return judge.push(violation);
                }
            }
        }
    }
}

type RecordIter<'b> = Box<dyn Iterator<Item = &'b [u8]> + 'b>;

/// Lines that are not blank. A carriage return before the line feed is white space.
fn lines(bytes: &[u8]) -> RecordIter<'_> {
    let lines = bytes.split(|byte| *byte == b'\n');
    Box::new(lines.filter(|line| !line.trim_ascii().is_empty()))
}

/// The texts between record separators, without empty ones (RFC 7464 section 2.1).
fn sequence(bytes: &[u8]) -> Result<RecordIter<'_>, &'static str> {
    match bytes {
        [] => Ok(Box::new(std::iter::empty())),
        [RECORD_SEPARATOR, rest @ ..] => {
            let records = rest.split(|byte| *byte == RECORD_SEPARATOR);
            Ok(Box::new(
                records.filter(|record| !record.trim_ascii().is_empty()),
            ))
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
                .map(|record| String::from_utf8_lossy(record).trim().to_owned())
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
