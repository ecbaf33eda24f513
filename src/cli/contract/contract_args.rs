//! The arguments of `portcullis contract`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand};

use crate::cli::admin_port::{AdminArgs, AdminChangeArgs};
use crate::cli::inputs::ReferenceArgs;
use crate::cli::output::DataFormat;

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

Exit codes: 0 fine, 1 a finding, 2 could not run.")]
pub(crate) struct ContractArgs {
    /// The subcommand
    #[command(subcommand)]
    pub(super) action: ContractAction,
}

/// The subcommands of `portcullis contract`.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum ContractAction {
    /// Show the active revision of each contract
    List(ListContractsArgs),
    /// Show the contract of a service and its history
    Show(ShowContractArgs),
    /// Reload the contract of a service from its source
    #[command(after_help = RELOAD_HELP)]
    Reload(ChangeContractArgs),
    /// Try the next contract on live traffic, or show what it would reject
    Candidate(CandidateArgs),
    /// Activate the candidate of a service
    #[command(after_help = PROMOTE_HELP)]
    Promote(ChangeContractArgs),
    /// Discard the candidate of a service
    #[command(after_help = DROP_HELP)]
    Drop(ChangeContractArgs),
}

const RELOAD_HELP: &str = "\
Examples:
  portcullis contract reload orders
  portcullis contract reload orders --format json | jq .revision

A contract with errors changes nothing: the active revision stays.

Exit codes: 0 fine, 1 the contract is refused, 2 could not run, or the source cannot be read.";

const PROMOTE_HELP: &str = "\
Examples:
  portcullis contract candidate orders && portcullis contract promote orders
      only if it would have rejected nothing

Exit codes: 0 fine, 1 the candidate is refused, 2 could not run, or the service has no candidate.";

const DROP_HELP: &str = "\
Examples:
  portcullis contract drop orders

Exit codes: 0 fine, 2 could not run, or the service has no candidate.";

/// `portcullis contract list`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis contract list
  portcullis contract list --format json | jq '.services[] | select(.last_error)'

Exit codes: 0 fine, 1 a contract is stale or inactive or its last reload failed, 2 could not run.")]
pub(super) struct ListContractsArgs {
    /// The proxy
    #[command(flatten)]
    pub(super) admin: AdminArgs,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}

/// `portcullis contract show`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis contract show orders
  portcullis contract show orders --format json | jq '.history[0]'

Exit codes: 0 fine, 1 the contract is stale or inactive or its last reload failed, 2 could not
run.")]
pub(super) struct ShowContractArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(super) service: String,
    /// The proxy
    #[command(flatten)]
    pub(super) admin: AdminArgs,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}

/// `portcullis contract reload`, `promote` and `drop`.
#[derive(Clone, Debug, Flags)]
pub(super) struct ChangeContractArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(super) service: String,
    /// The proxy
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}

/// `portcullis contract candidate`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis contract candidate orders next.yaml
      also validate live traffic against this contract; it rejects nothing
  portcullis contract candidate orders
      show what it would have rejected so far, by squad and operation
  git show next:openapi.yaml | portcullis contract candidate orders -

The files that the contract refers to are sent with it.

Exit codes: 0 fine, 1 it would reject requests or responses, or has errors, 2 could not run, or the
service has no candidate.")]
pub(super) struct CandidateArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(super) service: String,
    /// The contract to try, - is standard input; without it the report is shown
    #[arg(value_name = "FILE|-")]
    pub(super) file: Option<PathBuf>,
    /// The files that the contract may refer to
    #[command(flatten)]
    pub(super) references: ReferenceArgs,
    /// The proxy
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}
