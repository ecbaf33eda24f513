//! The arguments of `portcullis check`.

use clap::Args as Flags;

use super::ignored_problems::IgnoredKind;
use crate::cli::inputs::{ReadingArgs, ReferenceArgs};
use crate::cli::report::{FailThreshold, ReportFormat};

/// `portcullis check`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis check openapi.yaml
  portcullis check contracts/ --fail-on warning --ignore unknown-format
  portcullis check vendor.yaml --reading tolerant
  portcullis check --format json contracts/ | jq '.contracts[].problems[]'
  curl -s https://api.example.com/openapi.json | portcullis check -

Exit codes: 0 fine, 1 errors (or warnings, with --fail-on warning), 2 a file cannot be read as a
contract.")]
pub(crate) struct CheckArgs {
    /// Contracts: files, REV:path for a Git revision, or - for standard input; a directory means all
    /// contracts below it
    #[arg(required = true, value_name = "CONTRACT|DIR")]
    pub(super) contracts: Vec<String>,
    /// Which files the contracts may refer to
    #[command(flatten)]
    pub(super) references: ReferenceArgs,
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
    /// The lowest severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub(super) fail_on: FailThreshold,
    /// Leave warnings with this id out of the report, such as unknown-format; several ids are
    /// separated by commas. Errors are always reported. docs/check.md lists the ids
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(super) ignore: Vec<IgnoredKind>,
}
