//! `portcullis status`: all services of a running proxy on one screen, what is wrong, and since when.

mod status_args;
mod status_command;
mod status_faults;
mod status_replies;

pub(super) use status_args::StatusArgs;
pub(super) use status_command::status;
