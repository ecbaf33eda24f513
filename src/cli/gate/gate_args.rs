//! The arguments of `portcullis gate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Flags, Subcommand};

use portcullis_compat::Date;

use crate::cli::admin_port::AdminChangeArgs;
use crate::cli::inputs::{LevelArgs, ReadingArgs, ReferenceArgs};
use crate::cli::migrations::MigrationArgs;
use crate::cli::output::DataFormat;
use crate::cli::report::ReportFormat;

/// `portcullis gate`.
#[derive(Clone, Debug, Flags)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  mkdir -p deployments
  portcullis gate --squad payments --service orders --contract openapi.yaml --registry deployments
      may this contract be deployed?
  portcullis gate --squad payments --service orders --contract openapi.yaml \\
      --registry s3://deployments/prod --prometheus http://prometheus:9090 --record
      also consider live traffic, and record the deployment if it is allowed
  portcullis gate ... --override ann --reason 'hotfix for the outage' --record
      deploy despite cooldown, risk or drift; the override is recorded
  portcullis gate ... --migrations db/migrations --scratch --record
      also consider what migrations do to shared tables, and hold these tables until the release
  portcullis gate ... --print-approvals >> approvals.toml
      print an approval table for each approval that is missing
  portcullis gate history --squad payments --service orders --registry deployments

Exit codes: 0 allowed, 1 not allowed (or another pipeline recorded a deployment at the same time:
run it again), 2 no decision was possible. Nothing is recorded unless the exit code is 0.")]
pub(crate) struct GateArgs {
    /// The subcommand; without one the gate decides about a deployment
    #[command(subcommand)]
    pub(super) action: Option<GateAction>,
    /// The deployment
    #[command(flatten)]
    pub(super) verdict: VerdictArgs,
}

/// The subcommands of the gate.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum GateAction {
    /// Record that the roll-out of the last deployment is complete
    Release(ReleaseArgs),
    /// Record that the last deployment was rolled back to the one before
    Rollback(RollbackArgs),
    /// Show the deployments of a service
    History(HistoryArgs),
}

/// The registry of one service.
#[derive(Clone, Debug, Flags)]
pub(super) struct RegistryArgs {
    /// The squad that deploys
    #[arg(long, value_name = "SQUAD")]
    pub(super) squad: String,
    /// The service
    #[arg(long, value_name = "SERVICE")]
    pub(super) service: String,
    /// Where deployments are recorded: a directory, or s3://bucket/prefix
    #[arg(long, value_name = "DIR|s3://...")]
    pub(super) registry: String,
}

