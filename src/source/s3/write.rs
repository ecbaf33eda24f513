//! Writing objects of S3-compatible storage, on conditions.

use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::super::origin::S3Place;
use super::client::{Buckets, code_of, failure};
use super::condition::Condition;
use super::error::ObjectError;

impl Buckets {
    /// Writes an object; returns whether the condition held, and it was.
    ///
    /// # Errors
    /// [`ObjectError`]; it may have been written all the same where no answer came.
    pub(in crate::source) async fn put(
        &self,
        place: &S3Place,
        bytes: &[u8],
        condition: Condition<'_>,
        timeout: Duration,
    ) -> Result<bool, ObjectError> {
        let (client, path) = (self.client(&place.bucket)?, key(place)?);
        let mode = match condition {
            Condition::Always => PutMode::Overwrite,
            Condition::Absent => PutMode::Create,
            Condition::Tag(tag) => PutMode::Update(UpdateVersion {
                e_tag: Some(tag.to_owned()),
                version: None,
            }),
        };
        let payload = PutPayload::from(bytes.to_vec());
        let putting = client.put_opts(&path, payload, PutOptions::from(mode));
        match within(place, timeout, putting).await? {
            Ok(_) => Ok(true),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(false),
            // S3 says so of two writes that meet.
            Err(error) if code_of(&error).as_deref() == Some("ConditionalRequestConflict") => {
                Ok(false)
            }
            Err(error) => Err(not_written(failure(place, &error))),
        }
    }

    /// Removes an object; one that is not there is none the less removed.
    ///
    /// # Errors
    /// [`ObjectError`] names the object and what to check.
    pub(in crate::source) async fn delete(
        &self,
        place: &S3Place,
        timeout: Duration,
    ) -> Result<(), ObjectError> {
        let (client, path) = (self.client(&place.bucket)?, key(place)?);
        match within(place, timeout, client.delete(&path)).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(not_written(failure(place, &error))),
        }
    }
}

fn key(place: &S3Place) -> Result<Path, ObjectError> {
    Path::parse(&place.key).map_err(|error| failure(place, &error.into()))
}

async fn within<T>(
    place: &S3Place,
    timeout: Duration,
    work: impl Future<Output = T>,
) -> Result<T, ObjectError> {
    let done = tokio::time::timeout(timeout, work).await;
    done.map_err(|_| ObjectError::Timeout {
        place: place.clone(),
        timeout,
    })
}

fn not_written(error: ObjectError) -> ObjectError {
    match error {
        ObjectError::Failed { place, reason } => ObjectError::NotWritten { place, reason },
        other => other,
    }
}
