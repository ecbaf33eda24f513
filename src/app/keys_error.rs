//! Why the keys that verify tokens cannot be loaded.

use crate::source::{FileReadError, RemoteError};
use portcullis_identity::KeySetError;

/// Why no new keys could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("identity.jwt.jwks: {0}")]
    Read(FileReadError),
    /// The URL is invalid, or the fetch failed.
    #[error("identity.jwt.jwks: {0}")]
    Fetch(#[from] RemoteError),
    /// The content is not a usable key set.
    #[error("identity.jwt.jwks: {place}: {source}")]
    Parse {
        /// The file or the URL.
        place: String,
        /// The fault in the key set.
        source: KeySetError,
    },
}
