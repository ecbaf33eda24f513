//! What the migrations of a deployment do, and which shared tables they need.

use std::collections::BTreeSet;

use portcullis_schema::{MigrationEffect, SharedTables};
use portcullis_vocabulary::TableName;

use super::judged_table::JudgedTable;
use super::table_lease::TableLease;

/// What the migrations of a deployment do.
#[derive(Debug)]
pub struct MigrationCase {
    /// The directory, for messages.
    pub directory: String,
    /// The number of migrations that are not deployed yet.
    pub pending: usize,
    /// What they do to tables that other squads use.
    pub findings: Vec<JudgedTable>,
    /// The shared tables that they lock or change.
    pub tables: BTreeSet<TableName>,
    /// The leases that other deployments hold on these tables.
    pub held: Vec<(TableName, TableLease)>,
}

/// The shared tables that migrations change, or lock in a mode that makes others wait.
pub fn touched_tables(effects: &[MigrationEffect], shared: &SharedTables) -> BTreeSet<TableName> {
    let statements = effects.iter().flat_map(|effect| &effect.statements);
    let tables = statements.flat_map(|statement| {
        let changed = statement.changes.iter().map(|change| &change.table);
        let locks = statement.locks.iter();
        let locked = locks.filter(|lock| lock.mode.blocked_work().is_some());
        changed.chain(locked.map(|lock| &lock.table))
    });
    tables
        .filter(|table| shared.get(table).is_some())
        .cloned()
        .collect()
}
