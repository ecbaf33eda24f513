//! Parses JSON text onto a tape: strict RFC 8259 in one pass, without recursion.
//!
//! It is stricter than most parsers where two readers could disagree: it refuses repeated member
//! names, lone surrogates, numbers that no `f64` can hold, and byte order marks.

use super::json_limits::{DuplicateKeys, JsonLimits, SOURCE_BYTES_MAX};
use super::member_index::digest;
use super::number::{self, NumberError, NumberFault};
use super::pointer;
use super::scan_string::{skip_space, string_failure, string_stop, unescape};
use super::syntax_error::{SyntaxError, SyntaxErrorKind, UnlocatedError, trailing, unexpected};
use super::tape::Tape;
use super::tape_entry::{EntryTag, TapeEntry, TextRange};

impl Tape {
    /// Reads exactly one JSON value as `{"<key>": <value>}` and replaces the content of the tape.
    ///
    /// Returns the source as text, which [`Tape::root`] and [`Tape::wrapped`] take.
    ///
    /// # Errors
    /// The first violation of RFC 8259 or of the limits, and where it is. The tape is then empty.
    pub fn parse<'s>(
        &mut self,
        key: &str,
        source: &'s [u8],
        limits: JsonLimits,
    ) -> Result<&'s str, SyntaxError> {
        let text = check_text(source).map_err(|failure| failure.locate(source, String::new()))?;
        self.begin(key);
        self.source_bytes = text.len();
        let mut parser = JsonParser {
            bytes: source,
            text,
            at: 0,
            tape: self,
            limits,
            in_object: false,
            wants_value: true,
        };
        let parsed = parser.document();
        match parsed {
            Ok(()) => Ok(text),
            Err(failure) => {
                let pointer = parser.pointer();
                self.clear();
                Err(failure.locate(source, pointer))
            }
        }
    }
}

fn check_text(source: &[u8]) -> Result<&str, UnlocatedError> {
    if source.len() > SOURCE_BYTES_MAX {
        let kind = SyntaxErrorKind::TooLarge {
            bytes_max: SOURCE_BYTES_MAX,
        };
        return Err(UnlocatedError::new(kind, 0));
    }
    if source.starts_with(b"\xEF\xBB\xBF") {
        return Err(UnlocatedError::new(SyntaxErrorKind::ByteOrderMark, 0));
    }
    simdutf8::compat::from_utf8(source)
        .map_err(|error| UnlocatedError::new(SyntaxErrorKind::Utf8, error.valid_up_to()))
}

struct JsonParser<'t, 's> {
    bytes: &'s [u8],
    text: &'s str,
    at: usize,
    tape: &'t mut Tape,
    limits: JsonLimits,
    /// Whether the innermost open container is an object.
    in_object: bool,
    /// Whether a value is expected, rather than the text between two values.
    wants_value: bool,
}

impl JsonParser<'_, '_> {
    fn document(&mut self) -> Result<(), UnlocatedError> {
        self.space();
        if self.at == self.bytes.len() {
            return Err(UnlocatedError::new(SyntaxErrorKind::Empty, self.at));
        }
        loop {
            self.wants_value = true;
            let opened = self.value()?;
            self.wants_value = false;
            if !(if opened {
                self.first_of_container()?
            } else {
                self.next_after_value()?
            }) {
                break;
            }
        }
        self.space();
        if self.at < self.bytes.len() {
            return Err(trailing(self.bytes, self.at));
        }
        Ok(())
    }

