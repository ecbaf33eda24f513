//! The commands, run as a person or a pipeline runs them.

pub(crate) mod admin_addresses;
pub(crate) mod candidate_bundle;
pub(crate) mod command_line;
pub(crate) mod config_commands;
pub(crate) mod contract_command;
pub(crate) mod diff;
pub(crate) mod diff_tolerant;
pub(crate) mod events;
pub(crate) mod init;
pub(crate) mod operate;
pub(crate) mod owners_services;
mod owners_channels;
pub(crate) mod reading;
pub(crate) mod replay;
pub(crate) mod reports;
pub(crate) mod status;
pub(crate) mod swagger;
pub(crate) mod traffic;
