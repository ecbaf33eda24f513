//! What `portcullis diff` is told. What is written here is what `--help` says.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

use portcullis_compat::Date;

/// `portcullis diff`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis diff old.yaml new.yaml
  portcullis diff main:contracts/payments/orders/openapi.yaml contracts/payments/orders/openapi.yaml
  portcullis diff main:contracts HEAD:contracts --format markdown
  portcullis diff old.yaml new.yaml --approvals approvals.toml --strict
  portcullis diff old.yaml new.yaml --print-approvals >> approvals.toml

A change is breaking when somebody who was right before is wrong after: a request that was
accepted is refused, or a response arrives that the older contract forbids. Where that is so,
the report shows the message; the validators of both contracts have confirmed it.

Exit codes: 0 fine, 1 a change of the level that --fail-on names, 2 a contract that cannot be
read or compiled.")]
pub struct DiffArgs {
    /// The older revision: a file, a directory, REV:path of git, or - for standard input
    #[arg(value_name = "OLD", allow_hyphen_values = false)]
    pub old: String,
    /// The newer revision
    #[arg(value_name = "NEW", allow_hyphen_values = false)]
    pub new: String,
    /// Text is for people; JSON is stable and has everything
    #[arg(long, value_enum, default_value_t)]
    pub format: DiffFormat,
    /// The least level that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    pub fail_on: DiffFailThreshold,
    /// What cannot be told to be harmless counts as breaking
    #[arg(long)]
    pub strict: bool,
    /// A version that is not raised as much as the changes demand makes the exit code 1, too
    #[arg(long)]
    pub semver: bool,
    /// Changes that somebody answers for: a reviewed TOML file of approval tables
    #[arg(long, value_name = "FILE")]
    pub approvals: Option<PathBuf>,
    /// Print an approval table for each breaking change that has none, and nothing else
    #[arg(long)]
    pub print_approvals: bool,
    /// The catalog of squads, whose `paths` say who provides a contract that does not say it itself
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Days that a deprecation must be announced ahead; 0 asks for no date
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub notice_days: u16,
    /// The day to compare on, such as 2026-05-01 [default: today]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub today: Option<Date>,
}

fn date(text: &str) -> Result<Date, &'static str> {
    Date::parse(text).ok_or("expected a date such as 2026-05-01")
}

/// How a comparison is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For the comment of a pull request.
    Markdown,
    /// Annotations of a workflow of GitHub.
    Github,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// The results of a test run, a case for each operation.
    Junit,
}

/// The least level that counts as a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFailThreshold {
    /// Breaking changes.
    #[default]
    Breaking,
    /// Breaking changes and warnings.
    Warning,
    /// Nothing.
    None,
}
