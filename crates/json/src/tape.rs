//! The tape: entries, the side buffer, and the positions of values in the source.
//!
//! Entry 0 is always a wrapper object with one member, entry 1 its key and entry 2 the document.
//! Validators are built once per contract over `{"properties": {"<key>": …}}`, so they check the
//! wrapper.
//!
//! Invariants: a container's `end` is the index after its last descendant. A member is a key entry
//! directly followed by its value. The `start..end` of a text is a range of the source, or of the
//! side buffer if `in_side` is set, on character boundaries.

use std::fmt;
use std::sync::OnceLock;

use super::member_index::WideMemberIndex;
use super::tape_entry::{EntryTag, TapeEntry};

/// A JSON document as a flat vector of entries. It is reusable: once its buffers have grown,
/// parsing allocates nothing.
///
/// A tape does not hold its source. [`Tape::root`] makes handles from the text that [`Tape::parse`]
/// returned. Tapes that were built, or read from YAML, hold all their text themselves and take
/// `""`.
#[derive(Default)]
pub struct Tape {
    pub(super) entries: Vec<TapeEntry>,
    /// Text that the source does not contain as it is: unescaped strings, built values, the key.
    pub(super) side: String,
    /// The open containers, outermost first.
    pub(super) open: Vec<u32>,
    /// The members of objects that are too wide for a linear search.
    pub(super) wide: WideMemberIndex,
    /// Whether some object has two members with the same name.
    pub(super) has_duplicates: bool,
    pub(super) source_bytes: usize,
    /// The lines of the entries, if they were set and do not follow from the offsets.
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

    /// Frees the unused capacity of the buffers, for tapes that are kept.
    pub fn shrink_to_fit(&mut self) {
        self.entries.shrink_to_fit();
        self.side.shrink_to_fit();
        self.open.shrink_to_fit();
        self.entry_lines.shrink_to_fit();
    }

    /// The size of the main buffers, so that a pool can drop a tape that one large body has grown.
    pub fn capacity_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<TapeEntry>() + self.side.capacity() + self.wide.bytes()
    }

    /// The number of entries: all values and member names, including the wrapper's two.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether some object has two members with the same name.
    pub fn has_duplicates(&self) -> bool {
        self.has_duplicates
    }

    /// Whether nothing has been parsed or built.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
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

    /// The line of the entry at `index`, from 1; 1 for built values.
    pub(super) fn line(&self, index: u32, source: &str) -> u32 {
        if let Some(&line) = self.entry_lines.get(index as usize) {
            return line;
        }
        let starts = self.line_starts.get_or_init(|| line_starts(source));
        let offset = self.entry(index).offset;
        starts.partition_point(|&start| start <= offset) as u32 + 1
    }

    /// The name in the key entry at `index` of a built tape.
    pub fn name_at(&self, index: u32) -> &str {
        self.text(self.entry(index), "")
    }

    /// Sets the line of each entry, for documents that were read from another notation.
    pub fn set_lines(&mut self, lines: Vec<u32>) {
        debug_assert_eq!(lines.len(), self.entries.len(), "one line per entry");
        self.entry_lines = lines;
    }
}

impl fmt::Debug for Tape {
    /// Shows sizes only, because the content may be payload.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("entries", &self.entries.len())
            .field("side_bytes", &self.side.len())
            .field("source_bytes", &self.source_bytes)
            .finish_non_exhaustive()
    }
}

/// The offsets at which lines begin, without the first line.
fn line_starts(source: &str) -> Vec<u32> {
    memchr::memchr_iter(b'\n', source.as_bytes())
        .map(|at| at as u32 + 1)
        .collect()
}
