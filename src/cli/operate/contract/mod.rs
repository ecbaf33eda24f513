//! `portcullis contract` and `portcullis config`: the revisions of contracts that a proxy serves
//! by, and the next ones.
//!
//! `command` asks and decides what is a finding, `view` reads what comes back, `text` prints
//! revisions and `report` what a candidate has come to.

mod args;
mod command;
mod view;
mod text;
mod report;

pub use args::{
    CandidateArgs, ChangeContractArgs, ConfigAction, ConfigArgs, ConfigReloadArgs, ContractAction,
    ContractArgs, ListContractsArgs, ShowContractArgs,
};
pub(in crate::cli) use command::{config, contract};
