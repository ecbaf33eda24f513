//! `portcullis breakers`, `deploy-window`, `contract` and `config`: what an operator sees and
//! changes of a proxy that runs, over its admin port.
//!
//! `client` asks, `view` reads what comes back, `text` prints it for people. The server decides
//! what is right; what it refuses is printed as it says it.

mod admin_error;
pub(crate) mod admin_client;
pub(crate) mod text_table;

pub use super::breakers::breakers_args::{
    AdminArgs, AdminChangeArgs, BreakersAction, BreakersArgs, CloseWindowArgs, DeployWindowAction,
    DeployWindowArgs, ListWindowsArgs, OpenWindowArgs, SetBreakerArgs,
};
pub(super) use super::breakers::breakers_command::breakers;
pub use super::contract::{
    CandidateArgs, ChangeContractArgs, ConfigAction, ConfigArgs, ConfigReloadArgs, ContractAction,
    ContractArgs, ListContractsArgs, ShowContractArgs,
};
pub(super) use super::contract::{config, contract};
pub(super) use super::deploy_window::deploy_window_command::{
    PATH as DEPLOY_WINDOWS, deploy_window,
};
pub(super) use admin_client::AdminClient;
pub(super) use admin_error::AdminError;
