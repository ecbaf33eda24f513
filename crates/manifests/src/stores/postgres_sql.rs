//! SQL that gives each squad a role, its own schema and a limit of connections.
//!
//! It can run again: what exists is brought up to date, and passwords stay as they are. Without a
//! password, a role cannot log in by one.

use std::fmt::Write;

use portcullis_vocabulary::CatalogFile;

use super::store_account::{account, account_squads};
use crate::manifest_problem::{ManifestProblem, ManifestProblems};

/// The connections of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// The most connections of one squad.
    pub squad_max: u32,
    /// The most connections of the server, its `max_connections`.
    pub server_max: u32,
}

impl ConnectionLimits {
    /// Refuses limits by which one squad could use up the server.
    pub(super) fn check(self) -> Result<(), ManifestProblem> {
        let Self {
            squad_max,
            server_max,
        } = self;
        if (1..server_max).contains(&squad_max) {
            return Ok(());
        }
        Err(ManifestProblem::at(
            None,
            format!(
                "--connections {squad_max}: expected at least 1 and fewer than the {server_max} of \
                 the server (--server-connections), so that other squads have some"
            ),
        ))
    }
}

/// Connections of the server that are not for squads: three are reserved for superusers.
pub(super) const RESERVED_CONNECTIONS: u32 = 3;

impl ConnectionLimits {
    /// What happens if all squads use what they may, if that is more than the server has.
    pub fn excess(self, file: &CatalogFile) -> Option<String> {
        let Self {
            squad_max,
            server_max,
        } = self;
        let count = account_squads(file).ok()?.len();
        let sum = (squad_max as usize).saturating_mul(count);
        let usable = server_max.saturating_sub(RESERVED_CONNECTIONS) as usize;
        (sum > usable).then(|| {
            format!(
                "{count} squads with {squad_max} connections each may use {sum}, and the server has \
                 {usable} of {server_max} for them: together they can use up what others need. The \
                 pools of `manifests pgbouncer` divide the connections"
            )
        })
    }
}

const BEGINNING: &str = "\
-- Run as a superuser in the database that the squads share:
--   psql -v ON_ERROR_STOP=1 -d DATABASE -f squads.sql
-- It can run again. Set passwords afterwards: \\password ROLE
BEGIN;

-- No rights for everyone. The owner of the database and superusers keep theirs.
DO $$ BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
-- Large objects are in no schema, so rights on schemas do not separate them.
REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
";

/// The SQL for all squads.
///
/// # Errors
/// If a squad cannot have a role, or its limit is not below that of the server.
pub fn postgres_sql(
    file: &CatalogFile,
    limits: ConnectionLimits,
) -> Result<String, ManifestProblems> {
    limits.check()?;
    let squads = account_squads(file)?;
    let mut sql = BEGINNING.to_owned();
    if let Some(excess) = limits.excess(file) {
        let _ = write!(sql, "\n-- {excess}.\n");
    }
    for squad in squads {
        let name = account(squad);
        let (role, text) = (identifier(&name), literal(&name));
        let ConnectionLimits {
            squad_max,
            server_max,
        } = limits;
        let _ = write!(
            sql,
            "
-- {name}: at most {squad_max} of {server_max} connections
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {text}) THEN
    CREATE ROLE {role};
  END IF;
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO {role}', current_database());
END $$;
ALTER ROLE {role} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT {squad_max};
CREATE SCHEMA IF NOT EXISTS {role} AUTHORIZATION {role};
ALTER SCHEMA {role} OWNER TO {role};
REVOKE ALL ON SCHEMA {role} FROM PUBLIC;
ALTER ROLE {role} SET search_path = {role};
"
        );
    }
    sql.push_str("\nCOMMIT;\n");
    Ok(sql)
}

/// A quoted identifier of SQL.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string of SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
