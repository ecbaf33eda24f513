//! `portcullis config`: reloads the configuration of a running proxy.

mod config_args;
mod config_command;

pub(super) use config_args::ConfigArgs;
pub(super) use config_command::config;
