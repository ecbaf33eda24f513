//! Records as they are read and changed.

use super::store_key::StoreKey;

/// Identifies one content of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordTag(pub(super) String);

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The content.
    pub bytes: Vec<u8>,
    /// The tag to replace it with a [`RecordCommit`].
    pub tag: RecordTag,
}

/// One change of a record and of the values it refers to.
#[derive(Clone, Debug)]
pub struct RecordCommit<'c> {
    /// The key of the record.
    pub key: &'c StoreKey,
    /// The tag that the record must still have; `None` if it must not exist.
    pub expected: Option<&'c RecordTag>,
    /// The new content.
    pub bytes: &'c [u8],
    /// Values that the new content refers to, written before it. Existing ones are overwritten.
    pub additions: &'c [(StoreKey, Vec<u8>)],
    /// Values that it no longer refers to, removed after it.
    pub removals: &'c [StoreKey],
}

/// The result of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The change was written.
    Written,
    /// Another writer has changed the record since; this commit did not change it.
    Conflict,
}
