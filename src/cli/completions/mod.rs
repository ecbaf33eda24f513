//! `portcullis completions`: prints completion scripts for shells.

mod completions_args;
mod completions_command;

pub(super) use completions_args::CompletionsArgs;
pub(super) use completions_command::completions;
