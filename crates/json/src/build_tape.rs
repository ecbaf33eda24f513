//! Builds a tape value by value: for decoded parameters, and for documents in other notations.
//!
//! All text is copied to the side buffer, so a built tape has no source.

use super::json_node::{JsonKind, JsonNode};
use super::member_index::{DuplicateMember, digest};
use super::number::{self, NumberError};
use super::tape::Tape;
use super::tape_entry::{EntryTag, OCTETS, TapeEntry, TextRange};

impl Tape {
    /// Empties the tape and opens the wrapper `{"<key>": …}`. Exactly one value must follow.
    pub fn begin(&mut self, key: &str) {
        self.clear();
        self.push(EntryTag::Object, 0, 1, 2);
        self.push_key(key, 0);
    }

    /// Opens an object. Pairs of [`Tape::key`] and a value follow, then [`Tape::end`].
    pub fn begin_object(&mut self) {
        self.open(EntryTag::Object, 0);
    }

    /// Opens an array. Values follow, then [`Tape::end`].
    pub fn begin_array(&mut self) {
        self.open(EntryTag::Array, 0);
    }

    /// Names the member whose value follows. If a name occurs twice, a lookup finds its last value.
    pub fn key(&mut self, name: &str) {
        self.push_key(name, 0);
    }

    /// Adds a string.
    pub fn string(&mut self, text: &str) {
        let range = self.add_side(text);
        self.push_text(EntryTag::String, 0, range);
    }

    /// Adds a string that stands for `count` octets, which are not kept. Its text is empty, and its
    /// length is the number of octets. A number above the range of `u32` counts as its maximum.
    pub fn octets(&mut self, count: u64) {
        let offset = u32::try_from(count).unwrap_or(u32::MAX);
        self.entries.push(TapeEntry {
            tag: EntryTag::String,
            in_side: true,
            digest: OCTETS,
            offset,
            start: 0,
            end: 0,
        });
        self.complete();
    }

    /// Adds a copy of another tape's value. Recursive: the depth limit of its parse bounds it.
    pub fn copy_value(&mut self, value: JsonNode<'_>) {
        match value.kind() {
            JsonKind::Null => self.null(),
            JsonKind::Boolean => self.boolean(value.as_bool().unwrap_or_default()),
            JsonKind::String => self.string(value.as_str().unwrap_or_default()),
            JsonKind::Number => {
                let range = self.add_side(value.number_text().unwrap_or_default());
                self.push_text(EntryTag::Number, 0, range);
            }
            JsonKind::Array => {
                self.begin_array();
                value
                    .elements()
                    .for_each(|element| self.copy_value(element));
                self.end();
            }
            JsonKind::Object => {
                self.begin_object();
                for (name, member) in value.members() {
                    self.key(name);
                    self.copy_value(member);
                }
                self.end();
            }
        }
    }

    /// Adds a number as it is written.
    ///
    /// # Errors
    /// `text` is not a JSON number (RFC 8259 section 6), or it is outside the range of an `f64`.
    /// The tape is then unchanged.
    pub fn number(&mut self, text: &str) -> Result<(), NumberError> {
        number::check(text)?;
        let range = self.add_side(text);
        self.push_text(EntryTag::Number, 0, range);
        Ok(())
    }

    /// Adds `true` or `false`.
    pub fn boolean(&mut self, value: bool) {
        self.push_value(
            if value {
                EntryTag::True
            } else {
                EntryTag::False
            },
            0,
        );
    }

    /// Adds `null`.
    pub fn null(&mut self) {
        self.push_value(EntryTag::Null, 0);
    }

    /// Closes the innermost open object or array.
    pub fn end(&mut self) {
        // A repeated name is accepted here; `end_checked` reports it.
        let _ = self.end_checked();
    }

    /// Closes the innermost open object or array, and checks an object for repeated names.
    ///
    /// # Errors
    /// The object has two members with the same name. It is closed nevertheless.
    pub fn end_checked(&mut self) -> Result<(), DuplicateMember> {
        match self.close() {
            Some(object) => self.index_members(object, ""),
            None => Ok(()),
        }
    }

    /// Closes the innermost container. Returns it if it is an object, whose members must then be
    /// indexed.
    #[inline]
    pub(super) fn close(&mut self) -> Option<u32> {
        debug_assert!(!self.open.is_empty(), "nothing is open");
        let container = self.open.pop()?;
        let end = self.entries.len() as u32;
        let entry = &mut self.entries[container as usize];
        entry.end = end;
        let is_object = entry.tag == EntryTag::Object;
        self.complete();
        is_object.then_some(container)
    }

    #[inline]
    pub(super) fn open(&mut self, tag: EntryTag, offset: u32) {
        let index = self.entries.len() as u32;
        self.push(tag, offset, 0, 0);
        self.open.push(index);
    }

    pub(super) fn push_value(&mut self, tag: EntryTag, offset: u32) {
        self.push(tag, offset, 0, 0);
        self.complete();
    }

    #[inline]
    pub(super) fn push_text(&mut self, tag: EntryTag, offset: u32, range: TextRange) {
        let TextRange {
            start,
            end,
            in_side,
        } = range;
        self.entries.push(TapeEntry {
            tag,
            in_side,
            digest: 0,
            offset,
            start,
            end,
        });
        self.complete();
    }

    pub(super) fn push_key(&mut self, name: &str, offset: u32) {
        let TextRange {
            start,
            end,
            in_side,
        } = self.add_side(name);
        let digest = digest(name.as_bytes());
        self.entries.push(TapeEntry {
            tag: EntryTag::Key,
            in_side,
            digest,
            offset,
            start,
            end,
        });
    }

    /// Copies text to the side buffer.
    pub(super) fn add_side(&mut self, text: &str) -> TextRange {
        let start = self.side.len() as u32;
        self.side.push_str(text);
        TextRange {
            start,
            end: self.side.len() as u32,
            in_side: true,
        }
    }

    #[inline]
    fn push(&mut self, tag: EntryTag, offset: u32, start: u32, end: u32) {
        self.entries.push(TapeEntry {
            tag,
            in_side: false,
            digest: 0,
            offset,
            start,
            end,
        });
    }

    /// Completes a value: counts it in its container, or closes the wrapper.
    #[inline]
    fn complete(&mut self) {
        match self.open.last() {
            Some(&container) => self.entries[container as usize].start += 1,
            None => self.entries[0].end = self.entries.len() as u32,
        }
    }
}
