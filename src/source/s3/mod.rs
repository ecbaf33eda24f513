//! Objects in S3-compatible storage, read and written over HTTP.
//!
//! The client needs the feature `s3`, which is on by default: it is the largest dependency of this
//! program. Without it, every `s3://` address is an error that names the feature.

mod write_precondition;
mod object_error;

#[cfg(feature = "s3")]
mod s3_clients;
#[cfg(feature = "s3")]
mod s3_writes;
#[cfg(not(feature = "s3"))]
mod unsupported_s3;

pub use object_error::ObjectError;
#[cfg(feature = "s3")]
pub use s3_clients::S3Clients;
#[cfg(not(feature = "s3"))]
pub use unsupported_s3::UnsupportedS3 as S3Clients;
pub(in crate::source) use write_precondition::WritePrecondition;
