//! What commands read: contracts from files, directories and Git revisions, approvals, levels of
//! rules, the path of the configuration, which files contracts may refer to, how flaws are
//! read, the contracts of a catalog's services, and what could have been meant by an unknown name.

mod contract_files;
mod contract_input;
mod compiled_contract;
mod approvals_file;
mod level_settings;
mod reference_args;
mod reading_args;
mod config_argument;
mod config_path;
mod known_names;
mod service_contracts;

pub(super) use approvals_file::read_approvals;
pub(super) use compiled_contract::{compile_contract, is_contract};
pub(super) use config_argument::ConfigArgument;
pub(super) use config_path::{config_path, optional_config_path};
pub(super) use contract_files::find_contracts;
pub(super) use contract_input::ContractInput;
pub(super) use known_names::KnownNames;
pub(super) use level_settings::LevelArgs;
pub(super) use reading_args::{ReadingArgs, reading_advice};
pub(super) use reference_args::ReferenceArgs;
pub(super) use service_contracts::{ServiceContractSource, catalog_contracts, service_contracts};
