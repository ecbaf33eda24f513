//! `portcullis manifests postgres`, `pgbouncer` and `redis`.

use portcullis_manifests::{
    ConnectionLimits, PgbouncerSettings, pgbouncer_access, pgbouncer_sections, postgres_sql,
    redis_acl,
};

use super::manifests_error::ManifestsError;
use super::squad_command::load_catalog;
use super::store_args::{ConnectionArgs, PgbouncerArgs, PgbouncerFormat, PostgresArgs, RedisArgs};
use crate::cli::output::print_error;
use crate::cli::run_error::RunError;

/// The SQL of all squads.
pub(super) fn postgres(args: &PostgresArgs) -> Result<String, RunError> {
    let file = load_catalog(&args.catalog)?;
    let limits = limits(args.connections);
    let sql = postgres_sql(&file, limits).map_err(ManifestsError::from)?;
    if let Some(excess) = limits.excess(&file) {
        print_error(&excess);
    }
    Ok(sql)
}

/// The pools of all squads.
pub(super) fn pgbouncer(args: &PgbouncerArgs) -> Result<String, RunError> {
    let file = load_catalog(&args.catalog)?;
    if args.format == PgbouncerFormat::Access {
        return Ok(pgbouncer_access(&file).map_err(ManifestsError::from)?);
    }
    let settings = PgbouncerSettings {
        host: args.host.clone(),
        port: args.port,
        database: args.database.clone(),
        clients_max: args.client_connections,
    };
    let sections = pgbouncer_sections(&file, limits(args.connections), &settings);
    Ok(sections.map_err(ManifestsError::from)?)
}

/// The users of all squads.
pub(super) fn redis(args: &RedisArgs) -> Result<String, RunError> {
    let file = load_catalog(&args.catalog)?;
    Ok(redis_acl(&file).map_err(ManifestsError::from)?)
}

const fn limits(args: ConnectionArgs) -> ConnectionLimits {
    ConnectionLimits {
        squad_max: args.connections,
        server_max: args.server_connections,
    }
}
