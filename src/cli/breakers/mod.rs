//! `portcullis breakers`.

pub(crate) mod breakers_args;
pub(crate) mod breakers_reply;
pub(crate) mod breakers_text;
pub(crate) mod breakers_command;
