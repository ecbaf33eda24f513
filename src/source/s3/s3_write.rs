//! Writing objects of S3-compatible storage, on conditions.

use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::condition::WritePrecondition;
use super::error::ObjectError;
use super::s3_clients::{S3Clients, code_of, failure};
use crate::source::contract_origin::S3Location;

impl S3Clients {
    /// Writes an object; returns whether the condition held, and it was.
    ///
    /// # Errors
    /// [`ObjectError`]; it may have been written all the same where no answer came.
    pub(in crate::source) async fn put(
        &self,
        place: &S3Location,
        bytes: &[u8],
        condition: WritePrecondition<'_>,
        timeout: Duration,
    ) -> Result<bool, ObjectError> {
        let (client, path) = (self.client(&place.bucket)?, key(place)?);
        let mode = match condition {
            WritePrecondition::Always => PutMode::Overwrite,
            WritePrecondition::Absent => PutMode::Create,
            WritePrecondition::Tag(tag) => PutMode::Update(UpdateVersion {
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
        place: &S3Location,
        timeout: Duration,
    ) -> Result<(), ObjectError> {
        let (client, path) = (self.client(&place.bucket)?, key(place)?);
        match within(place, timeout, client.delete(&path)).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(not_written(failure(place, &error))),
        }
    }
}

fn key(place: &S3Location) -> Result<Path, ObjectError> {
    Path::parse(&place.key).map_err(|error| failure(place, &error.into()))
}

async fn within<T>(
    place: &S3Location,
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
