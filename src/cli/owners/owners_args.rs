//! The arguments of `portcullis owners`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand, ValueEnum};

use super::boundaries_args::BoundariesArgs;
use super::channels_args::ChannelsArgs;
use super::costs::CostsArgs;
use super::dependencies_command::DependenciesArgs;
use super::deprecations_command::DeprecationsArgs;
use super::scorecard::ScorecardArgs;
use super::services_args::ServicesArgs;
use super::transfer::TransferArgs;
use crate::cli::report::{FailThreshold, ReportFormat};
use portcullis_vocabulary::UnownedPolicy;

/// `portcullis owners`.
#[derive(Clone, Debug, Flags)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  portcullis owners --squad checkout --base origin/main
      the changes of the branch since it left main, committed or not
  portcullis owners --squad checkout --base origin/main --head \"$COMMIT\" --format github
  portcullis owners --squad checkout --base HEAD --staged
      before a commit
  portcullis owners --squad checkout services/orders/main.rs
  git diff --name-only -z main... | portcullis owners --squad checkout -0 -
  portcullis owners --squad checkout --base main --approved-by payments

With --base the catalog is read from the base too, so a change cannot grant itself ownership.
--catalog names another file.

Exit codes: 0 the change stays within the squad's paths, 1 it does not, 2 could not run.")]
pub(crate) struct OwnersArgs {
    /// The subcommand; without one a change is checked
    #[command(subcommand)]
    pub(super) action: Option<OwnersAction>,
    /// The squad that makes the change
    #[arg(long, value_name = "SQUAD", required = true)]
    pub(super) squad: Option<String>,
    /// Changed paths from the root of the repository; - is a list on standard input, one per line
    #[arg(value_name = "PATH", conflicts_with_all = ["base", "head", "staged"])]
    pub(super) paths: Vec<String>,
    /// Paths on standard input end with a zero byte, as with git -z
    #[arg(short = '0', long, requires = "paths")]
    pub(super) null: bool,
    /// Check the changes since this Git revision
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,
    /// Compare the base with this revision and not with the working tree
    #[arg(long, value_name = "REV", requires = "base")]
    pub(super) head: Option<String>,
    /// Compare the base with the index and not with the working tree
    #[arg(long, requires = "base", conflicts_with = "head")]
    pub(super) staged: bool,
    /// Squads that approved the change, separated by commas
    #[arg(long, value_name = "SQUAD", value_delimiter = ',')]
    pub(super) approved_by: Vec<String>,
    /// How paths without an owner are treated [default: as the catalog says, else warn]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub(super) unowned: Option<UnownedChoice>,
    /// The catalog [default: contracts/squads.toml, of the base if there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) catalog: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
}

/// The subcommands of `portcullis owners`.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum OwnersAction {
    /// Check a catalog for gaps: ambiguous paths, services without a contract or on-call
    Check(CheckOwnersArgs),
    /// Write a CODEOWNERS file from the catalog
    Codeowners(CodeownersArgs),
    /// Convert a CODEOWNERS file to a part of a catalog
    Import(ImportArgs),
    /// Write the configuration of a tool that checks imports between squads
    Boundaries(BoundariesArgs),
    /// List the owners of the configured services, also as a Backstage catalog-info.yaml
    Services(ServicesArgs),
    /// Show which squads send and receive the events of each channel, from AsyncAPI contracts
    Channels(ChannelsArgs),
    /// Compare the hosts that services call with those that the catalog declares
    Dependencies(DependenciesArgs),
    /// Write a message to each squad that still calls deprecated operations
    Deprecations(DeprecationsArgs),
    /// Show what must change if a service moves to another squad, and change the catalog
    Transfer(TransferArgs),
    /// Divide a bill between the consumers of a service, by what Prometheus knows of their use
    Costs(CostsArgs),
    /// Show what the squads of services have arranged, and how to close what is missing
    Scorecard(ScorecardArgs),
}

/// `portcullis owners check`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Contracts are expected next to the catalog, at <squad>/<service>/openapi.yaml (or .yml, .json).

Exit codes: 0 fine, 1 errors (or warnings, with --fail-on warning), 2 the catalog is missing or
invalid.")]
pub(super) struct CheckOwnersArgs {
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// A configuration whose services have contracts in other places
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
    /// The lowest severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub(super) fail_on: FailThreshold,
}

/// `portcullis owners codeowners`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners codeowners > .github/CODEOWNERS
  portcullis owners codeowners --check .github/CODEOWNERS

Exit codes: 0 fine, 1 the file of --check is out of date, 2 could not run.")]
pub(super) struct CodeownersArgs {
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// Print nothing, and check that this file is up to date
    #[arg(long, value_name = "FILE")]
    pub(super) check: Option<PathBuf>,
}

/// `portcullis owners import`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Exit codes: 0 the whole file was converted, 1 some lines were not or changed their meaning, 2
could not run.")]
pub(super) struct ImportArgs {
    /// A CODEOWNERS file; - is standard input
    #[arg(value_name = "CODEOWNERS")]
    pub(super) file: PathBuf,
}

/// How paths without an owner are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UnownedChoice {
    /// They are not reported
    Allow,
    /// They are reported as warnings
    Warn,
    /// They fail the check
    Block,
}

impl From<UnownedChoice> for UnownedPolicy {
    fn from(choice: UnownedChoice) -> Self {
        match choice {
            UnownedChoice::Allow => Self::Allow,
            UnownedChoice::Warn => Self::Warn,
            UnownedChoice::Block => Self::Block,
        }
    }
}
