//! Where the records of a sequence end, found while it arrives.
//!
//! A record is complete as soon as a reader can know it: at the line feed of JSON Lines, at the line
//! feed after a whole value of a JSON text sequence (RFC 7464 section 2.2), at the blank line of a
//! server-sent event. What is between records, such as blank lines and comments, is complete at its
//! line end. Every octet is examined once, however the sequence is split on the way.

use memchr::{memchr, memchr2};

use super::body_format::BodyFormat;

pub(super) const RECORD_SEPARATOR: u8 = 0x1e;

/// Finds the ends of records.
#[derive(Debug)]
pub(super) enum RecordBoundaries {
    /// A line feed ends every record.
    Lines,
    /// JSON text sequences.
    Sequence(SequenceScan),
    /// Server-sent events.
    Events(EventScan),
}

impl RecordBoundaries {
    /// Boundaries in a body of this format, which is a sequence.
    pub(super) fn new(format: BodyFormat) -> Self {
        match format {
            BodyFormat::JsonSequence => Self::Sequence(SequenceScan::default()),
            BodyFormat::EventStream => Self::Events(EventScan::default()),
            _ => Self::Lines,
        }
    }

    /// Examines the next bytes. Returns how many of them belong to the record in progress if it ends
    /// among them, or `None` if all belong to it and it is not complete yet. The caller continues with the bytes
    /// after the end.
    pub(super) fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Lines => memchr(b'\n', bytes).map(|at| at + 1),
            Self::Sequence(scan) => scan.next_end(bytes),
            Self::Events(scan) => scan.next_end(bytes),
        }
    }
}

/// The position in one record of a JSON text sequence.
#[derive(Debug, Default)]
pub(super) struct SequenceScan {
    /// Whether the record has any bytes.
    is_open: bool,
    /// Whether its value has begun.
    has_value: bool,
    depth: u32,
    is_in_string: bool,
    is_escaped: bool,
}

impl SequenceScan {
    fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == RECORD_SEPARATOR && self.is_open {
                *self = Self::default();
                return Some(at);
            }
            self.is_open = true;
            if *byte == b'\n' && self.has_value && self.depth == 0 && !self.is_in_string {
                *self = Self::default();
                return Some(at + 1);
            }
            self.step(*byte);
        }
        None
    }

    fn step(&mut self, byte: u8) {
        if self.is_in_string {
            self.is_in_string = self.is_escaped || byte != b'"';
            self.is_escaped = !self.is_escaped && byte == b'\\';
            return;
        }
        match byte {
            b'"' => self.is_in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.has_value |= byte != RECORD_SEPARATOR && !byte.is_ascii_whitespace();
    }
}

/// The position in an event stream (HTML section 9.2.5: lines end with CR, LF or both).
#[derive(Debug, Default)]
pub(super) struct EventScan {
    line: EventLine,
    /// Whether the event has a line that is not a comment.
    has_fields: bool,
    /// Whether the last byte was a CR, so that a line feed belongs to the same line end.
    is_after_cr: bool,
}

/// What is known of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum EventLine {
    #[default]
    Empty,
    Comment,
    Field,
}

