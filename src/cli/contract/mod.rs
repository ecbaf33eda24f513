//! `portcullis contract`: the contract revisions of a running proxy, and candidates for the next
//! ones.
//!
//! `contract_command` sends the requests and decides what is a finding. `contract_replies` are the
//! responses; `contract_text` prints revisions and `candidate_text` the report of a candidate.

mod contract_args;
mod contract_command;
mod contract_replies;
mod contract_text;
mod candidate_text;
mod candidate_upload;

pub(super) use contract_args::ContractArgs;
pub(super) use contract_command::contract;
