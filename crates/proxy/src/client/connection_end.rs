//! How a connection of HTTP/1.1 ends.

use crate::inspect::HttpRefusal;

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum ConnectionEnd {
    /// After the last answer, as HTTP provides.
    Done,
    /// With an answer that refuses the stream.
    Refused(HttpRefusal),
    /// Without an answer.
    WithoutAnswer,
    /// Inside an answer, which the client must not take for complete.
    Broken,
    /// With HTTP/2 from its first byte on.
    Http2,
    /// With another protocol after an answer that accepts it.
    Upgraded,
    /// With data that the client does not accept left in the kernel's buffer.
    Stalled,
}

impl ConnectionEnd {
    /// Whether another protocol continues on the connection.
    pub(super) const fn is_continued(self) -> bool {
        matches!(self, Self::Http2 | Self::Upgraded)
    }
}
