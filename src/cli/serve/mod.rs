//! `portcullis serve`: runs the proxy.

mod sample_folder;
mod serve_args;
mod serve_command;

pub(super) use serve_args::ServeArgs;
pub(super) use serve_command::serve;
