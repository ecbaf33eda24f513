//! `portcullis diff`: compares two revisions of a contract, or of all contracts of a directory.
//!
//! `diff_side` is what an argument names. `diff_command` reads both sides and compares them; the comparison itself is in
//! `portcullis_compat`. `diff_result` is the result, `diff_json` and `diff_text` print it,
//! `diff_sentences` sums it up for reviewers, and `diff_findings` translates it for the formats that all commands share.

mod diff_args;
mod diff_command;
mod diff_side;
mod diff_result;
mod diff_approvals;
mod diff_json;
mod diff_places;
mod diff_text;
mod diff_sentences;
mod diff_findings;

pub(super) use diff_args::DiffArgs;
pub(super) use diff_command::diff;