/// The deployment to decide about.
#[derive(Clone, Debug, Flags)]
pub(super) struct VerdictArgs {
    /// The registry of the service. Required unless there is a subcommand.
    #[command(flatten)]
    pub(super) registry: Option<RegistryArgs>,
    /// The contract to deploy: a file, REV:path for a Git revision, or - for standard input; may be
    /// repeated, so that one verdict and one record are about all contracts of the service: one of its
    /// requests, and those of its events
    #[arg(long, value_name = "CONTRACT", required = true)]
    pub(super) contract: Vec<String>,
    /// The catalog of squads and services
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// The configuration of a proxy: if the service is a vendor in it, the squads of its used_by count
    /// as its consumers
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A Prometheus server that scrapes the proxies; it knows who calls which operation, and the
    /// drift from the contract
    #[arg(long, value_name = "URL")]
    pub(super) prometheus: Option<String>,
    /// The period of the Prometheus queries
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = humantime::parse_duration)]
    pub(super) window: Duration,
    /// Approved changes: a reviewed TOML file of approval tables
    #[arg(long, value_name = "FILE")]
    pub(super) approvals: Option<PathBuf>,
    /// The levels of the rules of `portcullis diff`
    #[command(flatten)]
    pub(super) levels: LevelArgs,
    /// Which files the contract may refer to
    #[command(flatten)]
    pub(super) references: ReferenceArgs,
    /// How the contract and the deployed ones are read
    #[command(flatten)]
    pub(super) reading: ReadingArgs,
    /// The directory with the migrations of the service; what they do to shared tables is part of the
    /// verdict
    #[arg(long, value_name = "DIR")]
    pub(super) migrations: Option<PathBuf>,
    /// How long this deployment holds the shared tables that it migrates, unless it is released
    #[arg(long, value_name = "DURATION", default_value = "1h", requires = "migrations", value_parser = lease)]
    pub(super) lease: Duration,
    /// Where migrations run
    #[command(flatten)]
    pub(super) migration_target: MigrationArgs,
    /// Print only the approval tables that are missing, and exit with 0. Nothing is recorded.
    #[arg(long, conflicts_with_all = ["record", "open_window"])]
    pub(super) print_approvals: bool,
    /// Override cooldown, risk and drift in the name of this person
    #[arg(long = "override", value_name = "NAME", requires = "reason")]
    pub(super) overriding: Option<String>,
    /// The reason for the override
    #[arg(long, value_name = "TEXT", requires = "overriding")]
    pub(super) reason: Option<String>,
    /// The version or revision that stays deployed next to the new one
    #[arg(long, value_name = "VERSION", requires = "until")]
    pub(super) keep: Option<String>,
    /// The date from which the kept version is no longer deployed
    #[arg(long, value_name = "DATE", requires = "keep", value_parser = date)]
    pub(super) until: Option<Date>,
    /// Record the deployment if it is allowed
    #[arg(long)]
    pub(super) record: bool,
    /// Who deploys [default: GITHUB_ACTOR, GITLAB_USER_LOGIN or USER]
    #[arg(long, value_name = "WHO")]
    pub(super) by: Option<String>,
    /// How long ended deployments are kept in the registry
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = humantime::parse_duration)]
    pub(super) retention: Duration,
    /// Open a deploy window of this length on the proxy if the deployment is allowed
    #[arg(long, value_name = "DURATION")]
    pub(super) open_window: Option<String>,
    /// The proxy on which the window is opened
    #[command(flatten)]
    pub(super) change: AdminChangeArgs,
    /// The output format; github also writes GITHUB_OUTPUT and GITHUB_STEP_SUMMARY
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
    /// Write the figures to this file, for the textfile collector of Prometheus
    #[arg(long, value_name = "FILE")]
    pub(super) metrics_file: Option<PathBuf>,
    /// Send the figures to this collector, over OTLP (HTTP, JSON); /v1/metrics is appended
    #[arg(long, value_name = "URL")]
    pub(super) otlp: Option<String>,
}

/// A lease that has ended when it begins protects nothing.
fn lease(text: &str) -> Result<Duration, String> {
    let lease = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if lease < Duration::from_secs(1) {
        return Err("expected at least 1s, as long as the roll-out can take".to_owned());
    }
    Ok(lease)
}

fn date(text: &str) -> Result<Date, &'static str> {
    Date::parse(text).ok_or("expected a date such as 2026-05-01")
}

/// `portcullis gate release`.
#[derive(Clone, Debug, Flags)]
pub(super) struct ReleaseArgs {
    /// The registry of the service
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
}

/// `portcullis gate rollback`.
#[derive(Clone, Debug, Flags)]
pub(super) struct RollbackArgs {
    /// The registry of the service
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
    /// The catalog of squads and services, whose flags may require approvals of other squads
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// The reason for the rollback
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// A squad that approved the rollback; may be repeated
    #[arg(long, value_name = "SQUAD")]
    pub(super) approved_by: Vec<String>,
    /// Who rolls back [default: GITHUB_ACTOR, GITLAB_USER_LOGIN or USER]
    #[arg(long, value_name = "WHO")]
    pub(super) by: Option<String>,
}

/// `portcullis gate history`.
#[derive(Clone, Debug, Flags)]
pub(super) struct HistoryArgs {
    /// The registry of the service
    #[command(flatten)]
    pub(super) registry: RegistryArgs,
    /// Also read every stored contract and check its hash
    #[arg(long)]
    pub(super) verify: bool,
    /// The output format; JSON is the document of the registry
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: DataFormat,
}
