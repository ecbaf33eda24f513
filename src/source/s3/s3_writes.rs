//! Conditional writes of objects in S3-compatible storage.

use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::object_error::ObjectError;
use super::s3_clients::{S3Clients, code_of, failure};
use super::write_precondition::WritePrecondition;
use crate::source::contract_origin::S3Location;

impl S3Clients {
    /// Writes an object if the condition holds; returns whether it was written.
    ///
    /// # Errors
    /// [`ObjectError`]. If the response was lost, the object may have been written.
    pub(in crate::source) async fn put(
        &self,
        location: &S3Location,
        bytes: &[u8],
        condition: WritePrecondition<'_>,
        timeout: Duration,
    ) -> Result<bool, ObjectError> {
        let (client, path) = (self.client(&location.bucket)?, key(location)?);
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
        match within(location, timeout, putting).await? {
            Ok(_) => Ok(true),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => Ok(false),
            // The error of S3 for concurrent writes.
            Err(error) if code_of(&error).as_deref() == Some("ConditionalRequestConflict") => {
                Ok(false)
            }
            Err(error) => Err(not_written(failure(location, &error))),
        }
    }

    /// Removes an object; removing a missing one succeeds.
    ///
    /// # Errors
    /// [`ObjectError`] names the object and what to check.
    pub(in crate::source) async fn delete(
        &self,
        location: &S3Location,
        timeout: Duration,
    ) -> Result<(), ObjectError> {
        let (client, path) = (self.client(&location.bucket)?, key(location)?);
        match within(location, timeout, client.delete(&path)).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(not_written(failure(location, &error))),
        }
    }
}

fn key(location: &S3Location) -> Result<Path, ObjectError> {
    Path::parse(&location.key).map_err(|error| failure(location, &error.into()))
}

/// Runs a request with a time limit.
async fn within<T>(
    location: &S3Location,
    timeout: Duration,
    work: impl Future<Output = T>,
) -> Result<T, ObjectError> {
    let done = tokio::time::timeout(timeout, work).await;
    done.map_err(|_| ObjectError::Timeout {
        location: location.clone(),
        timeout,
    })
}

fn not_written(error: ObjectError) -> ObjectError {
    match error {
        ObjectError::Failed { location, reason } => ObjectError::NotWritten { location, reason },
        other => other,
    }
}
