//! The arguments of `portcullis traffic`.

use clap::Args as Flags;

use crate::cli::admin_port::AdminArgs;
use crate::cli::output::DataFormat;

/// `portcullis traffic`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis traffic
  portcullis traffic --service orders --admin http://10.1.2.3:9901
  portcullis traffic --format json | jq '.services[] | {service, uncalled}'

Rates are those of the last seconds; all other figures count since the proxy started or the service was
added.

Exit codes: 0 fine, 2 could not run.")]
pub(crate) struct TrafficArgs {
    /// The proxy
    #[command(flatten)]
    pub(super) admin: AdminArgs,
    /// Show only this service
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: Option<String>,
    /// The output format; JSON is the response of the admin port
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}
