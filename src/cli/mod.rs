//! The command line.
//!
//! [`CliArgs`] is the whole command line as clap parses it; [`run`] executes one command and
//! returns its exit code. Each subcommand has a folder with its arguments, its work and its
//! output. The other folders are shared:
//!
//! - `inputs`: the contracts, approvals and configurations that commands read
//! - `migrations`: the migrations that commands try in a database
//! - `report`: the findings of a command and the formats that print them
//! - `output`: standard output, escaping and text layout
//! - `admin_port`: the HTTP client for the admin port of a running proxy
//!
//! Imports lead from `dispatch` to the commands and from the commands to the shared folders,
//! never back.

mod command_line;
mod dispatch;
mod serve;
mod check;
mod diff;
mod gate;
mod init;
mod replay;
mod owners;
mod schema;
mod manifests;
mod status;
mod traffic;
mod breakers;
mod deploy_window;
mod contract;
mod config;
mod completions;
mod man;
mod admin_port;
mod inputs;
mod migrations;
mod report;
mod run_error;
mod exit_code;
mod output;

pub use command_line::CliArgs;
pub use dispatch::run;
