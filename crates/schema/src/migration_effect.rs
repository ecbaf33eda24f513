//! What a run of migrations showed.

use portcullis_vocabulary::TableName;

use crate::lock_mode::LockMode;
use crate::schema_snapshot::{NamedObject, SchemaSnapshot};
use crate::table_change::TableChange;

/// What a migration does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationEffect {
    /// The name of its file.
    pub file: String,
    /// What its statements do, in their order.
    pub statements: Vec<StatementEffect>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementEffect {
    /// The line on which it starts.
    pub line: u32,
    /// How it was run.
    pub run: StatementRun,
    /// The locks that it took on tables that existed before the migration, and that the migration
    /// did not hold yet.
    pub locks: Vec<TableLock>,
    /// What it changed about such tables.
    pub changes: Vec<TableChange>,
    /// What it dropped, with everything that depends on it.
    pub dropped: Vec<NamedObject>,
    /// Whether waiting for a lock was limited.
    pub has_lock_timeout: bool,
}

/// How a statement was run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementRun {
    /// In the transaction of its migration.
    InTransaction,
    /// Alone, because it cannot run in a transaction.
    Alone,
    /// Not at all, because it cannot run in a transaction and the database must stay as it is.
    NotRun,
    /// Not at all: its effect is read from its text.
    Read,
    /// Not at all, and its effect is not known.
    Unread,
}

impl StatementRun {
    /// Whether a server ran it, or at least knows it.
    pub const fn is_measured(self) -> bool {
        match self {
            Self::InTransaction | Self::Alone | Self::NotRun => true,
            Self::Read | Self::Unread => false,
        }
    }
}

/// A lock on a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableLock {
    /// The table, by the name that it had before the migration. Of a partition it is the
    /// partitioned table.
    pub table: TableName,
    /// The mode.
    pub mode: LockMode,
}

impl TableLock {
    /// The locks on the tables of a snapshot, by their numbers.
    pub fn of(
        start: &SchemaSnapshot,
        locks: impl IntoIterator<Item = (u32, LockMode)>,
    ) -> Vec<Self> {
        let locks = locks.into_iter().filter_map(|(number, mode)| {
            let table = start.root_of(number)?.name.clone();
            Some(Self { table, mode })
        });
        let mut locks: Vec<Self> = locks.collect();
        locks.sort();
        locks.dedup();
        locks
    }
}

impl NamedObject {
    /// The objects of a snapshot that a later one has no more, without what belongs to a dropped
    /// table.
    pub fn dropped(before: &SchemaSnapshot, after: &SchemaSnapshot) -> Vec<Self> {
        let is_there = |object: &Self| after.objects.values().any(|other| other == object);
        let gone = before.objects.iter();
        let gone = gone.filter(|(key, _)| !after.objects.contains_key(*key));
        let mut gone: Vec<Self> = gone.map(|(_, object)| object.clone()).collect();
        // A change of a type makes constraints again.
        gone.retain(|object| !is_there(object));
        let tables: Vec<String> = gone
            .iter()
            .map(|object| format!(" on {}", object.identity))
            .collect();
        gone.retain(|object| !tables.iter().any(|table| object.identity.ends_with(table)));
        gone.sort();
        gone
    }
}