    #[inline]
    fn space(&mut self) {
        self.at = skip_space(self.bytes, self.at);
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Reads a scalar, or the opening bracket of a container. Returns whether it was a bracket.
    #[inline]
    fn value(&mut self) -> Result<bool, UnlocatedError> {
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'{') => return self.open(EntryTag::Object),
            Some(b'[') => return self.open(EntryTag::Array),
            Some(b't') => self.literal(b"true", EntryTag::True)?,
            Some(b'f') => self.literal(b"false", EntryTag::False)?,
            Some(b'n') => self.literal(b"null", EntryTag::Null)?,
            _ => return Err(unexpected("a value", self.bytes, self.at)),
        }
        Ok(false)
    }

    #[inline]
    fn open(&mut self, tag: EntryTag) -> Result<bool, UnlocatedError> {
        let depth_max = self.limits.depth_max;
        if self.tape.open.len() >= depth_max as usize {
            return Err(UnlocatedError::new(
                SyntaxErrorKind::Depth { depth_max },
                self.at,
            ));
        }
        self.tape.open(tag, self.at as u32);
        self.in_object = tag == EntryTag::Object;
        self.at += 1;
        Ok(true)
    }

    /// After an opening bracket: moves to the first value, or past an empty container. Returns
    /// whether a value follows.
    #[inline]
    fn first_of_container(&mut self) -> Result<bool, UnlocatedError> {
        self.space();
        let is_object = self.in_object;
        match self.peek() {
            Some(b'}') if is_object => self.close()?,
            Some(b']') if !is_object => self.close()?,
            Some(b'"') if is_object => {
                self.member_name()?;
                return Ok(true);
            }
            _ if is_object => {
                return Err(unexpected(
                    "a member name in quotes, or `}`",
                    self.bytes,
                    self.at,
                ));
            }
            _ => return Ok(true),
        }
        self.next_after_value()
    }

    /// After a value: moves past commas and closing brackets to the next value. Returns whether a
    /// value follows.
    #[inline]
    fn next_after_value(&mut self) -> Result<bool, UnlocatedError> {
        while !self.tape.open.is_empty() {
            let is_object = self.in_object;
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                    if is_object {
                        self.member_name()?;
                    }
                    return Ok(true);
                }
                Some(b'}') if is_object => self.close()?,
                Some(b']') if !is_object => self.close()?,
                _ => {
                    let expected = if is_object {
                        "`,` or `}`"
                    } else {
                        "`,` or `]`"
                    };
                    return Err(unexpected(expected, self.bytes, self.at));
                }
            }
        }
        Ok(false)
    }

    #[inline]
    fn close(&mut self) -> Result<(), UnlocatedError> {
        self.at += 1;
        let closed = self.tape.close();
        let innermost = self
            .tape
            .open
            .last()
            .map(|&container| self.tape.entry(container).tag);
        self.in_object = innermost == Some(EntryTag::Object);
        if let Some(object) = closed {
            let indexed = self.tape.index_members(object, self.text);
            if let (Err(repeated), DuplicateKeys::Refuse) = (indexed, self.limits.duplicate_keys) {
                self.tape.open.push(object);
                let key = self.tape.entry(repeated.second);
                let name = self.tape.text(key, self.text).into();
                let kind = SyntaxErrorKind::DuplicateKey(name);
                return Err(UnlocatedError::new(kind, key.offset as usize));
            }
        }
        Ok(())
    }

    #[inline]
    fn member_name(&mut self) -> Result<(), UnlocatedError> {
        if self.peek() != Some(b'"') {
            return Err(unexpected("a member name in quotes", self.bytes, self.at));
        }
        self.key()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(unexpected("`:` after a member name", self.bytes, self.at));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<(), UnlocatedError> {
        let offset = self.at as u32;
        let range = self.quoted()?;
        self.tape.push_text(EntryTag::String, offset, range);
        Ok(())
    }

    #[inline]
    fn key(&mut self) -> Result<(), UnlocatedError> {
        let offset = self.at as u32;
        let TextRange {
            start,
            end,
            in_side,
        } = self.quoted()?;
        let buffer = if in_side {
            self.tape.side.as_bytes()
        } else {
            self.bytes
        };
        let digest = digest(buffer.get(start as usize..end as usize).unwrap_or_default());
        self.tape.entries.push(TapeEntry {
            tag: EntryTag::Key,
            in_side,
            digest,
            offset,
            start,
            end,
        });
        Ok(())
    }

    /// Reads the string whose opening quote is here. Returns where its text is.
    #[inline(always)]
    fn quoted(&mut self) -> Result<TextRange, UnlocatedError> {
        let from = self.at + 1;
        let stop = string_stop(self.bytes, from);
        match self.bytes.get(stop) {
            Some(b'"') => {
                self.at = stop + 1;
                Ok(TextRange {
                    start: from as u32,
                    end: stop as u32,
                    in_side: false,
                })
            }
            Some(b'\\') => self.escaped_string(from, stop),
            _ => Err(string_failure(self.bytes, stop)),
        }
    }

    #[cold]
    fn escaped_string(&mut self, from: usize, escape: usize) -> Result<TextRange, UnlocatedError> {
        let plain = self
            .tape
            .add_side(self.text.get(from..escape).unwrap_or_default());
        self.at = unescape(self.text, escape, &mut self.tape.side)?;
        Ok(TextRange {
            end: self.tape.side.len() as u32,
            ..plain
        })
    }

    #[inline]
    fn number(&mut self) -> Result<(), UnlocatedError> {
        let from = self.at;
        match number::scan(self.text, from) {
            Ok(past) => {
                self.at = past;
                let offset = from as u32;
                let range = TextRange {
                    start: offset,
                    end: past as u32,
                    in_side: false,
                };
                self.tape.push_text(EntryTag::Number, offset, range);
                Ok(())
            }
            Err(NumberFault { error, at })
                if error == NumberError::Grammar && at > from && at == self.bytes.len() =>
            {
                Err(unexpected("a digit", self.bytes, at))
            }
            Err(NumberFault { error, at }) => {
                Err(UnlocatedError::new(SyntaxErrorKind::Number(error), at))
            }
        }
    }

    #[inline]
    fn literal(&mut self, word: &'static [u8], tag: EntryTag) -> Result<(), UnlocatedError> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(unexpected("`true`, `false` or `null`", self.bytes, self.at));
        }
        self.tape.push_value(tag, self.at as u32);
        self.at += word.len();
        Ok(())
    }

    /// The JSON pointer of the value that is being read, or of its container between values.
    #[cold]
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        let mut containers = self.tape.open.iter().copied().peekable();
        while let Some(container) = containers.next() {
            let child = containers.peek().copied();
            if child.is_some() || self.wants_value {
                self.push_step(container, child, &mut pointer);
            }
        }
        pointer
    }

    /// Appends the step from an open container to its last child.
    fn push_step(&self, container: u32, child: Option<u32>, pointer: &mut String) {
        let past_all = self.tape.entries.len() as u32;
        let is_object = self.tape.entry(container).tag == EntryTag::Object;
        let (mut at, mut position) = (container + 1, 0);
        let mut name = "";
        while at < past_all {
            if is_object {
                name = self.tape.text(self.tape.entry(at), self.text);
                at += 1;
            }
            if child == Some(at) || at >= past_all {
                break;
            }
            position += 1;
            at = self.tape.entry(at).end_index(at);
        }
        if is_object {
            pointer::push(pointer, name);
        } else {
            pointer::push(pointer, &position.to_string());
        }
    }
}
