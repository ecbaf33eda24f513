//! `portcullis diff`: what the next revision of a contract means for those who keep to this one.
//!
//! `input` finds out what is compared with what, `command` compares, `report` is the result as a
//! value and as JSON, and each other file writes it in one format.

mod args;
mod command;
mod input;
pub(super) mod approvals;
mod report;
mod view;
mod text;
mod markdown;
mod annotations;
mod sarif;
mod junit;

pub use args::{DiffArgs, DiffFailThreshold, DiffFormat};
pub(super) use command::{compiled, diff};
pub(super) use input::ContractInput;
