//! How the body of a request ends.

/// How the body of a request ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// The request has no body.
    None,
    /// After this many bytes, at least one.
    Sized(u64),
    /// After the last chunk and the trailers.
    Chunked,
}
