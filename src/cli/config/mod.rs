//! `portcullis config`: checks, shows or describes a configuration, or reloads that of a running proxy.

mod config_args;
mod config_check_command;
mod config_check_report;
mod config_command;
mod config_reload_command;
mod config_schema_command;
mod config_show_command;

pub(super) use config_args::ConfigArgs;
pub(super) use config_check_report::ConfigCheckReport;
pub(super) use config_command::config;
