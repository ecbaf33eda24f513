//! On which condition an object is written (RFC 9110 section 13).

/// When an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum WritePrecondition<'c> {
    /// In any case.
    Always,
    /// Where there is none.
    Absent,
    /// Where it still has this tag.
    Tag(&'c str),
}
