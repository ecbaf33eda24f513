//! The arguments of `portcullis owners transfer`.

use std::path::PathBuf;

use clap::Args as Flags;

use crate::cli::report::ReportFormat;
use portcullis_vocabulary::{Date, PathPattern, SquadName};

/// `portcullis owners transfer`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners transfer --service orders --from payments --to checkout
      what has to change
  portcullis owners transfer --service orders --from payments --to checkout --until 2026-12-31 --write
      change the catalog

Run it at the root of the repository. Only the catalog is written, with its comments and its order kept;
everything else is listed with file and line. If something stands against the transfer, nothing is
written.

Exit codes: 0 fine, 1 the service cannot move, 2 could not run.")]
pub(in crate::cli::owners) struct TransferArgs {
    /// The service that moves
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: String,
    /// The squad that provides it
    #[arg(long, value_name = "SQUAD")]
    pub(super) from: SquadName,
    /// The squad that will provide it
    #[arg(long, value_name = "SQUAD")]
    pub(super) to: SquadName,
    /// The last day on which both squads can deploy the service and approve its changes [default: in 30
    /// days]
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(super) until: Option<Date>,
    /// A pattern of the old squad's paths that moves along; patterns with the name of the service move in
    /// any case; may be repeated
    #[arg(long, value_name = "PATTERN")]
    pub(super) path: Vec<PathPattern>,
    /// Change the catalog
    #[arg(long)]
    pub(super) write: bool,
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// A configuration of the proxy, which may name the squad, and contracts in other places
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The registry of deployments: a directory, or s3://bucket/prefix
    #[arg(long, value_name = "DIR|s3://...")]
    pub(super) registry: Option<String>,
    /// Approved changes: the file of --approvals of the gate
    #[arg(long, value_name = "FILE")]
    pub(super) approvals: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
}

fn day(text: &str) -> Result<Date, String> {
    let day = Date::parse(text).filter(|_| text.len() == 10);
    day.ok_or_else(|| "expected a day such as 2026-12-31".to_owned())
}
