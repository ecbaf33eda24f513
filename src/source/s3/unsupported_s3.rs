//! Replaces the client in a build without the feature `s3`: every request is an error that names
//! the feature.

use std::time::Duration;

use super::object_error::ObjectError;
use super::write_precondition::WritePrecondition;
use crate::source::contract_origin::S3Location;
use crate::source::http_fetcher::{FetchLimits, FetchOutcome};

/// The client of a build without S3 support.
#[derive(Clone, Debug)]
pub struct UnsupportedS3(());

impl UnsupportedS3 {
    /// A client whose requests all fail with [`ObjectError::Unsupported`].
    #[must_use]
    pub const fn from_env() -> Self {
        Self(())
    }

    /// The same; the variables are ignored.
    pub fn with(_: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(())
    }

    /// # Errors
    /// Always [`ObjectError::Unsupported`].
    #[expect(
        clippy::unused_async,
        reason = "the client with S3 support awaits here"
    )]
    pub async fn fetch(
        &self,
        location: &S3Location,
        _: Option<&str>,
        _: FetchLimits,
    ) -> Result<FetchOutcome, ObjectError> {
        Err(unsupported(location))
    }

    #[expect(
        clippy::unused_async,
        reason = "the client with S3 support awaits here"
    )]
    pub(in crate::source) async fn put(
        &self,
        location: &S3Location,
        _: &[u8],
        _: WritePrecondition<'_>,
        _: Duration,
    ) -> Result<bool, ObjectError> {
        Err(unsupported(location))
    }

    #[expect(
        clippy::unused_async,
        reason = "the client with S3 support awaits here"
    )]
    pub(in crate::source) async fn delete(
        &self,
        location: &S3Location,
        _: Duration,
    ) -> Result<(), ObjectError> {
        Err(unsupported(location))
    }
}

fn unsupported(location: &S3Location) -> ObjectError {
    ObjectError::Unsupported {
        bucket: location.bucket.clone(),
    }
}
