//! `portcullis breakers`, `deploy-window`, `contract` and `config`: what an operator sees and
//! changes of a proxy that runs, over its admin port.
//!
//! `client` asks, `view` reads what comes back, `text` prints it for people. The server decides
//! what is right; what it refuses is printed as it says it.

mod args;
mod error;
mod client;
mod view;
mod text;
mod table;
mod breakers;
mod deploy_window;
mod contract;

pub use args::{
    AdminArgs, AdminChangeArgs, BreakersAction, BreakersArgs, CloseWindowArgs, DeployWindowAction,
    DeployWindowArgs, ListWindowsArgs, OpenWindowArgs, SetBreakerArgs,
};
pub(super) use breakers::breakers;
pub(super) use client::AdminClient;
pub use contract::{
    CandidateArgs, ChangeContractArgs, ConfigAction, ConfigArgs, ConfigReloadArgs, ContractAction,
    ContractArgs, ListContractsArgs, ShowContractArgs,
};
pub(super) use contract::{config, contract};
pub(super) use deploy_window::{PATH as DEPLOY_WINDOWS, deploy_window};
pub(super) use error::AdminError;
