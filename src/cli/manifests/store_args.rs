//! The arguments of `portcullis manifests postgres`, `pgbouncer` and `redis`.

use clap::{Args as Flags, ValueEnum};

use super::catalog_args::CatalogArgs;

/// The connections of PostgreSQL.
#[derive(Clone, Copy, Debug, Flags)]
pub(super) struct ConnectionArgs {
    /// The most connections of one squad
    #[arg(long, value_name = "COUNT", default_value_t = 30)]
    pub(super) connections: u32,
    /// The connections of the server, its max_connections
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(super) server_connections: u32,
}

/// `portcullis manifests postgres`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests postgres | psql -v ON_ERROR_STOP=1 -d shop

A squad owns the schema with the name of its role, squad_NAME, and has no rights in others. The SQL can
run again. It sets no passwords.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct PostgresArgs {
    /// The catalog
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
    /// The connections
    #[command(flatten)]
    pub(super) connections: ConnectionArgs,
}

/// `portcullis manifests pgbouncer`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests pgbouncer --host db.internal --database shop >> pgbouncer.ini
  portcullis manifests pgbouncer --host db.internal --database shop --format access > access.hba

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct PgbouncerArgs {
    /// The catalog
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
    /// The connections
    #[command(flatten)]
    pub(super) connections: ConnectionArgs,
    /// The host of the server
    #[arg(long, value_name = "HOST")]
    pub(super) host: String,
    /// The port of the server
    #[arg(long, value_name = "PORT", default_value_t = 5432)]
    pub(super) port: u16,
    /// The database that the squads share
    #[arg(long, value_name = "NAME")]
    pub(super) database: String,
    /// The most clients of one squad; needs PgBouncer 1.24 or later
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) client_connections: Option<u32>,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PgbouncerFormat,
}

/// The files of PgBouncer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum PgbouncerFormat {
    /// Sections for pgbouncer.ini
    #[default]
    Ini,
    /// Rules for the file of auth_hba_file: each squad uses its own pool only
    Access,
}

/// `portcullis manifests redis`.
#[derive(Clone, Debug, Flags)]
#[command(after_help = "\
Examples:
  portcullis manifests redis | redis-cli

A squad may use keys and channels that begin with its name and a colon. The commands can run again. They
set no passwords, and a user without one cannot log in: ACL SETUSER squad_NAME >PASSWORD. The user
`default` may still do everything until ACL SETUSER default off. ACL SAVE keeps all of it. Needs Redis 7.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct RedisArgs {
    /// The catalog
    #[command(flatten)]
    pub(super) catalog: CatalogArgs,
}
