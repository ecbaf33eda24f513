//! Where contracts come from.

pub(crate) mod sources;