impl EventScan {
    fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        let first = bytes.first()?;
        let mut at = 0;
        if std::mem::take(&mut self.is_after_cr) && *first == b'\n' {
            at = 1;
            if !self.has_fields {
                return Some(at);
            }
        }
        while let Some(length) = memchr2(b'\r', b'\n', &bytes[at..]) {
            self.see(&bytes[at..at + length]);
            at += length;
            let rest = &bytes[at..];
            at += if rest.starts_with(b"\r\n") { 2 } else { 1 };
            let ends_event = self.end_line();
            self.is_after_cr = rest == b"\r";
            if ends_event {
                return Some(at);
            }
        }
        self.see(&bytes[at..]);
        None
    }

    fn see(&mut self, bytes: &[u8]) {
        if let (EventLine::Empty, Some(first)) = (self.line, bytes.first()) {
            self.line = match first {
                b':' => EventLine::Comment,
                _ => EventLine::Field,
            };
        }
    }

    /// Ends a line. Returns whether it ends an event, or is a comment before one.
    fn end_line(&mut self) -> bool {
        match std::mem::take(&mut self.line) {
            EventLine::Empty => {
                self.has_fields = false;
                true
            }
            EventLine::Comment => !self.has_fields,
            EventLine::Field => {
                self.has_fields = true;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of a text that arrives in pieces of this size.
    fn records(format: BodyFormat, text: &str, piece_bytes: usize) -> Vec<String> {
        let mut boundaries = RecordBoundaries::new(format);
        let (mut records, mut open) = (Vec::new(), Vec::new());
        for mut piece in text.as_bytes().chunks(piece_bytes) {
            while let Some(end) = boundaries.next_end(piece) {
                open.extend_from_slice(&piece[..end]);
                records.push(String::from_utf8(std::mem::take(&mut open)).unwrap());
                piece = &piece[end..];
                if piece.is_empty() {
                    break;
                }
            }
            open.extend_from_slice(piece);
        }
        records.push(format!("…{}", String::from_utf8(open).unwrap()));
        records
    }

    #[track_caller]
    fn check(format: BodyFormat, text: &str, expected: &[&str]) {
        for piece_bytes in [text.len().max(1), 7, 3, 2, 1] {
            let found = records(format, text, piece_bytes);
            // A line feed after the CR of a blank line may arrive later than its event.
            let trimmed = |records: &[&str]| -> Vec<String> {
                let records = records.iter().map(|record| record.trim_end_matches('\n'));
                let records = records.filter(|record| !record.is_empty());
                records.map(str::to_owned).collect()
            };
            let found: Vec<&str> = found.iter().map(String::as_str).collect();
            assert_eq!(
                trimmed(&found),
                trimmed(expected),
                "{text:?} by {piece_bytes}"
            );
        }
    }

    #[test]
    fn a_line_feed_ends_a_json_line() {
        check(
            BodyFormat::JsonLines,
            "1\r\n{}\n[2]",
            &["1\r\n", "{}\n", "…[2]"],
        );
    }

    #[test]
    fn a_text_of_a_sequence_ends_with_its_value() {
        let check = |text, expected: &[&str]| check(BodyFormat::JsonSequence, text, expected);
        check("\u{1e}1\n\u{1e}{}\n", &["\u{1e}1\n", "\u{1e}{}\n", "…"]);
        check(
            "\u{1e}{\n\"a\": [\n1]\n}\n\u{1e}\"x\\\"}\"\n",
            &["\u{1e}{\n\"a\": [\n1]\n}\n", "\u{1e}\"x\\\"}\"\n", "…"],
        );
        check("\u{1e}{}\u{1e}{", &["\u{1e}{}", "…\u{1e}{"]);
        check("\u{1e}\u{1e}1\n", &["\u{1e}", "\u{1e}1\n", "…"]);
        check("\u{1e}{\"a\u{1e}1\n", &["\u{1e}{\"a", "\u{1e}1\n", "…"]);
    }

    #[test]
    fn a_blank_line_ends_an_event() {
        let check = |text, expected: &[&str]| check(BodyFormat::EventStream, text, expected);
        check("data: a\n\ndata: b\n", &["data: a\n\n", "…data: b\n"]);
        check(
            "data: a\r\rdata: b\r\n\r\nid: 1\r\n",
            &["data: a\r\r", "data: b\r\n\r\n", "…id: 1\r\n"],
        );
        check("data: a\n\r\n\n", &["data: a\n\r\n", "\n", "…"]);
    }

    #[test]
    fn a_comment_between_events_is_complete_at_its_end() {
        let check = |text, expected: &[&str]| check(BodyFormat::EventStream, text, expected);
        check(": ping\n: pong\n", &[": ping\n", ": pong\n", "…"]);
        check("data: a\n: ping\n", &["…data: a\n: ping\n"]);
    }
}
