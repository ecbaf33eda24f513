//! What `portcullis gate` is told. What is written here is what `--help` says.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Flags, Subcommand, ValueEnum};

use portcullis_compat::Date;

use crate::cli::admin_port::AdminChangeArgs;
use crate::cli::command_line::ReportFormat;

/// `portcullis gate`.
#[derive(Clone, Debug, Flags)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  portcullis gate --squad payments --service orders --contract openapi.yaml --registry contracts
      may it go out?
  portcullis gate --squad payments --service orders --contract openapi.yaml \\
      --registry s3://deployments/prod --prometheus http://prometheus:9090 --record
      the same by what traffic shows, and it is recorded if it may
  portcullis gate ... --override ann --reason 'hotfix for the outage' --record
      in spite of cooldown, risk or drift; that is recorded, too
  portcullis gate history --squad payments --service orders --registry contracts

Exit codes: 0 it may go out, 1 it may not (or another pipeline was recorded meanwhile: run it
again), 2 it cannot be judged; nothing is recorded unless the exit code is 0.")]
pub struct GateArgs {
    /// What to do, if not to judge
    #[command(subcommand)]
    pub action: Option<GateAction>,
    /// What is judged
    #[command(flatten)]
    pub verdict: VerdictArgs,
}

/// What is done with a registry besides.
#[derive(Clone, Debug, Subcommand)]
pub enum GateAction {
    /// Say that the roll-out of what was recorded last is finished
    Release(ReleaseArgs),
    /// Record that the last deployment is taken back, and what it had replaced runs again
    Rollback(RollbackArgs),
    /// Show what was deployed
    History(HistoryArgs),
}

/// The registry of one service.
#[derive(Clone, Debug, Flags)]
pub struct RegistryArgs {
    /// The squad that deploys
    #[arg(long, value_name = "SQUAD")]
    pub squad: String,
    /// The service
    #[arg(long, value_name = "SERVICE")]
    pub service: String,
    /// Where deployments are recorded: a directory, or s3://bucket/prefix
    #[arg(long, value_name = "DIR|s3://...")]
    pub registry: String,
}

/// The verdict.
#[derive(Clone, Debug, Flags)]
pub struct VerdictArgs {
    /// The registry of the service; clap demands it where no subcommand is named
    #[command(flatten)]
    pub place: Option<RegistryArgs>,
    /// The contract that goes out: a file, REV:path of git, or - for standard input
    #[arg(long, value_name = "CONTRACT", required = true)]
    pub contract: Option<String>,
    /// Who owns what
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub catalog: PathBuf,
    /// A Prometheus that scrapes the proxies: who calls what, and what departs from the contract
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<String>,
    /// How far back it is asked
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = humantime::parse_duration)]
    pub window: Duration,
    /// Breaking changes that somebody answers for: a reviewed TOML file of approval tables
    #[arg(long, value_name = "FILE")]
    pub approvals: Option<PathBuf>,
    /// Who answers for deploying in spite of cooldown, risk or drift
    #[arg(long = "override", value_name = "NAME", requires = "reason")]
    pub overriding: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", requires = "overriding")]
    pub reason: Option<String>,
    /// The version or revision that stays deployed beside the new one
    #[arg(long, value_name = "VERSION", requires = "until")]
    pub keep: Option<String>,
    /// The day from which it does not
    #[arg(long, value_name = "DATE", requires = "keep", value_parser = date)]
    pub until: Option<Date>,
    /// Record the deployment, if it may go out
    #[arg(long)]
    pub record: bool,
    /// Who deploys [default: GITHUB_ACTOR, GITLAB_USER_LOGIN or USER]
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
    /// How long deployments that are over are remembered
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = humantime::parse_duration)]
    pub retention: Duration,
    /// Open the service's deploy window for so long on the proxy, if it may go out
    #[arg(long, value_name = "DURATION")]
    pub open_window: Option<String>,
    /// The proxy whose window is opened
    #[command(flatten)]
    pub change: AdminChangeArgs,
    /// Text is for people; JSON is stable and has everything
    #[arg(long, value_enum, default_value_t)]
    pub format: GateFormat,
    /// Write the figures to this file, for the textfile collector of Prometheus
    #[arg(long, value_name = "FILE")]
    pub metrics_file: Option<PathBuf>,
    /// Send the figures to this collector, over OTLP (HTTP, JSON); /v1/metrics is appended
    #[arg(long, value_name = "URL")]
    pub otlp: Option<String>,
}

fn date(text: &str) -> Result<Date, &'static str> {
    Date::parse(text).ok_or("expected a date such as 2026-05-01")
}

/// How a verdict is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GateFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For the comment of a pull request.
    Markdown,
    /// Annotations of a workflow of GitHub, with its outputs and its step summary.
    Github,
    /// The results of a test run, a case for each rule.
    Junit,
    /// A code quality report of GitLab.
    CodeQuality,
}

/// `portcullis gate release`.
#[derive(Clone, Debug, Flags)]
pub struct ReleaseArgs {
    /// The registry of the service
    #[command(flatten)]
    pub place: RegistryArgs,
}

/// `portcullis gate rollback`.
#[derive(Clone, Debug, Flags)]
pub struct RollbackArgs {
    /// The registry of the service
    #[command(flatten)]
    pub place: RegistryArgs,
    /// Who owns what: its flags may need another squad's approval
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub catalog: PathBuf,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// A squad that agrees; may be repeated
    #[arg(long, value_name = "SQUAD")]
    pub approved_by: Vec<String>,
    /// Who takes it back [default: GITHUB_ACTOR, GITLAB_USER_LOGIN or USER]
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
}

/// `portcullis gate history`.
#[derive(Clone, Debug, Flags)]
pub struct HistoryArgs {
    /// The registry of the service
    #[command(flatten)]
    pub place: RegistryArgs,
    /// Read every contract that is kept, too, and check its hash
    #[arg(long)]
    pub verify: bool,
    /// Text is for people; JSON is the registry's own form
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
}
