//! The arguments of `portcullis schema`.

use std::path::PathBuf;

use clap::{Args as Flags, Subcommand};

use crate::cli::migrations::MigrationArgs;
use crate::cli::report::ReportFormat;

/// `portcullis schema`.
#[derive(Clone, Debug, Flags)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
Examples:
  portcullis schema --squad payments --migrations db/migrations --scratch
      on a temporary server of the programs on this machine
  portcullis schema --squad payments --migrations db/migrations --scratch \\
      --base schema.sql --after 20260101_orders.sql --setting TimeZone=Europe/Berlin
      on a dump that contains the migrations up to this one
  PGPASSWORD=... portcullis schema --squad payments --migrations db/migrations \\
      --database postgres://ann@staging-db/shop
      on a copy of the real database: everything is rolled back, but locks are real
  portcullis schema ... --print-approvals >> approvals.toml
  portcullis schema drift --declared schema.sql --found postgres://ann@db/shop

Exit codes: 0 fine, 1 squads that use a table have not approved what happens to it, 2 could not
run.")]
pub(crate) struct SchemaArgs {
    /// The subcommand; without one migrations are checked
    #[command(subcommand)]
    pub(super) action: Option<SchemaAction>,
    /// The squad whose migrations these are
    #[arg(long, value_name = "SQUAD", required = true)]
    pub(super) squad: Option<String>,
    /// The directory with the migrations: 1_name.up.sql, V1__name.sql, 1_name.sql or *.sql
    #[arg(long, value_name = "DIR", required = true)]
    pub(super) migrations: Option<PathBuf>,
    /// Where they run
    #[command(flatten)]
    pub(super) target: MigrationArgs,
    /// The catalog: its resources of the kind "database" list the shared tables
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// Approved findings: a reviewed TOML file of approval tables
    #[arg(long, value_name = "FILE")]
    pub(super) approvals: Option<PathBuf>,
    /// Print only the approval tables that are missing, and exit with 0
    #[arg(long)]
    pub(super) print_approvals: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
}

/// The subcommands of `portcullis schema`.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum SchemaAction {
    /// Compare a database with another one, or with a dump
    Drift(DriftArgs),
}

/// `portcullis schema drift`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Each side is the address of a database, or a dump (pg_dump --schema-only), which is restored into a
temporary server.

Exit codes: 0 no difference in a table that squads share, 1 there is one, 2 could not run.")]
pub(super) struct DriftArgs {
    /// What should be there: an address or a dump
    #[arg(long, value_name = "URL|FILE")]
    pub(super) declared: String,
    /// What is there: an address or a dump
    #[arg(long, value_name = "URL|FILE")]
    pub(super) found: String,
    /// The folder of initdb and postgres for the temporary server
    #[arg(long, value_name = "DIR")]
    pub(super) postgres_bin: Option<PathBuf>,
    /// The catalog: its resources of the kind "database" list the shared tables
    #[arg(long, value_name = "FILE", default_value = "contracts/squads.toml")]
    pub(super) catalog: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ReportFormat,
}
