//! Sees the first lock of a statement that cannot run in a transaction.
//!
//! Such a statement has released its locks when it is done. So a second session of a temporary
//! server holds a lock on every table that the statement must wait for, reads which lock it asks
//! for, and lets go.

use std::time::Duration;

use portcullis_schema::{LockMode, SchemaSnapshot};

use super::database_error::DatabaseError;
use super::database_session::DatabaseSession;
use super::snapshot_reader::{CatalogScope, read_locks};

/// How often the second session looks, and how many times.
const PERIOD: Duration = Duration::from_millis(5);
const LOOKS_MAX: usize = 400;

/// Runs a statement alone. Returns its result and the lock that it waited for.
pub(super) async fn run_alone(
    session: &DatabaseSession,
    watcher: &DatabaseSession,
    before: &SchemaSnapshot,
    sql: &str,
) -> Result<(Result<(), tokio_postgres::Error>, Vec<(u32, LockMode)>), DatabaseError> {
    watcher.command("BEGIN").await?;
    for table in before
        .tables
        .values()
        .filter(|table| table.kind.ends_with("table"))
    {
        if table.kind != "foreign table" {
            // A partition is locked with its table.
            let lock = format!("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", table.name);
            watcher.command(&lock).await?;
        }
    }
    let work = session.execute(sql);
    tokio::pin!(work);
    let mut looks = 0;
    let locks = loop {
        tokio::select! {
            result = &mut work => {
                watcher.command("ROLLBACK").await?;
                return Ok((result, Vec::new()));
            }
            () = tokio::time::sleep(PERIOD) => {}
        }
        let scope = CatalogScope::InTransaction;
        let locks = read_locks(watcher, scope, session.pid(), false).await?;
        looks += 1;
        if !locks.is_empty() || looks == LOOKS_MAX {
            break locks;
        }
    };
    watcher.command("ROLLBACK").await?;
    Ok((work.await, locks))
}
