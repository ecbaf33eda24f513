//! Errors of stores.

use std::io;
use std::path::PathBuf;

use crate::source::s3::ObjectError;

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The text is not the address of a store.
    #[error(
        "{text:?} is not a registry: expected a directory or s3://bucket/prefix{}",
        reason
    )]
    InvalidAddress {
        /// The text.
        text: String,
        /// Empty, or a colon and the reason.
        reason: String,
    },
    /// The directory does not exist.
    #[error("{}: there is no such directory; check the path, or create it: mkdir -p {}", path.display(), path.display())]
    Missing {
        /// The directory.
        path: PathBuf,
    },
    /// The registry is a file.
    #[error("{}: is a file; a registry is a directory or s3://bucket/prefix", path.display())]
    NotDirectory {
        /// The file.
        path: PathBuf,
    },
    /// The operating system reported an error.
    #[error("{}: {source}; check the permissions and the free space", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A file is larger than any that this program writes.
    #[error("{}: larger than {bytes_max} bytes, so this program did not write it; restore it from a backup", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// The storage reported an error.
    #[error(transparent)]
    Object(#[from] ObjectError),
}
