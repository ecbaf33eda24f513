//! The arguments of every command that tries migrations.

use std::path::PathBuf;

use clap::Args as Flags;

/// Where migrations are tried, and which.
#[derive(Clone, Debug, Default, Flags)]
#[command(next_help_heading = "Migrations")]
pub(crate) struct MigrationArgs {
    /// Run the migrations in this database and roll them back; use a copy, since the locks are real
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "scratch",
        requires = "migrations"
    )]
    pub(super) database: Option<String>,
    /// Run the migrations in a temporary server that is removed afterwards
    #[arg(long, requires = "migrations")]
    pub(super) scratch: bool,
    /// Run nothing: read the text of the migrations, which shows less than a server does
    #[arg(
        long = "static",
        conflicts_with_all = ["scratch", "database", "setting"],
        requires = "migrations"
    )]
    pub(super) from_text: bool,
    /// A dump to begin with (pg_dump --schema-only)
    #[arg(long, value_name = "FILE", requires = "scratch")]
    pub(super) base: Option<PathBuf>,
    /// The last migration that is deployed already; those after it are judged
    #[arg(long, value_name = "FILE", requires = "migrations")]
    pub(super) after: Option<String>,
    /// A setting of the sessions that run the migrations, such as TimeZone=UTC; may be repeated
    #[arg(long, value_name = "NAME=VALUE", requires = "migrations")]
    pub(super) setting: Vec<String>,
    /// The folder of initdb and postgres for the temporary server
    #[arg(long, value_name = "DIR", requires = "scratch")]
    pub(super) postgres_bin: Option<PathBuf>,
}
