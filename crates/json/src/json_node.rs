//! [`JsonNode`]: a handle to one value of a tape.

use std::fmt;

use serde_json::Value;

use super::member_index::digest;
use super::number;
use super::pointer;
use super::tape::Tape;
use super::tape_entry::{EntryTag, OCTETS, TapeEntry};

/// The kinds of JSON values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl JsonKind {
    /// The name with its article, for messages.
    pub const fn with_article(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl fmt::Display for JsonKind {
    /// The name that JSON Schema gives the type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        })
    }
}

/// One value of a tape.
#[derive(Clone, Copy)]
pub struct JsonNode<'a> {
    pub(super) tape: &'a Tape,
    pub(super) source: &'a str,
    index: u32,
}

impl Tape {
    /// The wrapper object around the document, which validators check.
    pub fn wrapped<'a>(&'a self, source: &'a str) -> JsonNode<'a> {
        self.node(0, source)
    }

    /// The document.
    pub fn root<'a>(&'a self, source: &'a str) -> JsonNode<'a> {
        self.node(2, source)
    }

    /// The value at `index`, as [`JsonNode::index`] returned it. An index past the end, which only
    /// an empty tape has, stands for `null`.
    pub fn node<'a>(&'a self, index: u32, source: &'a str) -> JsonNode<'a> {
        debug_assert_eq!(
            source.len(),
            self.source_bytes,
            "the source of another tape"
        );
        JsonNode::new(self, source, index)
    }
}

impl<'a> JsonNode<'a> {
    pub(super) fn new(tape: &'a Tape, source: &'a str, index: u32) -> Self {
        Self {
            tape,
            source,
            index,
        }
    }

    #[inline]
    pub(super) fn at(self, index: u32) -> Self {
        Self { index, ..self }
    }

    #[inline]
    pub(super) fn entry(self) -> TapeEntry {
        self.tape.entry(self.index)
    }

    /// The index of the value on its tape; [`Tape::node`] leads back to it.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The number of values and member names that the value consists of.
    pub fn entry_count(self) -> u32 {
        self.entry().end_index(self.index) - self.index
    }

    /// Whether the value at `index` is this one or is inside it.
    pub fn contains_index(self, index: u32) -> bool {
        (self.index..self.entry().end_index(self.index)).contains(&index)
    }

    #[inline]
    pub fn kind(self) -> JsonKind {
        match self.entry().tag {
            EntryTag::Null => JsonKind::Null,
            EntryTag::False | EntryTag::True => JsonKind::Boolean,
            EntryTag::Number => JsonKind::Number,
            EntryTag::String | EntryTag::Key => JsonKind::String,
            EntryTag::Array => JsonKind::Array,
            EntryTag::Object => JsonKind::Object,
        }
    }

    pub fn is_null(self) -> bool {
        self.entry().tag == EntryTag::Null
    }

    pub fn is_object(self) -> bool {
        self.entry().tag == EntryTag::Object
    }

    pub fn is_array(self) -> bool {
        self.entry().tag == EntryTag::Array
    }

    pub fn as_bool(self) -> Option<bool> {
        match self.entry().tag {
            EntryTag::True => Some(true),
            EntryTag::False => Some(false),
            EntryTag::Null
            | EntryTag::Number
            | EntryTag::String
            | EntryTag::Array
            | EntryTag::Object
            | EntryTag::Key => None,
        }
    }

