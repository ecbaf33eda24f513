//! Why an object of S3-compatible storage could not be read or written.

use std::time::Duration;

use crate::source::contract_origin::S3Location;

/// Why an object could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// The variables of the environment do not fit together.
    #[error("s3://{bucket}: cannot be asked: {reason}; check the AWS_* variables")]
    Settings {
        /// The bucket.
        bucket: String,
        /// What is wrong.
        reason: String,
    },
    /// This build cannot read S3 storage.
    #[error("s3://{bucket}: this build has no S3 support; build with the feature `s3`")]
    Unsupported {
        /// The bucket.
        bucket: String,
    },
    /// There is no such bucket.
    #[error("{place}: there is no such bucket; check its name, AWS_ENDPOINT_URL and AWS_REGION")]
    NoBucket {
        /// The object.
        place: S3Location,
    },
    /// The bucket has no such object, or not in this version.
    #[error("{place}: there is no such object or version; check the key and the versionId")]
    NoObject {
        /// The object.
        place: S3Location,
    },
    /// The storage does not let us read.
    #[error(
        "{place}: reading is refused: {reason}; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, \
         AWS_SESSION_TOKEN or the role, and that it may do s3:GetObject, and s3:PutObject and \
         s3:DeleteObject where it writes"
    )]
    Denied {
        /// The object.
        place: S3Location,
        /// What the storage says.
        reason: String,
    },
    /// It took too long.
    #[error("{place}: no complete answer within {}; check AWS_ENDPOINT_URL, where credentials come from, and the network", humantime::format_duration(*.timeout))]
    Timeout {
        /// The object.
        place: S3Location,
        /// The bound.
        timeout: Duration,
    },
    /// The object is larger than the bound.
    #[error("{place}: larger than {bytes_max} bytes; check that it is the right object")]
    TooLarge {
        /// The object.
        place: S3Location,
        /// The bound, in bytes.
        bytes_max: u64,
    },
    /// Anything else: no connection, no credentials, a failing storage.
    #[error(
        "{place}: cannot be read: {reason}; check AWS_ENDPOINT_URL, AWS_REGION, the storage and the network"
    )]
    Failed {
        /// The object.
        place: S3Location,
        /// What went wrong.
        reason: String,
    },
    /// A write came to nothing, or its answer was lost.
    #[error(
        "{place}: cannot be written: {reason}; check AWS_ENDPOINT_URL, AWS_REGION, the storage and \
         the network"
    )]
    NotWritten {
        /// The object.
        place: S3Location,
        /// What went wrong.
        reason: String,
    },
}
