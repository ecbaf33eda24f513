//! The words of `portcullis owners`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand, ValueEnum};

use crate::cli::command_line::{FailThreshold, OwnedServicesArgs};
use portcullis_vocabulary::UnownedPolicy;

/// `portcullis owners`.
#[derive(Clone, Debug, Flags)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  portcullis owners --squad checkout --base origin/main
      what the branch changed since it left main, and what is not committed yet
  portcullis owners --squad checkout --base origin/main --head \"$COMMIT\" --format github
  portcullis owners --squad checkout --base HEAD --staged
      before a commit
  portcullis owners --squad checkout services/orders/main.rs
  git diff --name-only -z main... | portcullis owners --squad checkout -0 -
  portcullis owners --squad checkout --base main --approved-by payments

With --base the catalog is read from there too, so that a change gives itself nothing; --catalog
names a file in its place.

Exit codes: 0 within the boundary, 1 not, 2 could not run.")]
pub struct OwnersArgs {
    /// What to do, if not to judge a change
    #[command(subcommand)]
    pub action: Option<OwnersAction>,
    /// The squad that changes
    #[arg(long, value_name = "SQUAD", required = true)]
    pub squad: Option<String>,
    /// Changed paths, from the repository's root; - is a list on standard input, one a line
    #[arg(value_name = "PATH", conflicts_with_all = ["base", "head", "staged"])]
    pub paths: Vec<String>,
    /// The list ends each path with a zero byte, as git -z does
    #[arg(short = '0', long, requires = "paths")]
    pub null: bool,
    /// Judge what changed since this revision of git
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,
    /// Up to this revision, in place of the working tree
    #[arg(long, value_name = "REV", requires = "base")]
    pub head: Option<String>,
    /// Up to what is staged, in place of the working tree
    #[arg(long, requires = "base", conflicts_with = "head")]
    pub staged: bool,
    /// Squads that approved, separated by commas
    #[arg(long, value_name = "SQUAD", value_delimiter = ',')]
    pub approved_by: Vec<String>,
    /// What a path without an owner means [default: what the catalog says, else warn]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub unowned: Option<UnownedChoice>,
    /// The catalog [default: contracts/squads.toml, of the base where there is one]
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Text is for people; JSON is stable and lists everything
    #[arg(long, value_enum, default_value_t)]
    pub format: OwnersFormat,
}

/// What is done beside judging changes.
#[derive(Clone, Debug, Subcommand)]
pub enum OwnersAction {
    /// Say what a catalog leaves open: ambiguous paths, services without contract or on-call
    Check(CheckOwnersArgs),
    /// Write a CODEOWNERS file from the catalog
    Codeowners(CodeownersArgs),
    /// Print a CODEOWNERS file as a part of a catalog
    Import(ImportArgs),
    /// Say whose the configured services are, also as a Backstage catalog-info.yaml
    Services(OwnedServicesArgs),
}

/// `portcullis owners check`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Contracts are looked for beside the catalog, at <squad>/<service>/openapi.yaml (or .yml, .json).

Exit codes: 0 fine, 1 errors (or warnings, with --fail-on warning), 2 no catalog, or one that is
refused.")]
pub struct CheckOwnersArgs {
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub catalog: PathBuf,
    /// A configuration, whose services have contracts elsewhere
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How the report is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: OwnersFormat,
    /// The least severity that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "SEVERITY")]
    pub fail_on: FailThreshold,
}

/// `portcullis owners codeowners`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis owners codeowners > .github/CODEOWNERS
  portcullis owners codeowners --check .github/CODEOWNERS

Exit codes: 0 fine, 1 the file with --check is another one, 2 could not run.")]
pub struct CodeownersArgs {
    /// The catalog
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub catalog: PathBuf,
    /// Print nothing, and say whether this file is what would be printed
    #[arg(long, value_name = "FILE")]
    pub check: Option<PathBuf>,
}

/// `portcullis owners import`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Exit codes: 0 all is in the catalog, 1 something is left out or means something else, 2 could not
run.")]
pub struct ImportArgs {
    /// A CODEOWNERS file; - is standard input
    #[arg(value_name = "CODEOWNERS")]
    pub file: PathBuf,
}

/// How a report of owners is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OwnersFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// For comments and step summaries
    Markdown,
    /// For pipelines that show tests
    Junit,
}

/// What a path without an owner means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnownedChoice {
    /// Nothing
    Allow,
    /// It is told
    Warn,
    /// It stops the change
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
