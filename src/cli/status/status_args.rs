//! The arguments of `portcullis status`.

use clap::Args as Flags;

use crate::cli::admin_port::AdminArgs;
use crate::cli::output::DataFormat;

/// `portcullis status`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis status
  portcullis status --admin http://10.1.2.3:9901
  portcullis status --format json | jq -r '.faults[].message'
  portcullis status --ready
      as the health check of a container

Requests, violations and failures are those of the last seconds; the last line says how many.

Exit codes: 0 nothing is wrong, 1 something is, 2 could not run.")]
pub(crate) struct StatusArgs {
    /// The proxy
    #[command(flatten)]
    pub(super) admin: AdminArgs,
    /// Only whether the proxy is ready for traffic: the exit code is 0 if it is and 1 if not
    #[arg(long, conflicts_with = "format")]
    pub(super) ready: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}
