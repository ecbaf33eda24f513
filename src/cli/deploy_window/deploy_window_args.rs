//! The arguments of `portcullis deploy-window`.

use clap::{Args as Flags, Subcommand};

use crate::cli::admin_port::{AdminArgs, AdminChangeArgs};
use crate::cli::output::DataFormat;

/// `portcullis deploy-window`.
#[derive(Clone, Debug, Flags)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis deploy-window open orders --for 10m --reason 'release 42'
  portcullis deploy-window close orders
  portcullis deploy-window list

Exit codes: 0 fine, 2 could not run.")]
pub(crate) struct DeployWindowArgs {
    /// The subcommand
    #[command(subcommand)]
    pub(super) action: DeployWindowAction,
}

/// The subcommands of `portcullis deploy-window`.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum DeployWindowAction {
    /// Announce that failures of a service are expected for a while
    Open(OpenWindowArgs),
    /// End the deploy window of a service
    Close(CloseWindowArgs),
    /// Show the deploy windows of all services
    List(ListWindowsArgs),
}

/// `portcullis deploy-window open`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis deploy-window open orders --for 10m --reason 'release 42'

Within a window the deploy_failure_rate_max of each tier applies. The window ends by itself; opening
it again changes its end.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct OpenWindowArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(super) service: String,
    /// The length of the window, from 1s to 24h
    #[arg(long = "for", value_name = "DURATION")]
    pub(super) length: String,
    /// The reason, which other operators see
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
    /// The proxy
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
}

/// `portcullis deploy-window close`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis deploy-window close orders

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct CloseWindowArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub(super) service: String,
    /// The proxy
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
}

/// `portcullis deploy-window list`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis deploy-window list
  portcullis deploy-window list --format json | jq '.services[] | select(.deploy_window)'

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ListWindowsArgs {
    /// The proxy
    #[command(flatten)]
    pub(super) admin: AdminArgs,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}
