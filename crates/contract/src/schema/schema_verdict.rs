//! The verdict about a value.

use crate::openapi::document::NodeRef;

/// Whether a value satisfies its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SchemaVerdict {
    Valid,
    Invalid,
    /// Unknown, because it depends on a part of the contract that cannot be read.
    Unknown(NodeRef),
    /// Unknown, because finding out takes more work than the message may take.
    OverLimit,
}
