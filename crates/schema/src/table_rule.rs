//! The rules about migrations of shared tables.

use crate::table_change::TableChangeKind;

/// A rule about migrations of shared tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableRule {
    /// The table is dropped.
    TableDropped,
    /// All rows of the table are removed.
    TableEmptied,
    /// The table has another name.
    TableRenamed,
    /// A column is dropped.
    ColumnDropped,
    /// A column has another name.
    ColumnRenamed,
    /// A column has another type.
    ColumnRetyped,
    /// The type of a column has another name or other values.
    TypeChanged,
    /// A new rule that rows can break.
    ConstraintAdded,
    /// All rows are written again.
    TableRewritten,
    /// A lock makes others wait.
    BlockingLock,
    /// Waiting for such a lock is not limited.
    MissingLockTimeout,
    /// A statement could not be tried.
    NotRun,
}

impl TableRule {
    /// Every rule.
    pub const ALL: [Self; 12] = [
        Self::TableDropped,
        Self::TableEmptied,
        Self::TableRenamed,
        Self::ColumnDropped,
        Self::ColumnRenamed,
        Self::ColumnRetyped,
        Self::TypeChanged,
        Self::ConstraintAdded,
        Self::TableRewritten,
        Self::BlockingLock,
        Self::MissingLockTimeout,
        Self::NotRun,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TableDropped => "table-dropped",
            Self::TableEmptied => "table-emptied",
            Self::TableRenamed => "table-renamed",
            Self::ColumnDropped => "column-dropped",
            Self::ColumnRenamed => "column-renamed",
            Self::ColumnRetyped => "column-retyped",
            Self::TypeChanged => "type-changed",
            Self::ConstraintAdded => "constraint-added",
            Self::TableRewritten => "table-rewritten",
            Self::BlockingLock => "blocking-lock",
            Self::MissingLockTimeout => "missing-lock-timeout",
            Self::NotRun => "not-run",
        }
    }

    /// What to do about it, besides an approval.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::TableDropped | Self::TableRenamed | Self::TableEmptied => {
                "move its readers first; a view with the old name can serve them meanwhile"
            }
            Self::ColumnDropped | Self::ColumnRenamed | Self::ColumnRetyped => {
                "add the new column next to the old one, move its readers, then drop the old one in \
                 a later migration"
            }
            Self::TypeChanged => {
                "add a column with a new type next to the old one, move its readers, then drop the old \
                 one in a later migration"
            }
            Self::ConstraintAdded => {
                "correct the rows and the writers first; add a check or foreign key as NOT VALID, \
                 and validate it in a later migration"
            }
            Self::TableRewritten => {
                "add a column of the new type, fill it in parts, and switch to it"
            }
            Self::BlockingLock => {
                "take a weaker lock (CONCURRENTLY, NOT VALID), and keep the transaction short"
            }
            Self::MissingLockTimeout => {
                "begin the migration with SET lock_timeout = '2s', and repeat it when it gives up"
            }
            Self::NotRun => "try it on a temporary server: --scratch",
        }
    }

    /// The rule about a change.
    pub const fn of(change: &TableChangeKind) -> Self {
        match change {
            TableChangeKind::Rewritten => Self::TableRewritten,
            TableChangeKind::Emptied => Self::TableEmptied,
            TableChangeKind::Dropped => Self::TableDropped,
            TableChangeKind::Renamed { .. } => Self::TableRenamed,
            TableChangeKind::ColumnDropped { .. } => Self::ColumnDropped,
            TableChangeKind::ColumnRenamed { .. } => Self::ColumnRenamed,
            TableChangeKind::ColumnRetyped { .. } => Self::ColumnRetyped,
            TableChangeKind::TypeChanged { .. } => Self::TypeChanged,
            TableChangeKind::Constrained { .. } => Self::ConstraintAdded,
        }
    }
}