    #[inline]
    pub fn as_str(self) -> Option<&'a str> {
        let entry = self.entry();
        (entry.tag == EntryTag::String).then(|| self.tape.text(entry, self.source))
    }

    /// How many octets the value stands for, if [`Tape::octets`] added it.
    #[inline]
    pub fn octets(self) -> Option<u64> {
        let entry = self.entry();
        (entry.tag == EntryTag::String && entry.digest == OCTETS).then_some(u64::from(entry.offset))
    }

    /// The literal of a number as it is written.
    #[inline]
    pub fn number_text(self) -> Option<&'a str> {
        let entry = self.entry();
        (entry.tag == EntryTag::Number).then(|| self.tape.text(entry, self.source))
    }

    /// The number, if it is written as an integer and fits.
    pub fn as_u64(self) -> Option<u64> {
        self.number_text().and_then(number::as_u64)
    }

    /// The number, if it is written as an integer and fits.
    pub fn as_i64(self) -> Option<i64> {
        self.number_text().and_then(number::as_i64)
    }

    /// The number, rounded to the nearest `f64`.
    pub fn as_f64(self) -> Option<f64> {
        self.number_text().and_then(number::as_f64)
    }

    /// The number of members or elements; 0 for scalars.
    pub fn len(self) -> usize {
        let entry = self.entry();
        if entry.is_container() {
            entry.start as usize
        } else {
            0
        }
    }

    /// Whether the value has no members or elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The member `name`; the last one if the limits allow several.
    pub fn get(self, name: &str) -> Option<Self> {
        self.member(name, digest(name.as_bytes()))
    }

    #[inline]
    pub(super) fn member(self, name: &str, digest: u16) -> Option<Self> {
        let index = self.tape.member(self.index, name, digest, self.source)?;
        Some(self.at(index))
    }

    /// The members of an object in document order; other kinds have none.
    pub fn members(self) -> JsonMembers<'a> {
        JsonMembers(self.children(EntryTag::Object))
    }

    /// The elements of an array; other kinds have none.
    pub fn elements(self) -> JsonElements<'a> {
        JsonElements(self.children(EntryTag::Array))
    }

    fn children(self, tag: EntryTag) -> ChildNodes<'a> {
        let entry = self.entry();
        let left = if entry.tag == tag { entry.start } else { 0 };
        ChildNodes {
            next: self.at(self.index + 1),
            left,
        }
    }

    /// The value at a JSON pointer (RFC 6901) relative to this one; `""` is the value itself.
    pub fn pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer
            .strip_prefix('/')?
            .split('/')
            .try_fold(self, Self::step)
    }

    fn step(self, token: &str) -> Option<Self> {
        if self.is_array() {
            let is_index = token == "0" || token.starts_with(|c: char| matches!(c, '1'..='9'));
            return self
                .elements()
                .nth(token.parse().ok().filter(|_| is_index)?);
        }
        self.get(&pointer::unescape(token))
    }

    /// The byte offset of the value in the source; 0 for values that were not read from JSON text.
    pub fn offset(self) -> u32 {
        match self.octets() {
            Some(_) => 0,
            None => self.entry().offset,
        }
    }

    /// The line on which the value starts, from 1; 1 for built values.
    pub fn line(self) -> u32 {
        self.tape.line(self.index, self.source)
    }

    /// The name of the member that the value belongs to.
    pub fn key(self) -> Option<&'a str> {
        self.key_entry()
            .map(|entry| self.tape.text(entry, self.source))
    }

    /// The line of the name of the member that the value belongs to, else of the value, from 1.
    pub fn key_line(self) -> u32 {
        match self.key_entry() {
            Some(_) => self.tape.line(self.index - 1, self.source),
            None => self.line(),
        }
    }

    fn key_entry(self) -> Option<TapeEntry> {
        let before = self.index.checked_sub(1)?;
        Some(self.tape.entry(before)).filter(|entry| entry.tag == EntryTag::Key)
    }

    /// The value as a separate tree. Recursive: the depth limit of the parse bounds it.
    ///
    /// Numbers become `u64`, else `i64`, else the nearest `f64`.
    pub fn to_value(self) -> Value {
        let entry = self.entry();
        match entry.tag {
            EntryTag::Null => Value::Null,
            EntryTag::False => Value::Bool(false),
            EntryTag::True => Value::Bool(true),
            EntryTag::Number => {
                Value::Number(number::to_number(self.tape.text(entry, self.source)))
            }
            EntryTag::String | EntryTag::Key => {
                Value::String(self.tape.text(entry, self.source).into())
            }
            EntryTag::Array => self.elements().map(Self::to_value).collect(),
            EntryTag::Object => self
                .members()
                .map(|(name, value)| (name, value.to_value()))
                .collect(),
        }
    }
}

impl fmt::Debug for JsonNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonNode")
            .field("index", &self.index)
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

/// Walks the children of a container. A key and its value are one child.
#[derive(Clone, Debug)]
struct ChildNodes<'a> {
    next: JsonNode<'a>,
    left: u32,
}

/// The members of an object, in document order.
#[derive(Clone, Debug)]
pub struct JsonMembers<'a>(ChildNodes<'a>);

impl<'a> Iterator for JsonMembers<'a> {
    type Item = (&'a str, JsonNode<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let ChildNodes { next: key, left } = self.0;
        self.0.left = left.checked_sub(1)?;
        let value = key.at(key.index + 1);
        self.0.next = key.at(value.entry().end_index(value.index));
        Some((key.tape.text(key.entry(), key.source), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.left as usize, Some(self.0.left as usize))
    }
}

impl ExactSizeIterator for JsonMembers<'_> {}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct JsonElements<'a>(ChildNodes<'a>);

impl<'a> Iterator for JsonElements<'a> {
    type Item = JsonNode<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let ChildNodes { next: value, left } = self.0;
        self.0.left = left.checked_sub(1)?;
        self.0.next = value.at(value.entry().end_index(value.index));
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.left as usize, Some(self.0.left as usize))
    }
}

impl ExactSizeIterator for JsonElements<'_> {}
