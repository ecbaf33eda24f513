//! Why a response is not HTTP/1.1.

/// What is wrong with a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResponseFault {
    #[error("its head is not HTTP/1.1: {0}")]
    Head(MalformedPart),
    #[error("its head has more than {0} fields (`limits.response_header_count_max`)")]
    TooManyFields(usize),
    #[error("its head is larger than {0} bytes (`limits.response_header_bytes_max`)")]
    HeadTooLarge(usize),
    #[error("its `Content-Length` is not one number")]
    ContentLength,
    #[error("it has a `Transfer-Encoding`, which HTTP/1.0 does not know")]
    TransferEncoding,
    #[error("a chunk of its body does not begin with its size and a line end")]
    ChunkSize,
    #[error("a chunk of its body does not end with a line end")]
    ChunkEnd,
    #[error("its chunk extensions are larger than {0} bytes")]
    ChunkExtensions(usize),
    #[error("its trailers are not header fields: {0}")]
    Trailers(MalformedPart),
    #[error("its trailers are larger than {0} bytes")]
    TrailersTooLarge(usize),
}

/// Which part of a head or of trailers is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MalformedPart {
    #[error("it does not begin with `HTTP/1.1` or `HTTP/1.0`")]
    Version,
    #[error("its status line has no status of three digits, or a control character")]
    StatusLine,
    #[error("a line does not begin with the name of a field and a colon")]
    FieldName,
    #[error("the value of a field has a control character")]
    FieldValue,
    #[error("a line does not end with CRLF")]
    LineEnd,
    #[error("they have more than {0} fields")]
    FieldCount(usize),
}
