//! A store of either kind, with one way to read and one to write.

use std::fmt;

use super::bucket_store::BucketStore;
use super::directory_store::DirectoryStore;
use super::store_error::StoreError;
use super::store_key::StoreKey;
use super::stored_record::{CommitOutcome, RecordCommit, StoredRecord};
use crate::source::s3::S3Clients;

/// A store of records.
#[derive(Clone, Debug)]
pub enum RecordStore {
    /// A local or mounted directory.
    Directory(DirectoryStore),
    /// Objects in S3-compatible storage below a prefix.
    Bucket(BucketStore),
}

impl RecordStore {
    /// The store that a text names: `s3://bucket`, `s3://bucket/prefix`, or a directory.
    ///
    /// # Errors
    /// [`StoreError::InvalidAddress`] if it names neither.
    pub fn new(text: &str, buckets: &S3Clients) -> Result<Self, StoreError> {
        let wrong = |reason: &str| StoreError::InvalidAddress {
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
            None if text.starts_with("s3:") => Err(wrong(": two slashes follow `s3:`")),
            None => Ok(Self::Directory(DirectoryStore::new(text))),
        }
    }

    /// Reads a record; `None` if it does not exist.
    ///
    /// # Errors
    /// [`StoreError`] if the record cannot be read. A missing record is not an error.
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

    /// Replaces a record, if it still has the expected tag.
    ///
    /// # Errors
    /// [`StoreError`]. In a directory the record is unchanged then. In a bucket the write may have
    /// succeeded although the response was lost: read the record again.
    pub async fn commit(&self, commit: &RecordCommit<'_>) -> Result<CommitOutcome, StoreError> {
        match self {
            Self::Directory(directory) => directory.commit(commit),
            Self::Bucket(bucket) => bucket.commit(commit).await,
        }
    }

    /// The path or address of an entry, for messages.
    pub fn display_name(&self, key: &StoreKey) -> String {
        match self {
            Self::Directory(directory) => directory.path(key).display().to_string(),
            Self::Bucket(bucket) => bucket.object(key).to_string(),
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
