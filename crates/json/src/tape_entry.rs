//! The entries of a tape.

/// The kind of an entry. Keys differ from strings, so that a value finds its key.
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

/// The digest of a string that stands for octets; other strings have 0.
pub(super) const OCTETS: u16 = 1;

/// One value or one key, in 16 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct TapeEntry {
    pub(super) tag: EntryTag,
    /// Whether the text is in the side buffer and not in the source.
    pub(super) in_side: bool,
    /// For keys a digest of the name, so that most comparisons need not touch the text.
    pub(super) digest: u16,
    /// The byte offset in the source, or 0; for octets their number.
    pub(super) offset: u32,
    /// The start of the text; for containers the number of members or elements.
    pub(super) start: u32,
    /// The end of the text; for containers the index after the last descendant.
    pub(super) end: u32,
}

impl TapeEntry {
    pub(super) fn is_container(self) -> bool {
        matches!(self.tag, EntryTag::Array | EntryTag::Object)
    }

    /// The index after this value, whose own index is `index`.
    #[inline]
    pub(super) fn end_index(self, index: u32) -> u32 {
        if self.is_container() {
            self.end
        } else {
            index + 1
        }
    }
}

/// Where the text of an entry is.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextRange {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Whether the text is in the side buffer and not in the source.
    pub(super) in_side: bool,
}
