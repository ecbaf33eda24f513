//! The conditions of writes (RFC 9110 section 13).

/// When an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum WritePrecondition<'c> {
    /// Always.
    Always,
    /// Only if it does not exist.
    Absent,
    /// Only if it still has this `ETag`.
    Tag(&'c str),
}
