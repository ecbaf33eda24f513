//! The arguments of `portcullis init`.

use std::path::PathBuf;

use clap::Args as Flags;

use crate::cli::inputs::ReadingArgs;

/// `portcullis init`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis init --contract openapi.yaml --upstream http://127.0.0.1:3000
  portcullis init --contract services/orders/openapi.yaml --squad payments --directory deploy/edge

Writes config.toml, squads.toml and portcullis-ci.sh. Nothing is overwritten: if one of them exists,
nothing is written. What cannot be known is marked with GAP. Squads and their paths come from CODEOWNERS
if there is one.

Exit codes: 0 fine, 1 the written configuration has an error, 2 could not run.")]
pub(crate) struct InitArgs {
    /// The contract of the service
    #[arg(long, value_name = "FILE")]
    pub(super) contract: PathBuf,
    /// Where requests go: http://host:port, or mock for the examples of the contract
    #[arg(long, value_name = "URL", default_value = "mock")]
    pub(super) upstream: String,
    /// The squad that provides the service [default: as the contract or CODEOWNERS says]
    #[arg(long, value_name = "SQUAD")]
    pub(super) squad: Option<String>,
    /// The directory to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) directory: PathBuf,
    /// How the contract is read
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
}
