//! `portcullis breakers`, `deploy-window`, `contract` and `config`: what an operator sees and
//! changes of a proxy that runs, over its admin port.
//!
//! `client` asks, `view` reads what comes back, `text` prints it for people. The server decides
//! what is right; what it refuses is printed as it says it.

mod breakers_args;
mod admin_error;
mod admin_client;
mod breakers_reply;
mod breakers_text;
mod text_table;
mod breakers_command;
mod deploy_window_command;
mod contract;

pub(super) use admin_client::AdminClient;
pub(super) use admin_error::AdminError;
pub use breakers_args::{
    AdminArgs, AdminChangeArgs, BreakersAction, BreakersArgs, CloseWindowArgs, DeployWindowAction,
    DeployWindowArgs, ListWindowsArgs, OpenWindowArgs, SetBreakerArgs,
};
pub(super) use breakers_command::breakers;
pub use contract::{
    CandidateArgs, ChangeContractArgs, ConfigAction, ConfigArgs, ConfigReloadArgs, ContractAction,
    ContractArgs, ListContractsArgs, ShowContractArgs,
};
pub(super) use contract::{config, contract};
pub(super) use deploy_window_command::{PATH as DEPLOY_WINDOWS, deploy_window};
