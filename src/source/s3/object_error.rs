//! Errors of objects in S3-compatible storage.

use std::time::Duration;

use crate::source::contract_origin::S3Location;

/// Why an object cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The environment variables are inconsistent.
    #[error("s3://{bucket}: invalid settings: {reason}; check the AWS_* variables")]
    Settings {
        /// The bucket.
        bucket: String,
        /// The reason.
        reason: String,
    },
    /// This build has no S3 support.
    #[error("s3://{bucket}: this build has no S3 support; build with the feature `s3`")]
    Unsupported {
        /// The bucket.
        bucket: String,
    },
    /// The bucket does not exist.
    #[error("{location}: there is no such bucket; check its name, AWS_ENDPOINT_URL and AWS_REGION")]
    NoBucket {
        /// The object.
        location: S3Location,
    },
    /// The object or its version does not exist.
    #[error("{location}: there is no such object or version; check the key and the versionId")]
    NoObject {
        /// The object.
        location: S3Location,
    },
    /// The storage denies access.
    #[error(
        "{location}: reading is refused: {reason}; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, \
         AWS_SESSION_TOKEN or the role, and that it allows s3:GetObject, and s3:PutObject and \
         s3:DeleteObject for writes"
    )]
    Denied {
        /// The object.
        location: S3Location,
        /// The error of the storage.
        reason: String,
    },
    /// The time limit has passed.
    #[error("{location}: no complete response within {}; check AWS_ENDPOINT_URL, the source of the credentials, and the network", humantime::format_duration(*.timeout))]
    Timeout {
        /// The object.
        location: S3Location,
        /// The limit.
        timeout: Duration,
    },
    /// The object is larger than the limit.
    #[error("{location}: larger than {bytes_max} bytes; check that it is the right object")]
    TooLarge {
        /// The object.
        location: S3Location,
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// Any other failure of a read: the connection, the credentials, the storage.
    #[error(
        "{location}: cannot be read: {reason}; check AWS_ENDPOINT_URL, AWS_REGION, the storage and the network"
    )]
    Failed {
        /// The object.
        location: S3Location,
        /// What went wrong.
        reason: String,
    },
    /// A write failed, or its response was lost.
    #[error(
        "{location}: cannot be written: {reason}; check AWS_ENDPOINT_URL, AWS_REGION, the storage and \
         the network"
    )]
    NotWritten {
        /// The object.
        location: S3Location,
        /// What went wrong.
        reason: String,
    },
}
