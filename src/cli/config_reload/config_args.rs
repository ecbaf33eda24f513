//! The arguments of `portcullis config`.

use clap::{Args as Flags, Subcommand};

use crate::cli::admin_port::AdminChangeArgs;
use crate::cli::output::DataFormat;

/// `portcullis config`.
#[derive(Clone, Debug, Flags)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  portcullis config reload

Exit codes: 0 fine, 1 a finding, 2 could not run.")]
pub(crate) struct ConfigArgs {
    /// The subcommand
    #[command(subcommand)]
    pub(super) action: ConfigAction,
}

/// The subcommands of `portcullis config`.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum ConfigAction {
    /// Reload the configuration and apply the settings that can change at run time
    Reload(ConfigReloadArgs),
}

/// `portcullis config reload`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis config reload
  portcullis config reload --format json | jq '.needs_restart[]'

The configuration applies as a whole. If it is invalid, or a contract that it needs is, nothing changes.

Exit codes: 0 fine, 1 the configuration is refused, 2 could not run.")]
pub(super) struct ConfigReloadArgs {
    /// The proxy
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}
