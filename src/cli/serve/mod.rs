//! `portcullis serve`.

pub(crate) mod serve_command;
