//! The metric labels of response bodies, or parts of them, that pass without being judged.

/// A response body that is too large to be judged.
pub(super) const RESPONSE_TOO_LARGE: &str = "response-too-large";

/// A response body that is too large to be judged when it is decoded.
pub(super) const DECODED_TOO_LARGE: &str = "decoded-too-large";

/// A response body with a content coding that is not supported.
pub(super) const UNSUPPORTED_ENCODING: &str = "unsupported-encoding";

/// A record of a streamed response that is too large to be judged.
pub(super) const RECORD_TOO_LARGE: &str = "record-too-large";

/// A body or a record for which there was no memory.
pub(super) const NO_MEMORY: &str = "no-memory";
