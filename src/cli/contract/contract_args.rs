//! The words of `portcullis contract` and `portcullis config`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand};

use crate::cli::command_line::ReportFormat;

use crate::cli::breakers::breakers_args::{AdminArgs, AdminChangeArgs};

/// `portcullis contract`.
#[derive(Clone, Debug, Flags)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis contract list
  portcullis contract reload orders
  portcullis contract candidate orders next.yaml
  portcullis contract candidate orders
  portcullis contract promote orders

Exit codes: 0 fine, 1 a finding, 2 could not ask, or not done.")]
pub struct ContractArgs {
    /// What to do
    #[command(subcommand)]
    pub action: ContractAction,
}

/// What is done about contracts.
#[derive(Clone, Debug, Subcommand)]
pub enum ContractAction {
    /// Show which revision of each contract is in force
    List(ListContractsArgs),
    /// Show the contract of a service and what happened to it
    Show(ShowContractArgs),
    /// Read the contract of a service from its source again
    #[command(after_help = RELOAD_HELP)]
    Reload(ChangeContractArgs),
    /// Try the next contract on live traffic, or show what it would refuse
    Candidate(CandidateArgs),
    /// Put the candidate of a service in force
    #[command(after_help = PROMOTE_HELP)]
    Promote(ChangeContractArgs),
    /// Forget the candidate of a service
    #[command(after_help = DROP_HELP)]
    Drop(ChangeContractArgs),
}

const RELOAD_HELP: &str = "\
Examples:
  portcullis contract reload orders
  portcullis contract reload orders --format json | jq .revision

A contract that is refused changes nothing: the revision in force stays.

Exit codes: 0 fine, 1 the contract is refused, 2 could not ask, or its source cannot be read.";

const PROMOTE_HELP: &str = "\
Examples:
  portcullis contract candidate orders && portcullis contract promote orders
      only where it would have refused nothing

Exit codes: 0 fine, 1 it is refused, 2 could not ask, or there is no candidate.";

const DROP_HELP: &str = "\
Examples:
  portcullis contract drop orders

Exit codes: 0 fine, 2 could not ask, or there is no candidate.";

/// `portcullis contract list`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis contract list
  portcullis contract list --format json | jq '.services[] | select(.last_error)'

Exit codes: 0 fine, 1 a contract is stale, not in force, or its last reading failed, 2 could
not ask.")]
pub struct ListContractsArgs {
    /// Whom to ask
    #[command(flatten)]
    pub admin: AdminArgs,
    /// Text is for people; JSON is what the admin port answers
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// `portcullis contract show`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis contract show orders
  portcullis contract show orders --format json | jq '.history[0]'

Exit codes: 0 fine, 1 it is stale, not in force, or its last reading failed, 2 could not ask.")]
pub struct ShowContractArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Whom to ask
    #[command(flatten)]
    pub admin: AdminArgs,
    /// Text is for people; JSON is what the admin port answers
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// `portcullis contract reload`, `promote` and `drop`.
#[derive(Clone, Debug, Flags)]
pub struct ChangeContractArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// Whom to tell, and by which right
    #[command(flatten)]
    pub change: AdminChangeArgs,
    /// Text is for people; JSON is what the admin port answers
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// `portcullis contract candidate`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis contract candidate orders next.yaml
      traffic is judged by it too; nothing is refused by it
  portcullis contract candidate orders
      what it would have refused so far, by squad and operation
  git show next:openapi.yaml | portcullis contract candidate orders -

The contract is one document: what it refers to in other files is not sent.

Exit codes: 0 fine, 1 it would refuse something, or is no right contract, 2 could not ask, or
there is no candidate.")]
pub struct CandidateArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,
    /// The contract to try, - is standard input; without one, the report
    #[arg(value_name = "FILE|-")]
    pub file: Option<PathBuf>,
    /// Whom to tell, and by which right
    #[command(flatten)]
    pub change: AdminChangeArgs,
    /// Text is for people; JSON is what the admin port answers
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}

/// `portcullis config`.
#[derive(Clone, Debug, Flags)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis config reload")]
pub struct ConfigArgs {
    /// What to do
    #[command(subcommand)]
    pub action: ConfigAction,
}

/// What is done about the configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigAction {
    /// Read the configuration again and apply what can change while the proxy serves
    Reload(ConfigReloadArgs),
}

/// `portcullis config reload`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis config reload
  portcullis config reload --format json | jq '.needs_restart[]'

A configuration that is refused changes nothing.

Exit codes: 0 fine, 1 it is refused, 2 could not ask.")]
pub struct ConfigReloadArgs {
    /// Whom to tell, and by which right
    #[command(flatten)]
    pub change: AdminChangeArgs,
    /// Text is for people; JSON is what the admin port answers
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}
