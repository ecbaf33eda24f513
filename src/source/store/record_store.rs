//! The store: a directory or a bucket, with one way to read and one to write.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::bucket_store::BucketStore;
use super::directory_store::DirectoryStore;
use super::store_key::StoreKey;
use crate::source::s3::{ObjectError, S3Clients};

/// A place where records are kept.
#[derive(Clone, Debug)]
pub enum RecordStore {
    /// A directory of this machine, or of one that is mounted.
    Directory(DirectoryStore),
    /// Objects of S3-compatible storage below a prefix.
    Bucket(BucketStore),
}

/// What tells one content of a record from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordTag(pub(super) String);

/// A record as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The content.
    pub bytes: Vec<u8>,
    /// What it is replaced by.
    pub tag: RecordTag,
}

/// One change of a record with what belongs to it.
#[derive(Clone, Debug)]
pub struct RecordCommit<'c> {
    /// The record.
    pub key: &'c StoreKey,
    /// The tag that it must still have; none where there must not be one.
    pub expected: Option<&'c RecordTag>,
    /// Its new content.
    pub bytes: &'c [u8],
    /// What the new content refers to, written before it. What is there already is written again.
    pub additions: &'c [(StoreKey, Vec<u8>)],
    /// What it refers to no more, removed after it.
    pub removals: &'c [StoreKey],
}

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is written.
    Written,
    /// Somebody else has written meanwhile; nothing of the record has changed.
    Conflict,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The text names no store.
    #[error(
        "{text:?} is no registry: expected a directory or s3://bucket/prefix{}",
        reason
    )]
    Place {
        /// What was given.
        text: String,
        /// What is wrong with it, after a colon.
        reason: String,
    },
    /// The directory is not there.
    #[error("{}: there is no such directory; check the path, or make it: mkdir -p {}", path.display(), path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The operating system refuses.
    #[error("{}: {source}; check the permissions and the space that is left", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is larger than anything that is written here.
    #[error("{}: larger than {bytes_max} bytes, so it is not what was written; restore it from a backup", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound, in bytes.
        bytes_max: u64,
    },
    /// The storage refuses.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl RecordStore {
    /// The store that a text names: `s3://bucket`, `s3://bucket/prefix`, or a directory.
    ///
    /// # Errors
    /// [`StoreError::Place`] where it names neither.
    pub fn new(text: &str, buckets: &S3Clients) -> Result<Self, StoreError> {
        let wrong = |reason: &str| StoreError::Place {
            text: text.to_owned(),
            reason: reason.to_owned(),
        };
        match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("s3") => {
                BucketStore::parse(rest, buckets.clone())
                    .map(Self::Bucket)
                    .map_err(|reason| wrong(&format!(": {reason}")))
            }
            Some(_) => Err(wrong("")),
            None if text.is_empty() || text == "-" => Err(wrong("")),
            None => Ok(Self::Directory(DirectoryStore::new(text))),
        }
    }

    /// Reads a record; none where there is none.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be known, which is another thing than that there is none.
    pub async fn read(
        &self,
        key: &StoreKey,
        bytes_max: u64,
    ) -> Result<Option<StoredRecord>, StoreError> {
        match self {
            Self::Directory(directory) => directory.read(key, bytes_max),
            Self::Bucket(bucket) => bucket.read(key, bytes_max).await,
        }
    }

    /// Replaces a record, if it is still the one that was read.
    ///
    /// # Errors
    /// [`StoreError`]; a directory's record has not changed then. What a storage did before its
    /// answer was lost is not known: read the record again.
    pub async fn commit(&self, commit: &RecordCommit<'_>) -> Result<CommitOutcome, StoreError> {
        match self {
            Self::Directory(directory) => directory.commit(commit),
            Self::Bucket(bucket) => bucket.commit(commit).await,
        }
    }

    /// Where something is, for people.
    pub fn display_name(&self, key: &StoreKey) -> String {
        match self {
            Self::Directory(directory) => directory.path(key).display().to_string(),
            Self::Bucket(bucket) => bucket.place(key).to_string(),
        }
    }
}

impl fmt::Display for RecordStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(directory) => directory.fmt(f),
            Self::Bucket(bucket) => bucket.fmt(f),
        }
    }
}
