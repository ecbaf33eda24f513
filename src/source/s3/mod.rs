//! Objects of S3-compatible storage, read and written over HTTP.
//!
//! The client is behind the feature `s3`, which is on by default: it is the largest dependency of
//! this program. Without it, every `s3://` address is an error that names the feature.

mod condition;
mod error;

#[cfg(feature = "s3")]
mod s3_clients;
#[cfg(not(feature = "s3"))]
mod unsupported;
#[cfg(feature = "s3")]
mod s3_write;

pub(in crate::source) use condition::WritePrecondition;
pub use error::ObjectError;
#[cfg(feature = "s3")]
pub use s3_clients::S3Clients;
#[cfg(not(feature = "s3"))]
pub use unsupported::Buckets;
