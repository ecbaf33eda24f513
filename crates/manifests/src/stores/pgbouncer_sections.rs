//! The sections of PgBouncer with a pool for each squad.
//!
//! They force no user: PgBouncer would let every user that it knows act as the squad. A client of another
//! squad that takes the wrong pool keeps its own role, and so its own rights.

use std::fmt::Write;

use portcullis_vocabulary::CatalogFile;

use super::postgres_sql::ConnectionLimits;
use super::store_account::{account, account_squads};
use crate::manifest_problem::{ManifestProblem, ManifestProblems};

/// The server behind the pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgbouncerSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database that the squads share.
    pub database: String,
}

/// Connections of the server that are not for squads: three are reserved for superusers.
const RESERVED_CONNECTIONS: u32 = 3;

/// One database of PgBouncer for each squad.
///
/// # Errors
/// If a squad cannot have a role, or the server has too few connections.
pub fn pgbouncer_sections(
    file: &CatalogFile,
    limits: ConnectionLimits,
    settings: &PgbouncerSettings,
) -> Result<String, ManifestProblems> {
    limits.check()?;
    let squads = account_squads(file)?;
    let count = u32::try_from(squads.len()).unwrap_or(u32::MAX);
    let fair = limits.server_max.saturating_sub(RESERVED_CONNECTIONS) / count;
    if fair == 0 {
        let message = format!(
            "--server-connections {}: fewer than one connection for each of {count} squads",
            limits.server_max
        );
        return Err(ManifestProblem::at(None, message).into());
    }
    for (flag, value) in [
        ("--host", &settings.host),
        ("--database", &settings.database),
    ] {
        if value.is_empty() || value.contains(char::is_control) {
            let message = format!("{flag}: expected a name on one line, found {value:?}");
            return Err(ManifestProblem::at(None, message).into());
        }
    }
    let pool = fair.min(limits.squad_max);
    let PgbouncerSettings {
        host,
        port,
        database,
    } = settings;
    let mut text = format!(
        "; For pgbouncer.ini. Each squad connects to the database with its own name. A pool has {pool} of\n\
         ; {} connections: without {RESERVED_CONNECTIONS} for superusers, divided by {count} squads.\n[databases]\n",
        limits.server_max
    );
    for squad in squads {
        let name = account(squad);
        let _ = writeln!(
            text,
            "{name} = host={} port={port} dbname={} pool_size={pool} \
             max_db_connections={}",
            value(host),
            value(database),
            limits.squad_max,
        );
    }
    Ok(text)
}

/// A value of a connection string.
fn value(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
