//! A store in a bucket: conditional requests detect conflicts (RFC 9110 section 13).
//!
//! The storage must honour `If-Match` and `If-None-Match` on writes, as S3 does. After a record was
//! written, the values it refers to are written once more if they are missing: another writer may
//! have removed them as outdated in between.

use std::fmt;
use std::time::Duration;

use super::store_error::StoreError;
use super::store_key::StoreKey;
use super::stored_record::{CommitOutcome, RecordCommit, RecordTag, StoredRecord};
use crate::source::contract_origin::S3Location;
use crate::source::http_fetcher::{FetchLimits, FetchOutcome};
use crate::source::s3::{ObjectError, S3Clients, WritePrecondition};

/// The time limit of one request.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The objects of a bucket below a prefix.
#[derive(Clone, Debug)]
pub struct BucketStore {
    buckets: S3Clients,
    bucket: String,
    /// Empty, or with a trailing slash.
    prefix: String,
}

impl BucketStore {
    /// Parses the text after `s3://`.
    pub(super) fn parse(text: &str, buckets: S3Clients) -> Result<Self, &'static str> {
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(is_name) {
            return Err("a bucket has letters, digits, dots and hyphens");
        }
        let prefix = prefix.trim_end_matches('/');
        if prefix.contains('?') || prefix.split('/').any(|part| matches!(part, "." | "..")) {
            return Err("a prefix has no parameters, and no part that is `.` or `..`");
        }
        if !prefix.is_empty() && prefix.split('/').any(str::is_empty) {
            return Err("a prefix has no empty part");
        }
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Self {
            buckets,
            bucket: bucket.to_owned(),
            prefix,
        })
    }

    pub(super) fn object(&self, key: &StoreKey) -> S3Location {
        S3Location {
            bucket: self.bucket.clone(),
            key: format!("{}{key}", self.prefix),
            version: None,
        }
    }

    pub(super) async fn read(
        &self,
        key: &StoreKey,
        bytes_max: u64,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let location = self.object(key);
        let limits = FetchLimits {
            bytes_max,
            timeout: TIMEOUT,
        };
        match self.buckets.fetch(&location, None, limits).await {
            Ok(FetchOutcome::New {
                bytes,
                etag: Some(etag),
                ..
            }) => Ok(Some(StoredRecord {
                bytes,
                tag: RecordTag(etag),
            })),
            Ok(FetchOutcome::New { etag: None, .. } | FetchOutcome::Unchanged { .. }) => {
                let reason =
                    "the storage returns no ETag, which is needed to detect conflicts".to_owned();
                Err(ObjectError::Failed { location, reason }.into())
            }
            Err(ObjectError::NoObject { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn commit(
        &self,
        commit: &RecordCommit<'_>,
    ) -> Result<CommitOutcome, StoreError> {
        for (key, bytes) in commit.additions {
            self.put(key, bytes, WritePrecondition::Always).await?;
        }
        let condition = commit.expected.map_or(WritePrecondition::Absent, |tag| {
            WritePrecondition::Tag(&tag.0)
        });
        if !self.put(commit.key, commit.bytes, condition).await? {
            return Ok(CommitOutcome::Conflict);
        }
        for (key, bytes) in commit.additions {
            self.put(key, bytes, WritePrecondition::Absent).await?;
        }
        for key in commit.removals {
            self.buckets.delete(&self.object(key), TIMEOUT).await?;
        }
        Ok(CommitOutcome::Written)
    }

    async fn put(
        &self,
        key: &StoreKey,
        bytes: &[u8],
        condition: WritePrecondition<'_>,
    ) -> Result<bool, StoreError> {
        Ok(self
            .buckets
            .put(&self.object(key), bytes, condition, TIMEOUT)
            .await?)
    }
}

impl fmt::Display for BucketStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "s3://{}/{}",
            self.bucket,
            self.prefix.trim_end_matches('/')
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_buckets_with_prefixes() {
        let check = |text: &str, expected: Option<&str>| {
            let bucket = BucketStore::parse(text, S3Clients::with([]));
            let key = StoreKey::new(&["a", "b"]).unwrap();
            let found = bucket.ok().map(|bucket| bucket.object(&key).to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("bucket", Some("s3://bucket/a/b"));
        check("bucket/", Some("s3://bucket/a/b"));
        check("bucket/x/y/", Some("s3://bucket/x/y/a/b"));
        check("", None);
        check("user@bucket/x", None);
        check("bucket/../x", None);
        check("bucket/x//y", None);
        check("bucket/x?versionId=1", None);
    }
}
