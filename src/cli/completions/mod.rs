//! `portcullis completions`.

pub(crate) mod completions_command;
