//! `portcullis diff`: what the next revision of a contract means for those who keep to this one.
//!
//! `input` finds out what is compared with what, `command` compares, `report` is the result as a
//! value and as JSON, and each other file writes it in one format.

mod diff_args;
mod diff_command;
mod contract_input;
pub(super) mod approvals_file;
mod diff_result;
mod diff_json;
mod diff_text;
mod diff_markdown;
mod github_annotations;
mod sarif;
mod junit;

pub(super) use contract_input::ContractInput;
pub use diff_args::{DiffArgs, DiffFailThreshold, DiffFormat};
pub(super) use diff_command::{compiled, diff};
