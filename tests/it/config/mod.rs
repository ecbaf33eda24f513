//! Configuration files that are wrong.

pub(crate) mod bad_input;
