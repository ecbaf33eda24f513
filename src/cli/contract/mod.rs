//! `portcullis contract` and `portcullis config`: the revisions of contracts that a proxy serves
//! by, and the next ones.
//!
//! `command` asks and decides what is a finding, `view` reads what comes back, `text` prints
//! revisions and `report` what a candidate has come to.

mod contract_args;
mod contract_command;
mod contract_replies;
mod contract_text;
mod candidate_text;

pub use contract_args::{
    CandidateArgs, ChangeContractArgs, ConfigAction, ConfigArgs, ConfigReloadArgs, ContractAction,
    ContractArgs, ListContractsArgs, ShowContractArgs,
};
pub(in crate::cli) use contract_command::{config, contract};
