//! Values put on a tape one by one: decoded parameters, and documents in other notations.
//!
//! All text is copied to the side buffer, so a built tape has no source.

use super::json_node::{JsonKind, JsonNode};
use super::member_index::{DuplicateMember, digest};
use super::number::{self, NumberError};
use super::tape::{EntryTag, OCTETS, Tape, TapeEntry};

impl Tape {
    /// Empties the tape and opens the wrapper `{"<key>": …}`; exactly one value must follow.
    pub fn begin(&mut self, key: &str) {
        self.clear();
        self.push(EntryTag::Object, 0, (1, 2));
        self.push_key(key, 0);
    }

    /// Opens an object: pairs of [`Tape::key`] and a value, then [`Tape::end`].
    pub fn begin_object(&mut self) {
        self.open(EntryTag::Object, 0);
    }

    /// Opens an array: values, then [`Tape::end`].
    pub fn begin_array(&mut self) {
        self.open(EntryTag::Array, 0);
    }

    /// Names the member whose value follows. A name given twice is found by its last value.
    pub fn key(&mut self, name: &str) {
        self.push_key(name, 0);
    }

    /// Puts a string.
    pub fn string(&mut self, text: &str) {
        let range = self.add_side(text);
        self.push_text(EntryTag::String, 0, range, true);
    }

    /// Puts a value that stands for so many octets, which are not kept: a string whose text is
    /// empty and whose length is theirs. What exceeds a `u32` counts as its maximum.
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

    /// Puts a copy of another tape's value. Recursive: the depth limit of its parse bounds it.
    pub fn copy_value(&mut self, value: JsonNode<'_>) {
        match value.kind() {
            JsonKind::Null => self.null(),
            JsonKind::Boolean => self.boolean(value.as_bool().unwrap_or_default()),
            JsonKind::String => self.string(value.as_str().unwrap_or_default()),
            JsonKind::Number => {
                let range = self.add_side(value.number_text().unwrap_or_default());
                self.push_text(EntryTag::Number, 0, range, true);
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

    /// Puts a number as it is written.
    ///
    /// # Errors
    /// `text` is no JSON number (RFC 8259 section 6), or outside the range of an `f64`; then the
    /// tape is unchanged.
    pub fn number(&mut self, text: &str) -> Result<(), NumberError> {
        number::check(text)?;
        let range = self.add_side(text);
        self.push_text(EntryTag::Number, 0, range, true);
        Ok(())
    }

    /// Puts `true` or `false`.
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

    /// Puts `null`.
    pub fn null(&mut self) {
        self.push_value(EntryTag::Null, 0);
    }

    /// Closes the innermost open object or array.
    pub fn end(&mut self) {
        // A repeated name is no error here: whoever minds asks `end_checked`.
        let _ = self.end_checked();
    }

    /// Closes the innermost open object or array.
    ///
    /// # Errors
    /// The object has two members of one name. It is closed even so.
    pub fn end_checked(&mut self) -> Result<(), DuplicateMember> {
        match self.close() {
            Some(object) => self.index_members(object, ""),
            None => Ok(()),
        }
    }

    /// Closes the innermost container; returns it if it is an object, whose members are still to
    /// be settled.
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
        self.push(tag, offset, (0, 0));
        self.open.push(index);
    }

    pub(super) fn push_value(&mut self, tag: EntryTag, offset: u32) {
        self.push(tag, offset, (0, 0));
        self.complete();
    }

    #[inline]
    pub(super) fn push_text(
        &mut self,
        tag: EntryTag,
        offset: u32,
        range: (u32, u32),
        in_side: bool,
    ) {
        let (start, end) = range;
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
        let (start, end) = self.add_side(name);
        let digest = digest(name.as_bytes());
        self.entries.push(TapeEntry {
            tag: EntryTag::Key,
            in_side: true,
            digest,
            offset,
            start,
            end,
        });
    }

    /// Copies text to the side buffer.
    pub(super) fn add_side(&mut self, text: &str) -> (u32, u32) {
        let start = self.side.len() as u32;
        self.side.push_str(text);
        (start, self.side.len() as u32)
    }

    #[inline]
    fn push(&mut self, tag: EntryTag, offset: u32, (start, end): (u32, u32)) {
        self.entries.push(TapeEntry {
            tag,
            in_side: false,
            digest: 0,
            offset,
            start,
            end,
        });
    }

    /// A value is complete: counts it in its container, or closes the wrapper.
    #[inline]
    fn complete(&mut self) {
        match self.open.last() {
            Some(&container) => self.entries[container as usize].start += 1,
            None => self.entries[0].end = self.entries.len() as u32,
        }
    }
}
