//! `portcullis check`: compiles contracts and reports their problems.
//!
//! `check_report` is the result and its JSON document, `ignored_problems` are left out of it,
//! `check_text` prints it for humans, and `check_findings` translates it for the formats that all
//! commands share.

mod check_args;
mod ignored_problems;
mod check_command;
mod check_report;
mod check_text;
mod check_findings;

pub(super) use check_args::CheckArgs;
pub(super) use check_command::check;
