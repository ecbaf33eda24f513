//! `portcullis owners transfer`: what must change if a service moves to another squad.
//!
//! `transfer_command` plans the change of the catalog, checks it, and writes it. The other things that
//! name the old squad are found by `contract_steps`, `repository_steps` and `registry_steps`;
//! `transfer_report` prints everything.

mod transfer_args;
mod transfer_report;
mod catalog_steps;
mod contract_steps;
mod repository_steps;
mod registry_steps;
mod catalog_file_write;
mod transfer_command;

pub(super) use transfer_args::TransferArgs;
pub(super) use transfer_command::transfer_service;
