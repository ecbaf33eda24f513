//! What the inspector knows of a stream after the bytes that it was fed.

use super::http_refusal::HttpRefusal;

/// The inspector's position in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamPosition {
    /// Between two messages. No byte of the next one has arrived.
    Idle,
    /// Inside a head.
    Head,
    /// Inside a body.
    Body,
    /// After a message that ends the connection. Later bytes are not read.
    Closed,
    /// After a request to continue with another protocol. Later bytes belong to that protocol, or to
    /// nothing if it is refused; none of them is read as a request.
    Upgrading,
}

/// What the inspector has found in the bytes of one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedOutcome {
    /// How many of the bytes pass; the others must be dropped.
    pub pass: usize,
    /// How many heads end within those bytes.
    pub heads: u32,
    /// Why the stream is refused.
    pub refusal: Option<HttpRefusal>,
    /// Whether the head of the refused message passed in an earlier feed, so the request is already
    /// being served.
    pub is_known: bool,
}
