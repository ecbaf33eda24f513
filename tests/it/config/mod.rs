//! Invalid configuration files.

pub(crate) mod bad_input;
