//! The sections of PgBouncer with a pool for each squad, and who may use it.
//!
//! They force no user: PgBouncer would let every user that it knows act as the squad. A client of another
//! squad that takes the wrong pool keeps its own role, and so its own rights, but it would use up the
//! connections of the pool. The rules of access keep it out.

use std::fmt::Write;

use portcullis_vocabulary::CatalogFile;

use super::postgres_sql::{ConnectionLimits, RESERVED_CONNECTIONS};
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
    /// The most clients of one squad, if they are bounded.
    pub clients_max: Option<u32>,
}

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
        clients_max,
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
             max_db_connections={pool}",
            value(host),
            value(database),
        );
    }
    text.push_str("[users]\n");
    for squad in squads {
        let name = account(squad);
        let _ = write!(text, "{name} = max_user_connections={pool}");
        if let Some(clients) = clients_max {
            let _ = write!(text, " max_user_client_connections={clients}");
        }
        text.push('\n');
    }
    Ok(text)
}

/// Rules of access: each squad uses its own pool only. PgBouncer refuses what no rule allows.
///
/// # Errors
/// If a squad cannot have a role.
pub fn pgbouncer_access(file: &CatalogFile) -> Result<String, ManifestProblems> {
    let mut text = "# For the file of auth_hba_file, with auth_type = hba. No rule allows the pool of another squad.\n".to_owned();
    for squad in account_squads(file)? {
        let name = account(squad);
        let _ = writeln!(text, "host \"{name}\" \"{name}\" all scram-sha-256");
    }
    Ok(text)
}

/// A value of a connection string.
fn value(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
