//! What is known while a migration runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use portcullis_schema::{
    LockMode, NamedObject, SchemaSnapshot, SqlStatement, StatementEffect, StatementKind,
    StatementRun, TableChange, TableChangeKind, TableLock, documented_effect, table_changes,
};

use super::database_error::DatabaseError;
use super::database_session::DatabaseSession;
use super::run_settings::LocalSettings;

/// What is known while a migration runs.
pub(super) struct MigrationProgress {
    pub(super) file: PathBuf,
    pub(super) transaction: i64,
    /// The tables before the migration.
    pub(super) start: SchemaSnapshot,
    /// The locks of earlier migrations in the same transaction.
    pub(super) inherited: Vec<(u32, LockMode)>,
    /// All locks that were seen in this transaction.
    pub(super) held: BTreeSet<(u32, LockMode)>,
    pub(super) local_settings: LocalSettings,
}

impl MigrationProgress {
    /// What a statement did.
    pub(super) fn effect(
        &self,
        statement: &SqlStatement,
        run: StatementRun,
        locks: Vec<(u32, LockMode)>,
        (before, after): (&SchemaSnapshot, &SchemaSnapshot),
        has_lock_timeout: bool,
    ) -> StatementEffect {
        let mut changes = table_changes(&self.start, before, after);
        if statement.kind == StatementKind::Truncate {
            for change in &mut changes {
                if change.kind == TableChangeKind::Rewritten {
                    change.kind = TableChangeKind::Emptied;
                }
            }
        }
        let mut table_locks = TableLock::of(&self.start, locks);
        let inherited = TableLock::of(&self.start, self.inherited.iter().copied());
        let is_changed = |lock: &TableLock| {
            let mut tables = changes.iter().map(|TableChange { table, .. }| table);
            tables.any(|table| *table == lock.table)
        };
        table_locks.extend(inherited.into_iter().filter(is_changed));
        table_locks.sort();
        table_locks.dedup();
        StatementEffect {
            line: statement.line,
            run,
            locks: table_locks,
            dropped: NamedObject::dropped(before, after),
            changes,
            has_lock_timeout,
        }
    }

    /// Adds what PostgreSQL documents about a statement that was not run.
    pub(super) async fn add_documented(
        &self,
        session: &DatabaseSession,
        effect: &mut StatementEffect,
        statement: &SqlStatement,
    ) -> Result<(), DatabaseError> {
        let Some(documented) = documented_effect(&statement.text) else {
            return Ok(());
        };
        let mut numbers = Vec::new();
        for name in &documented.tables {
            numbers.extend(session.table_number(name).await?);
        }
        if documented.tables.is_empty() {
            let tables = self.start.tables.iter();
            let tables = tables.filter(|(_, table)| table.has_rows());
            numbers.extend(tables.map(|(number, _)| *number));
        }
        let locks = numbers.into_iter().map(|number| (number, documented.mode));
        effect.locks = TableLock::of(&self.start, locks);
        if documented.is_rewrite {
            let tables = effect.locks.iter().map(|lock| lock.table.clone());
            effect.changes.extend(tables.map(|table| TableChange {
                table,
                kind: TableChangeKind::Rewritten,
            }));
        }
        Ok(())
    }
}
