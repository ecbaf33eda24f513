//! The arguments of `portcullis diff`.

use std::path::PathBuf;

use clap::{Args as Flags, ValueEnum};

use portcullis_compat::Date;
use portcullis_contract::BrokenPartPolicy;

use crate::cli::inputs::{LevelArgs, ReadingArgs, ReferenceArgs};
use crate::cli::report::ReportFormat;

/// `portcullis diff`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis diff old.yaml new.yaml
  portcullis diff main:contracts/payments/orders/openapi.yaml contracts/payments/orders/openapi.yaml
  portcullis diff main:contracts HEAD:contracts --format markdown
  portcullis diff registry:deployments/payments/orders openapi.yaml
  portcullis diff registry:s3://deployments/prod/payments/orders@1.4.0 openapi.yaml
  portcullis diff old.yaml new.yaml --approvals approvals.toml --strict
  portcullis diff old.yaml new.yaml --level 'operation.tag.*=off' --level schema.pattern.changed=warning
  portcullis diff old.yaml new.yaml --print-approvals >> approvals.toml

A change is breaking if a client that conformed to the older contract fails with the newer one:
a request that was accepted is rejected, or a response arrives that the older contract forbids.
Where possible the report shows such a message; the validators of both contracts confirmed it.
A change is unknown if its rule alone would call it breaking, but neither a break nor its absence
could be shown. Unknown changes fail like breaking ones, unless they are approved; --fail-on breaking
ignores them, and --strict calls every undecided change breaking.

Exit codes: 0 fine, 1 a change of the level that --fail-on names, 2 a contract cannot be read or
compiled.")]
pub(crate) struct DiffArgs {
    /// The older revision: a file, a directory, REV:path for a Git revision,
    /// registry:LOCATION/SQUAD/SERVICE[@VERSION] for a deployment, or - for standard input
    #[arg(value_name = "OLD", allow_hyphen_values = false)]
    pub(super) old: String,
    /// The newer revision
    #[arg(value_name = "NEW", allow_hyphen_values = false)]
    pub(super) new: String,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
    /// The lowest level that makes the exit code 1
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    pub(super) fail_on: DiffFailThreshold,
    /// The revisions that are compared around their broken parts instead of being refused
    #[arg(long, value_enum, default_value_t, value_name = "SIDE")]
    pub(super) tolerant: TolerantSides,
    /// How both revisions are read
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// Treat changes that cannot be proved harmless as breaking
    #[arg(long)]
    pub(super) strict: bool,
    /// The levels of rules
    #[command(flatten)]
    pub(super) levels: LevelArgs,
    /// Which files the contracts may refer to
    #[command(flatten)]
    pub(super) references: ReferenceArgs,
    /// Also exit with 1 if the version is not raised as much as the changes require
    #[arg(long)]
    pub(super) semver: bool,
    /// Approved changes: a reviewed TOML file of approval tables
    #[arg(long, value_name = "FILE")]
    pub(super) approvals: Option<PathBuf>,
    /// Print only an approval table for each breaking or unknown change that has none, and exit
    /// with 0
    #[arg(long)]
    pub(super) print_approvals: bool,
    /// The catalog of squads, whose `paths` name the provider of contracts that do not name one
    #[arg(long, value_name = "FILE")]
    pub(super) catalog: Option<PathBuf>,
    /// How many days in advance a deprecation must be announced; 0 requires no date
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    pub(super) notice_days: u16,
    /// The date of the comparison, such as 2026-05-01 [default: today]
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(super) today: Option<Date>,
}

fn date(text: &str) -> Result<Date, &'static str> {
    Date::parse(text).ok_or("expected a date such as 2026-05-01")
}

/// The revisions that are compared around their broken parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TolerantSides {
    /// The older one, which cannot be corrected any more
    #[default]
    Old,
    /// The newer one
    New,
    /// Both
    Both,
    /// None
    None,
}

impl TolerantSides {
    /// What to do with broken parts of the older revision.
    pub(super) fn older(self) -> BrokenPartPolicy {
        match self {
            Self::Old | Self::Both => BrokenPartPolicy::TolerateInOlder,
            Self::New | Self::None => BrokenPartPolicy::Refuse,
        }
    }

    /// What to do with broken parts of the newer revision.
    pub(super) fn newer(self) -> BrokenPartPolicy {
        match self {
            Self::New | Self::Both => BrokenPartPolicy::TolerateInNewer,
            Self::Old | Self::None => BrokenPartPolicy::Refuse,
        }
    }
}

/// The lowest level of change that makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFailThreshold {
    /// Breaking changes only; changes whose effect is unknown pass
    Breaking,
    /// Breaking changes, and changes that could not be shown to be harmless
    #[default]
    Unknown,
    /// All of these, and warnings
    Warning,
    /// No change
    None,
}
