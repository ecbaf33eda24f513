//! The arguments of `portcullis owners scorecard`.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

/// `portcullis owners scorecard`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners scorecard
  portcullis owners scorecard --squad payments --format markdown
  portcullis owners scorecard --fail-on-gap
      in a pipeline that requires all of it
  portcullis owners scorecard --format backstage > catalog-info.yaml

Exit codes: 0 fine, 1 something is missing and --fail-on-gap is given, 2 could not run.")]
pub(in crate::cli::owners) struct ScorecardArgs {
    /// Only these services
    #[arg(value_name = "SERVICE")]
    pub(super) services: Vec<String>,
    /// Only the services of these squads
    #[arg(long, value_name = "SQUAD")]
    pub(super) squad: Vec<String>,
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// A configuration whose services have contracts in other places
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// End with 1 if something is missing
    #[arg(long)]
    pub(super) fail_on_gap: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ScorecardFormat,
}

/// How a scorecard is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ScorecardFormat {
    /// For humans
    #[default]
    Text,
    /// For programs
    Json,
    /// For documents
    Markdown,
    /// For Backstage: catalog-info.yaml with annotations
    Backstage,
}
