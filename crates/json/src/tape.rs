//! The tape itself: entries, the side buffer, and where each value stood in the source.
//!
//! Entry 0 is always a wrapper object of one member, entry 1 its key and entry 2 the document:
//! validators are built once per contract over `{"properties": {"<key>": …}}`, so what they
//! judge is the wrapper.
//!
//! Invariants: a container's `end` is the index past its last descendant; a member is a key
//! entry directly followed by its value; `start..end` of a text is a range of the source, or of
//! the side buffer if the entry says so, on character boundaries.

use std::fmt;
use std::sync::OnceLock;

use super::json_node::JsonNode;
use super::member_index::WideMemberIndex;

/// What an entry stands for. Keys are told apart from strings so that a value finds its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum EntryTag {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
    Key,
}

/// The digest of a string that stands for octets; that of every other string is 0.
pub(super) const OCTETS: u16 = 1;

/// One value or one key, in 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct TapeEntry {
    pub(super) tag: EntryTag,
    /// The text lies in the side buffer, not in the source.
    pub(super) in_side: bool,
    /// For keys: a digest of the name, so that most comparisons end before the text is touched.
    pub(super) digest: u16,
    /// Byte offset in the source; 0 where there is none. For octets their number.
    pub(super) offset: u32,
    /// Start of the text; for containers the number of members or elements.
    pub(super) start: u32,
    /// End of the text; for containers the index past the last descendant.
    pub(super) end: u32,
}

impl TapeEntry {
    pub(super) fn is_container(self) -> bool {
        matches!(self.tag, EntryTag::Array | EntryTag::Object)
    }

    /// The index past this value, which stands at `index`.
    #[inline]
    pub(super) fn end_index(self, index: u32) -> u32 {
        if self.is_container() {
            self.end
        } else {
            index + 1
        }
    }
}

/// A JSON document as a flat vector of entries; reusable, so that parsing allocates nothing once
/// its buffers have grown.
///
/// A tape does not hold its source: handles are made with [`Tape::root`] from the text that
/// [`Tape::parse`] returned. Tapes that were built, or read from YAML, hold all their text
/// themselves and take `""`.
#[derive(Default)]
pub struct Tape {
    pub(super) entries: Vec<TapeEntry>,
    /// Text that is not in the source as it is: unescaped strings, built values, the key.
    pub(super) side: String,
    /// Containers not yet closed, outermost first.
    pub(super) open: Vec<u32>,
    /// Members of objects too wide for a linear search.
    pub(super) wide: WideMemberIndex,
    /// Whether some object holds two members of one name.
    pub(super) has_duplicates: bool,
    pub(super) source_bytes: usize,
    /// Lines of the entries, where they are known one by one and not by offset.
    entry_lines: Vec<u32>,
    line_starts: OnceLock<Vec<u32>>,
}

impl Tape {
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties the tape and keeps its buffers.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.side.clear();
        self.open.clear();
        self.wide.clear();
        self.has_duplicates = false;
        self.source_bytes = 0;
        self.entry_lines.clear();
        self.line_starts.take();
    }

    /// Gives back what the buffers hold beyond their content, for tapes that are kept.
    pub fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
        self.side.shrink_to_fit();
        self.open.shrink_to_fit();
        self.entry_lines.shrink_to_fit();
    }

    /// Bytes held by the main buffers, so that a pool can drop a tape that one large body grew.
    pub fn capacity_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<TapeEntry>() + self.side.capacity() + self.wide.bytes()
    }

    /// Number of entries: every value and every member name, the wrapper's two included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was parsed or built.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The object of one member around the document; what validators judge.
    pub fn wrapped<'a>(&'a self, source: &'a str) -> JsonNode<'a> {
        self.node(0, source)
    }

    /// The document.
    pub fn root<'a>(&'a self, source: &'a str) -> JsonNode<'a> {
        self.node(2, source)
    }

    /// The value at `index`, which [`JsonNode::index`] told. An index past the end, which only an
    /// empty tape has, stands for `null`.
    pub fn node<'a>(&'a self, index: u32, source: &'a str) -> JsonNode<'a> {
        debug_assert_eq!(
            source.len(),
            self.source_bytes,
            "the source of another tape"
        );
        JsonNode::new(self, source, index)
    }

    pub(super) fn entry(&self, index: u32) -> TapeEntry {
        const NONE: TapeEntry = TapeEntry {
            tag: EntryTag::Null,
            in_side: false,
            digest: 0,
            offset: 0,
            start: 0,
            end: 0,
        };
        self.entries.get(index as usize).copied().unwrap_or(NONE)
    }

    #[inline]
    pub(super) fn text<'a>(&'a self, entry: TapeEntry, source: &'a str) -> &'a str {
        let buffer = if entry.in_side {
            self.side.as_str()
        } else {
            source
        };
        buffer
            .get(entry.start as usize..entry.end as usize)
            .unwrap_or_default()
    }

    /// 1-based line of the entry at `index`; 1 for built values.
    pub(super) fn line(&self, index: u32, source: &str) -> u32 {
        if let Some(&line) = self.entry_lines.get(index as usize) {
            return line;
        }
        let starts = self.line_starts.get_or_init(|| line_starts(source));
        let offset = self.entry(index).offset;
        starts.partition_point(|&start| start <= offset) as u32 + 1
    }

    /// The name that the key entry at `index` of a built tape holds.
    pub fn name_at(&self, index: u32) -> &str {
        self.text(self.entry(index), "")
    }

    /// Says on which line each entry stands, for documents that are read from another notation.
    pub fn set_lines(&mut self, lines: Vec<u32>) {
        debug_assert_eq!(lines.len(), self.entries.len(), "one line per entry");
        self.entry_lines = lines;
    }
}

impl fmt::Debug for Tape {
    /// Sizes only: the content may be a payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("entries", &self.entries.len())
            .field("side_bytes", &self.side.len())
            .field("source_bytes", &self.source_bytes)
            .finish_non_exhaustive()
    }
}

/// Offsets at which lines begin, the first line left out.
fn line_starts(source: &str) -> Vec<u32> {
    memchr::memchr_iter(b'\n', source.as_bytes())
        .map(|at| at as u32 + 1)
        .collect()
}
