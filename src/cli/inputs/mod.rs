//! What commands read: contracts from files, directories and Git revisions, approvals, levels of
//! rules, and the path of the configuration.

mod contract_files;
mod contract_input;
mod compiled_contract;
mod approvals_file;
mod level_settings;
mod config_path;

pub(super) use approvals_file::read_approvals;
pub(super) use compiled_contract::{compile_contract, is_contract};
pub(super) use config_path::{config_path, required_config_path};
pub(super) use contract_files::find_contracts;
pub(super) use contract_input::ContractInput;
pub(super) use level_settings::LevelArgs;
