//! `portcullis man`: the manual pages.

mod man_args;
mod man_command;

pub(super) use man_args::ManArgs;
pub(super) use man_command::man;
