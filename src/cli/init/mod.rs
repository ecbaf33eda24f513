//! `portcullis init`: writes the first configuration, catalog and pipeline step of a service.

mod first_facts;
mod first_files;
mod init_args;
mod init_command;

pub(super) use init_args::InitArgs;
pub(super) use init_command::init;
