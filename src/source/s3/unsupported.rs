//! What stands in for the client in a build without the feature `s3`: every request is an error
//! that names the feature.

use std::time::Duration;

use super::condition::Condition;
use super::error::ObjectError;
use crate::source::origin::S3Place;
use crate::source::remote::{Fetched, RemoteLimits};

/// The client of a build without S3 support.
#[derive(Clone, Debug)]
pub struct Buckets(());

impl Buckets {
    /// A client that answers every request with [`ObjectError::Unsupported`].
    #[must_use]
    pub const fn from_env() -> Self {
        Self(())
    }

    /// The same; the variables are not used.
    pub fn with(_: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(())
    }

    /// # Errors
    /// Always [`ObjectError::Unsupported`].
    #[expect(clippy::unused_async, reason = "the client with S3 support waits here")]
    pub async fn fetch(
        &self,
        place: &S3Place,
        _: Option<&str>,
        _: RemoteLimits,
    ) -> Result<Fetched, ObjectError> {
        Err(unsupported(place))
    }

    #[expect(clippy::unused_async, reason = "the client with S3 support waits here")]
    pub(in crate::source) async fn put(
        &self,
        place: &S3Place,
        _: &[u8],
        _: Condition<'_>,
        _: Duration,
    ) -> Result<bool, ObjectError> {
        Err(unsupported(place))
    }

    #[expect(clippy::unused_async, reason = "the client with S3 support waits here")]
    pub(in crate::source) async fn delete(
        &self,
        place: &S3Place,
        _: Duration,
    ) -> Result<(), ObjectError> {
        Err(unsupported(place))
    }
}

fn unsupported(place: &S3Place) -> ObjectError {
    ObjectError::Unsupported {
        bucket: place.bucket.clone(),
    }
}
